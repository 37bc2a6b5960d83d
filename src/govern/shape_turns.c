/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate on a real change, by several records of each side that were taken in turns.
 *
 * What the gate compares are changes of logarithms with the drift over all records out of
 * them (math/turns.h). Limits that are stated in watts hold for each record by itself.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/cells.h"
#include "math/stats.h"
#include "math/turns.h"
#include "govern/shape_rows.h"

#define ROUNDING 1e-12
#define DATED_S 1e9             /* a stamp from here on is Unix time: September 2001 */

enum { PAIRS_LEAST = ERG_TURNS_LEAST / 2, PAIRS_MOST = ERG_TURNS_MOST / 2, TOLD = 7 };

typedef struct figure { const char *name; size_t at; } figure;

#define AT(field) offsetof(erg_shaped, field)

/* Those that are told of each record and as a change first. */
static const figure figures[] = {
    { "mean_w", AT(metrics.mean_w) },
    { "peak_10ms_w", AT(metrics.peak_mean_w[0]) },
    { "ramp_w_per_s", AT(metrics.ramp_w_per_s[0]) },
    { "band_rms", AT(metrics.band_rms) },
    { "steps_per_s", AT(steps_per_s) },
    { "energy_per_step_j", AT(energy_per_step_j) },
    { "collective_p99_s", AT(collective_p99_s) },
    { "peak_w", AT(metrics.peak_w) },
    { "peak_to_mean", AT(metrics.peak_to_mean) },
    { "range", AT(metrics.range) },
    { "crest", AT(metrics.crest) },
    { "ramp_100ms_w_per_s", AT(metrics.ramp_w_per_s[1]) },
    { "ramp_1s_w_per_s", AT(metrics.ramp_w_per_s[2]) },
    { "ramp_60s_w_per_s", AT(metrics.ramp_w_per_s[3]) },
    { "band_share", AT(metrics.band_share) },
    { "line_hz", AT(metrics.line_hz) },
    { "line_w", AT(metrics.line_w) },
    { "step_10ms_w", AT(metrics.step_10ms_w) },
};
enum { FIGURES = ERG_COUNT(figures), RAMP = 2, BAND = 3, RATE = 4 };

static const erg_column record_columns[] = {
    { "record", ERG_TEXT, "in the order in which they were recorded" },
    { "side", ERG_TEXT, "base or new" },
    { "mean_w", ERG_REAL, "of all units together" },
    { "peak_10ms_w", ERG_REAL, "of 10 ms means" },
    { "ramp_w_per_s", ERG_REAL, "steepest, of 10 ms means" },
    { "band_rms", ERG_REAL, "0.1 to 20 Hz, over mean" },
    { "steps_per_s", ERG_REAL, "of what rises above the threshold" },
    { "energy_per_step_j", ERG_REAL, "of one unit" },
    { "collective_p99_s", ERG_REAL, "99 % of its collectives, where a run file has them" },
    { "throttled", ERG_REAL, "share of the time, by heat and faults: counters of a run" },
};

static const erg_column change_columns[] = {
    { "figure", ERG_TEXT, "of the table records" },
    { "base", ERG_REAL, "geometric mean" },
    { "new", ERG_REAL, "base with the change" },
    { "change", ERG_REAL, "new over base, less 1; the drift is out of it" },
    { "low", ERG_REAL, "of its 95 % interval" },
    { "high", ERG_REAL, "of its 95 % interval" },
    { "drift", ERG_REAL, "of base from the first record to the last, as a share" },
};

typedef struct record {
    const char *path;
    bool is_new;
    erg_record_facts facts;
    double values[FIGURES];
} record;

typedef struct change { double base, value, low, high, drift, lost_most; } change;

typedef struct study {
    const erg_shape_options *options;
    erg_shape_tables tables;
    record records[ERG_TURNS_MOST];
    size_t count;
    double at[ERG_TURNS_MOST], y[ERG_TURNS_MOST];
    bool is_new[ERG_TURNS_MOST];
    erg_shaped rows[2];         /* base and new: figures of all their records */
    erg_shaped firsts[2];       /* as they are, for their waves */
    change changes[FIGURES];
    double lost_most;           /* of throughput: upper end of its 95 % interval */
    bool is_timed, is_in_turns;
    int degree;
    erg_error *err;
} study;

