/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CSV table of visits or points. A row that cannot be used is a rejection with its
 * line; reading fails only where the header is no such table or no row is left.
 *
 * Energy beside power and time: where they disagree in any row, the three are not of
 * one window, and the whole table takes power x time, so that rows stay comparable.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/points_columns.h"
#include "fit/points_inside.h"

enum { FILE_BYTES_MOST = 1 << 30 };

static const double energy_mismatch = 0.02;
static const double activity_most = 1.05;   /* a share, with room for rounding */
static const double clock_least_hz = 10e6, clock_most_hz = 20e9;    /* of a processor */

typedef struct points_reader {
    erg_points *points;
    const erg_points_options *options;
    const char *path;
    erg_points_columns columns;
    bool has_header;
    size_t columns_named, first_visit, mismatches, rejected;
    char why[80];           /* of the row that is read now */
    char first_reason[200];
} points_reader;

static const char *const absent[] = { "", "n/a", "N/A", "nan", "NaN", "NAN", "null" };

static erg_field cell_at(const erg_csv_row *row, int column)
{
    bool there = column >= 0 && (size_t)column < row->count;
    return there ? erg_field_trim(row->fields[column]) : (erg_field){ "", 0 };
}

/* NAN where the cell is empty; false: it is no number. */
static bool number_at(points_reader *read, const erg_csv_row *row,
                      erg_points_field field, double *out)
{
    erg_field cell = cell_at(row, read->columns.at[field]);

    *out = NAN;
    for (size_t i = 0; i < ERG_COUNT(absent); i++)
        if (erg_field_is(cell, absent[i]))
            return true;
    if (!erg_number_parse(cell.text, cell.count, '.', out)) {
        snprintf(read->why, sizeof(read->why), "'%.*s' is no number%s",
                 cell.count < 40 ? (int)cell.count : 40, cell.text,
                 memchr(cell.text, ',', cell.count) ? ": write it with a point" : "");
        return false;
    }
    *out *= read->columns.factor[field];
    return true;
}

typedef struct number_row { erg_points_field field; size_t at; } number_row;

#define VISIT(field, name) { field, offsetof(erg_visit, name) }

static const number_row numbers[] = {
    VISIT(ERG_FIELD_SM_CLOCK, setting.at[ERG_SM_CLOCK]),
    VISIT(ERG_FIELD_LIMIT, setting.at[ERG_POWER_LIMIT]),
    VISIT(ERG_FIELD_CPU_CLOCK, setting.at[ERG_CPU_CLOCK]),
    VISIT(ERG_FIELD_MEM_CLOCK, setting.at[ERG_MEM_CLOCK]),
    VISIT(ERG_FIELD_OTHER, setting.at[ERG_OTHER_SETTING]),
    VISIT(ERG_FIELD_POWER, mean_w),
    VISIT(ERG_FIELD_TIME, time_s),
    VISIT(ERG_FIELD_ENERGY, energy_listed_j),
    VISIT(ERG_FIELD_FP, fp_active),
    VISIT(ERG_FIELD_DRAM, dram_active),
    VISIT(ERG_FIELD_TEMP, temp_c),
    VISIT(ERG_FIELD_PEAK, peak_w),
    VISIT(ERG_FIELD_SEEN, sm_clock_seen_hz),
    VISIT(ERG_FIELD_SAMPLES, samples),
    VISIT(ERG_FIELD_UNITS, units),
    VISIT(ERG_FIELD_MISSES, llc_misses),
};

static int whole_or(double value, int other)
{
    return value > -1e9 && value < 1e9 ? (int)value : other;
}

/* "precision=fp16,batch=8" and the name, of the columns that are joined. */
static void name_application(const points_reader *read, const erg_csv_row *row,
                             erg_application *app)
{
    erg_text name = { 0 }, settings = { 0 };

    for (size_t i = 0; i < read->columns.joined_count; i++) {
        const erg_points_join *part = &read->columns.joined[i];
        erg_field cell = cell_at(row, part->column);
        if (!cell.count)
            continue;
        erg_text_add(&name, "%s%.*s", name.count ? "/" : "", (int)cell.count, cell.text);
        if (strcmp(part->name, "gpu") == 0)
            snprintf(app->device_model, sizeof(app->device_model), "%.*s", (int)cell.count,
                     cell.text);
        else if (strcmp(part->name, "application") != 0)
            erg_text_add(&settings, "%s%s=%.*s", settings.count ? "," : "", part->name,
                         (int)cell.count, cell.text);
    }
    erg_text_put(app->name, sizeof(app->name), name.count ? name.data : "application");
    erg_text_put(app->settings, sizeof(app->settings), settings.data);
    erg_text_free(&name);
    erg_text_free(&settings);
}

