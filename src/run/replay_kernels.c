/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels alone, hot and cold, in rounds, each in an order by chance. Reference kernels are
 * timed again every twenty blocks: what they drift, the others have drifted too.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/random.h"
#include "run/replay_alone.h"
#include "run/replay_blocks.h"
#include "run/replay_others.h"
#include "run/replay_reference.h"

enum { REFERENCE_EVERY = 20 };
enum { BLOCK_RUNS = 2 };
static const double told_drift = 0.05;
static const double block_s = 0.025, block_warmup_s = 5e-3;
static const double empty_factor = 1.5;

/* ---- one kernel ------------------------------------------------------------------ */

static erg_kernel_timing row_of(const erg_replay_bench *bench, int32_t kernel, bool is_cold,
                                const erg_timed *timed)
{
    const erg_replay_kernel *is = &bench->stage->plan->kernels[kernel];
    erg_kernel_timing row = erg_kernel_timing_unknown();

    row.kernel = kernel;
    row.tier = is->tier;
    row.count = (double)is->count;
    row.state = is_cold ? ERG_STATE_COLD : ERG_STATE_HOT;
    row.time_s = timed->centre_s;
    row.median_s = timed->median_s;
    row.min_s = timed->min_s;
    row.max_s = timed->max_s;
    row.empty_s = bench->empty_s;
    row.runs_requested = timed->requested;
    row.runs_executed = row.runs_used = timed->executed;
    row.lost_s = timed->lost_s;
    row.span = timed->span;
    row.clock_hz = erg_replay_clock_hz(bench->env);
    row.flop = is->signature.flop < 0 ? NAN : (double)is->signature.flop;
    row.bytes = is->signature.in_bytes < 0 || is->signature.out_bytes < 0
                    ? NAN : (double)(is->signature.in_bytes + is->signature.out_bytes);
    erg_text_put(row.name, sizeof(row.name), is->name);
    return row;
}

/* The first block is the window of its energy, with a region; the others are brief. */
static erg_time_rule rule_of_block(const erg_replay_bench *bench, bool is_first)
{
    erg_time_rule rule = erg_replay_rule(bench, is_first && bench->energy_s > 0
                                                    && !bench->options->by_tier);

    rule.half_width = 0;
    if (!is_first) {
        rule.warmup = 1;
        rule.warmup_s = block_warmup_s;
        rule.runs = BLOCK_RUNS;
        rule.least_s = block_s;
    }
    return rule;
}

static bool time_block(erg_replay_bench *bench, int32_t kernel, bool is_cold, bool is_first,
                       erg_timed *timed, erg_error *err)
{
    erg_alone a = erg_alone_of(bench, kernel, is_cold);
    erg_timed_work work = erg_alone_work(&a);
    erg_time_rule rule = rule_of_block(bench, is_first);
    char name[64];

    snprintf(name, sizeof(name), "%s:%s", bench->stage->plan->kernels[kernel].id,
             is_cold ? "cold" : "hot");
    double run_s = erg_time_warm(bench->env, &rule, &work, err);
    if (isnan(run_s))
        return false;
    int64_t id = is_first ? erg_replay_region(bench, name) : 0;
    bool good = erg_time_measure(bench->env, &rule, &work, run_s, timed, err);
    if (is_first)
        erg_replay_region_end(bench, id, good ? timed->executed : NAN);
    return good;
}

/* Its row is there before its blocks: both have the same index. */
static bool block(erg_replay_bench *bench, size_t row, int32_t kernel, bool is_cold,
                  erg_error *err)
{
    bool is_first = row == bench->replay->kernel_count;
    double begin_s = erg_s_from_ns(erg_env_now_ns(bench->env));
    erg_timed timed;

    if (!time_block(bench, kernel, is_cold, is_first, &timed, err))
        return false;
    erg_kernel_timing made = row_of(bench, kernel, is_cold, &timed);
    erg_time_blocks *blocks = &bench->blocks[row];
    bool good = !is_first || erg_replay_add(bench->replay, &made, err);

    if (good && !is_first) {
        erg_kernel_timing *is = &bench->replay->kernels[row];
        is->min_s = fmin(is->min_s, timed.min_s);
        is->max_s = fmax(is->max_s, timed.max_s);
        blocks->spent_s += erg_s_from_ns(erg_env_now_ns(bench->env)) - begin_s;
    }
    erg_time_block seen = { erg_span_middle_s(timed.span), timed.centre_s };
    blocks->kind =
        2 * is_cold + erg_replay_streams(&bench->stage->plan->kernels[kernel].signature);
    good = good && erg_time_blocks_add(blocks, &seen, err);
    erg_timed_free(&timed);
    return good;
}

