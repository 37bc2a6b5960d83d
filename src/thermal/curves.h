/* SPDX-License-Identifier: Apache-2.0 */
/* Table curves: what a page draws of a window that was fitted. */
#ifndef ERG_THERMAL_CURVES_H
#define ERG_THERMAL_CURVES_H

#include "thermal/network.h"

static inline double erg_c_from_k(double temp_k) { return temp_k - 273.15; }

typedef struct erg_curves_of {
    const erg_thermal *model;
    const char *window;
} erg_curves_of;

erg_table *erg_curves_add(erg_result *result, erg_error *err);
bool erg_curves_put(erg_table *table, const erg_monitor_device *device,
                    const erg_thermal_options *options, const erg_curves_of *of,
                    erg_error *err);

#endif
