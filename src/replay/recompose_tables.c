/* SPDX-License-Identifier: Apache-2.0 */
/* `erg replay recompose`: totals, tiers and the largest kernels. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "replay/meter.h"
#include "replay/recompose.h"

static const double TIME_SLACK = 0.10;
static const size_t TOP = 20;

static const erg_column total_columns[] = {
    { "steps", ERG_REAL, "passes that the counts cover" },
    { "predicted_s", ERG_REAL, "of a pass: times of its launches" },
    { "measured_s", ERG_REAL, "of a pass of the whole" },
    { "time_error", ERG_REAL, "predicted over measured, less 1" },
    { "predicted_j", ERG_REAL, "of a pass: dynamic energy of its launches and the base" },
    { "measured_j", ERG_REAL, "of a pass of the whole" },
    { "energy_error", ERG_REAL,
      "predicted over measured, less 1; says nothing without agreement_en" },
    { "agreement_en", ERG_REAL, "difference over the joint half width: at most 1 agrees" },
    { "state", ERG_TEXT, "hot: the same buffers again; cold: from memory" },
    { "verdict", ERG_TEXT, "agrees, disagrees, or refused where a check forbids one" },
    { "refused_by", ERG_TEXT, "checks that forbid a verdict" },
    { "predicted_low_s", ERG_REAL, "of its 95 % interval" },
    { "predicted_high_s", ERG_REAL, "of its 95 % interval" },
    { "predicted_low_j", ERG_REAL, "of its 95 % interval" },
    { "predicted_high_j", ERG_REAL, "of its 95 % interval" },
    { "measured_low_j", ERG_REAL, "of its 95 % interval" },
    { "measured_high_j", ERG_REAL, "of its 95 % interval" },
    { "energy_ratio", ERG_REAL, "predicted over measured" },
    { "dynamic_j", ERG_REAL, "over the base, of all measured launches" },
    { "base_j", ERG_REAL, "base power times the time of the pass" },
    { "base_w", ERG_REAL, "power of the idle device" },
    { "base_policy", ERG_TEXT, "which idle that was" },
    { "unattributed_j", ERG_REAL, "measured, but in no kernel and not the base" },
    { "estimated_j", ERG_REAL, "dynamic, of launches that no reading saw: in no sum" },
    { "gross_j", ERG_REAL, "of all launches with the base in each: leaves out the gaps" },
    { "launches", ERG_REAL, "of a pass" },
    { "launches_measured", ERG_REAL, "share of them whose energy was measured" },
    { "path", ERG_TEXT, "sum, or longest path of several streams" },
    { "tokens", ERG_REAL, "of a pass, by marks" },
    { "predicted_j_per_token", ERG_REAL, "" },
    { "measured_j_per_token", ERG_REAL, "" },
    { "measured_w", ERG_REAL, "mean power of the whole" },
    { "system_j", ERG_REAL, "of a pass: all the machine, by its own meter; in no sum" },
    { "system_low_j", ERG_REAL, "of its 95 % interval" },
    { "system_high_j", ERG_REAL, "of its 95 % interval" },
    { "energy_measured", ERG_REAL, "share of the dynamic energy that was measured" },
    { "predicted_updates", ERG_REAL, "of the meter behind the sum" },
    { "measured_updates", ERG_REAL, "of the meter behind the whole, all passes" },
};
static const erg_column tier_columns[] = {
    { "tier", ERG_TEXT, "what kind of work" },
    { "state", ERG_TEXT, "hot or cold" },
    { "kernels", ERG_INTEGER, "unique ones" },
    { "launches", ERG_REAL, "of a pass" },
    { "predicted_s", ERG_REAL, "of a pass" },
    { "time_share", ERG_REAL, "of all tiers" },
    { "dynamic_j", ERG_REAL, "of a pass, measured" },
    { "energy_share", ERG_REAL, "of the dynamic energy of all tiers" },
    { "gross_j", ERG_REAL, "of a pass, with the base in each launch" },
    { "estimated_j", ERG_REAL, "dynamic, of launches that no reading saw" },
    { "mean_w", ERG_REAL, "in the windows of its kernels" },
    { "energy_j", ERG_REAL, "of a pass, by a share of the whole (--method time_share)" },
    { "method", ERG_TEXT, "of energy_j: time_share" },
    { "updates", ERG_REAL, "of the meter behind dynamic_j" },
};
static const erg_column kernel_columns[] = {
    { "tier", ERG_TEXT, "what kind of work" },
    { "state", ERG_TEXT, "hot or cold" },
    { "count_per_step", ERG_REAL, "launches of a pass" },
    { "time_s", ERG_REAL, "of one launch" },
    { "time_low_s", ERG_REAL, "of its 95 % interval" },
    { "time_high_s", ERG_REAL, "of its 95 % interval" },
    { "total_s", ERG_REAL, "of a pass" },
    { "time_share", ERG_REAL, "of all kernels" },
    { "dynamic_j", ERG_REAL, "of one launch, over the base" },
    { "dynamic_low_j", ERG_REAL, "of its 95 % interval" },
    { "dynamic_high_j", ERG_REAL, "of its 95 % interval" },
    { "total_j", ERG_REAL, "dynamic, of a pass" },
    { "mean_w", ERG_REAL, "while it was replayed" },
    { "method", ERG_TEXT, "measured, estimated or time_share" },
    { "updates", ERG_REAL, "of the meter behind it" },
    { "runs_stated", ERG_REAL, "as its file says" },
    { "runs", ERG_REAL, "by which its energy is divided" },
    { "launch_bound", ERG_TRUTH, "its time is an upper bound" },
    { "system_j", ERG_REAL, "of one launch, gross: all the machine, by its own meter" },
    { "quality", ERG_TEXT, "of its joules: too_short under ten updates" },
    { "kernel", ERG_TEXT, "as its source calls it" },
};

static const char *const state_names[] = {
    [ERG_STATE_UNKNOWN] = NULL, [ERG_STATE_HOT] = "hot", [ERG_STATE_COLD] = "cold",
};

typedef struct real { const char *column; double value; } real;

static bool put_reals(erg_table *table, const real *reals, size_t count, erg_error *err)
{
    bool ok = true;

    for (size_t i = 0; i < count && ok; i++)
        ok = erg_table_real(table, reals[i].column, reals[i].value, err);
    return ok;
}

/* Zero of what was never measured is not a figure. */
static double metered(const erg_share *of, double value)
{
    return of->metered_launches > 0 ? value : NAN;
}

