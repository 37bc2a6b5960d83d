/* SPDX-License-Identifier: Apache-2.0 */
/* CSV by the names of its columns into structs, by a const table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/csv.h"
#include "format/rows.h"

enum { FIELDS_MOST = 16 };
#define BYTES_MOST ((size_t)1 << 28)

typedef struct reader {
    const erg_row_layout *layout;
    const char *name;
    size_t places[FIELDS_MOST]; /* column of each field; SIZE_MAX: none */
    bool has_head;
    void *rows;
    size_t count, capacity;
} reader;

static bool read_head(reader *to, const erg_csv_row *row, erg_error *err)
{
    for (size_t k = 0; k < to->layout->field_count; k++) {
        const erg_row_field *field = &to->layout->fields[k];
        to->places[k] = SIZE_MAX;
        for (size_t i = 0; i < row->count; i++) {
            if (!erg_field_is(erg_field_trim(row->fields[i]), field->name))
                continue;
            if (to->places[k] != SIZE_MAX)
                return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: column %s is there twice",
                                to->name, row->line, field->name);
            to->places[k] = i;
        }
        if (to->places[k] == SIZE_MAX && !field->may_lack)
            return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: the first line names no column %s",
                            to->name, row->line, field->name);
    }
    return to->has_head = true;
}

static bool put_text(const erg_row_field *field, erg_field cell, char *to)
{
    if (cell.count >= field->text_size || (!cell.count && !field->may_lack))
        return false;
    memcpy(to, cell.text, cell.count);
    to[cell.count] = '\0';
    return true;
}

static bool put_number(const erg_row_field *field, erg_field cell, double *to)
{
    *to = NAN;
    if (!cell.count)
        return field->may_lack;
    return erg_number_parse(cell.text, cell.count, '.', to) && *to >= field->low;
}

static bool read_cells(reader *to, const erg_csv_row *row, char *into, erg_error *err)
{
    for (size_t k = 0; k < to->layout->field_count; k++) {
        const erg_row_field *field = &to->layout->fields[k];
        erg_field cell = { "", 0 };
        if (to->places[k] < row->count)
            cell = erg_field_trim(row->fields[to->places[k]]);
        if (field->text_size && !put_text(field, cell, into + field->at))
            return erg_fail(err, ERG_BAD_INPUT,
                            "%s:%zu: %s is empty or longer than %zu bytes", to->name,
                            row->line, field->name, field->text_size - 1);
        if (!field->text_size
            && !put_number(field, cell, (double *)(void *)(into + field->at)))
            return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: %s is no number from %g up",
                            to->name, row->line, field->name, field->low);
    }
    return true;
}

static bool read_row(void *self, const erg_csv_row *row, erg_error *err)
{
    reader *to = self;

    if (!to->has_head)
        return read_head(to, row, err);
    if (row->count == 1 && !erg_field_trim(row->fields[0]).count)
        return true;
    if (to->count == to->layout->rows_most)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: more than %zu rows", to->name,
                        row->line, to->layout->rows_most);
    if (!erg_grow(&to->rows, &to->capacity, to->count, to->layout->row_size, err))
        return false;
    char *into = (char *)to->rows + to->count++ * to->layout->row_size;
    memset(into, 0, to->layout->row_size);
    return read_cells(to, row, into, err);
}

void *erg_rows_parse(const erg_row_layout *layout, const char *name, const char *bytes,
                     size_t size, size_t *count, erg_error *err)
{
    reader to = { .layout = layout, .name = name };
    const erg_csv csv = { .name = name, .row = read_row, .self = &to, .keep_last = true };

    *count = 0;
    if (erg_csv_read(&csv, bytes, size, NULL, err)
        && (to.count > 0
            || erg_fail(err, ERG_BAD_INPUT, "%s has no rows: name a table with some",
                        name))) {
        *count = to.count;
        return to.rows;
    }
    free(to.rows);
    return NULL;
}

void *erg_rows_read(const erg_row_layout *layout, const char *path, size_t *count,
                    erg_error *err)
{
    size_t size;
    char *bytes = erg_file_read(path, BYTES_MOST, &size, err);
    void *rows = bytes ? erg_rows_parse(layout, path, bytes, size, count, err) : NULL;

    free(bytes);
    return rows;
}
