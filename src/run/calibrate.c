/* SPDX-License-Identifier: Apache-2.0 */
/* Stored calibrations into the channels of a recording, before its first sample. */
#include "run/sampler.h"
#include "trace/calibration.h"

bool erg_sampler_calibrate(erg_sampler *sampler, const erg_env *env, erg_error *err)
{
    erg_calibrations stored;

    /* Without its calibration a figure would be off unnoticed: a broken file stops us. */
    if (!erg_calibrations_load(env, &stored, err))
        return false;
    for (size_t i = 0; i < sampler->count; i++) {
        erg_sampled *channel = &sampler->channels[i];
        const erg_calibration *record = erg_calibrations_find(
            &stored, erg_devices_info(sampler->devices, channel->device),
            channel->info.name);

        /* A tape brings the calibration of what it recorded. */
        if (record && channel->info.calibration[0] == '\0')
            erg_calibration_apply(record, &channel->info);
    }
    erg_calibrations_free(&stored);
    return true;
}