/* Of what has no figure at all nobody knows the share. */
static double measured_share(const erg_share *of)
{
    bool is_known = of->metered_launches > 0 && !(of->silent_launches > 0);

    return is_known ? of->dynamic_j / (of->dynamic_j + of->estimated_j) : NAN;
}

/* Hot is the least a kernel can take and cold the most: the model lies between. */
static bool time_agrees(const erg_recomposed *r)
{
    double ratio = r->predicted_s / r->measured_s;

    return (r->state == ERG_STATE_COLD || ratio <= 1 + TIME_SLACK)
        && (r->state == ERG_STATE_HOT || ratio >= 1 - TIME_SLACK);
}

static const char *verdict_of(const erg_recomposed *r, const char *refused_by)
{
    if (refused_by[0])
        return "refused";
    if (!isnan(r->agreement_en))
        return r->agreement_en <= 1 ? "agrees" : "disagrees";
    if (isnan(r->predicted_s / r->measured_s))
        return NULL;
    return time_agrees(r) ? "agrees" : "disagrees";
}

static bool put_totals(erg_table *table, const erg_replay *replay, const erg_recomposed *r,
                       const erg_recompose_told *told, erg_error *err)
{
    const erg_share *all = &r->all;
    const real reals[] = {
        { "steps", r->steps },
        { "predicted_s", r->predicted_s },
        { "measured_s", r->measured_s },
        { "time_error", r->predicted_s / r->measured_s - 1 },
        { "predicted_j", r->predicted_j },
        { "measured_j", r->measured_j },
        { "energy_error",
          isnan(r->agreement_en) ? NAN : r->predicted_j / r->measured_j - 1 },
        { "agreement_en", r->agreement_en },
        { "predicted_low_s", r->predicted_s - 2 * r->predicted_u_s },
        { "predicted_high_s", r->predicted_s + 2 * r->predicted_u_s },
        { "predicted_low_j", r->predicted_j - 2 * r->predicted_u_j },
        { "predicted_high_j", r->predicted_j + 2 * r->predicted_u_j },
        { "measured_low_j", r->measured_j - 2 * r->measured_u_j },
        { "measured_high_j", r->measured_j + 2 * r->measured_u_j },
        { "energy_ratio", r->predicted_j / r->measured_j },
        { "dynamic_j", metered(all, all->dynamic_j) },
        { "base_j", r->base_j },
        { "base_w", r->base_w },
        { "unattributed_j", r->unattributed_j },
        { "estimated_j", all->estimated_launches > 0 ? all->estimated_j : NAN },
        { "gross_j", metered(all, all->gross_j) },
        { "launches", all->launches },
        { "launches_measured", all->metered_launches / all->launches },
        { "tokens", r->tokens },
        { "predicted_j_per_token", r->predicted_j / r->tokens },
        { "measured_j_per_token", r->measured_j / r->tokens },
        { "measured_w", replay->whole.mean_w },
        { "system_j", replay->whole.system_j },
        { "system_low_j", replay->whole.system_j - 2 * replay->whole.system_u_j },
        { "system_high_j", replay->whole.system_j + 2 * replay->whole.system_u_j },
        { "energy_measured", measured_share(all) },
        { "predicted_updates", metered(all, all->updates) },
        { "measured_updates", replay->whole.updates },
    };

    return erg_table_row(table, err) && put_reals(table, reals, ERG_COUNT(reals), err)
           && erg_table_text(table, "state", state_names[r->state], err)
           && erg_table_text(table, "verdict", verdict_of(r, told->refused_by), err)
           && erg_table_text(table, "refused_by",
                             told->refused_by[0] ? told->refused_by : NULL, err)
           && erg_table_text(table, "base_policy",
                             replay->base_policy[0] ? replay->base_policy : NULL, err)
           && erg_table_text(table, "path", r->is_path ? "longest" : "sum", err);
}

