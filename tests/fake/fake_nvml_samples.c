/* SPDX-License-Identifier: Apache-2.0 */
/* The fake NVML's own buffer of power samples, which began before the script did, and its
 * list of processes. */
#include <math.h>
#include "fake_nvml.h"

#ifndef FAKE_NVML_OLD
enum { KEPT = 120 };

EXPORT unsigned nvmlDeviceGetSamples(nvml_handle gpu, unsigned kind,
                                     unsigned long long since_us, unsigned *value_type,
                                     unsigned *count, nvml_sample *to)
{
    unsigned room = *count;

    if (kind != NVML_TOTAL_POWER || fake_script.buffer <= 0)
        return NVML_NOT_SUPPORTED;
    *count = to ? 0 : KEPT;
    if (!to)
        return NVML_DONE;
    int64_t step_ns = erg_ns_from_s(fake_script.buffer), at_ns = fake_since_ns();
    int64_t zero_ns = fake_utc_ns() - at_ns;
    int64_t last = (int64_t)fmin((double)at_ns, 1e9 * fake_script.dry) / step_ns;
    erg_plant_sensor sensor = fake_script.sim.sensor;
    sensor.seed += gpu->index;
    *value_type = NVML_UINT;
    for (int64_t i = last - KEPT + 1; i <= last && *count < room; i++) {
        int64_t utc_ns = zero_ns + i * step_ns;
        if (utc_ns <= 1000 * (int64_t)since_us || utc_ns / 1000 == (int64_t)since_us)
            continue;
        double w = erg_plant_sensor_w(&sensor, &fake_script.sim.load, i * step_ns);
        to[(*count)++] = (nvml_sample){ (unsigned long long)utc_ns / 1000,
                                        { .natural = (unsigned)lround(1e3 * w) } };
    }
    return *count ? NVML_DONE : NVML_NOT_FOUND;
}

EXPORT unsigned nvmlDeviceGetComputeRunningProcesses_v3(nvml_handle gpu, unsigned *count,
                                                        nvml_process *to)
{
    bool has_room = *count > 0;
    double at_s = erg_s_from_ns(fake_since_ns());

    (void)gpu;
    *count = fake_script.process > 0 && at_s >= fake_script.comes
          && at_s < fake_script.goes;
    if (*count && !has_room)
        return NVML_TOO_SMALL;
    if (*count)
        to[0] = (nvml_process){ .pid = (unsigned)fake_script.process };
    return NVML_DONE;
}
#endif
