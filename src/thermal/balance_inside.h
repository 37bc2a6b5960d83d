/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways to a balance have in common. */
#ifndef ERG_THERMAL_BALANCE_INSIDE_H
#define ERG_THERMAL_BALANCE_INSIDE_H

#include "erg/thermal.h"

/* What a power sensor, or a meter of flow, may be off by, and a power sensor at least. */
#define ERG_SENSOR_SHARE 0.05
#define ERG_SENSOR_LEAST_W 5.0
#define ERG_SD_OF_UNIFORM 0.57735026918962576   /* half-width 1: 1/sqrt(3) */
#define ERG_BALANCE_GAP 2.5                     /* periods: nothing is known between */

/* Closure and its interval: GUM (JCGM 100) 5.1.2, k = 2, from independent contributions
 * u[] to it. in_j, out_j and stored_j are there. */
void erg_balance_combine(erg_balance *of, const double u[], size_t count);
/* Standard uncertainty of energy_j in watts over span_s by one power sensor, J. */
double erg_sensor_u_j(double energy_j, double span_s);

/* Table balance: begun, and a row of it. */
erg_table *erg_balance_add(erg_result *result, erg_error *err);
typedef struct erg_balance_name { const char *device, *against; } erg_balance_name;
bool erg_balance_put(erg_table *table, const erg_balance_name *name, const erg_balance *of,
                     erg_error *err);
/* The columns that each option names; text NULL: none. */
bool erg_meters_columns(const char *text, erg_monitor_columns *out, erg_error *err);
bool erg_coolant_columns(const char *text, erg_monitor_columns *out, erg_error *err);
/* The rows that options->meters asks for. */
bool erg_meters_put(erg_table *table, const erg_monitor *monitor,
                    const erg_thermal_options *options, erg_error *err);

#endif