static const char *read_words(const points_reader *read, const erg_csv_row *row,
                              erg_application *app, erg_visit *visit)
{
    char text[32];
    erg_field state = cell_at(row, read->columns.at[ERG_FIELD_STATE]);
    erg_field definition = cell_at(row, read->columns.at[ERG_FIELD_DEFINITION]);
    erg_field simulated = cell_at(row, read->columns.at[ERG_FIELD_SIMULATED]);

    snprintf(text, sizeof(text), "%.*s", (int)state.count, state.text);
    if (state.count && !erg_visit_state_parse(text, &visit->state))
        return "its state is none that is known";
    snprintf(text, sizeof(text), "%.*s", (int)definition.count, definition.text);
    app->definition = read->options ? read->options->definition : ERG_ACTIVITY_UNKNOWN;
    if (definition.count && !erg_activity_parse(text, &app->definition))
        return "its definition of activity is none that is known";
    app->is_simulated = erg_field_is(simulated, "true") || erg_field_is(simulated, "1")
        || erg_field_is(simulated, "yes");
    return NULL;
}

/* An empty cell is a setting that was left alone; one that says NaN was lost. */
static bool is_nan(erg_field cell)
{
    return erg_field_is(cell, "nan") || erg_field_is(cell, "NaN")
        || erg_field_is(cell, "NAN");
}

static const char *read_numbers(points_reader *read, const erg_csv_row *row,
                                erg_application *app, erg_visit *visit)
{
    double block, place, start;

    for (int i = ERG_FIELD_SM_CLOCK; i <= ERG_FIELD_MEM_CLOCK; i++)
        if (is_nan(cell_at(row, read->columns.at[i])))
            return "its clock or limit is not a number";
    for (size_t i = 0; i < ERG_COUNT(numbers); i++)
        if (!number_at(read, row, numbers[i].field,
                       (double *)((char *)visit + numbers[i].at)))
            return read->why;
    if (!number_at(read, row, ERG_FIELD_BLOCK, &block)
        || !number_at(read, row, ERG_FIELD_PLACE, &place)
        || !number_at(read, row, ERG_FIELD_START, &start)
        || !number_at(read, row, ERG_FIELD_RETENTION, &app->retention)
        || !number_at(read, row, ERG_FIELD_RETENTION_LOW, &app->retention_low))
        return read->why;
    visit->block = whole_or(block, -1);
    visit->place = whole_or(place, -1);
    visit->start_ns = fabs(start) < 9e18 ? (int64_t)start : INT64_MIN;
    return NULL;
}

static bool is_share(double activity)
{
    return isnan(activity) || (activity >= 0 && activity <= activity_most);
}

static const erg_knob clocks[] = { ERG_SM_CLOCK, ERG_CPU_CLOCK, ERG_MEM_CLOCK };

/* Fills in what follows from the rest; a reason where a kept row cannot be used. */
static const char *settle(erg_visit *visit)
{
    bool has_energy = !isnan(visit->energy_listed_j);

    if (!is_share(visit->fp_active) || !is_share(visit->dram_active))
        return "an activity is no share of 0 to 1: is it in percent?";
    for (int i = 0; i < ERG_KNOBS; i++)
        if (i != ERG_OTHER_SETTING && !erg_knob_infos[i].from_zero
            && visit->setting.at[i] <= 0)
            return "a clock or a limit is not above 0";
    for (size_t i = 0; i < ERG_COUNT(clocks); i++)
        if (visit->setting.at[clocks[i]] < clock_least_hz
            || visit->setting.at[clocks[i]] > clock_most_hz)
            return "a clock is below 10 MHz or above 20 GHz: is it in another unit than "
                   "its column says?";
    visit->energy_j = has_energy ? visit->energy_listed_j : visit->mean_w * visit->time_s;
    if (isnan(visit->mean_w))
        visit->mean_w = visit->energy_j / visit->time_s;
    if (visit->state != ERG_VISIT_OK)
        return NULL;
    if (!(visit->time_s > 0) || !isfinite(visit->time_s))
        return "time is missing or not above 0";
    if (!(visit->energy_j > 0) || !isfinite(visit->energy_j) || !(visit->mean_w > 0))
        return "power or energy is missing or not above 0";
    return NULL;
}

