/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a sheet into an intake. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "import/formats/sheet_seats.h"

typedef struct walk {
    erg_sheet *sheet;
    erg_seats seats;
    size_t rows;
    int64_t first_ns, last_ns;  /* of them */
    bool begun;
    erg_text head;              /* the cells of the header, a line each */
    size_t columns;             /* of it; empty ones at its end are none */
    char why[240];              /* the first row that could not be read, and the cure */
    size_t odd_line;
} walk;

erg_sheet_column *erg_sheet_add(erg_sheet *sheet, int index, erg_channel_info info,
                                double factor)
{
    if (sheet->column_count == ERG_SHEET_COLUMNS)
        return NULL;
    erg_sheet_column *column = &sheet->columns[sheet->column_count++];
    *column = (erg_sheet_column){ .index = index, .info = info, .factor = factor,
                                  .option = -1 };
    return column;
}

/* Empty ones at its end are none. */
static size_t row_cells(const erg_csv_row *row)
{
    size_t count = row->count;

    while (count > 0 && erg_field_trim(row->fields[count - 1]).count == 0)
        count--;
    return count;
}

static bool row_stamp(erg_sheet *sheet, const erg_csv_row *row, int64_t *t_ns)
{
    erg_field cell = erg_field_trim(row->fields[sheet->time]);
    if (sheet->tick_ns
        && erg_stamp_count(cell.text, cell.count, sheet->tick_ns,
                           sheet->source->style.decimal, t_ns)) {
        if (llabs(*t_ns) < ERG_EPOCH_LEAST_NS)      /* else they count from 1970 */
            *t_ns += sheet->start_ns;
        return true;
    }
    if (sheet->clock < 0)
        return erg_intake_stamp(sheet->in, cell, t_ns);
    char joined[96];
    erg_field clock = erg_field_trim(row->fields[sheet->clock]);
    int count = snprintf(joined, sizeof(joined), "%.*s %.*s", (int)cell.count, cell.text,
                         (int)clock.count, clock.text);
    return count < (int)sizeof(joined)
        && erg_intake_stamp(sheet->in, (erg_field){ joined, (size_t)count }, t_ns);
}

static const char no_stamp[] =
    "is no stamp: write it as 2026-02-06 18:32:23.5, or say --date dmy or mdy";
static const char no_number[] =
    "is no number: say --decimal , if it has a decimal comma, and --from or --power if it "
    "is of another column";

static const char no_unit[] =
    "is in no unit of its column: W mW uW kW of power, J mJ uJ kJ Wh kWh of energy";

