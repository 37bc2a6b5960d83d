/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVIDIA GPUs through one long-lived child (nvidia-smi, else dcgmi): the fallback
 * where NVML itself cannot be opened. Never a process for each sample.
 */
#ifndef ERG_DEVICE_DRIVERS_NVML_CHILD_H
#define ERG_DEVICE_DRIVERS_NVML_CHILD_H

#include "device/driver.h"

/* Adds a device for each GPU that the first working program on env->path lists; only
 * the one of that number where argument is not NULL. *count: how many. */
bool nvml_child_find(erg_devices *found, const char *argument, size_t *count,
                     erg_error *err);

#endif