static bool put_tiers(erg_table *table, const erg_recomposed *r, erg_error *err)
{
    bool ok = true;

    for (int tier = 0; tier < ERG_TIERS && ok; tier++) {
        const erg_share *one = &r->tiers[tier];
        const real reals[] = {
            { "launches", one->launches }, { "predicted_s", one->time_s },
            { "time_share", one->time_s / r->all.time_s },
            { "dynamic_j", metered(one, one->dynamic_j) },
            { "energy_share", metered(one, one->dynamic_j / r->all.dynamic_j) },
            { "gross_j", metered(one, one->gross_j) },
            { "estimated_j", one->estimated_launches > 0 ? one->estimated_j : NAN },
            { "mean_w", one->window_j / one->window_s }, { "energy_j", one->shared_j },
            { "updates", metered(one, one->updates) },
        };
        const char *method = isnan(one->shared_j) ? NULL : "time_share";
        if (one->kernels)
            ok = erg_table_row(table, err)
                && erg_table_text(table, "tier", erg_tier_name((erg_tier)tier), err)
                && erg_table_text(table, "state", state_names[r->state], err)
                && erg_table_integer(table, "kernels", (int64_t)one->kernels, err)
                && erg_table_text(table, "method", method, err)
                && put_reals(table, reals, ERG_COUNT(reals), err);
    }
    return ok;
}

static double known(double value) { return isnan(value) ? 0 : value; }

/* Alone a kernel has all of what its window shares with the others: gain and base. */
static double dynamic_u_j(const erg_replay *replay, const erg_kernel_timing *k)
{
    double each_s = erg_replay_window_s(k) / k->runs_used;

    return hypot(hypot(k->dynamic_u_j, known(replay->gain_u) * k->dynamic_j),
                 known(replay->base_u_w) * known(each_s));
}

