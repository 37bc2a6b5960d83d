/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watts that were expected of each name before anything was measured: a
 * table of erg estimate, or the attribution of an earlier run. Several rows of one name are
 * one, by time.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/csv.h"
#include "timeline/timeline_inside.h"

enum { FILE_MOST = 1 << 26 };

enum { NAME, WATTS, ENERGY, TIME, BYTES, HARDWARE, COLUMNS };
static const char *const columns[COLUMNS][3] = {
    [NAME] = { "name", "subgraph", "kernel_name" },
    [WATTS] = { "mean_w", "watts" },
    [ENERGY] = { "energy_j" },
    [TIME] = { "duration_s", "latency_s" },
    [BYTES] = { "bytes" },
    [HARDWARE] = { "hardware" },
};

/* ONNX Runtime puts this behind the name of a node. */
static const char node_end[] = "_kernel_time";

typedef struct expected { double j, s, bytes, rows; } expected;

typedef struct reading {
    const char *path;
    int at[COLUMNS];            /* -1: there is none */
    bool has_header;
    char hardware[80];
    erg_interned names;
    erg_rows rows;              /* expected, a row a name */
} reading;

static bool take_header(reading *of, const erg_csv_row *row, erg_error *err)
{
    for (int c = 0; c < COLUMNS; c++) {
        of->at[c] = -1;
        for (int k = 0; k < 3 && columns[c][k] && of->at[c] < 0; k++)
            of->at[c] = erg_csv_column(row, columns[c][k]);
    }
    of->has_header = true;
    return (of->at[NAME] >= 0
            && (of->at[WATTS] >= 0 || (of->at[ENERGY] >= 0 && of->at[TIME] >= 0)))
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s:%zu: expected watts need a column name (or subgraph), "
                    "and mean_w, or energy_j and latency_s: write it with "
                    "erg estimate --format csv --table subgraphs", of->path, row->line);
}

/* NAN: it is not there. */
static double number_of(const reading *of, const erg_csv_row *row, int column)
{
    double number;

    if (of->at[column] < 0 || (size_t)of->at[column] >= row->count)
        return NAN;
    erg_field field = erg_field_trim(row->fields[of->at[column]]);
    return erg_number_parse(field.text, field.count, '.', &number) ? number : NAN;
}

/* A sum over two devices would be of neither. */
static bool is_same_device(reading *of, const erg_csv_row *row, erg_error *err)
{
    if (of->at[HARDWARE] < 0 || (size_t)of->at[HARDWARE] >= row->count)
        return true;
    erg_field field = erg_field_trim(row->fields[of->at[HARDWARE]]);
    char name[sizeof(of->hardware)];
    snprintf(name, sizeof(name), "%.*s", (int)field.count, field.text);
    if (!of->hardware[0])
        erg_text_put(of->hardware, sizeof(of->hardware), name);
    return strcmp(name, of->hardware) == 0
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s:%zu: holds %s and %s: estimate for the one that ran", of->path,
                    row->line, of->hardware, name);
}

static bool take_row(void *self, const erg_csv_row *row, erg_error *err)
{
    reading *of = self;

    if (!of->has_header)
        return take_header(of, row, err);
    if ((size_t)of->at[NAME] >= row->count || !is_same_device(of, row, err))
        return (size_t)of->at[NAME] >= row->count;
    double s = number_of(of, row, TIME), j = number_of(of, row, ENERGY);
    double w = number_of(of, row, WATTS);
    if (isnan(s) || isnan(j))
        s = 1, j = w;
    if (!(s > 0 && j > 0))
        return true;
    erg_field name = erg_field_trim(row->fields[of->at[NAME]]);
    expected none = { 0 };
    int32_t number = erg_intern(&of->names, name.text, name.count, err);
    if (number < 0 || ((size_t)number == of->rows.count
                       && !erg_rows_add(&of->rows, &none, 1, sizeof(none), err)))
        return false;
    expected *to = (expected *)of->rows.items + number;
    to->j += j;
    to->s += s;
    to->bytes += number_of(of, row, BYTES);
    to->rows++;
    return true;
}

/* NULL: nobody expected it. */
static const expected *find(reading *of, const char *name, erg_error *err)
{
    size_t count = strlen(name), known = of->rows.count;
    size_t end = sizeof(node_end) - 1;
    int32_t number = erg_intern(&of->names, name, count, err);

    if (number >= 0 && (size_t)number >= known && count > end
        && strcmp(name + count - end, node_end) == 0)
        number = erg_intern(&of->names, name, count - end, err);
    if (number < 0 || (size_t)number >= known)
        return NULL;
    return (const expected *)of->rows.items + number;
}

/* Mean power while anything ran; NAN: it cannot be told. */
static double busy_w(const erg_timeline_case *all)
{
    const erg_power_point *points = all->points.items;
    const erg_class *classes = all->classes.items;
    double whole_s = erg_s_from_ns(all->span.end_ns - all->span.begin_ns), busy_s = 0;
    double sum_w = 0, least_w = INFINITY;

    for (size_t i = 0; i < all->points.count; i++) {
        sum_w += points[i].w;
        least_w = fmin(least_w, points[i].w);
        erg_rows_pass(&all->points, i);
    }
    for (size_t i = 0; i < all->classes.count; i++)
        busy_s += classes[i].duration_s;
    double busy = fmin(1, busy_s / whole_s), mean_w = sum_w / (double)all->points.count;
    return busy > 0 ? (mean_w - (1 - busy) * least_w) / busy : NAN;
}

/* What was expected may be wrong by one factor for all: only the ratios of watts share. */
static double scale(const erg_timeline_case *all, double class_w[])
{
    const erg_class *classes = all->classes.items;
    double j = 0, s = 0;

    for (size_t i = 0; i < all->classes.count; i++)
        if (class_w[i] > 0) {
            j += class_w[i] * classes[i].duration_s;
            s += classes[i].duration_s;
        }
    double factor = busy_w(all) * s / j;
    factor = isfinite(factor) && factor > 0 ? factor : 1;
    for (size_t i = 0; i < all->classes.count; i++)
        class_w[i] *= factor;
    return factor;
}

static bool fill(reading *of, erg_timeline_case *all, double class_w[])
{
    erg_class *classes = all->classes.items;
    size_t found = 0, ran = 0;

    for (size_t i = 0; i < all->classes.count; i++) {
        const expected *row = find(of, classes[i].name, all->err);
        class_w[i] = row ? row->j / row->s : NAN;
        classes[i].bytes = row ? row->bytes / row->rows : NAN;
        ran += classes[i].count > 0;
        found += classes[i].count > 0 && class_w[i] > 0;
    }
    double factor = scale(all, class_w);
    return erg_result_note(all->result, all->err,
                           "expected watts of %zu of %zu names are from %s, "
                           "times %.3g to meet the measured power: they "
                           "hold where the sensor cannot tell names apart", found, ran,
                           of->path, factor);
}

bool erg_timeline_prior(erg_timeline_case *all, double class_w[])
{
    reading of = { .path = all->options->prior };
    const erg_csv csv = { .name = of.path, .row = take_row, .self = &of,
                          .keep_last = true };
    size_t size;
    char *bytes = erg_file_read(of.path, FILE_MOST, &size, all->err);
    bool good = bytes && erg_csv_read(&csv, bytes, size, NULL, all->err)
             && (of.rows.count > 0
                 || erg_fail(all->err, ERG_BAD_INPUT, "%s: no row of it holds watts",
                             of.path))
             && fill(&of, all, class_w);

    free(bytes);
    free(of.rows.items);
    erg_interned_free(&of.names);
    return good;
}
