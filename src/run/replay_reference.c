/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "run/replay_alone.h"
#include "run/replay_reference.h"

static const double streams_least = 0.2; /* bytes a FLOP */
static const double reference_s = 0.05, reference_most_s = 5e-3, reference_warmup_s = 5e-3;

/* One element: what is left is the launch. */
bool erg_replay_time_empty(erg_replay_bench *bench, erg_error *err)
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
    erg_rotation_of(&bench->pools, &empty, &(erg_engine_parts){ .count = 1 }, false,
                    &a.rotation);
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

bool erg_replay_streams(const erg_signature *signature)
{
    return signature->in_bytes > 0 && signature->out_bytes > 0
        && (double)(signature->in_bytes + signature->out_bytes)
               > streams_least * fmax((double)signature->flop, 0);
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
        bool may_be = bench->stage->jobs[i]
            && (which == ERG_COMPUTES || erg_replay_streams(&plan->kernels[i].signature));
        if (!may_be)
            continue;
        erg_alone a = erg_alone_of(bench, (int32_t)i, which == ERG_STREAMS);
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
    erg_alone a = erg_alone_of(bench, bench->references[which], which == ERG_STREAMS);
    erg_timed_work work = erg_alone_work(&a);
    rule.runs = 0;
    rule.warmup_s = reference_warmup_s;
    rule.least_s = reference_s;
    rule.half_width = 0;
    double run_s = erg_time_warm(bench->env, &rule, &work, err);
    if (isnan(run_s) || !erg_time_measure(bench->env, &rule, &work, run_s, &timed, err))
        return false;
    bool good = erg_drift_add(&bench->drifts[which], erg_span_middle_s(timed.span),
                              timed.centre_s, err);
    erg_timed_free(&timed);
    return good;
}

bool erg_replay_time_references(erg_replay_bench *bench, erg_error *err)
{
    return time_one(bench, ERG_COMPUTES, err) && time_one(bench, ERG_STREAMS, err);
}

bool erg_replay_find_references(erg_replay_bench *bench, erg_error *err)
{
    return find_reference(bench, ERG_COMPUTES, err)
        && find_reference(bench, ERG_STREAMS, err);
}
