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

/* The setters take the value even when they fail, so nothing leaks. */
static bool add_table(json_t *tables, const erg_table *table)
{
    json_t *rows = json_array();
    if (json_object_set_new(tables, erg_table_name(table), rows) != 0)
        return false;

    for (size_t r = 0; r < erg_table_row_count(table); r++) {
        json_t *row = json_object();
        if (json_array_append_new(rows, row) != 0)
            return false;
        for (size_t c = 0; c < erg_table_column_count(table); c++) {
            const erg_column *column = erg_table_column(table, c);
            erg_cell cell = erg_table_cell(table, r, c);
            if (json_object_set_new(row, column->name, cell_value(column->type, &cell))
                != 0)
                return false;
        }
    }
    return true;
}

static bool add_tables(json_t *root, const erg_result *result, const erg_table *only)
{
    json_t *tables = json_object();
    if (json_object_set_new(root, "tables", tables) != 0)
        return false;
    if (only)
        return add_table(tables, only);
    for (size_t i = 0; i < erg_result_table_count(result); i++)
        if (!add_table(tables, erg_result_table(result, i)))
            return false;
    return true;
}

static bool add_notes(json_t *root, const erg_result *result)
{
    json_t *notes = json_array();
    if (json_object_set_new(root, "notes", notes) != 0)
        return false;
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        if (json_array_append_new(notes, text_value(erg_result_note_at(result, i))) != 0)
            return false;
    return true;
}

static bool json_write(const erg_result *result, const erg_table *only,
                       const erg_write_options *options, FILE *out, erg_error *err)
{
    (void)options;
    json_t *root = json_object();
    bool good =
        root && json_object_set_new(root, "erg", text_value(erg_result_name(result))) == 0
        && json_object_set_new(root, "format", json_integer(1)) == 0
        && add_tables(root, result, only) && add_notes(root, result);

    if (!good)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    else if (json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) != 0)
        good = erg_fail(err, ERG_IO, "cannot write the result as JSON");
    if (good)
        fputc('\n', out);
    json_decref(root);
    return good;
}

const erg_writer erg_writer_json = { .name = "json", .write = json_write };
