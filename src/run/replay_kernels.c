/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels alone, hot and cold, in rounds, each in an order by chance. A reference kernel is
 * timed again every ten: what it drifts, the others have drifted too.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/random.h"
#include "run/replay_alone.h"
#include "run/replay_blocks.h"

enum { REFERENCE_EVERY = 10 };
enum { COMPUTES, STREAMS }; /* references */
static const double streams_least = 0.2; /* bytes a FLOP */
static const double reference_s = 0.1, reference_most_s = 5e-3, reference_warmup_s = 0.02;
enum { BLOCK_RUNS = 2, PATIENCE = 4 };
static const double told_drift = 0.05;
static const double block_s = 0.05, block_warmup_s = 0.02;
static const double empty_factor = 1.5; /* spec section 4.4 */

static double middle_s(erg_span span)
{
    return 0.5 * (erg_s_from_ns(span.begin_ns) + erg_s_from_ns(span.end_ns));
}

/* ---- the floor, and the reference ------------------------------------------------ */

/* One element: what is left is the launch. */
static bool time_empty(erg_replay_bench *bench, erg_error *err)
{
    const erg_engine *engine = bench->stage->engine;
    const erg_signature_tensor one = { .rank = 1, .dims = { 1 } };
    const erg_signature empty = { .op = ERG_OP_RELU,
                                  .shape_known = true,
                                  .input_count = 1,
                                  .output_count = 1,
                                  .axis = -1,
                                  .tensors = { one, one } };
    erg_alone a = { .bench = bench };
    erg_time_rule rule = erg_replay_rule(bench, false);
    erg_timed_work work = erg_alone_work(&a);
    erg_timed timed;

    a.job = engine->prepare(bench->stage->session, &empty, err);
    if (!a.job)
        return false;
    erg_rotation_of(&bench->pools, &empty, false, &a.rotation);
    rule.runs = 0;
    double run_s = erg_time_warm(bench->env, &rule, &work, err);
    bool good =
        !isnan(run_s) && erg_time_measure(bench->env, &rule, &work, run_s, &timed, err);
    if (good) {
        bench->empty_s = timed.median_s;
        erg_timed_free(&timed);
    }
    engine->free(a.job);
    return good;
}

/* One that computes, hot, and one that streams, cold: neighbours take the clock from one
 * and the bus from the other. */
static bool is_reference(const erg_replay_bench *bench, int32_t kernel, int which)
{
    const erg_signature *is = &bench->stage->plan->kernels[kernel].signature;

    return which == COMPUTES
        || (is->in_bytes > 0 && is->out_bytes > 0
            && (double)(is->in_bytes + is->out_bytes)
                   > streams_least * fmax((double)is->flop, 0));
}

/* The most work that one run has in a few milliseconds. */
static bool find_reference(erg_replay_bench *bench, int which, erg_error *err)
{
    const erg_replay_plan *plan = bench->stage->plan;
    erg_time_rule rule = erg_replay_rule(bench, false);
    double best = 0;

    bench->references[which] = -1;
    rule.warmup = 1;
    rule.warmup_s = 0;
    for (size_t i = 0; i < plan->kernel_count; i++) {
        if (!bench->stage->jobs[i] || !is_reference(bench, (int32_t)i, which))
            continue;
        erg_alone a = erg_alone_of(bench, (int32_t)i, which == STREAMS);
        double run_s =
            erg_time_warm(bench->env, &rule, &(erg_timed_work){ erg_alone_run, &a }, err);
        if (isnan(run_s))
            return false;
        if (run_s <= reference_most_s && run_s > best) {
            best = run_s;
            bench->references[which] = (int32_t)i;
        }
    }
    return true;
}

static bool time_one(erg_replay_bench *bench, int which, erg_error *err)
{
    erg_time_rule rule = erg_replay_rule(bench, false);
    erg_timed timed;

    if (bench->references[which] < 0)
        return true;
    erg_alone a = erg_alone_of(bench, bench->references[which], which == STREAMS);
    erg_timed_work work = erg_alone_work(&a);
    rule.runs = 0;
    rule.warmup_s = reference_warmup_s;
    rule.least_s = reference_s;
    rule.half_width = 0;
    double run_s = erg_time_warm(bench->env, &rule, &work, err);
    if (isnan(run_s) || !erg_time_measure(bench->env, &rule, &work, run_s, &timed, err))
        return false;
    bool good =
        erg_drift_add(&bench->drifts[which], middle_s(timed.span), timed.centre_s, err);
    erg_timed_free(&timed);
    return good;
}

