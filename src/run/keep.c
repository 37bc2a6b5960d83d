/* SPDX-License-Identifier: Apache-2.0 */
/* A window found alone leaves an older gain as it was, and a gain alone a window. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "run/keep.h"

bool erg_keep_begin(erg_keep *keep, const erg_env *env, erg_error *err)
{
    *keep = (erg_keep){ .has_folder = env && env->state_dir };
    erg_utc_format(erg_env_utc_ns(env), 0, keep->date, sizeof(keep->date));
    return erg_calibrations_load(env, &keep->stored, err);
}

bool erg_keep_put(erg_keep *keep, const erg_device_info *device, const char *channel,
                  const erg_identified *found, erg_error *err)
{
    bool own = *device->uuid && strcmp(device->uuid, device->name) != 0;
    bool sane = found->gain > 0.1 && found->gain < 10;
    erg_calibration record = { .gain = 1, .gain_u = NAN, .window_s = NAN, .update_s = NAN };

    if (!keep->has_folder || !own || (isnan(found->window_s) && !sane))
        return true;
    const erg_calibration *old = erg_calibrations_find(&keep->stored, device, channel);
    if (old)
        record = *old;
    erg_text_put(record.uuid, sizeof(record.uuid), device->uuid);
    erg_text_put(record.driver, sizeof(record.driver), device->driver);
    erg_text_put(record.channel, sizeof(record.channel), channel);
    erg_text_put(record.date, sizeof(record.date), keep->date);
    record.update_s = found->update_s;
    if (!isnan(found->window_s))
        record.window_s = found->window_s;
    if (sane) {
        record.gain = found->gain;
        record.offset = found->offset;
        record.gain_u = found->gain_u;
    }
    keep->changed = true;
    return erg_calibrations_put(&keep->stored, &record, err);
}

bool erg_keep_end(erg_keep *keep, const erg_env *env, char path[ERG_PATH_MOST],
                  erg_error *err)
{
    if (!keep->changed)
        return true;
    snprintf(path, ERG_PATH_MOST, "%s/sensors.json", env->state_dir);
    return erg_calibrations_save(env, &keep->stored, err);
}

void erg_keep_free(erg_keep *keep)
{
    erg_calibrations_free(&keep->stored);
}
