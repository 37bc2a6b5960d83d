/* SPDX-License-Identifier: Apache-2.0 */
/* Table balance: a row for each way to the same joules. */
#include <stdio.h>
#include "base/base.h"
#include "format/cells.h"
#include "thermal/balance_inside.h"

static const erg_column columns[] = {
    { "device", ERG_TEXT, "as the log names it; the outer one of several meters" },
    { "against", ERG_TEXT, "what out_j is from: network, energy_j, coolant, other meters" },
    { "window", ERG_TEXT, "seconds from the first row" },
    { "in_j", ERG_REAL, "electric energy" },
    { "out_j", ERG_REAL, "heat that left; of meters: the second measurement of in" },
    { "stored_j", ERG_REAL, "heat that the capacities gained" },
    { "closure", ERG_REAL, "(in - out - stored)/in" },
    { "closure_low", ERG_REAL, "95 % interval" },
    { "closure_high", ERG_REAL, "95 % interval" },
    { "kind", ERG_TEXT, "independent, or fit residual: true by construction" },
    { "closes", ERG_TRUTH, "within 5 %, and 0 is in the interval" },
    { "eta_p", ERG_REAL, "(gross - idle)/gross energy; all of it becomes heat" },
    { "rest_w", ERG_REAL, "(in - out - stored) over the time: what out does not see" },
};

erg_table *erg_balance_add(erg_result *result, erg_error *err)
{
    return erg_result_add(result, "balance", columns, ERG_COUNT(columns), err);
}

bool erg_balance_put(erg_table *table, const erg_balance_name *name, const erg_balance *of,
                     erg_error *err)
{
    const erg_real cells[] = {
        { "in_j", of->in_j }, { "out_j", of->out_j }, { "stored_j", of->stored_j },
        { "closure", of->closure }, { "closure_low", of->closure_low },
        { "closure_high", of->closure_high }, { "eta_p", of->eta_p },
        { "rest_w", (of->in_j - of->out_j - of->stored_j) / of->span_s },
    };
    char window[64];

    snprintf(window, sizeof(window), "%.1fs:%.1fs", of->begin_s, of->end_s);
    return erg_table_row(table, err)
        && erg_table_text(table, "device", name->device, err)
        && erg_table_text(table, "against", name->against, err)
        && erg_table_text(table, "window", window, err)
        && erg_table_text(table, "kind", erg_balance_kind_name(of->kind), err)
        && erg_table_truth(table, "closes", of->closes, err)
        && erg_put_reals(table, cells, ERG_COUNT(cells), err);
}
