/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of a table's last row, many at once, by the names of their columns. */
#ifndef ERG_FORMAT_CELLS_H
#define ERG_FORMAT_CELLS_H

#include "erg/table.h"

typedef struct erg_real { const char *column; double value; } erg_real;
typedef struct erg_whole { const char *column; int64_t value; } erg_whole;

bool erg_put_reals(erg_table *table, const erg_real cells[], size_t count, erg_error *err);
bool erg_put_wholes(erg_table *table, const erg_whole cells[], size_t count,
                    erg_error *err);

#endif
