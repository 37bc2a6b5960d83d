/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded run as a load. It has no step graph: what lies above a threshold between two
 * levels is taken for work that a lower clock stretches, the rest is waited out. Barriers
 * are unknown, so every unit goes its own way.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/trace.h"
#include "format/csv.h"
#include "math/stats.h"
#include "govern/record_run.h"
#include "govern/scenario.h"
#include "govern/scenario_levels.h"

enum { SAMPLES_LEAST = 3, RECORD_UNITS_MOST = 4096, UNIT_NAME = 48 };
#define BYTES_MOST ((size_t)1 << 31)

typedef struct unit {
    char name[UNIT_NAME];
    double *t_s, *power_w;
    size_t count, t_capacity, capacity;
} unit;

typedef struct record {
    const char *path;
    unit *units;
    size_t count, capacity;
    int time_at, power_at, unit_at;     /* columns of a CSV; -1: none */
    double time_scale;
    double window_s;
    erg_record_facts facts;
    bool has_head;
} record;

static void forget(record *from)
{
    for (size_t i = 0; i < from->count; i++) {
        free(from->units[i].t_s);
        free(from->units[i].power_w);
    }
    free(from->units);
}

static unit *unit_of(record *to, const char *name, size_t length, erg_error *err)
{
    if (length >= UNIT_NAME)
        length = UNIT_NAME - 1;
    for (size_t i = to->count; i-- > 0;)
        if (strncmp(to->units[i].name, name, length) == 0 && !to->units[i].name[length])
            return &to->units[i];
    if (to->count == RECORD_UNITS_MOST) {
        erg_fail(err, ERG_BAD_INPUT, "%s: more than %d units", to->path, RECORD_UNITS_MOST);
        return NULL;
    }
    if (!erg_grow((void **)&to->units, &to->capacity, to->count, sizeof(*to->units), err))
        return NULL;
    unit *made = &to->units[to->count++];
    *made = (unit){ 0 };
    memcpy(made->name, name, length);
    return made;
}

static bool add_sample(unit *to, double t_s, double power_w, erg_error *err)
{
    if (!erg_grow((void **)&to->t_s, &to->t_capacity, to->count, sizeof(double), err)
        || !erg_grow((void **)&to->power_w, &to->capacity, to->count, sizeof(double), err))
        return false;
    to->t_s[to->count] = t_s;
    to->power_w[to->count++] = power_w;
    return true;
}

/* ---- CSV ----------------------------------------------------------------------------- */

typedef struct time_column { const char *name; double scale; } time_column;

static const time_column time_columns[] = { { "t_ns", 1e-9 }, { "t_s", 1 },
                                            { "time_s", 1 } };

/* Which of two was meant nobody says: t_s beside t_ns are two times as well. */
static bool take_column(const record *to, const erg_csv_row *row, int *at, int column,
                        erg_error *err)
{
    if (*at >= 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: columns %d and %d say the same: take "
                        "one of them out", to->path, row->line, *at + 1, column + 1);
    *at = column;
    return true;
}

static bool read_head(record *to, const erg_csv_row *row, erg_error *err)
{
    to->time_at = to->power_at = to->unit_at = -1;
    for (size_t i = 0; i < row->count; i++) {
        erg_field field = erg_field_trim(row->fields[i]);
        int *at = erg_field_is(field, "power_w") ? &to->power_at
                : erg_field_is(field, "unit") ? &to->unit_at : NULL;
        for (size_t k = 0; k < ERG_COUNT(time_columns); k++)
            if (erg_field_is(field, time_columns[k].name))
                at = &to->time_at, to->time_scale = time_columns[k].scale;
        if (at && !take_column(to, row, at, (int)i, err))
            return false;
    }
    to->has_head = true;
    if (to->time_at >= 0 && to->power_at >= 0)
        return true;
    return erg_fail(err, ERG_BAD_INPUT,
                    "%s:%zu: the first line must name the columns t_ns or t_s,"
                    " power_w and perhaps unit", to->path, row->line);
}

static bool number_at(const erg_csv_row *row, int at, double *out)
{
    erg_field field = { 0 };

    if ((size_t)at >= row->count)
        return false;
    field = erg_field_trim(row->fields[at]);
    return erg_number_parse(field.text, field.count, '.', out);
}

/* The column unit says which device: taken for the unit of the watts it would be read a
 * thousandfold off. */
static bool is_of_power(erg_field name)
{
    static const char *const units[] = { "mW", "uW", "kW", "MW" };

    for (size_t i = 0; i < ERG_COUNT(units); i++)
        if (erg_field_is(name, units[i]))
            return true;
    return false;
}

