/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object: {"erg", "format", "tables", "notes"}; unmeasured is null. */
#include <jansson.h>
#include <stdlib.h>
#include "report/writer.h"

static json_t *text_value(const char *text)
{
    char *clean = erg_text_clean(text, true, NULL);
    json_t *value = clean ? json_string(clean) : NULL;
    free(clean);
    return value;
}

static json_t *cell_value(erg_type type, const erg_cell *cell)
{
    if (erg_cell_is_missing(type, cell))
        return json_null();
    switch (type) {
    case ERG_TEXT:    return text_value(cell->text);
    case ERG_REAL:    return json_real(cell->real);
    case ERG_INTEGER: return json_integer(cell->integer);
    case ERG_TRUTH:   return json_boolean(cell->integer);
    }
    return NULL;
}

/* A table may have a million rows: each value is written as it comes. Takes value. */
static bool put(FILE *out, json_t *value)
{
    bool good = value && json_dumpf(value, out, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17))
                             == 0;
    json_decref(value);
    return good;
}

/* The next of a list or an object: a comma, unless it is the first, and a new line. */
static void put_next(FILE *out, bool is_first, int depth)
{
    fprintf(out, "%s\n%*s", is_first ? "" : ",", 2 * depth, "");
}

static bool put_key(FILE *out, const char *key, bool is_first, int depth)
{
    put_next(out, is_first, depth);
    return put(out, text_value(key)) && fputs(": ", out) >= 0;
}

static void put_end(FILE *out, size_t count, int depth, char bracket)
{
    if (count > 0)
        fprintf(out, "\n%*s", 2 * depth, "");
    fputc(bracket, out);
}

static bool put_row(FILE *out, const erg_table *table, size_t row, int depth)
{
    size_t columns = erg_table_column_count(table);

    put_next(out, row == 0, depth);
    fputc('{', out);
    for (size_t c = 0; c < columns; c++) {
        const erg_column *column = erg_table_column(table, c);
        erg_cell cell = erg_table_cell(table, row, c);
        if (!put_key(out, column->name, c == 0, depth + 1)
            || !put(out, cell_value(column->type, &cell)))
            return false;
    }
    put_end(out, columns, depth, '}');
    return true;
}

static bool put_table(FILE *out, const erg_table *table, bool is_first, int depth)
{
    size_t rows = erg_table_row_count(table);
    bool good = put_key(out, erg_table_name(table), is_first, depth);

    fputc('[', out);
    for (size_t r = 0; good && r < rows; r++)
        good = put_row(out, table, r, depth + 1);
    put_end(out, rows, depth, ']');
    return good;
}

static bool put_tables(FILE *out, const erg_result *result, const erg_table *only)
{
    size_t count = only ? 1 : erg_result_table_count(result);
    bool good = put_key(out, "tables", false, 1);

    fputc('{', out);
    for (size_t i = 0; good && i < count; i++)
        good = put_table(out, only ? only : erg_result_table(result, i), i == 0, 2);
    put_end(out, count, 1, '}');
    return good;
}

static bool put_notes(FILE *out, const erg_result *result)
{
    size_t count = erg_result_note_count(result);
    bool good = put_key(out, "notes", false, 1);

    fputc('[', out);
    for (size_t i = 0; good && i < count; i++) {
        put_next(out, i == 0, 2);
        good = put(out, text_value(erg_result_note_at(result, i)));
    }
    put_end(out, count, 1, ']');
    return good;
}

static bool json_write(const erg_result *result, const erg_table *only,
                       const erg_write_options *options, FILE *out, erg_error *err)
{
    (void)options;
    fputc('{', out);
    bool good = put_key(out, "erg", true, 1)
        && put(out, text_value(erg_result_name(result)))
        && put_key(out, "format", false, 1) && put(out, json_integer(1))
        && put_tables(out, result, only) && put_notes(out, result);

    fputs("\n}\n", out);
    return good || erg_fail(err, ferror(out) ? ERG_IO : ERG_NO_MEMORY,
                            ferror(out) ? "cannot write the result as JSON"
                                        : "out of memory");
}

const erg_writer erg_writer_json = { .name = "json", .write = json_write };