/* Of rows of which none can be read the first tells why. */
static void keep_odd(walk *at, const erg_csv_row *row, int index, const char *cure)
{
    char cell[40];

    if (at->why[0])
        return;
    at->odd_line = row->line;
    erg_sheet_cell(cell, sizeof(cell), row, index);
    for (char *c = cell; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            *c = '?';
    snprintf(at->why, sizeof(at->why), "'%s' %s", cell, cure);
}

/* A row with more cells than the header has a comma in one of them: what is behind it
 * stands under other names. */
static bool is_too_wide(walk *at, const erg_csv_row *row)
{
    size_t cells = row_cells(row);

    if (cells <= at->columns)
        return false;
    if (!at->why[0]) {
        at->odd_line = row->line;
        snprintf(at->why, sizeof(at->why), "%zu cells under a header of %zu: does a comma "
                 "stand in a number or a name? Quote it, or part the columns by another "
                 "sign", cells, at->columns);
    }
    return true;
}

/* In SI; false: in no unit of that. */
static bool take_value(const erg_sheet_column *column, erg_field cell, double *value)
{
    bool measures = erg_has_joules(column->info.quantity) && !isnan(*value);
    erg_field unit = measures ? erg_cell_unit(cell) : (erg_field){ "", 0 };
    bool is_told = unit.count > 0;
    double si = is_told ? erg_si_of(unit, column->info.quantity) : column->factor;

    *value = *value * si + column->shift;
    return !is_told || !isnan(si);
}

/* Every cell that is needed is there and a number, or plainly absent. */
static bool row_values(walk *at, const erg_csv_row *row, double values[])
{
    const erg_sheet *sheet = at->sheet;

    if (row->has_nul || is_too_wide(at, row))
        return false;
    for (size_t i = 0; i < sheet->column_count; i++) {
        const erg_sheet_column *column = &sheet->columns[i];
        if ((size_t)column->index >= row->count)
            return false;
        erg_field cell = row->fields[column->index];
        bool is_number = erg_cell_number(sheet->source, cell, &values[i]);
        if (!is_number || !take_value(column, cell, &values[i])) {
            keep_odd(at, row, column->index, is_number ? no_unit : no_number);
            return false;
        }
        bool is_negative = values[i] < 0 && !sheet->any_sign;
        if (column->info.quantity == ERG_POWER && (fabs(values[i]) > 1e6 || is_negative))
            values[i] = NAN;
    }
    return true;
}

static bool keep_setting(erg_sheet *sheet, const erg_sheet_column *column, int device,
                         int64_t t_ns, double value, erg_error *err)
{
    erg_setting setting = { .t_ns = t_ns, .device = device };
    erg_text_put(setting.key, sizeof(setting.key), column->setting);
    snprintf(setting.value, sizeof(setting.value), "%.9g", value);
    return isnan(value) || erg_intake_setting(sheet->in, &setting, err);
}

static bool push_row(walk *at, const erg_csv_row *row, int64_t t_ns, const double values[],
                     erg_error *err)
{
    erg_sheet *sheet = at->sheet;
    const erg_seat *to = erg_seat_of(&at->seats, sheet, row, err);
    bool good = to;

    at->first_ns = at->rows++ ? at->first_ns : t_ns;
    at->last_ns = t_ns;

    for (size_t i = 0; good && i < sheet->column_count; i++) {
        const erg_sheet_column *column = &sheet->columns[i];
        bool measures = column->info.quantity == ERG_POWER
            || column->info.quantity == ERG_ENERGY;
        erg_sample sample = { .t_ns = t_ns, .value = values[i] };
        if (column->setting)
            good = keep_setting(sheet, column, to->device, t_ns, values[i], err);
        else if (measures || !isnan(values[i]))     /* a missing watt is a gap */
            good = erg_intake_push(sheet->in, to->channels[i], sample, row->line, err);
    }
    return good;
}

/* ---- the header ------------------------------------------------------------------ */

static bool take_header(walk *at, const erg_csv_row *row, erg_error *err)
{
    at->begun = true;
    at->columns = row_cells(row);
    for (size_t i = 0; i < row->count; i++) {
        erg_field cell = erg_field_trim(row->fields[i]);
        erg_text_add_bytes(&at->head, cell.text, cell.count);
        erg_text_add(&at->head, "\n");
    }
    if (at->head.failed)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    if (!at->sheet->head(at->sheet, row, err))
        return false;
    erg_sheet_find_host(at->sheet, row);
    return erg_sheet_take_units(at->sheet, row, err);
}

/* Does the cell say what the header says in that column? */
static bool is_name_of(const walk *at, erg_field cell, size_t column)
{
    const char *name = at->head.data;

    cell = erg_field_trim(cell);
    for (size_t i = 0; i < column; i++, name++)
        if (!(name = strchr(name, '\n')))
            return false;       /* behind a NUL byte */
    return strcspn(name, "\n") == cell.count && memcmp(name, cell.text, cell.count) == 0;
}

/* The header comes again where a logger was started again, perhaps with other columns. */
static bool is_header(const walk *at, const erg_csv_row *row, bool *is_same)
{
    bool found = false;

    *is_same = row_cells(row) == at->columns;
    for (size_t i = 0; *is_same && i < at->columns; i++)
        *is_same = is_name_of(at, row->fields[i], i);
    for (size_t i = 0; i < row->count && !found; i++)
        found = is_name_of(at, row->fields[i], (size_t)at->sheet->time);
    return found;
}

static bool on_unstamped(walk *at, const erg_csv_row *row, erg_error *err)
{
    bool is_same;

    if (is_header(at, row, &is_same))
        return is_same
            || erg_fail(err, ERG_BAD_INPUT, "%s:%zu: a header with other columns: a new "
                        "table starts here: cut the file in two", at->sheet->source->name,
                        row->line);
    keep_odd(at, row, at->sheet->time, no_stamp);
    if (!at->sheet->skip_unstamped)
        erg_intake_torn(at->sheet->in, row->line);
    return true;
}

static bool on_row(void *self, const erg_csv_row *row, erg_error *err)
{
    walk *at = self;
    erg_sheet *sheet = at->sheet;
    double values[ERG_SHEET_COLUMNS] = { 0 };
    int64_t t_ns;

    if (!at->begun)
        return take_header(at, row, err);
    size_t stamp_end = (size_t)(sheet->clock > sheet->time ? sheet->clock : sheet->time);
    if (stamp_end >= row->count || row->has_nul || !row_stamp(sheet, row, &t_ns))
        return on_unstamped(at, row, err);
    if (!row_values(at, row, values)) {
        erg_intake_torn(sheet->in, row->line);
        return true;
    }
    return push_row(at, row, t_ns, values, err);
}

/* A device of its own for each row, over a time that one poll does not take. */
static bool check_devices(const walk *at, erg_error *err)
{
    const int64_t poll_most_ns = 200 * ERG_NS_PER_MS;
    bool counts = at->seats.count >= 3 && at->seats.count == at->rows
               && at->last_ns - at->first_ns > poll_most_ns;

    return !counts
        || erg_fail(err, ERG_BAD_INPUT, "%s:1: each row names another device: that column "
                    "counts rows: name the ones of time and power with --time and --power",
                    at->sheet->source->name);
}

bool erg_sheet_read(erg_trace *into, const erg_source *source, erg_sheet *sheet,
                    erg_error *err)
{
    walk at = { .sheet = sheet };
    erg_csv csv = { .name = source->name, .row = on_row, .self = &at,
                    .separator = sheet->separator };
    bool torn_last = false;

    sheet->source = source;
    sheet->clock = sheet->device_column = sheet->model_column = sheet->driver_column = -1;
    sheet->host_column = sheet->slices_column = -1;
    sheet->in = erg_intake_new(source, err);
    if (sheet->in && !sheet->device.driver[0])
        erg_text_put(sheet->device.driver, sizeof(sheet->device.driver), "import");
    bool good = sheet->in
        && (source->is_head
                ? erg_csv_read_file(&csv, source->path, &torn_last, err)
                : erg_csv_read(&csv, source->bytes, source->size, &torn_last, err));
    if (good && torn_last)
        erg_intake_torn(sheet->in, 0);
    if (good && at.rows == 0 && at.why[0])
        good = erg_fail(err, ERG_BAD_INPUT, "%s:%zu: no row could be read: %s",
                        source->name, at.odd_line, at.why);
    good = good && check_devices(&at, err);
    if (good)
        erg_intake_find_periods(sheet->in);
    good = good && erg_intake_finish(sheet->in, into, err);
    erg_intake_free(sheet->in);
    sheet->in = NULL;
    erg_seats_free(&at.seats);
    erg_text_free(&at.head);
    return good;
}
