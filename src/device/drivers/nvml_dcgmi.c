/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the units of a GPU were at, from Volta on, where NVML does not tell: dcgmi dmon,
 * one long child that is started where it answers with a number.
 * Source: DCGM field identifiers 1001 to 1008, in the order of nvml_activity_names.
 */
#include "device/drivers/nvml.h"

static const double first_line_s = 2;
#define PERIOD_MS "100"
static const double period_s = 0.1;

size_t nvml_dcgmi_open(nvml_follow *own, erg_device *dev, const char *gpu)
{
    char file[ERG_PATH_MOST];
    const char *const arguments[] = {
        file, "dmon", "-e", "1001,1002,1003,1004,1005,1006,1007,1008", "-d", PERIOD_MS,
        "-i", gpu, NULL
    };
    size_t first = dev->channel_count;

    *own = (nvml_follow){ .is_table = true, .columns = NVML_ACTIVITIES };
    for (size_t i = 0; i < NVML_ACTIVITIES; i++)
        own->scales[i] = (nvml_scale){ 1, 0 };
    /* Instances of a split GPU share its power, not its units. */
    if (!dev->env->activities || dev->info.shared
        || !erg_child_seek(dev->env->path, "dcgmi", file)
        || !nvml_follow_start(own, dev->env, arguments, NULL))
        return SIZE_MAX;
    if (!nvml_follow_wait(own, dev->env, first_line_s)) {
        nvml_follow_stop(own);
        return SIZE_MAX;
    }
    for (size_t i = 0; i < NVML_ACTIVITIES; i++)
        erg_device_channel(dev, nvml_activity_names[i], ERG_USE, ERG_AVG_PREV)->update_s =
            period_s;
    return first;
}
