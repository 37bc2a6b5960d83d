/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERG_THERMAL_TABLES_H
#define ERG_THERMAL_TABLES_H

#include "erg/thermal.h"

typedef struct erg_thermal_real { const char *column; double value; } erg_thermal_real;
bool erg_put_thermal_reals(erg_table *table, const erg_thermal_real cells[], size_t count,
                           erg_error *err);

#endif
