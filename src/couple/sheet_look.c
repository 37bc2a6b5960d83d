/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a data sheet look with, and how they put a row. */
#include <math.h>
#include "couple/sheet_inside.h"
#include "format/cells.h"

size_t erg_data_sheet_values(const erg_data_sheet *sheet, erg_monitor_value value,
                             double out[])
{
    size_t n = 0;

    for (size_t i = 0; i < sheet->device->count; i++)
        if (isfinite(sheet->device->rows[i].value[value]))
            out[n++] = sheet->device->rows[i].value[value];
    return n;
}

size_t erg_data_sheet_step_values(const erg_data_sheet *sheet, erg_training_value value,
                                  double out[])
{
    size_t n = 0;

    for (size_t i = 0; i < sheet->step_count; i++)
        if (isfinite(sheet->steps[i].value[value]))
            out[n++] = sheet->steps[i].value[value];
    return n;
}

double erg_data_sheet_ambient_k(const erg_data_sheet *sheet)
{
    const erg_data_sheet_input *input = sheet->input;
    return input->ambient_k > 0 ? input->ambient_k
        : input->facts ? input->facts->ambient_k : NAN;
}

bool erg_data_sheet_put(const erg_data_sheet *sheet, const erg_data_sheet_row *row)
{
    const char *word = row->word ? row->word : erg_data_sheet_word(row->name, row->value);
    const erg_real cells[] = { { "time_s", row->time_s }, { "value", row->value },
                               { "low", row->low }, { "high", row->high } };

    return erg_table_row(sheet->table, sheet->err)
        && erg_table_text(sheet->table, "section", row->section, sheet->err)
        && erg_table_text(sheet->table, "name", row->name, sheet->err)
        && erg_table_text(sheet->table, "unit", row->unit, sheet->err)
        && erg_table_text(sheet->table, "note", row->note, sheet->err)
        && erg_table_text(sheet->table, "convention", word && word[0] ? word : NULL,
                          sheet->err)
        && erg_put_reals(sheet->table, cells, ERG_COUNT(cells), sheet->err);
}
