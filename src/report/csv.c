/* SPDX-License-Identifier: Apache-2.0 */
/* CSV (RFC 4180 with bare newlines): one table, unmeasured is an empty cell. */
#include <stdlib.h>
#include <csv.h>
#include <string.h>
#include "report/writer.h"

static bool put_text(const char *text, FILE *out, erg_error *err)
{
    char *clean = erg_text_clean(text, true, err);
    if (!clean)
        return false;
    if (*clean && !strpbrk(clean, ",\"\n\t;") && *clean != ' ')
        fputs(clean, out);
    else
        csv_fwrite(out, clean, strlen(clean));
    free(clean);
    return true;
}

static bool put_cell(const erg_column *column, const erg_cell *cell, FILE *out,
                     erg_error *err)
{
    char number[ERG_NUMBER_MOST];

    if (erg_cell_is_missing(column->type, cell))
        return true;
    switch (column->type) {
    case ERG_TEXT:
        return put_text(cell->text, out, err);
    case ERG_REAL:
        erg_number_exact(cell->real, number);
        fputs(number, out);
        return true;
    case ERG_INTEGER:
        fprintf(out, "%lld", (long long)cell->integer);
        return true;
    case ERG_TRUTH:
        fputs(cell->integer ? "true" : "false", out);
        return true;
    }
    return true;
}

static bool csv_write_table(const erg_result *result, const erg_table *only,
                            const erg_write_options *options, FILE *out, erg_error *err)
{
    (void)options;
    const erg_table *table = only ? only : erg_result_table(result, 0);
    size_t columns = table ? erg_table_column_count(table) : 0;

    for (size_t c = 0; c < columns; c++)
        fprintf(out, "%s%s", c ? "," : "", erg_table_column(table, c)->name);
    if (columns)
        fputc('\n', out);
    for (size_t r = 0; table && r < erg_table_row_count(table); r++) {
        for (size_t c = 0; c < columns; c++) {
            erg_cell cell = erg_table_cell(table, r, c);
            if (c)
                fputc(',', out);
            if (!put_cell(erg_table_column(table, c), &cell, out, err))
                return false;
        }
        fputc('\n', out);
    }
    return true;
}

const erg_writer erg_writer_csv = { .name = "csv", .write = csv_write_table };