/* ---- all of them ----------------------------------------------------------------- */

static bool time_first(erg_replay_bench *bench, const size_t order[], size_t count,
                       erg_error *err)
{
    const bool wanted[] = { !bench->options->no_hot, !bench->options->no_cold };

    for (size_t i = 0; i < count; i++) {
        int32_t kernel = (int32_t)order[i];

        if (i % REFERENCE_EVERY == 0 && !erg_replay_time_references(bench, err))
            return false;
        erg_replay_tell(bench, "timing kernel %zu of %zu", i + 1, count);
        for (int is_cold = 0; bench->stage->jobs[kernel] && is_cold < 2; is_cold++)
            if (wanted[is_cold]
                && !block(bench, bench->replay->kernel_count, kernel, is_cold, err))
                return false;
    }
    return erg_replay_time_references(bench, err);
}

/* Those of the references, and what the others of its kind show: free the last. */
static bool take_drifts(const erg_replay_bench *bench, const erg_others *others, size_t row,
                        erg_drift to[ERG_DRIFTS], erg_error *err)
{
    memcpy(to, bench->drifts, sizeof(bench->drifts));
    return erg_others_drift(others, row, &to[ERG_REFERENCES], err);
}

static bool look_at(const erg_replay_bench *bench, const erg_others *others, size_t row,
                    bool *is_done, erg_error *err)
{
    const erg_time_rule rule = erg_replay_rule(bench, false);
    erg_drift drifts[ERG_DRIFTS];

    if (!take_drifts(bench, others, row, drifts, err))
        return false;
    *is_done = erg_time_blocks_look(&bench->blocks[row], drifts, ERG_DRIFTS,
                                    rule.half_width);
    erg_drift_free(&drifts[ERG_REFERENCES]);
    return true;
}

/* After a round of so many blocks each; *left are not done yet. */
static bool look(const erg_replay_bench *bench, size_t round, bool done[], size_t *left,
                 erg_error *err)
{
    size_t count = bench->replay->kernel_count;
    erg_others others = { 0 };
    double most_s = erg_replay_rule(bench, false).most_s;
    bool is_look = erg_block_looks_at(round);
    bool good = !is_look || erg_others_open(&others, bench->blocks, count, err);

    *left = 0;
    for (size_t i = 0; good && i < count; i++) {
        if (!done[i] && is_look)
            good = look_at(bench, &others, i, &done[i], err);
        done[i] = done[i] || erg_time_blocks_are_all(bench->blocks, count, i, most_s);
        *left += !done[i];
    }
    erg_others_close(&others);
    return good;
}

/* Those that are not known well enough, in an order by chance, until all are. */
static bool time_again(erg_replay_bench *bench, erg_random *random, size_t order[],
                       bool done[], erg_error *err)
{
    size_t count = bench->replay->kernel_count, left = count, turn = 0;

    for (size_t round = 2; left > 0; round++) {
        size_t seen = 0;

        erg_random_order(random, order, count);
        for (size_t i = 0; i < count; i++) {
            const erg_kernel_timing *row = &bench->replay->kernels[order[i]];

            if (done[order[i]])
                continue;
            seen++;
            if (turn++ % REFERENCE_EVERY == 0 && !erg_replay_time_references(bench, err))
                return false;
            erg_replay_tell(bench, "timing again, round %zu: %zu of %zu", round, seen,
                            left);
            if (!block(bench, order[i], row->kernel, row->state == ERG_STATE_COLD, err))
                return false;
        }
        if (!look(bench, round, done, &left, err))
            return false;
    }
    return erg_replay_time_references(bench, err);
}

bool erg_replay_time_kernels(erg_replay_bench *bench, erg_error *err)
{
    size_t count = bench->stage->plan->kernel_count, rows = 2 * count;
    erg_random random = { bench->options->seed ? bench->options->seed : 1 };

    if (bench->options->no_kernels || bench->stage->jobs_ready == 0)
        return true;
    size_t *order = malloc((rows + 1) * sizeof(*order));
    bool *done = calloc(rows + 1, sizeof(*done));
    bench->blocks = calloc(rows + 1, sizeof(*bench->blocks));
    bool good = (order && done && bench->blocks)
        || erg_fail(err, ERG_NO_MEMORY, "no memory for the blocks of %zu kernels", count);
    if (good) {
        erg_random_order(&random, order, count);
        good = erg_replay_time_empty(bench, err) && time_first(bench, order, count, err)
            && time_again(bench, &random, order, done, err);
    }
    free(order);
    free(done);
    return good;
}

