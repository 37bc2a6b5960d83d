/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the units of a GPU were at, from Volta on, where NVML does not tell: dcgmi dmon,
 * one long child that is started where it answers with a number.
 * Source: DCGM field identifiers 1001 to 1008, in the order of nvml_activity_names.
 */
#include <stdlib.h>
#include "device/drivers/nvml.h"

static const double first_line_s = 2;
#define PERIOD_MS "100"
static const double period_s = 0.1;

static bool start(nvml_follow *lines, const erg_env *env, const char *file, const char *gpu)
{
    const char *const arguments[] = {
        file, "dmon", "-e", "1001,1002,1003,1004,1005,1006,1007,1008", "-d", PERIOD_MS,
        "-i", gpu, NULL
    };

    lines->is_table = true;
    lines->columns = NVML_ACTIVITIES;
    for (size_t i = 0; i < NVML_ACTIVITIES; i++)
        lines->scales[i] = (nvml_scale){ 1, 0 };
    return nvml_follow_start(lines, env, arguments, NULL)
        && nvml_follow_wait(lines, env, first_line_s);
}

bool nvml_dcgmi_open(nvml_dcgmi *own, erg_device *dev, const char *gpu, erg_error *err)
{
    char file[ERG_PATH_MOST];

    *own = (nvml_dcgmi){ .first_channel = SIZE_MAX };
    /* Instances of a split GPU share its power, not its units. */
    if (!dev->env->activities || dev->info.shared
        || !erg_child_seek(dev->env->path, "dcgmi", file))
        return true;
    if (!(own->lines = calloc(1, sizeof(*own->lines))))
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for the activities of a GPU");
    if (!start(own->lines, dev->env, file, gpu)) {
        nvml_dcgmi_stop(own);
        return true;
    }
    own->first_channel = dev->channel_count;
    for (size_t i = 0; i < NVML_ACTIVITIES; i++)
        erg_device_channel(dev, nvml_activity_names[i], ERG_USE, ERG_AVG_PREV)->update_s =
            period_s;
    return true;
}

void nvml_dcgmi_read(nvml_dcgmi *own, const erg_env *env, size_t channel, erg_reading *out)
{
    nvml_follow_read(own->lines, env, channel - own->first_channel, out);
}

void nvml_dcgmi_stop(nvml_dcgmi *own)
{
    if (own->lines)
        nvml_follow_stop(own->lines);
    free(own->lines);
    *own = (nvml_dcgmi){ .first_channel = SIZE_MAX };
}