static bool read_row(void *self, const erg_csv_row *row, erg_error *err)
{
    record *to = self;
    double t_s, power_w;
    erg_field name = { "", 0 };

    if (!to->has_head)
        return read_head(to, row, err);
    if (to->unit_at >= 0 && (size_t)to->unit_at < row->count)
        name = erg_field_trim(row->fields[to->unit_at]);
    if (is_of_power(name))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: unit names a device, not '%.*s': "
                        "power_w is in watts", to->path, row->line, (int)name.count,
                        name.text);
    if (!number_at(row, to->time_at, &t_s) || !number_at(row, to->power_at, &power_w))
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: the time or the power is no number",
                        to->path, row->line);
    if (power_w < 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: a power of %.4g W: a load draws 0 W "
                        "or more; take out what the meter was off by", to->path, row->line,
                        power_w);
    unit *of = unit_of(to, name.text, name.count, err);
    if (of && of->count && t_s * to->time_scale <= of->t_s[of->count - 1])
        return erg_fail(err, ERG_BAD_INPUT, "%s:%zu: time does not go on", to->path,
                        row->line);
    return of && add_sample(of, t_s * to->time_scale, power_w, err);
}

static bool read_bytes(record *to, const char *bytes, size_t size, erg_error *err)
{
    erg_csv csv = { .name = to->path, .row = read_row, .self = to, .keep_last = true };
    bool ok = erg_csv_read(&csv, bytes, size, NULL, err);

    for (size_t i = 0; ok && i < to->count; i++) {
        const unit *of = &to->units[i];
        to->facts.begun_s = fmin(to->facts.begun_s, of->t_s[0]);
        to->facts.ended_s = fmax(to->facts.ended_s, of->t_s[of->count - 1]);
    }
    return ok && (to->count > 0 || erg_fail(err, ERG_BAD_INPUT,
                                          "%s: no rows: below the names of its columns a "
                                          "record has a line a sample", to->path));
}

static bool read_csv(record *to, erg_error *err)
{
    size_t size;
    char *bytes = erg_file_read(to->path, BYTES_MOST, &size, err);
    bool ok = bytes && read_bytes(to, bytes, size, err);

    free(bytes);
    return ok;
}

/* ---- a run file ---------------------------------------------------------------------- */

static bool read_channel(record *to, const erg_trace *trace, int channel, erg_error *err)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    char name[16];

    snprintf(name, sizeof(name), "%d", channel);
    unit *of = unit_of(to, name, strlen(name), err);
    if (info->window_s > to->window_s || isnan(to->window_s))
        to->window_s = info->window_s;
    for (size_t i = 0; of && i < count; i++) {
        double t_s = erg_s_from_ns(samples[i].t_ns - samples[0].t_ns);
        if (isnan(samples[i].value) || (of->count && t_s <= of->t_s[of->count - 1]))
            continue;
        if (samples[i].value < 0)
            return erg_fail(err, ERG_BAD_INPUT, "%s: %s says %.4g W %.6g s after its first "
                            "sample: a load draws 0 W or more; take out what the meter was "
                            "off by", to->path, info->name, samples[i].value, t_s);
        if (!add_sample(of, t_s, samples[i].value, err))
            return false;
    }
    return of != NULL;
}

static bool read_run(record *to, erg_error *err)
{
    erg_trace *trace = erg_trace_load(to->path, err);
    size_t all = trace ? erg_trace_channel_count(trace) : 0;
    int *channels = trace ? calloc(all + 1, sizeof(*channels)) : NULL;
    bool ok = trace && (channels || erg_fail(err, ERG_NO_MEMORY, "out of memory"));
    size_t count = ok ? erg_record_channels(trace, channels) : 0;

    for (size_t i = 0; ok && i < count; i++)
        ok = read_channel(to, trace, channels[i], err);
    ok = ok && erg_record_facts_of(trace, &to->facts, err);
    free(channels);
    erg_trace_free(trace);
    return ok && (to->count > 0
                  || erg_fail(err, ERG_NO_DATA, "%s: no channel of power over time",
                              to->path));
}

/* ---- the load ------------------------------------------------------------------------ */

static erg_levels levels_of(const unit *of, double high_w)
{
    return erg_levels_of(of->power_w, of->count, high_w);
}

static double median_step_s(const unit *of)
{
    double *steps = malloc(of->count * sizeof(*steps)), median_s = NAN;

    for (size_t i = 0; steps && i + 1 < of->count; i++)
        steps[i] = of->t_s[i + 1] - of->t_s[i];
    if (steps)
        median_s = erg_median(steps, of->count - 1);
    free(steps);
    return median_s;
}

/* A step begins where power rises above the threshold;
 * their median distance is its period. */
static double period_of(const unit *of, double threshold_w)
{
    double *gaps = malloc(of->count * sizeof(*gaps)), last_s = NAN, period_s = NAN;
    size_t count = 0;

    for (size_t i = 1; gaps && i < of->count; i++)
        if (of->power_w[i] >= threshold_w && of->power_w[i - 1] < threshold_w) {
            if (!isnan(last_s))
                gaps[count++] = of->t_s[i] - last_s;
            last_s = of->t_s[i];
        }
    if (count)
        period_s = erg_median(gaps, count);
    free(gaps);
    return period_s;
}