/* ---- drift ----------------------------------------------------------------------- */

/* Of the row's blocks; the drift of its first one, whose window and runs stand there, by
 * the share of it that this kernel has. */
static void settle(const erg_replay_bench *bench, size_t row, const erg_drift drifts[],
                   const double thens_s[])
{
    erg_kernel_timing *kernel = &bench->replay->kernels[row];
    double *times[] = { &kernel->time_s, &kernel->median_s, &kernel->min_s,
                        &kernel->max_s };
    erg_block_time of = { .share = isnan(thens_s[0]) ? NAN : 1 };
    bool has_time =
        erg_time_blocks_end(&bench->blocks[row], drifts, thens_s, ERG_DRIFTS, &of);
    double factor = erg_drift_factor(&drifts[of.reference], erg_span_middle_s(kernel->span),
                                     thens_s[of.reference], of.share);

    kernel->drift = isnan(of.share) ? NAN : factor;
    for (size_t t = 0; t < ERG_COUNT(times); t++)
        *times[t] *= factor;
    if (has_time) {
        kernel->time_s = of.time_s;
        kernel->low_s = of.low_s;
        kernel->high_s = of.high_s;
    }
    kernel->launch_bound = kernel->time_s < empty_factor * bench->empty_s;
}

/* Whether the whole ran on another machine than its kernels, in effect. */
static bool tell_drift(const erg_replay_bench *bench, double then_s, erg_error *err)
{
    const erg_span span = bench->replay->whole.span;
    double whole_s = erg_drift_at(&bench->drifts[ERG_COMPUTES], erg_span_middle_s(span));

    if (span.end_ns <= span.begin_ns || isnan(then_s)
        || fabs(whole_s - then_s) <= told_drift * then_s)
        return true;
    return erg_replay_plan_note(bench->stage->plan, err,
                                "the reference kernel took %+.0f %% more while the whole "
                                "ran than beside the kernels: the two are that far apart",
                                100 * (whole_s / then_s - 1));
}

bool erg_replay_remove_drift(erg_replay_bench *bench, erg_error *err)
{
    size_t count = bench->replay->kernel_count;
    double thens_s[ERG_DRIFTS];
    erg_others others = { 0 };
    bool good = !bench->blocks || erg_others_open(&others, bench->blocks, count, err);
    double known_s =
        bench->blocks ? erg_time_blocks_most_s(bench->blocks, count) : INFINITY;

    for (size_t i = 0; i < ERG_REFERENCES; i++)
        thens_s[i] = erg_drift_level(&bench->drifts[i], known_s);
    for (size_t i = 0; good && bench->blocks && i < count; i++) {
        erg_drift drifts[ERG_DRIFTS];
        good = take_drifts(bench, &others, i, drifts, err);
        thens_s[ERG_REFERENCES] = erg_drift_level(&drifts[ERG_REFERENCES], known_s);
        if (good)
            settle(bench, i, drifts, thens_s);
        erg_drift_free(&drifts[ERG_REFERENCES]);
    }
    erg_others_close(&others);
    return good && tell_drift(bench, thens_s[ERG_COMPUTES], err);
}

/* ---- in the order of the day ----------------------------------------------------- */

bool erg_replay_measure(erg_replay_bench *bench, erg_error *err)
{
    bool good =
        erg_pools_take(bench->stage, erg_replay_cache_bytes(bench->env), &bench->pools, err)
        && erg_replay_find_references(bench, err) && erg_replay_time_references(bench, err)
        && erg_replay_time_whole(bench, err) && erg_replay_time_kernels(bench, err)
        && erg_replay_meter_each_tier(bench, err);

    good = good && erg_replay_remove_drift(bench, err);
    erg_pools_give(bench->stage, &bench->pools);
    for (size_t i = 0; i < ERG_REFERENCES; i++)
        erg_drift_free(&bench->drifts[i]);
    for (size_t i = 0; bench->blocks && i < 2 * bench->stage->plan->kernel_count; i++)
        erg_time_blocks_free(&bench->blocks[i]);
    free(bench->blocks);
    bench->blocks = NULL;
    return good;
}
