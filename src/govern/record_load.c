/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded run as a load. It has no step graph: what lies above a threshold between two
 * levels is taken for work that a lower clock stretches, the rest is waited out. Barriers
 * are unknown, so every unit goes its own way.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "trace/sensor.h"
#include "govern/record_load.h"
#include "govern/scenario_levels.h"

enum { SAMPLES_LEAST = 3 };

/* Behind what is noted already. */
__attribute__((format(printf, 2, 3)))
static void note(erg_scenario *to, const char *format, ...)
{
    size_t used = strlen(to->note);
    va_list values;

    va_start(values, format);
    vsnprintf(to->note + used, sizeof(to->note) - used, format, values);
    va_end(values);
}

static erg_levels levels_of(const erg_record_unit *of, double high_w)
{
    return erg_levels_of(of->power_w, of->count, high_w);
}

static double median_step_s(const erg_record_unit *of)
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
static double period_of(const erg_record_unit *of, double threshold_w)
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

/* ---- what the meter shows ------------------------------------------------------------ */

enum { LEVELS_MOST = 16 };      /* of a load that somebody made up, as --synthetic takes */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Readings scatter; a load of few levels that repeats only looks like a slow meter. */
static bool is_read(const erg_record_unit *of, double work[])
{
    size_t levels = 1;

    memcpy(work, of->power_w, of->count * sizeof(*work));
    qsort(work, of->count, sizeof(*work), by_value);
    for (size_t i = 1; i < of->count; i++)
        levels += work[i] > work[i - 1];
    return levels > LEVELS_MOST;
}

/* A meter may have been read more often than it has a new value: so long it shows the same.
 * 0: it was not. */
static bool find_refresh(const erg_record_unit *of, double *refresh_s, erg_error *err)
{
    erg_sample *samples = malloc((of->count + 1) * sizeof(*samples));
    double *work = malloc((of->count + 1) * sizeof(*work));
    bool has_room = samples && work;
    erg_comb comb;

    *refresh_s = 0;
    for (size_t i = 0; has_room && i < of->count; i++)
        samples[i] = (erg_sample){ .t_ns = erg_ns_from_s(of->t_s[i] - of->t_s[0]),
                                   .value = of->power_w[i] };
    if (has_room && is_read(of, work) && erg_sensor_comb(samples, of->count, &comb, NULL))
        *refresh_s = comb.update_s;
    free(samples);
    free(work);
    return has_room || erg_fail(err, ERG_NO_MEMORY, "out of memory for a record");
}

/* A value each so long and a mean over so long hide the same: the longer counts. */
static bool find_window(erg_scenario *scenario, const erg_record *from, double stated_s,
                        erg_error *err)
{
    double slowest_s = 0;

    for (size_t i = 0; i < from->count; i++) {
        double refresh_s;
        if (!find_refresh(&from->units[i], &refresh_s, err))
            return false;
        slowest_s = fmax(slowest_s, refresh_s);
    }
    if (slowest_s > 0)
        note(scenario, "the meter has a new value each %.3g s, however often it was read: "
             "what is faster is not to be seen; ", slowest_s);
    scenario->window_s = fmax(fmax(isnan(from->window_s) ? 0 : from->window_s, slowest_s),
                              stated_s);
    return true;
}

/* ---- when all units are known -------------------------------------------------------- */

typedef struct span { double begin_s, end_s; } span;

/* From the last begin to the first end, but what one of the units does not tell. */
typedef struct extent {
    span all;
    span *gaps;                 /* one after the other */
    size_t count, capacity;
} extent;

static int by_begin(const void *a, const void *b)
{
    const span *x = a, *y = b;

    return (x->begin_s > y->begin_s) - (x->begin_s < y->begin_s);
}

/* A sample holds until the next one, for 3 steps at most. */
static bool add_gaps(extent *to, const erg_record_unit *of, erg_error *err)
{
    double held_s = 3 * median_step_s(of);

    for (size_t i = 0; i + 1 < of->count; i++) {
        if (!(of->t_s[i + 1] - of->t_s[i] > held_s))
            continue;
        if (!erg_grow((void **)&to->gaps, &to->capacity, to->count, sizeof(*to->gaps), err))
            return false;
        to->gaps[to->count++] = (span){ of->t_s[i] + held_s, of->t_s[i + 1] };
    }
    return true;
}

static void merge_gaps(extent *of)
{
    size_t kept = 0;

    if (of->count)
        qsort(of->gaps, of->count, sizeof(*of->gaps), by_begin);
    for (size_t i = 0; i < of->count; i++)
        if (kept && of->gaps[i].begin_s <= of->gaps[kept - 1].end_s)
            of->gaps[kept - 1].end_s = fmax(of->gaps[kept - 1].end_s, of->gaps[i].end_s);
        else
            of->gaps[kept++] = of->gaps[i];
    of->count = kept;
}

/* How much of it all units tell; *next: the first gap that is not over by then. */
static double known_s(const extent *of, size_t *next, span within)
{
    double begin_s = fmax(within.begin_s, of->all.begin_s), end_s = within.end_s;
    double sum_s = end_s - begin_s;

    while (*next < of->count && of->gaps[*next].end_s <= begin_s)
        ++*next;
    for (size_t i = *next; i < of->count && of->gaps[i].begin_s < end_s; i++)
        sum_s -= fmin(of->gaps[i].end_s, end_s) - fmax(of->gaps[i].begin_s, begin_s);
    return fmax(0, sum_s);
}

