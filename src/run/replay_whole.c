/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as a model runs it: its launches in order, on the memory that they share. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "run/replay_bench.h"

enum { TRACED_LEAST = 5, TRACED_MOST = 30 };

typedef struct passes {
    erg_replay_bench *bench;
} passes;

static bool run_passes(void *self, size_t first, size_t count, erg_error *err)
{
    erg_replay_bench *bench = ((passes *)self)->bench;
    erg_stage *stage = bench->stage;

    (void)first;
    for (size_t pass = 0; pass < count; pass++) {
        if (!erg_replay_goes_on(bench, err))
            return false;
        for (size_t i = 0; i < stage->plan->launch_count; i++)
            if (!erg_stage_launch(stage, i, err))
                return false;
    }
    return stage->engine->wait(stage->session, err);
}

/* ---- traced: each launch between two stamps ---------------------------------- */

typedef struct traced {
    size_t passes, launches;
    bool on_core; /* what others had the processor for is no launch's time */
    double *times, *shares;
} traced;

static bool trace_pass(erg_replay_bench *bench, traced *to, size_t pass, erg_error *err)
{
    erg_stage *stage = bench->stage;
    int64_t begin_ns = erg_env_now_ns(bench->env);
    double sum_s = 0;

    for (size_t i = 0; i < to->launches; i++) {
        double had_s = to->on_core ? erg_time_core_s() : NAN;
        int64_t before_ns = erg_env_now_ns(bench->env);

        if (!erg_stage_launch(stage, i, err) || !stage->engine->wait(stage->session, err))
            return false;
        double time_s = erg_s_from_ns(erg_env_now_ns(bench->env) - before_ns);
        to->times[i * to->passes + pass] =
            to->on_core ? fmin(time_s, erg_time_core_s() - had_s) : time_s;
        sum_s += time_s;
    }
    double wall_s = erg_s_from_ns(erg_env_now_ns(bench->env) - begin_ns);
    to->shares[pass] = wall_s > 0 ? sum_s / wall_s : 1;
    return erg_replay_goes_on(bench, err);
}

/* Medians by launch: on a busy machine a pass of 50 ms is always interrupted somewhere, a
 * launch of one millisecond seldom. */
static bool trace_passes(erg_replay_bench *bench, double runs, erg_error *err)
{
    erg_whole_timing *whole = &bench->replay->whole;
    traced to = { .passes = (size_t)fmin(fmax(runs, TRACED_LEAST), TRACED_MOST),
                  .launches = bench->stage->plan->launch_count,
                  .on_core = erg_replay_rule(bench, false).on_core };
    bool good = true;

    to.times = calloc(to.passes * to.launches, sizeof(*to.times));
    to.shares = calloc(to.passes, sizeof(*to.shares));
    if (!to.times || !to.shares)
        good = erg_fail(err, ERG_NO_MEMORY, "no memory for a trace");
    for (size_t pass = 0; good && pass < to.passes; pass++)
        good = trace_pass(bench, &to, pass, err);
    if (good) {
        whole->traced_s = 0;
        for (size_t i = 0; i < to.launches; i++)
            whole->traced_s += erg_median(to.times + i * to.passes, to.passes);
        whole->traced_share = erg_median(to.shares, to.passes);
    }
    free(to.times);
    free(to.shares);
    return good;
}

/* ---- timed ----------------------------------------------------------------------- */

/* The seconds of each pass stand in the recording: a summary loses their shape. */
static void mark_passes(const erg_replay_bench *bench, const erg_timed *timed)
{
    for (size_t i = 0; bench->rec && i < timed->count; i++)
        erg_recording_mark(
            bench->rec, &(erg_mark_row){ timed->span.end_ns, "pass_s", timed->values[i] });
}

static void keep(erg_whole_timing *whole, const erg_timed *timed)
{
    whole->time_s = timed->mean_s;
    whole->median_s = timed->median_s;
    whole->min_s = timed->min_s;
    whole->max_s = timed->max_s;
    whole->low_s = timed->low_s;
    whole->high_s = timed->high_s;
    whole->runs = timed->executed;
    whole->span = timed->span;
}

bool erg_replay_time_whole(erg_replay_bench *bench, erg_error *err)
{
    passes all = { bench };
    erg_timed_work work = { run_passes, &all };
    erg_time_rule rule = erg_replay_rule(bench, bench->energy_s > 0);
    erg_timed timed;

    if (bench->stage->plan->launch_count == 0 || bench->options->no_whole)
        return true;
    if (!bench->stage->is_whole)
        return erg_replay_plan_note(bench->stage->plan, err,
                                    "the whole was not timed: some of "
                                    "its kernels are not replayable");
    erg_replay_tell(bench, "timing the whole: %zu launches",
                    bench->stage->plan->launch_count);
    if (!erg_stage_furnish(bench->stage, err))
        return false;
    rule.batch_s = 0; /* each pass alone */
    rule.half_width = 0;
    double pass_s = erg_time_warm(bench->env, &rule, &work, err);
    if (isnan(pass_s))
        return false;
    int64_t id = erg_replay_region(bench, "full_model");
    bool good = erg_time_measure(bench->env, &rule, &work, pass_s, &timed, err);
    erg_replay_region_end(bench, id, good ? timed.executed : NAN);
    if (good) {
        mark_passes(bench, &timed);
        keep(&bench->replay->whole, &timed);
        good = trace_passes(bench, rule.runs, err);
        erg_timed_free(&timed);
    }
    return good;
}