static bool time_reference(erg_replay_bench *bench, erg_error *err)
{
    return time_one(bench, COMPUTES, err) && time_one(bench, STREAMS, err);
}

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
    erg_time_block seen = { middle_s(timed.span), timed.centre_s };
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

        if (i % REFERENCE_EVERY == 0 && !time_reference(bench, err))
            return false;
        erg_replay_tell(bench, "timing kernel %zu of %zu", i + 1, count);
        for (int is_cold = 0; bench->stage->jobs[kernel] && is_cold < 2; is_cold++)
            if (wanted[is_cold]
                && !block(bench, bench->replay->kernel_count, kernel, is_cold, err))
                return false;
    }
    return time_reference(bench, err);
}

/* What quick kernels leave of half of their time goes to those that are still wide. */
static double most_of(const erg_replay_bench *bench, double most_s)
{
    double rows = (double)bench->replay->kernel_count, spent_s = 0;

    for (size_t i = 0; i < bench->replay->kernel_count; i++)
        spent_s += bench->blocks[i].spent_s;
    return spent_s < 0.5 * rows * most_s ? PATIENCE * most_s : most_s;
}

static bool is_done(const erg_replay_bench *bench, size_t row)
{
    const erg_time_rule rule = erg_replay_rule(bench, false);
    const erg_time_blocks *blocks = &bench->blocks[row];

    /* Of long kernels on a crowded machine: ranks need twenty blocks. */
    double most_s = blocks->count < (size_t)erg_block_looks[0]
                        ? PATIENCE * rule.most_s
                        : most_of(bench, rule.most_s);

    return blocks->spent_s >= most_s
        || blocks->count >= (size_t)erg_block_looks[ERG_BLOCK_LOOKS - 1]
        || erg_time_blocks_are_enough(blocks, bench->drifts, ERG_REFERENCES,
                                      rule.half_width);
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
            if (turn++ % REFERENCE_EVERY == 0 && !time_reference(bench, err))
                return false;
            erg_replay_tell(bench, "timing again, round %zu: %zu of %zu", round, seen,
                            left);
            if (!block(bench, order[i], row->kernel, row->state == ERG_STATE_COLD, err))
                return false;
        }
        left = 0;
        for (size_t i = 0; i < count; i++)
            left += !(done[i] = done[i] || is_done(bench, i));
    }
    return time_reference(bench, err);
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
        good = time_empty(bench, err) && time_first(bench, order, count, err)
            && time_again(bench, &random, order, done, err);
    }
    free(order);
    free(done);
    return good;
}

/* ---- drift ----------------------------------------------------------------------- */

/* Of the row's blocks; the drift of its first one, whose window and runs stand there, by
 * the share of it that this kernel has. */
static void settle(const erg_replay_bench *bench, size_t row, const double thens_s[])
{
    erg_kernel_timing *kernel = &bench->replay->kernels[row];
    double *times[] = { &kernel->time_s, &kernel->median_s, &kernel->min_s,
                        &kernel->max_s };
    erg_block_time of = { .share = isnan(thens_s[0]) ? NAN : 1 };
    bool has_time = erg_time_blocks_best(&bench->blocks[row], bench->drifts, thens_s,
                                         ERG_REFERENCES, &of);
    double factor =
        erg_drift_factor(&bench->drifts[of.reference], middle_s(kernel->span),
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
    double whole_s = erg_drift_at(&bench->drifts[COMPUTES], middle_s(span));

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
    double thens_s[ERG_REFERENCES];

    for (size_t i = 0; i < ERG_REFERENCES; i++)
        thens_s[i] = erg_drift_level(&bench->drifts[i]);
    for (size_t i = 0; i < bench->replay->kernel_count; i++)
        settle(bench, i, thens_s);
    return tell_drift(bench, thens_s[COMPUTES], err);
}

/* ---- in the order of the day ----------------------------------------------------- */

bool erg_replay_measure(erg_replay_bench *bench, erg_error *err)
{
    bool good =
        erg_pools_take(bench->stage, erg_replay_cache_bytes(bench->env), &bench->pools, err)
        && find_reference(bench, COMPUTES, err)
        && find_reference(bench, STREAMS, err) && time_reference(bench, err)
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
