/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result read back from the JSON that erg wrote. Types come from the values: a
 * column that is nowhere given is text, and whole numbers are integers.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>
#include "erg/report.h"
#include "format/json.h"

enum { COLUMNS_MOST = 128 };

/* What both fit in: a column of whole and other numbers is real. */
static erg_type joined(erg_type a, erg_type b)
{
    return a == b ? a : a != ERG_TEXT && b != ERG_TEXT ? ERG_REAL : ERG_TEXT;
}

static bool type_of(const json_t *value, erg_type *out)
{
    switch (json_typeof(value)) {
    case JSON_STRING:  *out = ERG_TEXT; return true;
    case JSON_INTEGER: *out = ERG_INTEGER; return true;
    case JSON_REAL:    *out = ERG_REAL; return true;
    case JSON_TRUE:
    case JSON_FALSE:   *out = ERG_TRUTH; return true;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_NULL:    break;
    }
    return false;
}

/* The columns of the first row, each as wide as its values need. */
static size_t columns_of(json_t *rows, erg_column columns[COLUMNS_MOST])
{
    const char *name;
    json_t *row, *value;
    size_t index, count = 0;
    bool known[COLUMNS_MOST] = { false };

    json_object_foreach(json_array_get(rows, 0), name, value)
        if (count < COLUMNS_MOST)
            columns[count++] = (erg_column){ name, ERG_TEXT, "" };
    json_array_foreach(rows, index, row)
        for (size_t c = 0; c < count; c++) {
            erg_type type;
            value = json_object_get(row, columns[c].name);
            if (!value || !type_of(value, &type))
                continue;
            columns[c].type = known[c] ? joined(columns[c].type, type) : type;
            known[c] = true;
        }
    return count;
}

static bool put_value(erg_table *table, const erg_column *column, const json_t *value,
                      erg_error *err)
{
    erg_type type;

    if (!value || !type_of(value, &type))
        return true;
    switch (column->type) {
    case ERG_TEXT:
        return !json_is_string(value)
            || erg_table_text(table, column->name, json_string_value(value), err);
    case ERG_REAL:
        return erg_table_real(table, column->name, json_number_value(value), err);
    case ERG_INTEGER:
        return erg_table_integer(table, column->name, json_integer_value(value), err);
    case ERG_TRUTH:
        return erg_table_truth(table, column->name, json_is_true(value), err);
    }
    return true;
}

static bool add_table(erg_result *result, const char *name, json_t *rows, erg_error *err)
{
    erg_column columns[COLUMNS_MOST];
    size_t count = columns_of(rows, columns), index;
    if (!count)
        return true;
    const erg_column *kept = erg_result_keep(result, columns, count, err);
    erg_table *table = kept ? erg_result_add(result, name, kept, count, err) : NULL;
    bool ok = table != NULL;
    json_t *row;

    json_array_foreach(rows, index, row) {
        ok = ok && erg_table_row(table, err);
        for (size_t c = 0; c < count && ok; c++)
            ok = put_value(table, &kept[c], json_object_get(row, kept[c].name), err);
    }
    return ok;
}

static bool fill(erg_result *result, json_t *root, erg_error *err)
{
    const char *name;
    json_t *rows, *note;
    size_t index;
    bool ok = true;

    json_object_foreach(json_object_get(root, "tables"), name, rows)
        ok = ok && (!json_is_array(rows) || add_table(result, name, rows, err));
    json_array_foreach(json_object_get(root, "notes"), index, note)
        if (ok && json_is_string(note))
            ok = erg_result_note(result, err, "%s", json_string_value(note));
    return ok;
}

/* Takes root. */
static erg_result *from_json(const char *from, json_t *root, erg_error *err)
{
    const char *name = json_string_value(json_object_get(root, "erg"));
    erg_result *result = name ? erg_result_new(name, err) : NULL;

    if (!name && root)
        erg_fail(err, ERG_BAD_INPUT, "%s is no result of erg", from);
    if (result && !fill(result, root, err)) {
        erg_result_free(result);
        result = NULL;
    }
    json_decref(root);
    return result;
}

erg_result *erg_result_parse(const char *name, const char *bytes, size_t size,
                             erg_error *err)
{
    return from_json(name, erg_json_parse(name, bytes, size, err), err);
}

erg_result *erg_result_load(const char *path, erg_error *err)
{
    json_error_t fault;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &fault);

    if (!root)
        erg_fail(err, ERG_BAD_INPUT, "%s is no result of erg: %s", path, fault.text);
    return from_json(path, root, err);
}