static double *figure_of(erg_shaped *of, size_t f)
{
    return (double *)(void *)((char *)of + figures[f].at);
}

/* ---- records ------------------------------------------------------------------------- */

static bool check_names(const char *const base[], const char *const changed[], size_t pairs,
                        erg_error *err)
{
    if (pairs < PAIRS_LEAST || pairs > PAIRS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%zu records of each side are too %s: compare "
                        "one with one, or %d to %d of each, recorded in turns: base, new, "
                        "base, new, ..", pairs, pairs < PAIRS_LEAST ? "few" : "many",
                        PAIRS_LEAST, PAIRS_MOST);
    for (size_t i = 0; i < 2 * pairs; i++)
        for (size_t k = 0; k < i; k++) {
            const char *one = i < pairs ? base[i] : changed[i - pairs];
            const char *two = k < pairs ? base[k] : changed[k - pairs];
            if (strcmp(one, two) == 0)
                return erg_fail(err, ERG_BAD_INPUT, "%.100s is named twice: each record "
                                "counts once", one);
        }
    return true;
}

/* The waves of the first record of each side are kept where they are to be shown. */
static bool take(study *of, record *to, const erg_load_options *how)
{
    const erg_policy_chain none = { .text = "none" };
    erg_scenario *scenario = erg_scenario_record(to->path, how, of->err);
    erg_shaped is = { 0 }, *first = &of->firsts[to->is_new];
    bool ok = scenario && erg_shape_simulate(scenario, &none, 0, &is, of->err);

    if (ok) {
        to->facts = scenario->facts;
        is.collective_p99_s = to->facts.collective_p99_s;
        for (size_t f = 0; f < FIGURES; f++)
            to->values[f] = *figure_of(&is, f);
        if (!first->wave_w && (of->options->wave || of->options->spectrum))
            *first = is;
        else
            erg_shaped_free(&is);
    }
    erg_scenario_free(scenario);
    return ok;
}

static bool take_all(study *of, const char *const base[], const char *const changed[],
                     const erg_load_options *how)
{
    for (size_t i = 0; i < of->count; i++) {
        of->records[i] = (record){ .path = i % 2 ? changed[i / 2] : base[i / 2],
                                   .is_new = i % 2 };
        if (!take(of, &of->records[i], how))
            return false;
    }
    return true;
}

/* ---- their order --------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    double x = ((const record *)a)->facts.begun_s;
    double y = ((const record *)b)->facts.begun_s;

    return (x > y) - (x < y);
}

/* By one clock no two records lie over each other. Files that each begin at 0 do. */
static bool are_timed(const record sorted[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(sorted[i].facts.begun_s < sorted[i].facts.ended_s)
            || (sorted[i].facts.begun_s < DATED_S) != (sorted[0].facts.begun_s < DATED_S)
            || (i > 0 && !(sorted[i].facts.begun_s >= sorted[i - 1].facts.ended_s)))
            return false;
    return true;
}

static void put_in_order(study *of)
{
    record sorted[ERG_TURNS_MOST];

    memcpy(sorted, of->records, of->count * sizeof(*sorted));
    qsort(sorted, of->count, sizeof(*sorted), by_time);
    of->is_timed = are_timed(sorted, of->count);
    if (of->is_timed)
        memcpy(of->records, sorted, of->count * sizeof(*sorted));
    of->is_in_turns = true;
    for (size_t i = 0; i < of->count; i++) {
        const record *is = &of->records[i];
        of->is_new[i] = is->is_new;
        of->at[i] = of->is_timed ? (is->facts.begun_s + is->facts.ended_s) / 2 : (double)i;
        of->is_in_turns &= i % 2 == 0 || is->is_new != of->records[i - 1].is_new;
    }
}

/* ---- changes ------------------------------------------------------------------------- */