static bool add_unit(erg_scenario *scenario, const unit *of, const erg_levels *is,
                     size_t copies, erg_error *err)
{
    double idle_w = scenario->silicon.idle_w, step_s = median_step_s(of);

    for (size_t i = 0; i < of->count; i++) {
        /* A sample holds until the next one; a gap is not bridged by more than 3 steps. */
        double held_s = i + 1 < of->count ? of->t_s[i + 1] - of->t_s[i] : step_s;
        bool works = of->power_w[i] >= is->threshold_w && of->power_w[i] > idle_w;
        erg_phase phase = { works ? ERG_PHASE_COMPUTE : ERG_PHASE_PAUSE,
                            fmin(held_s, 3 * step_s), of->power_w[i],
                            works, false };
        phase.begins_step = works && (i == 0 || of->power_w[i - 1] < is->threshold_w);
        if (!erg_scenario_add_phase(scenario, &phase, err))
            return false;
    }
    double period_s = period_of(of, is->threshold_w);
    /* Units alike share one record: each is a job of its own on the same phases. */
    for (size_t i = 0; i < copies; i++) {
        if (!erg_scenario_add_job(scenario, 1, is->quiet_w, err))
            return false;
        erg_scenario_job *job = &scenario->jobs[scenario->job_count - 1];
        if (i > 0)
            *job = job[-1];
        job->once = true;
        job->period_s = period_s;
    }
    return true;
}

/* Of the unit that ends first: nothing is known of it afterwards. */
static bool measure(erg_scenario *scenario, const record *from, erg_error *err)
{
    double longest_s = 0;

    scenario->duration_s = INFINITY;
    for (size_t i = 0; i < from->count; i++) {
        const unit *of = &from->units[i];
        double length_s = of->t_s[of->count - 1] - of->t_s[0];
        if (of->count < SAMPLES_LEAST)
            return erg_fail(err, ERG_BAD_INPUT, "%s: %s%s has %zu sample%s: a load needs "
                            "%d or more", from->path, *of->name ? "unit " : "the record",
                            of->name, of->count, of->count == 1 ? "" : "s", SAMPLES_LEAST);
        scenario->duration_s = fmin(scenario->duration_s, length_s);
        longest_s = fmax(longest_s, length_s);
    }
    scenario->sample_s = round(median_step_s(&from->units[0]) * 1e9) * 1e-9;
    if (longest_s - scenario->duration_s > scenario->sample_s * 1.5)
        snprintf(scenario->note, sizeof(scenario->note), "units end at different times: "
                 "%.4g s of %.4g s are played; ", scenario->duration_s, longest_s);
    return true;
}

static bool fill(erg_scenario *scenario, const record *from,
                 const erg_load_options *options, erg_error *err)
{
    size_t copies = options->units > 0 && from->count == 1 ? (size_t)options->units : 1;
    double least_w = INFINITY, high_w = 0;
    size_t noted;

    if (!measure(scenario, from, err))
        return false;
    for (size_t i = 0; i < from->count; i++) {
        erg_levels is = levels_of(&from->units[i], options->high_w);
        least_w = fmin(least_w, is.low_w);
        high_w = fmax(high_w, is.high_w);
    }
    scenario->silicon.idle_w = options->idle_w > 0 ? options->idle_w
                             : fmax(0, fmin(least_w, 0.13 * high_w));
    for (size_t i = 0; i < from->count; i++) {
        erg_levels is = levels_of(&from->units[i], options->high_w);
        if (!add_unit(scenario, &from->units[i], &is, copies, err))
            return false;
    }
    scenario->facts = from->facts;
    scenario->open_loop = true;
    scenario->is_simulated = false;
    scenario->warm_up_s = 0;
    scenario->lag_s = 0;
    scenario->window_s = fmax(isnan(from->window_s) ? 0 : from->window_s,
                              options->window_s);
    noted = strlen(scenario->note);
    snprintf(scenario->note + noted, sizeof(scenario->note) - noted,
             "idle power of a unit is taken as %.4g W: --idle", scenario->silicon.idle_w);
    return erg_scenario_check(scenario, err);
}

static record begin(const char *path)
{
    return (record){ .path = path, .window_s = NAN, .facts = erg_record_facts_none() };
}

static erg_scenario *finish(record *from, bool is_read, const erg_load_options *options,
                            erg_error *err)
{
    erg_scenario *scenario = is_read ? erg_scenario_new(from->path, err) : NULL;

    if (scenario && !fill(scenario, from, options, err)) {
        erg_scenario_free(scenario);
        scenario = NULL;
    }
    forget(from);
    return scenario;
}

erg_scenario *erg_scenario_record_parse(const char *name, const char *bytes, size_t size,
                                        const erg_load_options *options, erg_error *err)
{
    record from = begin(name);

    return finish(&from, read_bytes(&from, bytes, size, err), options, err);
}

erg_scenario *erg_scenario_record(const char *path, const erg_load_options *options,
                                  erg_error *err)
{
    record from = begin(path);
    bool is_run = erg_text_ends(path, ".erg");
    bool is_read = is_run ? read_run(&from, err) : read_csv(&from, err);

    return finish(&from, is_read, options, err);
}
