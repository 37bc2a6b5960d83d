/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels alone, hot and cold, in an order by chance. A reference kernel is timed again
 * every ten: what it drifts, the others have drifted too.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/random.h"
#include "run/replay_bench.h"

enum { REFERENCE_EVERY = 10, LOOK_EVERY = 64 };
static const double reference_s = 0.1, reference_most_s = 5e-3;
static const double empty_factor = 1.5; /* spec section 4.4 */

typedef struct alone {
    erg_replay_bench *bench;
    erg_engine_job *job;
    erg_rotation rotation;
    size_t captured; /* launches that one burst has; 0: none is captured */
    double burst_s;
} alone;

static bool run_alone(void *self, size_t first, size_t count, erg_error *err)
{
    const alone *a = self;
    const erg_stage *stage = a->bench->stage;
    void *memory[ERG_SIGNATURE_TENSORS];

    for (size_t i = first; i < first + count; i++) {
        if (i == first || a->rotation.sets > 1)
            erg_rotation_at(&a->rotation, i, memory);
        if (i % LOOK_EVERY == 0 && !erg_replay_goes_on(a->bench, err))
            return false;
        if (!stage->engine->launch(a->job, memory, err))
            return false;
    }
    return stage->engine->wait(stage->session, err);
}

/* Where the engine has them. A burst that went over fewer sets than there are would find
 * them in the cache the next time; a graph of more launches than this takes longer to make
 * than all its runs, and such kernels are bound by their launch. */
enum { BURST_MOST = 8192 };

static size_t capture(void *self, size_t count, erg_error *err)
{
    alone *a = self;
    const erg_stage *stage = a->bench->stage;
    size_t sets = a->rotation.sets < BURST_MOST ? a->rotation.sets : BURST_MOST;
    size_t launches = count > BURST_MOST ? BURST_MOST : count > sets ? count : sets;
    void *(*memory)[ERG_SIGNATURE_TENSORS] = calloc(sets, sizeof(*memory));

    if (!memory) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu sets", sets);
        return 0;
    }
    for (size_t i = 0; i < sets; i++)
        erg_rotation_at(&a->rotation, i, memory[i]);
    if (launches != a->captured
        && !stage->engine->capture(a->job,
                                   &(erg_engine_burst){
                                       (void *const (*)[ERG_SIGNATURE_TENSORS])memory, sets,
                                       launches },
                                   err))
        launches = 0;
    a->captured = launches;
    free(memory);
    return launches;
}

static bool run_burst(void *self, size_t first, size_t count, erg_error *err)
{
    alone *a = self;

    (void)first;
    (void)count;
    return a->bench->stage->engine->burst(a->job, 1, &a->burst_s, err);
}

static double burst_s(const void *self) { return ((const alone *)self)->burst_s; }

static erg_timed_work work_of(alone *a)
{
    return a->bench->stage->engine->capture
               ? (erg_timed_work){ run_burst, a, capture, burst_s }
               : (erg_timed_work){ .run = run_alone, .self = a };
}

static alone alone_of(erg_replay_bench *bench, int32_t kernel, bool is_cold)
{
    alone a = { .bench = bench, .job = bench->stage->jobs[kernel] };

    erg_rotation_of(&bench->pools, &bench->stage->plan->kernels[kernel].signature, is_cold,
                    &a.rotation);
    return a;
}