static bool put_kernel(erg_table *table, const erg_replay *replay, const erg_recomposed *r,
                       const erg_kernel_timing *k, erg_error *err)
{
    double n = erg_recompose_count(replay, k);
    double half_j = 2 * dynamic_u_j(replay, k);
    const real reals[] = {
        { "count_per_step", n }, { "time_s", k->time_s }, { "time_low_s", k->low_s },
        { "time_high_s", k->high_s }, { "total_s", n * k->time_s },
        { "time_share", n * k->time_s / r->all.time_s }, { "dynamic_j", k->dynamic_j },
        { "dynamic_low_j", k->dynamic_j - half_j },
        { "dynamic_high_j", k->dynamic_j + half_j },
        { "total_j", n * k->dynamic_j }, { "mean_w", k->mean_w },
        { "updates", k->method[0] ? k->updates : NAN },
        { "runs_stated", erg_replay_stated_runs(k) }, { "runs", k->runs_used },
        { "system_j", k->system_j },
    };

    return erg_table_row(table, err) && erg_table_text(table, "kernel", k->name, err)
        && erg_table_text(table, "tier", erg_tier_name(k->tier), err)
        && erg_table_text(table, "state", state_names[k->state], err)
        && put_reals(table, reals, ERG_COUNT(reals), err)
        && erg_table_text(table, "method", k->method[0] ? k->method : NULL, err)
        && erg_table_text(table, "quality", k->quality, err)
        && erg_table_truth(table, "launch_bound", k->launch_bound, err);
}

/* By joules of a pass where they are known, else by its seconds. */
typedef struct ranked {
    const erg_kernel_timing *kernel;
    double weight;
    size_t place;
} ranked;

static int heavier_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    return x->place < y->place ? -1 : 1;
}

static bool put_kernels(erg_table *table, const erg_replay *replay, const erg_recomposed *r,
                        size_t top, erg_error *err)
{
    ranked *all = malloc((replay->kernel_count + 1) * sizeof(*all));
    bool by_energy = r->all.metered_launches > 0 && !isnan(r->all.dynamic_j),
         ok = all != NULL;
    size_t count = 0;

    if (!ok)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu kernels",
                        replay->kernel_count);
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        double each = by_energy ? kernel->dynamic_j : kernel->time_s;
        if (kernel->state == r->state)
            all[count++] =
                (ranked){ kernel, isnan(each) ? -INFINITY : each * kernel->count, i };
    }
    qsort(all, count, sizeof(*all), heavier_first);
    for (size_t i = 0; i < count && i < top && ok; i++)
        ok = put_kernel(table, replay, r, all[i].kernel, err);
    free(all);
    return ok;
}

typedef struct tables {
    erg_result *result;
    erg_table *totals, *tiers, *kernels;
} tables;

static bool put_state(const erg_replay *replay, const erg_recomposed *r,
                      const erg_recompose_told *told, const tables *to, erg_error *err)
{
    return put_totals(to->totals, replay, r, told, err) && put_tiers(to->tiers, r, err)
        && put_kernels(to->kernels, replay, r, told->top ? told->top : TOP, err);
}

static bool is_yes(const erg_recomposed *r, const erg_recompose_told *told)
{
    const char *verdict = verdict_of(r, told->refused_by);
    return !verdict || strcmp(verdict, "agrees") == 0;
}

static const erg_replay_state states[] = { ERG_STATE_HOT, ERG_STATE_COLD,
                                           ERG_STATE_UNKNOWN };

static bool put_states(const erg_replay *replay, const erg_recompose_told *told,
                       const tables *to, bool *agrees, erg_error *err)
{
    erg_recomposed r;
    bool ok = true;

    *agrees = true;
    for (size_t i = 0; i < ERG_COUNT(states) && ok; i++) {
        if (!erg_recompose_has(replay, states[i]))
            continue;
        ok = erg_recompose(replay, states[i], &r, err)
            && (!told->by_time || erg_recompose_by_time(&r, err))
            && put_state(replay, &r, told, to, err)
            && erg_recompose_notes(replay, &r, told, to->result, err);
        *agrees = *agrees && ok && is_yes(&r, told);
    }
    return ok;
}

bool erg_recompose_tables(const erg_replay *replay, const erg_recompose_told *told,
                          erg_result *result, bool *agrees, erg_error *err)
{
    tables to = { .result = result };

    if (!replay->kernel_count)
        return erg_fail(err, ERG_BAD_INPUT,
                        "there is no timed kernel to put together: name the "
                        "isolated_kernels_timing.json of a replay with --kernels");
    to.totals =
        erg_result_add(result, "totals", total_columns, ERG_COUNT(total_columns), err);
    to.tiers = to.totals ? erg_result_add(result, "tiers", tier_columns,
                                          ERG_COUNT(tier_columns), err)
                         : NULL;
    to.kernels = to.tiers ? erg_result_add(result, "kernels", kernel_columns,
                                           ERG_COUNT(kernel_columns), err)
                          : NULL;
    return to.kernels && put_states(replay, told, &to, agrees, err);
}
