/* SPDX-License-Identifier: Apache-2.0 */
/* The head names the columns; their order and others among them do not matter. */
#include <math.h>
#include <stdlib.h>
#include "estimate/grid.h"

enum { GRID_BYTES_MOST = 64 << 20 };

typedef struct reader {
    const erg_grid *grid;
    const char *path;
    int at[ERG_GRID_MOST];         /* -1: not there */
    bool has_head;
} reader;

double erg_field_number(erg_field field)
{
    double value;

    field = erg_field_trim(field);
    return erg_number_parse(field.text, field.count, '.', &value) ? value : NAN;
}

static bool take_head(reader *self, const erg_csv_row *row, erg_error *err)
{
    for (size_t c = 0; c < self->grid->column_count; c++) {
        self->at[c] = erg_csv_column(row, self->grid->columns[c]);
        if (self->at[c] < 0 && c < self->grid->needed)
            return erg_fail(err, ERG_BAD_INPUT, "%s: its head has no column %s", self->path,
                            self->grid->columns[c]);
    }
    return self->has_head = true;
}

static bool take_row(void *self, const erg_csv_row *row, erg_error *err)
{
    reader *to = self;
    erg_field cells[ERG_GRID_MOST];

    if (!to->has_head)
        return take_head(to, row, err);
    for (size_t c = 0; c < to->grid->column_count; c++)
        cells[c] = to->at[c] >= 0 && (size_t)to->at[c] < row->count
                       ? erg_field_trim(row->fields[to->at[c]])
                       : (erg_field){ .text = "" };
    return to->grid->row(to->grid->self, cells, err);
}

bool erg_grid_read(const erg_grid *grid, const char *path, erg_error *err)
{
    reader self = { .grid = grid, .path = path };
    const erg_csv csv = { .name = path, .keep_last = true, .row = take_row, .self = &self };
    size_t size;
    char *bytes = erg_file_read(path, GRID_BYTES_MOST, &size, err);
    bool ok = bytes && erg_csv_read(&csv, bytes, size, NULL, err);

    if (ok && !self.has_head)
        ok = erg_fail(err, ERG_BAD_INPUT, "%s is empty: it has no head that names columns",
                      path);
    free(bytes);
    return ok;
}