static bool measure(const erg_record *from, extent *to, erg_error *err)
{
    to->all = (span){ -INFINITY, INFINITY };
    for (size_t i = 0; i < from->count; i++) {
        const erg_record_unit *of = &from->units[i];
        if (of->count < SAMPLES_LEAST)
            return erg_fail(err, ERG_BAD_INPUT, "%s: %s%s has %zu sample%s: a load needs "
                            "%d or more", from->path, *of->name ? "unit " : "the record",
                            of->name, of->count, of->count == 1 ? "" : "s", SAMPLES_LEAST);
        to->all.begin_s = fmax(to->all.begin_s, of->t_s[0]);
        to->all.end_s = fmin(to->all.end_s, of->t_s[of->count - 1]);
        if (!add_gaps(to, of, err))
            return false;
    }
    merge_gaps(to);
    return to->all.end_s > to->all.begin_s
        || erg_fail(err, ERG_BAD_INPUT, "%s: its units were never recorded together: the "
                    "first one ends %.4g s before the last begins", from->path,
                    to->all.begin_s - to->all.end_s);
}

/* What of the record is played. */
static void tell_extent(erg_scenario *scenario, const erg_record *from, const extent *is)
{
    double first_s = INFINITY, last_s = -INFINITY;
    size_t next = 0;

    for (size_t i = 0; i < from->count; i++) {
        const erg_record_unit *of = &from->units[i];
        first_s = fmin(first_s, of->t_s[0]);
        last_s = fmax(last_s, of->t_s[of->count - 1]);
    }
    scenario->duration_s = known_s(is, &next, is->all);
    if (last_s - first_s - scenario->duration_s > scenario->sample_s * 1.5)
        note(scenario, "%.4g s of %.4g s are played: what one of the units does not tell "
             "is left out of all; ", scenario->duration_s, last_s - first_s);
}

/* ---- phases -------------------------------------------------------------------------- */

static bool add_phases(erg_scenario *scenario, const erg_record_unit *of,
                       const erg_levels *is, const extent *known, erg_error *err)
{
    double idle_w = scenario->silicon.idle_w, step_s = median_step_s(of);
    size_t next = 0;
    bool worked = false;

    for (size_t i = 0; i < of->count; i++) {
        double end_s = i + 1 < of->count ? of->t_s[i + 1] : of->t_s[i] + step_s;
        double held_s = known_s(known, &next, (span){ of->t_s[i], end_s });
        bool is_high = of->power_w[i] >= is->threshold_w;
        bool works = is_high && of->power_w[i] > idle_w;
        const erg_phase phase = { works ? ERG_PHASE_COMPUTE : ERG_PHASE_PAUSE, held_s,
                                  of->power_w[i], works, works && !worked };
        if (!(held_s > 0))
            continue;
        worked = is_high;
        if (!erg_scenario_add_phase(scenario, &phase, err))
            return false;
    }
    return true;
}

static bool add_unit(erg_scenario *scenario, const erg_record_unit *of,
                     const erg_levels *is, const extent *known, size_t copies,
                     erg_error *err)
{
    double period_s = period_of(of, is->threshold_w);

    if (!add_phases(scenario, of, is, known, err))
        return false;
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

static bool add_units(erg_scenario *scenario, const erg_record *from,
                      const erg_load_options *options, const extent *known, erg_error *err)
{
    size_t copies = options->units > 0 && from->count == 1 ? (size_t)options->units : 1;
    double least_w = INFINITY, high_w = 0;

    for (size_t i = 0; i < from->count; i++) {
        erg_levels is = levels_of(&from->units[i], options->high_w);
        least_w = fmin(least_w, is.low_w);
        high_w = fmax(high_w, is.high_w);
    }
    scenario->silicon.idle_w = options->idle_w > 0 ? options->idle_w
                             : fmax(0, fmin(least_w, 0.13 * high_w));
    for (size_t i = 0; i < from->count; i++) {
        erg_levels is = levels_of(&from->units[i], options->high_w);
        if (!add_unit(scenario, &from->units[i], &is, known, copies, err))
            return false;
    }
    return true;
}

bool erg_record_load(const erg_record *from, const erg_load_options *options,
                     erg_scenario *scenario, erg_error *err)
{
    extent known = { 0 };

    bool ok = measure(from, &known, err);
    if (ok) {
        scenario->sample_s = round(median_step_s(&from->units[0]) * 1e9) * 1e-9;
        tell_extent(scenario, from, &known);
        ok = add_units(scenario, from, options, &known, err)
          && find_window(scenario, from, options->window_s, err);
    }
    free(known.gaps);
    if (!ok)
        return false;
    scenario->facts = from->facts;
    scenario->open_loop = true;
    scenario->is_simulated = false;
    scenario->warm_up_s = 0;
    scenario->lag_s = 0;
    note(scenario, "idle power of a unit is taken as %.4g W: --idle",
         scenario->silicon.idle_w);
    return erg_scenario_check(scenario, err);
}
