/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two recordings, region by region: is B different from A?
 *
 * Energies are per occurrence of the region (per equal run inside, where stated), so
 * that 5 and 10 repetitions may be compared. With two or more occurrences on both
 * sides their scatter decides (Welch's t with n_eff); otherwise the intervals of the
 * figures do. A gain that both share cancels. The interval of the ratio is Fieller's
 * (J. R. Stat. Soc. B 16, 1954): it leaves out 1 exactly when the difference is
 * significant.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "trace/summary.h"

static const erg_column columns[] = {
    { "region", ERG_TEXT, "name, in both recordings" },
    { "energy_a_j", ERG_REAL, "joules of one in the first recording" },
    { "energy_b_j", ERG_REAL, "joules of one in the second" },
    { "ratio", ERG_REAL, "second over first" },
    { "ratio_low", ERG_REAL, "low end of the 95 % interval" },
    { "ratio_high", ERG_REAL, "high end of the 95 % interval" },
    { "significant", ERG_TRUTH, "the interval of the difference leaves out 0" },
    { "difference_j", ERG_REAL, "second less first" },
    { "difference_low_j", ERG_REAL, "low end of the 95 % interval" },
    { "difference_high_j", ERG_REAL, "high end of the 95 % interval" },
    { "runs_a", ERG_REAL, "how many in the first" },
    { "runs_b", ERG_REAL, "how many in the second" },
    { "time_a_s", ERG_REAL, "time of one in the first" },
    { "time_b_s", ERG_REAL, "time of one in the second" },
    { "method_a", ERG_TEXT, "counter, integral, model or simulated" },
    { "method_b", ERG_TEXT, "counter, integral, model or simulated" },
    { "quality_a", ERG_TEXT, "how far to trust it" },
    { "quality_b", ERG_TEXT, "how far to trust it" },
};

/* One recording's part. */
typedef struct side {
    const erg_trace *trace;
    erg_pick *picks;
    size_t pick_count;
    erg_energy energy;          /* of the region, over the counted devices */
    double runs, one_j, time_s;
    double u2, gain_u2, freedom;    /* squares for one run; freedom INFINITY: no scatter */
} side;

typedef struct comparison {
    side a, b;
    bool same_sensor, modelled;
    unsigned qualities;
    erg_result *result;
    erg_table *table;
    bool any, run_seen, run_differs;
    erg_error *err;
} comparison;

static double square(double x) { return x * x; }

static size_t counted(const side *one)
{
    size_t seen = 0;
    for (size_t i = 0; i < one->pick_count; i++)
        seen += one->picks[i].counted;
    return seen;
}

/* index < counted(one) */
static const erg_pick *counted_at(const side *one, size_t index)
{
    size_t i = 0;
    while (!one->picks[i].counted || index-- > 0)
        i++;
    return &one->picks[i];
}

static bool is_same_sensor(const side *a, const side *b)
{
    for (size_t i = 0; i < counted(a); i++) {
        const erg_pick *left = counted_at(a, i), *right = counted_at(b, i);
        const erg_device_info *x = erg_trace_device(a->trace, left->device);
        const erg_device_info *y = erg_trace_device(b->trace, right->device);
        bool named = *x->uuid || *y->uuid;
        if (named ? strcmp(x->uuid, y->uuid) != 0
                  : strcmp(x->name, y->name) != 0 || strcmp(x->host_id, y->host_id) != 0)
            return false;
        if (strcmp(erg_trace_channel(a->trace, left->channel)->name,
                   erg_trace_channel(b->trace, right->channel)->name) != 0)
            return false;
    }
    return true;
}

/* Nothing made up is set against something measured. */
static int reality(erg_method method)
{
    return method == ERG_METHOD_SIMULATED ? 2 : method == ERG_METHOD_MODEL ? 1 : 0;
}

static bool is_modelled(const side *one)
{
    for (size_t i = 0; i < counted(one); i++)
        if (erg_trace_channel(one->trace, counted_at(one, i)->channel)->method
            == ERG_METHOD_MODEL)
            return true;
    return false;
}

/* Why the two cannot be compared; NULL when they can. */
static const char *obstacle(const side *a, const side *b)
{
    const char *idle_a = erg_trace_meta(a->trace, "idle_state");
    const char *idle_b = erg_trace_meta(b->trace, "idle_state");

    if (counted(a) == 0 || counted(b) == 0)
        return "one of them holds no energy; see 'erg show'.";
    if (counted(a) != counted(b))
        return "they measure a different number of devices; record both with the same "
               "--device.";
    if (idle_a && idle_b && strcmp(idle_a, idle_b) != 0)
        return "their idle policies differ; record both with the same --idle-state.";
    for (size_t i = 0; i < counted(a); i++) {
        const erg_pick *left = counted_at(a, i), *right = counted_at(b, i);
        const erg_channel_info *x = erg_trace_channel(a->trace, left->channel);
        const erg_channel_info *y = erg_trace_channel(b->trace, right->channel);
        if (x->scope != y->scope)
            return "their joules do not cover the same parts (scope); record both with the "
                   "same kind of device.";
        if (reality(x->method) != reality(y->method))
            return "one is measured, the other modelled or simulated.";
    }
    return NULL;
}

static bool sum_devices(side *one, const erg_stretches *where)
{
    bool first = true;
    one->energy = erg_energy_none();
    for (size_t i = 0; i < one->pick_count; i++) {
        erg_energy part;
        if (!one->picks[i].counted)
            continue;
        if (!erg_stretches_energy(one->trace, one->picks[i].channel, where, &part, NULL)) {
            one->energy = erg_energy_none();
            return false;
        }
        erg_energy_join(&one->energy, &part, first);
        first = false;
    }
    return !first;
}

/* region NULL: the whole recording. */
static bool measure(side *one, const char *region, erg_error *err)
{
    erg_stretches where;
    erg_span whole = region ? (erg_span){ 0 } : erg_trace_span(one->trace);
    if (!(region ? erg_stretches_of(one->trace, region, (erg_span){ 0 }, &where, err)
                 : erg_stretches_single(whole, &where, err)))
        return false;

    one->runs = isfinite(where.runs) ? where.runs : region ? (double)where.occurrences : 1;
    one->time_s = region ? erg_mean(where.lengths_s, where.occurrences)
                         : erg_s_from_ns(whole.end_ns - whole.begin_ns);
    sum_devices(one, &where);
    erg_stretches_free(&where);
    one->one_j = one->energy.energy_j / one->runs;
    one->gain_u2 = square(one->energy.gain_u_j / one->runs);
    one->u2 = fmax(0, square(one->energy.spread_j / 2 / one->runs) - one->gain_u2);
    one->freedom = INFINITY;
    return true;
}

/* Variance of the mean and degrees of freedom from the runs themselves. */
static void use_scatter(side *one, const erg_interval *scatter)
{
    one->u2 = square(scatter->sd) / scatter->n_eff;
    one->freedom = scatter->n_eff - 1;
}

/* Welch and Satterthwaite; the factor of an interval from u alone is 2 everywhere. */
static double coverage_factor(const side *a, const side *b, double gain_u2)
{
    if (!isfinite(a->freedom) || !isfinite(b->freedom))
        return 2;
    double u2 = a->u2 + b->u2 + gain_u2;
    double parts = square(a->u2) / a->freedom + square(b->u2) / b->freedom;
    return parts > 0 ? erg_student_t(0.975, square(u2) / parts) : 2;
}

static bool put_ratio(comparison *all, double factor, double a_u2, double b_u2)
{
    double a = all->a.one_j, b = all->b.one_j;
    double low = NAN, high = NAN;
    double first = a * a - square(factor) * a_u2, last = b * b - square(factor) * b_u2;
    double root2 = square(a * b) - first * last;

    if (first > 0 && root2 >= 0) {
        low = (a * b - sqrt(root2)) / first;
        high = (a * b + sqrt(root2)) / first;
    }
    double half_j = factor * sqrt(a_u2 + b_u2);
    const erg_figure figures[] = {
        { "ratio", b / a }, { "ratio_low", low }, { "ratio_high", high },
        { "difference_j", b - a }, { "difference_low_j", b - a - half_j },
        { "difference_high_j", b - a + half_j },
    };
    return erg_put_figures(all->table, figures, ERG_COUNT(figures), all->err);
}

static bool put_verdict(comparison *all, const char *region)
{
    side *a = &all->a, *b = &all->b;
    erg_interval left, right;
    /* Runs of a model scatter by its inputs only: that hides its error. */
    if (region && !all->modelled
        && erg_runs_scatter(a->trace, region, a->picks, a->pick_count, &left)
        && erg_runs_scatter(b->trace, region, b->picks, b->pick_count, &right)) {
        use_scatter(a, &left);
        use_scatter(b, &right);
    }
    double a_u2 = a->u2 + (all->same_sensor ? 0 : a->gain_u2);
    double b_u2 = b->u2 + (all->same_sensor ? 0 : b->gain_u2);
    double factor = coverage_factor(a, b, a_u2 + b_u2 - a->u2 - b->u2);
    bool differs = fabs(b->one_j - a->one_j) > factor * sqrt(a_u2 + b_u2);

    all->any |= differs;
    if (region && strcmp(region, "run") == 0) {
        all->run_seen = true;
        all->run_differs = differs;
    }
    return put_ratio(all, factor, a_u2, b_u2)
        && erg_table_truth(all->table, "significant", differs, all->err);
}

static bool put_side(comparison *all, const side *one, const char *const names[5])
{
    bool known = isfinite(one->energy.energy_j);
    all->qualities |= 1u << one->energy.quality;
    return erg_table_real(all->table, names[0], one->one_j, all->err)
        && erg_table_real(all->table, names[1], one->runs, all->err)
        && erg_table_real(all->table, names[2], one->time_s, all->err)
        && erg_table_text(all->table, names[3],
                          known ? erg_method_name(one->energy.method) : NULL, all->err)
        && erg_table_text(all->table, names[4], erg_quality_name(one->energy.quality),
                          all->err);
}

static bool add_row(comparison *all, const char *region, bool comparable)
{
    static const char *const a_names[] = { "energy_a_j", "runs_a", "time_a_s", "method_a",
                                           "quality_a" };
    static const char *const b_names[] = { "energy_b_j", "runs_b", "time_b_s", "method_b",
                                           "quality_b" };
    if (!measure(&all->a, region, all->err) || !measure(&all->b, region, all->err))
        return false;
    bool both = isfinite(all->a.one_j) && isfinite(all->b.one_j);
    return erg_table_row(all->table, all->err)
           && erg_table_text(all->table, "region", region ? region : "(whole recording)",
                             all->err)
           && put_side(all, &all->a, a_names) && put_side(all, &all->b, b_names)
           && (!both || !comparable || put_verdict(all, region));
}

static bool is_compared(const char *name, const erg_region_names *others)
{
    static const char *const aside[] = { "warmup", "idle_before", "idle_after" };

    for (size_t i = 0; i < ERG_COUNT(aside); i++)
        if (strcmp(name, aside[i]) == 0)
            return false;
    return erg_region_name_number(others, name) >= 0;
}

static bool add_rows(comparison *all, bool comparable)
{
    const erg_region_names *a = erg_region_names_of(all->a.trace, all->err);
    const erg_region_names *b = a ? erg_region_names_of(all->b.trace, all->err) : NULL;
    bool good = b, found = false;

    for (size_t i = 0; good && i < a->count; i++) {
        const char *name = erg_interned_at(&a->words, (int32_t)i);
        if (is_compared(name, b)) {
            found = true;
            good = add_row(all, name, comparable);
        }
    }
    if (good && !found)
        good =
            add_row(all, NULL, comparable)
            && erg_result_note(
                all->result, all->err,
                "The two have no region in common, so the whole recordings are compared.");
    return good;
}

static bool add_notes(comparison *all, const char *obstacle_text)
{
    bool good = !obstacle_text
             || erg_result_note(all->result, all->err, "Not comparable: %s", obstacle_text);

    good = good && erg_result_note(all->result, all->err, all->modelled
        ? "Both are modelled: the error of a model need not cancel, so each keeps its own."
        : all->same_sensor
        ? "Both were read by the same sensor, so its gain cancels in difference and ratio."
        : "The sensors are not the same, so the gain of each is in the interval.");
    /* A warm chip draws more at equal work. */
    good = good && (obstacle_text || all->modelled
        || erg_result_note(all->result, all->err, "One was recorded after the other: what "
                           "changed meanwhile is in the difference (temperature alone has "
                           "moved equal work by 3.9 %% in 117 s). Taking turns tells them "
                           "apart: erg sweep --mode baseline --variant A,B --output s.erg "
                           "-- COMMAND {}."));
    return good && erg_note_qualities(all->result, all->qualities, all->err);
}

static bool fill(comparison *all, int *verdict)
{
    const char *reason = obstacle(&all->a, &all->b);
    all->modelled = !reason && is_modelled(&all->a);
    all->same_sensor = !reason && !all->modelled && is_same_sensor(&all->a, &all->b);
    all->table = erg_result_add(all->result, "comparison", columns, ERG_COUNT(columns),
                                all->err);
    if (!all->table || !add_rows(all, reason == NULL))
        return false;

    bool decided = isfinite(erg_table_find(all->table, 0, "ratio").real) || all->any
                || all->run_seen;
    if (!reason && !decided)
        reason = "there is no figure on one of the sides; see 'erg show'.";
    *verdict = reason ? 2 : all->run_seen ? all->run_differs : all->any;
    return add_notes(all, reason);
}

erg_result *erg_trace_compare(const erg_trace *a, const erg_trace *b, int *verdict,
                              erg_error *err)
{
    comparison all = { .a.trace = a, .b.trace = b, .err = err };

    *verdict = 2;
    all.result = erg_result_new("compare", err);
    all.a.picks = all.result ? erg_picks_of(a, &all.a.pick_count, err) : NULL;
    all.b.picks = all.a.picks ? erg_picks_of(b, &all.b.pick_count, err) : NULL;
    bool good = all.b.picks && fill(&all, verdict);
    free(all.a.picks);
    free(all.b.picks);
    if (good)
        return all.result;
    erg_result_free(all.result);
    return NULL;
}
