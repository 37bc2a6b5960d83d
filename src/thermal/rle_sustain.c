/* SPDX-License-Identifier: Apache-2.0 */
/* The sound dialect's tau: time to the limit by the network of each steady stretch. */
#include <math.h>
#include "thermal/outlook.h"
#include "thermal/rle_inside.h"

enum { REGIMES_MOST = 64 };

/* A stretch whose network is not known keeps NAN: there the slope has to do. */
bool erg_rle_model_times(const erg_monitor_device *device, const erg_rle_setup *setup,
                         double limit_k, double time_s[], erg_error *err)
{
    erg_regime regimes[REGIMES_MOST];
    size_t count = erg_thermal_regimes(device, regimes, REGIMES_MOST);

    for (size_t i = 0; i < device->count; i++)
        time_s[i] = NAN;
    for (size_t i = 0; i < count && i < REGIMES_MOST; i++) {
        const erg_thermal_options options = {
            .begin_s = regimes[i].begin_s > 0 ? regimes[i].begin_s : 1e-9,
            .end_s = regimes[i].end_s,
            .ambient_k = setup->ambient_k > 0 ? setup->ambient_k : 0,
        };
        erg_thermal model;
        erg_error why = { 0 };
        if (regimes[i].end_s - regimes[i].begin_s < ERG_REGIME_LEAST_S)
            continue;
        bool is_fitted = erg_thermal_fit(device, &options, &model, &why);
        if (!erg_can_do_without(&why, err))
            return false;
        if (!is_fitted || model.verdict != ERG_THERMAL_IDENTIFIED)
            continue;
        if (!erg_thermal_times(&model, device, limit_k, time_s, err))
            return false;
    }
    return true;
}