bool erg_replay_launch_alone(erg_replay_bench *bench, int32_t kernel, bool is_cold,
                             size_t first, size_t count, erg_error *err)
{
    alone a = alone_of(bench, kernel, is_cold);

    return run_alone(&a, first, count, err);
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
    alone a = { .bench = bench };
    erg_time_rule rule = erg_replay_rule(bench, false);
    erg_timed_work work = work_of(&a);
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

/* The most work that one run has in a few milliseconds. */
static bool find_reference(erg_replay_bench *bench, erg_error *err)
{
    const erg_replay_plan *plan = bench->stage->plan;
    erg_time_rule rule = erg_replay_rule(bench, false);
    double best = 0;

    bench->reference = -1;
    rule.warmup = 1;
    rule.warmup_s = 0;
    for (size_t i = 0; i < plan->kernel_count; i++) {
        alone a = { 0 };

        if (!bench->stage->jobs[i])
            continue;
        a = alone_of(bench, (int32_t)i, false);
        double run_s =
            erg_time_warm(bench->env, &rule, &(erg_timed_work){ run_alone, &a }, err);
        if (isnan(run_s))
            return false;
        if (run_s <= reference_most_s && run_s > best) {
            best = run_s;
            bench->reference = (int32_t)i;
        }
    }
    return true;
}

static bool time_reference(erg_replay_bench *bench, erg_error *err)
{
    erg_time_rule rule = erg_replay_rule(bench, false);
    erg_timed timed;

    if (bench->reference < 0)
        return true;
    alone a = alone_of(bench, bench->reference, false);
    erg_timed_work work = work_of(&a);
    rule.runs = 0;
    rule.least_s = reference_s;
    rule.half_width = 0;
    double run_s = erg_time_warm(bench->env, &rule, &work, err);
    if (isnan(run_s) || !erg_time_measure(bench->env, &rule, &work, run_s, &timed, err))
        return false;
    double at_s =
        0.5 * (erg_s_from_ns(timed.span.begin_ns) + erg_s_from_ns(timed.span.end_ns));
    bool good = erg_drift_add(&bench->drift, at_s, timed.median_s, err);
    erg_timed_free(&timed);
    return good;
}

/* ---- one kernel ------------------------------------------------------------------ */

static bool keep(erg_replay_bench *bench, int32_t kernel, bool is_cold,
                 const erg_timed *timed, erg_error *err)
{
    const erg_replay_kernel *is = &bench->stage->plan->kernels[kernel];
    erg_kernel_timing row = erg_kernel_timing_unknown();

    row.kernel = kernel;
    row.tier = is->tier;
    row.count = (double)is->count;
    row.state = is_cold ? ERG_STATE_COLD : ERG_STATE_HOT;
    row.time_s = timed->mean_s;
    row.low_s = timed->low_s;
    row.high_s = timed->high_s;
    row.median_s = timed->median_s;
    row.min_s = timed->min_s;
    row.max_s = timed->max_s;
    row.empty_s = bench->empty_s;
    row.runs_requested = timed->requested;
    row.runs_executed = row.runs_used = timed->executed;
    row.lost_s = timed->lost_s;
    row.span = timed->span;
    row.clock_hz = erg_replay_clock_hz(bench->env);
    row.launch_bound = timed->mean_s < empty_factor * bench->empty_s;
    row.flop = is->signature.flop < 0 ? NAN : (double)is->signature.flop;
    row.bytes = is->signature.in_bytes < 0 || is->signature.out_bytes < 0
                    ? NAN : (double)(is->signature.in_bytes + is->signature.out_bytes);
    erg_text_put(row.name, sizeof(row.name), is->name);
    return erg_replay_add(bench->replay, &row, err);
}

static bool time_one(erg_replay_bench *bench, int32_t kernel, bool is_cold, erg_error *err)
{
    alone a = alone_of(bench, kernel, is_cold);
    erg_timed_work work = work_of(&a);
    erg_time_rule rule =
        erg_replay_rule(bench, bench->energy_s > 0 && !bench->options->by_tier);
    char name[64];
    erg_timed timed;

    snprintf(name, sizeof(name), "%s:%s", bench->stage->plan->kernels[kernel].id,
             is_cold ? "cold" : "hot");
    double run_s = erg_time_warm(bench->env, &rule, &work, err);
    if (isnan(run_s))
        return false;
    int64_t id = erg_replay_region(bench, name);
    bool good = erg_time_measure(bench->env, &rule, &work, run_s, &timed, err);
    erg_replay_region_end(bench, id, good ? timed.executed : NAN);
    if (!good)
        return false;
    good = keep(bench, kernel, is_cold, &timed, err);
    erg_timed_free(&timed);
    return good;
}

/* ---- all of them ----------------------------------------------------------------- */

static bool time_all(erg_replay_bench *bench, const size_t order[], size_t count,
                     erg_error *err)
{
    const bool wanted[] = { !bench->options->no_hot, !bench->options->no_cold };

    for (size_t i = 0; i < count; i++) {
        int32_t kernel = (int32_t)order[i];

        if (i % REFERENCE_EVERY == 0 && !time_reference(bench, err))
            return false;
        erg_replay_tell(bench, "timing kernel %zu of %zu", i + 1, count);
        for (int is_cold = 0; bench->stage->jobs[kernel] && is_cold < 2; is_cold++)
            if (wanted[is_cold] && !time_one(bench, kernel, is_cold, err))
                return false;
    }
    return time_reference(bench, err);
}

bool erg_replay_time_kernels(erg_replay_bench *bench, erg_error *err)
{
    size_t count = bench->stage->plan->kernel_count;
    erg_random random = { bench->options->seed ? bench->options->seed : 1 };

    if (bench->options->no_kernels || bench->stage->jobs_ready == 0)
        return true;
    size_t *order = malloc((count + 1) * sizeof(*order));
    if (!order)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for an order of %zu kernels", count);
    erg_random_order(&random, order, count);
    bool good = time_empty(bench, err) && time_all(bench, order, count, err);
    free(order);
    return good;
}

/* ---- drift ----------------------------------------------------------------------- */

static double middle_s(erg_span span)
{
    return 0.5 * (erg_s_from_ns(span.begin_ns) + erg_s_from_ns(span.end_ns));
}

void erg_replay_remove_drift(erg_replay_bench *bench)
{
    const erg_whole_timing *whole = &bench->replay->whole;
    bool has_whole = whole->span.end_ns > whole->span.begin_ns;
    double then_s =
        bench->drift.count == 0
            ? NAN
            : erg_drift_at(&bench->drift,
                           has_whole ? middle_s(whole->span) : bench->drift.points[0].at_s);

    for (size_t i = 0; !isnan(then_s) && i < bench->replay->kernel_count; i++) {
        erg_kernel_timing *kernel = &bench->replay->kernels[i];
        double factor = then_s / erg_drift_at(&bench->drift, middle_s(kernel->span));
        double *times[] = { &kernel->time_s,   &kernel->low_s, &kernel->high_s,
                            &kernel->median_s, &kernel->min_s, &kernel->max_s };

        kernel->drift = factor;
        for (size_t t = 0; t < ERG_COUNT(times); t++)
            *times[t] *= factor;
    }
}

/* ---- in the order of the day ----------------------------------------------------- */

/* The reference is timed on both sides of the whole: so the two can be held together. */
bool erg_replay_measure(erg_replay_bench *bench, erg_error *err)
{
    bool good =
        erg_pools_take(bench->stage, erg_replay_cache_bytes(bench->env), &bench->pools, err)
        && find_reference(bench, err) && time_reference(bench, err)
        && erg_replay_time_whole(bench, err) && erg_replay_time_kernels(bench, err)
        && erg_replay_meter_each_tier(bench, err);

    if (good)
        erg_replay_remove_drift(bench);
    erg_pools_give(bench->stage, &bench->pools);
    erg_drift_free(&bench->drift);
    return good;
}
