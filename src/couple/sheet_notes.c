/* SPDX-License-Identifier: Apache-2.0 */
/* What stands under a data sheet: published ranges that were left, and what to do. */
#include <math.h>
#include <string.h>
#include "couple/sheet_inside.h"

/* ---- ranges: said when left, never used to drop data --------------------------------- */

typedef struct range {
    const char *name;
    int value;
    bool is_step;
    double low, high, per, zero;
} range;

static size_t outside(const double x[], size_t n, const range *of)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += of->per * x[i] - of->zero < of->low
            || of->per * x[i] - of->zero > of->high;
    return count;
}

static bool note_ranges(const erg_data_sheet *sheet, double room[])
{
    const range ranges[] = {
        { "grad_norm 0-50", ERG_TRAINING_GRAD_NORM, true, 0, 50, 1, 0 },
        { "power 0-300 W", ERG_MONITOR_POWER_W, false, 0, 300, 1, 0 },
        { "RLE 0-1", ERG_MONITOR_RLE_RAW, false, 0, 1, 1, 0 },
        { "T - T_ambient 0-50 K", ERG_MONITOR_TEMP_K, false, 0, 50, 1,
          erg_data_sheet_ambient_k(sheet) },
    };

    for (size_t i = 0; i < ERG_COUNT(ranges); i++) {
        const range *of = &ranges[i];
        size_t n = of->is_step
            ? erg_data_sheet_step_values(sheet, (erg_training_value)of->value, room)
            : erg_data_sheet_values(sheet, (erg_monitor_value)of->value, room);
        size_t count = isnan(of->zero) ? 0 : outside(room, n, of);
        if (count && !erg_result_note(sheet->result, sheet->err,
                                      "the published range %s is left by "
                                      "%zu of %zu values; all are kept", of->name,
                                      count, n))
            return false;
    }
    return true;
}

/* ---- what to do ---------------------------------------------------------------------- */

typedef struct trouble { const char *table, *column, *word, *text; } trouble;

static const trouble troubles[] = {
    { "verdict", "verdict", "no coupling shown",
      "no correlation: check the alignment, then the "
      "excitation (does power move?), then believe it" },
    { "verdict", "verdict", "inconclusive", "no correlation: check the alignment, then the "
      "excitation; a longer record sees smaller effects" },
    { "checks", "check", "SENSOR_LAG",
      "reverse order: a late power sensor (SENSOR_LAG), or "
      "throttling, lets temperature seem to lead" },
    { "reproducibility", "verdict", "not reproducible",
      "high spread: were conditions the same, was there heat from outside?" },
    { "checks", "check", "STARVED",
      "missing data: a sensor that fails, or a load that starves the "
      "sampler (STARVED): sample from a process of its own" },
};

/* Rows of checks count where they were hit. */
static bool is_said(const erg_table *table, const trouble *of)
{
    for (size_t i = 0; table && i < erg_table_row_count(table); i++) {
        const char *text = erg_table_find(table, i, of->column).text;
        const char *state = strcmp(of->table, "checks")
            ? NULL : erg_table_find(table, i, "state").text;
        if (text && strstr(text, of->word)
            && (!state || !strcmp(state, "refused") || !strcmp(state, "flag")))
            return true;
    }
    return false;
}

static bool note_troubles(const erg_data_sheet *sheet)
{
    for (size_t i = 0; i < ERG_COUNT(troubles); i++)
        if (is_said(erg_result_find(sheet->result, troubles[i].table), &troubles[i])
            && !erg_result_note(sheet->result, sheet->err, "%s", troubles[i].text))
            return false;
    return true;
}

bool erg_data_sheet_notes(const erg_data_sheet *sheet, double room[])
{
    return note_ranges(sheet, room) && note_troubles(sheet);
}
