/* SPDX-License-Identifier: Apache-2.0 */
/* A device, the network that was fitted to it, and where it stands. */
#ifndef ERG_THERMAL_OUTLOOK_H
#define ERG_THERMAL_OUTLOOK_H

#include "thermal/network.h"

/* What is going on now: means over so long. */
#define ERG_RECENT_S 10.0

typedef struct erg_outlook {
    const erg_monitor_device *device;
    const erg_forecast_options *options;
    erg_thermal model;
    erg_thermal_state state;
    double power_w, limit_k, margin_k, horizon_s, temp_k;
    double time_s, time_low_s, time_high_s, safe_w, steady_k;
    bool is_known;              /* identified, and the fan is still in its range */
} erg_outlook;

/* Into time_s, one a row, those of the model's window alone: seconds to the limit. */
bool erg_thermal_times(const erg_thermal *model, const erg_monitor_device *device,
                       double limit_k, double time_s[], erg_error *err);

/* Table alarms: each predictor against what followed. */
bool erg_put_alarms(const erg_outlook *of, erg_result *result, erg_error *err);

#endif
