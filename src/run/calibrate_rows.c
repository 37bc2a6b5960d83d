/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns gpu, model, precision, batch, seq, freq_mhz, time_ms, energy_j, power_w
 * (and updates, if there). A row belongs to the device if gpu is its name or the
 * beginning of it up to a dash ("a100" of a100-pcie-40gb); a file of one gpu
 * belongs to whatever device is named.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/csv.h"
#include "run/calibrate_join.h"
#include "run/calibrate_rows.h"

enum { FILE_MOST = 1 << 26, COLUMNS = 10 };
enum { GPU, MODEL, PRECISION, BATCH, SEQ, CLOCK, TIME, ENERGY, POWER, UPDATES };

static const struct { const char *name; bool needed; } columns[COLUMNS] = {
    [GPU] = { "gpu", false },          [MODEL] = { "model", true },
    [PRECISION] = { "precision", true }, [BATCH] = { "batch", true },
    [SEQ] = { "seq", false },          [CLOCK] = { "freq_mhz", true },
    [TIME] = { "time_ms", true },      [ENERGY] = { "energy_j", true },
    [POWER] = { "power_w", false },    [UPDATES] = { "updates", false },
};

typedef struct reading {
    const char *path;
    erg_measured *to;
    int at[COLUMNS];            /* field of each column, -1: none */
    bool has_header;
} reading;

static bool read_header(reading *in, const erg_csv_row *row, erg_error *err)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        in->at[c] = erg_csv_column(row, columns[c].name);
        if (in->at[c] < 0 && columns[c].needed)
            return erg_fail(err, ERG_BAD_INPUT, "%s has no column %s", in->path,
                            columns[c].name);
    }
    in->has_header = true;
    return true;
}

static erg_field field_of(const reading *in, const erg_csv_row *row, int column)
{
    if (in->at[column] < 0 || (size_t)in->at[column] >= row->count)
        return (erg_field){ "", 0 };
    return erg_field_trim(row->fields[in->at[column]]);
}

/* An empty cell is NAN. */
static bool read_number(const reading *in, const erg_csv_row *row, int column, double *to,
                        erg_error *err)
{
    erg_field field = field_of(in, row, column);

    *to = NAN;
    if (!field.count)
        return true;
    return erg_number_parse(field.text, field.count, '.', to)
        || erg_fail(err, ERG_BAD_INPUT, "%s, line %zu: %s is no number", in->path,
                    row->line, columns[column].name);
}

static void read_name(const reading *in, const erg_csv_row *row, int column, char *to)
{
    erg_field field = field_of(in, row, column);

    snprintf(to, ERG_MODEL_NAME, "%.*s", (int)(field.count < 4096 ? field.count : 4096),
             field.text);
}

static bool read_row(reading *in, const erg_csv_row *row, erg_error *err)
{
    erg_measured_row made = { .line = row->line };
    double batch, seq, clock_mhz, time_ms;
    char precision[ERG_MODEL_NAME];

    read_name(in, row, GPU, made.gpu);
    read_name(in, row, MODEL, made.model);
    read_name(in, row, PRECISION, precision);
    if (!erg_precision_parse(precision, &made.precision))
        return erg_fail(err, ERG_BAD_INPUT, "%s, line %zu: no precision %s", in->path,
                        row->line, precision);
    if (!read_number(in, row, BATCH, &batch, err) || !read_number(in, row, SEQ, &seq, err)
        || !read_number(in, row, CLOCK, &clock_mhz, err)
        || !read_number(in, row, TIME, &time_ms, err)
        || !read_number(in, row, ENERGY, &made.energy_j, err)
        || !read_number(in, row, POWER, &made.power_w, err)
        || !read_number(in, row, UPDATES, &made.updates, err))
        return false;
    if (!(batch >= 1 && batch < 1e9) || seq >= 1e9)
        return erg_fail(err, ERG_BAD_INPUT, "%s, line %zu: batch or seq is no count",
                        in->path, row->line);
    made.batch = (int64_t)batch;
    made.seq = seq >= 1 ? (int64_t)seq : -1;
    made.clock_hz = clock_mhz * 1e6;
    made.time_s = time_ms * 1e-3;
    if (isnan(made.power_w))
        made.power_w = made.energy_j / made.time_s;
    if (!erg_grow((void **)&in->to->rows, &in->to->capacity, in->to->count,
                  sizeof(*in->to->rows), err))
        return false;
    in->to->rows[in->to->count++] = made;
    return true;
}

static bool on_row(void *self, const erg_csv_row *row, erg_error *err)
{
    reading *in = self;

    return in->has_header ? read_row(in, row, err) : read_header(in, row, err);
}

static bool belongs(const char *gpu, const char *name)
{
    size_t length = strlen(gpu);

    return length && strncmp(gpu, name, length) == 0
        && (name[length] == '\0' || name[length] == '-');
}

/* Rows of other devices are no rows. */
static bool keep_device(erg_measured *to, const erg_hardware *hardware, const char *path,
                        erg_error *err)
{
    size_t kept = 0;
    bool one_gpu = true;

    for (size_t i = 1; i < to->count; i++)
        one_gpu = one_gpu && strcmp(to->rows[i].gpu, to->rows[0].gpu) == 0;
    for (size_t i = 0; i < to->count; i++)
        if (one_gpu || belongs(to->rows[i].gpu, hardware->name))
            to->rows[kept++] = to->rows[i];
    to->count = kept;
    return kept || erg_fail(err, ERG_BAD_INPUT, "%s has no row of %s in its column gpu",
                            path, hardware->name);
}

static bool read_file(erg_measured *to, const char *path, erg_error *err)
{
    reading in = { .path = path, .to = to };
    erg_csv csv = { .name = path, .row = on_row, .self = &in, .keep_last = true };
    size_t count;
    char *text = erg_file_read(path, FILE_MOST, &count, err);
    bool good = text && erg_csv_read(&csv, text, count, NULL, err);

    free(text);
    return good;
}

bool erg_measured_load(erg_measured *to, const erg_hardware *hardware,
                       const erg_calibrate_options *options, erg_error *err)
{
    *to = (erg_measured){ 0 };
    if (read_file(to, options->rows_path, err)
        && keep_device(to, hardware, options->rows_path, err)
        && erg_measured_join(to, hardware, options->workloads_dir, err))
        return true;
    erg_measured_free(to);
    return false;
}

void erg_measured_free(erg_measured *measured)
{
    for (size_t i = 0; i < measured->count; i++) {
        erg_partition_free(measured->rows[i].partition);
        erg_graph_free(measured->rows[i].graph);
    }
    free(measured->rows);
    *measured = (erg_measured){ 0 };
}
