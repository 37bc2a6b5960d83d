/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A choice for a person at a terminal: the columns that say something, of the tables that
 * fit a screen. Every column is in the other formats, and with --table.
 */
#include <string.h>
#include "decide/tables.h"

enum { COLUMNS_MOST = 40 };

/* What a person does not need beside the rest; NULL-terminated. */
static const char *const left_out[] = {
    "objective",
    "method",
    "hypervolume",
    "reference_time_s",
    "reference_energy_j",
    "reference_power_cap_w",
    "set",
    "visits",
    "temp_c",
    "front",
    "time_low_s",
    "time_high_s",
    "energy_low_j",
    "energy_high_j",
    NULL,
};

static bool is_missing(const erg_table *table, size_t row, size_t column)
{
    erg_cell cell = erg_table_cell(table, row, column);

    switch (erg_table_column(table, column)->type) {
    case ERG_TEXT:    return !cell.text;
    case ERG_REAL:    return cell.real != cell.real;
    case ERG_INTEGER:
    case ERG_TRUTH:   return cell.integer == ERG_NONE;
    }
    return true;
}

static bool is_shown(const erg_table *table, size_t column)
{
    const char *name = erg_table_column(table, column)->name;

    for (size_t i = 0; left_out[i]; i++)
        if (strcmp(left_out[i], name) == 0)
            return false;
    for (size_t row = 0; row < erg_table_row_count(table); row++)
        if (!is_missing(table, row, column))
            return true;
    return false;
}

static bool copy_cell(const erg_table *from, size_t row, size_t column, erg_table *to,
                      erg_error *err)
{
    const erg_column *head = erg_table_column(from, column);
    erg_cell cell = erg_table_cell(from, row, column);

    if (is_missing(from, row, column))
        return true;
    switch (head->type) {
    case ERG_TEXT:    return erg_table_text(to, head->name, cell.text, err);
    case ERG_REAL:    return erg_table_real(to, head->name, cell.real, err);
    case ERG_INTEGER: return erg_table_integer(to, head->name, cell.integer, err);
    case ERG_TRUTH:   return erg_table_truth(to, head->name, cell.integer == 1, err);
    }
    return false;
}

static bool copy_table(const erg_table *from, erg_result *to, erg_error *err)
{
    erg_column heads[COLUMNS_MOST];
    size_t places[COLUMNS_MOST], count = 0;

    for (size_t i = 0; i < erg_table_column_count(from) && count < COLUMNS_MOST; i++)
        if (is_shown(from, i)) {
            places[count] = i;
            heads[count++] = *erg_table_column(from, i);
        }
    if (count == 0)
        return true;
    const erg_column *kept = erg_result_keep(to, heads, count, err);
    erg_table *table =
        kept ? erg_result_add(to, erg_table_name(from), kept, count, err) : NULL;
    bool ok = table != NULL;

    for (size_t row = 0; ok && row < erg_table_row_count(from); row++) {
        ok = erg_table_row(table, err);
        for (size_t i = 0; ok && i < count; i++)
            ok = copy_cell(from, row, places[i], table, err);
    }
    return ok;
}

bool erg_choice_shorten(const erg_result *from, erg_result *to, erg_error *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < erg_result_table_count(from); i++)
        ok = copy_table(erg_result_table(from, i), to, err);
    for (size_t i = 0; ok && i < erg_result_note_count(from); i++)
        ok = erg_result_note(to, err, "%s", erg_result_note_at(from, i));
    return ok;
}
