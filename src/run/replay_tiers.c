/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window for each tier: its kernels in the proportion of their counts, again and again,
 * as long as the meter needs. So even a meter of one reading a second gives the joules of
 * tiers; of single kernels it gives none.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run/replay_bench.h"

static const double cycle_batch_s = 0.05;

/* Kernels of one tier; a cycle launches each as often as `steps` steps do. */
typedef struct mixture {
    erg_replay_bench *bench;
    int32_t *kernels;
    int64_t *launches;
    size_t count;
    double steps;
    bool is_cold;
} mixture;

static bool run_cycles(void *self, size_t first, size_t count, erg_error *err)
{
    const mixture *m = self;

    for (size_t cycle = first; cycle < first + count; cycle++)
        for (size_t i = 0; i < m->count; i++) {
            size_t launches = (size_t)m->launches[i];
            if (!erg_replay_launch_alone(m->bench, m->kernels[i], m->is_cold,
                                         cycle * launches, launches, err))
                return false;
        }
    return true;
}

/* Counts that are no multiple of the steps are launched as they are: over all steps. */
static double steps_of_cycle(const erg_replay_plan *plan)
{
    int64_t steps = plan->steps >= 1 ? (int64_t)plan->steps : 1;

    for (size_t i = 0; i < plan->kernel_count; i++)
        if (plan->kernels[i].count % steps != 0)
            return plan->steps;
    return 1;
}

static void mix(mixture *m, erg_tier tier)
{
    const erg_stage *stage = m->bench->stage;

    m->count = 0;
    for (size_t i = 0; i < stage->plan->kernel_count; i++) {
        const erg_replay_kernel *kernel = &stage->plan->kernels[i];
        if (!stage->jobs[i] || kernel->tier != tier)
            continue;
        m->kernels[m->count] = (int32_t)i;
        m->launches[m->count++] =
            llround((double)kernel->count * m->steps / stage->plan->steps);
    }
}

static bool meter_tier(mixture *m, erg_tier tier, erg_error *err)
{
    erg_replay_bench *bench = m->bench;
    erg_time_rule rule = erg_replay_rule(bench, true);
    erg_timed_work work = { .run = run_cycles, .self = m };
    erg_timed timed;
    char name[64];

    mix(m, tier);
    if (m->count == 0)
        return true;
    rule.warmup = 1;
    rule.runs = 1;
    rule.batch_s = cycle_batch_s;
    rule.half_width = 0;
    snprintf(name, sizeof(name), ERG_REPLAY_TIER "%s:%s", erg_tier_name(tier),
             m->is_cold ? "cold" : "hot");
    erg_replay_tell(bench, "metering %s", name);
    double cycle_s = erg_time_warm(bench->env, &rule, &work, err);
    if (isnan(cycle_s))
        return false;
    int64_t id = erg_replay_region(bench, name);
    bool good = erg_time_measure(bench->env, &rule, &work, cycle_s, &timed, err);
    erg_replay_region_end(bench, id, good ? timed.executed * m->steps : NAN);
    if (good)
        erg_timed_free(&timed);
    return good;
}

static bool meter_tiers(mixture *m, erg_error *err)
{
    const bool wanted[] = { !m->bench->options->no_hot, !m->bench->options->no_cold };

    for (int tier = 0; tier < ERG_TIERS; tier++)
        for (int is_cold = 0; is_cold < 2; is_cold++) {
            m->is_cold = is_cold;
            if (wanted[is_cold] && !meter_tier(m, (erg_tier)tier, err))
                return false;
        }
    return true;
}

bool erg_replay_meter_each_tier(erg_replay_bench *bench, erg_error *err)
{
    const erg_replay_plan *plan = bench->stage->plan;
    size_t room = plan->kernel_count + 1;

    if (!bench->options->by_tier || !(bench->energy_s > 0) || bench->options->no_kernels)
        return true;
    if (!(plan->steps > 0))
        return erg_fail(
            err, ERG_BAD_INPUT,
            "energy by tier needs the proportion of counts in a step: state the "
            "steps with --steps N");
    mixture m = { .bench = bench, .steps = steps_of_cycle(plan) };
    m.kernels = malloc(room * sizeof(*m.kernels));
    m.launches = malloc(room * sizeof(*m.launches));
    bool good = m.kernels && m.launches
                    ? meter_tiers(&m, err)
                    : erg_fail(err, ERG_NO_MEMORY, "no memory for %zu kernels", room);
    free(m.kernels);
    free(m.launches);
    return good;
}
