/* SPDX-License-Identifier: Apache-2.0 */
/* Time to the limit at every row of a window, as a live forecast
 * would have said it then. */
#include <math.h>
#include <stdlib.h>
#include "thermal/outlook.h"

static double cell(const erg_monitor_device *device, size_t row, erg_monitor_value value)
{
    return device->rows[row].value[value];
}

typedef struct recent { double power_w, missed_k; } recent;

/* Means over the ten seconds up to row i: the power that is held, and what was missed. */
static recent recent_of(const erg_monitor_device *device, const double model_k[], size_t i)
{
    double end_s = erg_since_s(device, i), power_w = 0, missed_k = 0;
    size_t count = 0;

    for (size_t k = i + 1; k-- > 0 && end_s - erg_since_s(device, k) <= ERG_RECENT_S;) {
        double missed = cell(device, k, ERG_MONITOR_TEMP_K) - model_k[k];
        if (!isfinite(missed))
            continue;
        power_w += cell(device, k, ERG_MONITOR_POWER_W);
        missed_k += missed;
        count++;
    }
    return count ? (recent){ power_w / (double)count, missed_k / (double)count }
                 : (recent){ NAN, 0 };
}

bool erg_thermal_times(const erg_thermal *model, const erg_monitor_device *device,
                       double limit_k, double time_s[], erg_error *err)
{
    double *model_k = calloc(device->count ? device->count : 1, sizeof(*model_k));
    erg_thermal_state state = { .power_w = NAN };

    if (!model_k)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < device->count; i++) {
        double power_w = cell(device, i, ERG_MONITOR_POWER_W), t_s = erg_since_s(device, i);
        double dt_s = i ? t_s - erg_since_s(device, i - 1) : 0;
        model_k[i] = NAN;
        if (!isfinite(power_w))
            continue;
        if (isnan(state.power_w))
            erg_thermal_settle(model, power_w, &state);
        erg_thermal_step(model, &state, power_w, fmax(dt_s, 0));
        model_k[i] = erg_thermal_ahead(model, &state, power_w, 0);
        if (t_s < model->begin_s || t_s > model->end_s)
            continue;
        recent last = recent_of(device, model_k, i);
        erg_thermal_state now = state;
        now.bias_k = last.missed_k;
        time_s[i] = erg_thermal_time_to_limit(model, &now, last.power_w, limit_k);
    }
    free(model_k);
    return true;
}
