/* SPDX-License-Identifier: Apache-2.0 */
#include "format/cells.h"

bool erg_put_reals(erg_table *table, const erg_real cells[], size_t count, erg_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!erg_table_real(table, cells[i].column, cells[i].value, err))
            return false;
    return true;
}

bool erg_put_wholes(erg_table *table, const erg_whole cells[], size_t count, erg_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!erg_table_integer(table, cells[i].column, cells[i].value, err))
            return false;
    return true;
}
