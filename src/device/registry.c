/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every driver there is, in the order of `erg devices`; fallbacks are asked last
 * whatever their place.
 */
#include "device/driver.h"

const erg_driver *const erg_drivers[] = {
    &erg_driver_nvml,
    &erg_driver_amdsmi,
    &erg_driver_levelzero,
    &erg_driver_rapl,
    &erg_driver_hwmon,
    &erg_driver_amdgpu,
    &erg_driver_wattsup,
    &erg_driver_exec,
    &erg_driver_cpufreq,
    &erg_driver_cgroup,
    &erg_driver_ergd,
    &erg_driver_cpu_model,
    &erg_driver_tape,
    &erg_driver_sim,
    NULL
};