/* A ratio less 1; what only rounding has left is none. */
static double share_of(double log_ratio)
{
    return fabs(log_ratio) < ROUNDING ? 0 : expm1(log_ratio);
}

/* Of what is 0 or not to be seen in one record nothing is said. */
static change change_of(study *of, size_t f)
{
    change out = { NAN, NAN, NAN, NAN, NAN, NAN };
    erg_turns fit;
    double sum = 0;

    for (size_t i = 0; i < of->count; i++) {
        of->y[i] = log(of->records[i].values[f]);
        sum += of->is_new[i] ? 0 : of->y[i];
    }
    if (!erg_turns_fit(of->y, of->at, of->is_new, of->count, &fit))
        return out;
    double width = erg_student_t(0.975, fit.df) * fit.error;
    of->degree = fit.degree;
    out.base = exp(sum / ((double)of->count / 2));
    out.value = share_of(fit.effect);
    out.low = share_of(fit.effect - width);
    out.high = share_of(fit.effect + width);
    out.drift = share_of(fit.drift);
    /* Of nothing 0 is lost, and not -0. */
    out.lost_most = 0 - share_of(fit.effect - erg_student_t(0.95, fit.df) * fit.error);
    return out;
}

static void weigh(study *of)
{
    for (size_t f = 0; f < FIGURES; f++) {
        of->changes[f] = change_of(of, f);
        *figure_of(&of->rows[0], f) = of->changes[f].base;
        *figure_of(&of->rows[1], f) = of->changes[f].base * (1 + of->changes[f].value);
    }
    for (int side = 0; side < 2; side++) {
        of->rows[side].breaker_margin = NAN;
        of->rows[side].burned_j = 0;
        of->rows[side].psu_violations = -1;
    }
    of->lost_most = of->changes[RATE].lost_most;
}

/* A limit of watts is met if each record meets it. */
static double greatest_of_new(const study *of, size_t f)
{
    double most = -INFINITY;

    for (size_t i = 0; i < of->count; i++) {
        if (of->is_new[i] && isnan(of->records[i].values[f]))
            return NAN;
        if (of->is_new[i])
            most = fmax(most, of->records[i].values[f]);
    }
    return most;
}

/* Seconds a step, of the base, and of the new ones where that is surely more. */
static double throttled_s(study *of, int side)
{
    erg_turns fit;
    double sum_s = 0;

    for (size_t i = 0; i < of->count; i++) {
        of->y[i] = of->records[i].facts.throttled / of->records[i].values[RATE];
        sum_s += of->is_new[i] ? 0 : of->y[i];
    }
    if (!erg_turns_fit(of->y, of->at, of->is_new, of->count, &fit))
        return NAN;
    double base_s = sum_s / ((double)of->count / 2);
    bool is_more = fit.effect > erg_student_t(0.95, fit.df) * fit.error;
    return side && is_more ? base_s + fit.effect : base_s;
}

static erg_gate_side side_of(study *of, int side)
{
    const erg_shaped *is = &of->rows[side];

    return (erg_gate_side){
        .peak_10ms_w = is->metrics.peak_mean_w[0],
        .ramp_w_per_s = side ? greatest_of_new(of, RAMP) : is->metrics.ramp_w_per_s[0],
        .band_rms = side ? greatest_of_new(of, BAND) : is->metrics.band_rms,
        .throughput_loss = side ? of->lost_most : 0,
        .energy_per_step_j = is->energy_per_step_j,
        .collective_p99_s = is->collective_p99_s, .throttled_s = throttled_s(of, side),
        .timeouts = NAN,
    };
}

/* ---- tables -------------------------------------------------------------------------- */

static bool put_records(const study *of)
{
    erg_table *to = erg_result_add(of->tables.result, "records", record_columns,
                                   ERG_COUNT(record_columns), of->err);
    bool ok = to != NULL;

    for (size_t i = 0; ok && i < of->count; i++) {
        const record *is = &of->records[i];
        ok = erg_table_row(to, of->err) && erg_table_text(to, "record", is->path, of->err)
            && erg_table_text(to, "side", is->is_new ? "new" : "base", of->err);
        for (size_t f = 0; ok && f < TOLD; f++)
            ok = erg_table_real(to, figures[f].name, is->values[f], of->err);
        ok = ok && erg_table_real(to, "throttled", is->facts.throttled, of->err);
    }
    return ok;
}