static bool reject(points_reader *read, const erg_csv_row *row, const erg_application *app,
                   const erg_visit *visit, const char *reason, erg_error *err)
{
    char text[200];

    snprintf(text, sizeof(text), "%.80s:%zu: %s", read->path, row->line, reason);
    if (!read->rejected++)
        erg_text_put(read->first_reason, sizeof(read->first_reason), text);
    return erg_points_reject(read->points, app->name, &visit->setting, text, err);
}

/* Of a comma within a name all cells after it are of the wrong column. */
static bool has_more_cells(const points_reader *read, const erg_csv_row *row)
{
    for (size_t i = read->columns_named; i < row->count; i++)
        if (erg_field_trim(row->fields[i]).count)
            return true;
    return false;
}

static bool read_row(points_reader *read, const erg_csv_row *row, erg_error *err)
{
    erg_application app = { .retention = NAN, .retention_low = NAN };
    erg_visit visit = { .setting = erg_knob_setting_none(), .block = -1, .place = -1,
                        .start_ns = INT64_MIN };

    if (row->count == 0 || (row->count == 1 && !erg_field_trim(row->fields[0]).count))
        return true;
    name_application(read, row, &app);
    const char *reason = row->has_nul ? "it holds NUL bytes" : NULL;
    if (!reason && has_more_cells(read, row))
        reason = "it has more cells than the header has columns";
    if (!reason)
        reason = read_numbers(read, row, &app, &visit);
    if (!reason)
        reason = read_words(read, row, &app, &visit);
    if (!reason)
        reason = settle(&visit);
    if (reason)
        return reject(read, row, &app, &visit, reason, err);
    double product = visit.mean_w * visit.time_s;
    read->mismatches += fabs(visit.energy_j - product) > energy_mismatch * product;
    return erg_points_application(read->points, &app, &visit.application, err)
        && erg_points_add(read->points, &visit, err);
}

static bool on_row(void *self, const erg_csv_row *row, erg_error *err)
{
    points_reader *read = self;

    if (read->has_header)
        return read_row(read, row, err);
    read->has_header = true;
    read->columns_named = row->count;
    const char *other = read->options ? read->options->other : NULL;
    return erg_points_columns_find(&read->columns, row, other, read->path, err)
        && (!other || erg_points_name_other(read->points, other, err));
}

static bool settle_energy(points_reader *read, erg_error *err)
{
    erg_points *points = read->points;
    size_t rows = points->visit_count - read->first_visit;

    if (!read->mismatches)
        return true;
    for (size_t i = read->first_visit; i < points->visit_count; i++) {
        erg_visit *visit = &points->visits[i];
        visit->energy_j = visit->mean_w * visit->time_s;
    }
    return erg_points_note(points, err,
                           "ENERGY_MISMATCH: in %zu of %zu rows of %s energy_j is "
                           "more than 2 %% off power x time: they are not "
                           "of one window, and power x time is used for all rows",
                           read->mismatches, rows, read->path);
}

static bool finish(points_reader *read, erg_error *err)
{
    erg_points *points = read->points;

    if (!read->has_header)
        return erg_fail(err, ERG_BAD_INPUT, "%s is empty", read->path);
    if (points->visit_count == read->first_visit)
        return read->rejected
            ? erg_fail(err, ERG_BAD_INPUT, "no row can be used; the first: %s",
                       read->first_reason)
            : erg_fail(err, ERG_NO_DATA, "%s has a header and no rows", read->path);
    if (read->columns.unused[0]
        && !erg_points_note(points, err, "columns of %s that are not used: %s", read->path,
                            read->columns.unused))
        return false;
    bool checked = !(read->options && read->options->no_checks);
    return settle_energy(read, err) && (!checked || erg_points_check(points, err));
}

bool erg_points_read_csv(erg_points *points, const char *path,
                         const erg_points_options *options, erg_error *err)
{
    size_t size;
    char *bytes = erg_file_read(path, FILE_BYTES_MOST, &size, err);
    points_reader read = { .points = points, .options = options,
                           .path = strcmp(path, "-") == 0 ? "stdin" : path,
                           .first_visit = points->visit_count };
    erg_csv csv = { .name = read.path, .keep_last = true, .row = on_row, .self = &read };

    bool good = bytes && erg_csv_read(&csv, bytes, size, NULL, err) && finish(&read, err);
    free(bytes);
    return good;
}
