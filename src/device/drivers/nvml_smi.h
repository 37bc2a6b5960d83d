/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks locked by nvidia-smi: where NVML itself cannot or may not. */
#ifndef ERG_DEVICE_DRIVERS_NVML_SMI_H
#define ERG_DEVICE_DRIVERS_NVML_SMI_H

#include "base/base.h"

/* gpu: its number or uuid. mhz 0 takes the lock off. */
bool nvml_smi_lock(const erg_env *env, const char *gpu, unsigned mhz, erg_error *err);

#endif