static bool put_changes(const study *of)
{
    erg_table *to = erg_result_add(of->tables.result, "changes", change_columns,
                                   ERG_COUNT(change_columns), of->err);
    bool ok = to != NULL;

    for (size_t f = 0; ok && f < TOLD; f++) {
        const change *is = &of->changes[f];
        const erg_real cells[] = {
            { "base", is->base }, { "new", is->base * (1 + is->value) },
            { "change", is->value }, { "low", is->low }, { "high", is->high },
            { "drift", is->drift },
        };
        if (isnan(is->base))
            continue;
        ok = erg_table_row(to, of->err)
            && erg_table_text(to, "figure", figures[f].name, of->err)
            && erg_put_reals(to, cells, ERG_COUNT(cells), of->err);
    }
    return ok;
}

static bool put_rows(study *of, erg_verdict *verdict)
{
    const erg_gate_side base = side_of(of, 0), changed = side_of(of, 1);
    const erg_shape_row rows[] = {
        { "base", &of->rows[0], 0, true, true, base, base },
        { "new", &of->rows[1], 0 - of->changes[RATE].value, false, true, base, changed },
    };
    const erg_shape_wave waves[] = { { "base", &of->firsts[0] },
                                     { "new", &of->firsts[1] } };

    return erg_shape_tables_add(&of->tables, &rows[0], verdict, of->err)
        && erg_shape_tables_add(&of->tables, &rows[1], verdict, of->err)
        && put_changes(of) && put_records(of)
        && erg_shape_waves_add(&of->tables, waves, ERG_COUNT(waves), of->err);
}

static bool put_notes(const study *of)
{
    static const char *const drifts[] = { "", "straight line", "parabola", "cubic" };
    erg_result *to = of->tables.result;

    return (isnan(of->lost_most)
            ? erg_result_note(to, of->err, "in one of the records there are no steps, so "
                              "that the lost throughput is not known")
            : erg_result_note(to, of->err, "%zu records of each side: the gate takes the "
                              "upper end of the 95 %% interval of the lost throughput, "
                              "%.3g", of->count / 2, of->lost_most))
        && (of->degree == 0
            || erg_result_note(to, of->err, "a drift over the records is out of the "
                               "changes (a %s, fitted beside them)", drifts[of->degree]))
        && erg_result_note(to, of->err, of->is_timed
                           ? "records are in the order of their own times"
                           : "the files do not say by one clock when they were recorded: "
                             "they are taken for base, new, base, new, .. as named")
        && (of->is_in_turns
            || erg_result_note(to, of->err, "by their own times the records did not take "
                               "turns: what changed meanwhile may be in the difference "
                               "(temperature alone has moved equal work by 3.9 %% in "
                               "117 s); record base, new, base, new, .."));
}

/* ---- all of it ----------------------------------------------------------------------- */

erg_result *erg_shape_compare_turns(const char *const base[], const char *const changed[],
                                    size_t pairs, const erg_load_options *how,
                                    const erg_shape_options *options, erg_verdict *verdict,
                                    erg_error *err)
{
    study of = { .options = options, .count = 2 * pairs, .err = err };
    erg_verdict unasked;
    bool ok = check_names(base, changed, pairs, err)
        && erg_shape_tables_begin(&of.tables, options, err)
        && take_all(&of, base, changed, how);

    if (ok) {
        put_in_order(&of);
        weigh(&of);
        ok = put_rows(&of, verdict ? verdict : &unasked) && put_notes(&of);
    }
    erg_shaped_free(&of.firsts[0]);
    erg_shaped_free(&of.firsts[1]);
    if (ok)
        return of.tables.result;
    erg_result_free(of.tables.result);
    return NULL;
}
