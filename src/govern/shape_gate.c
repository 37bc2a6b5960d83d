/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "govern/shape_gate.h"

#define PEAK_CUT 0.1
#define LOSS_MOST 0.05
#define STRICT_LOSS_MOST 0.02
#define ENERGY_MORE_MOST 0.02
#define COLLECTIVE_MORE_MOST 0.1
#define ROUNDING 1e-7               /* a share that small is none */

/* The peak's cut, or a limit of ramp or band that the user stated and that is met. */
static void weigh_gain(const erg_gate_side *base, const erg_gate_side *new,
                       const erg_shape_options *options, double *value, double *limit)
{
    *value = new->peak_10ms_w / base->peak_10ms_w - 1;
    *limit = -(options->peak_cut > 0 ? options->peak_cut : PEAK_CUT);
    if (options->ramp_w_per_s > 0 && !(*value <= *limit))
        *value = new->ramp_w_per_s, *limit = options->ramp_w_per_s;
    if (options->band_rms > 0 && !(*value <= *limit))
        *value = new->band_rms, *limit = options->band_rms;
}

static void weigh_loss(const erg_gate_side *base, const erg_gate_side *new,
                       const erg_shape_options *options, double *value, double *limit)
{
    (void)base;
    *value = new->throughput_loss;
    *limit = options->strict ? STRICT_LOSS_MOST : LOSS_MOST;
}

static void weigh_energy(const erg_gate_side *base, const erg_gate_side *new,
                         const erg_shape_options *options, double *value, double *limit)
{
    (void)options;
    *value = new->energy_per_step_j / base->energy_per_step_j - 1;
    *limit = new->burns ? INFINITY : ENERGY_MORE_MOST;
}

static void weigh_collective(const erg_gate_side *base, const erg_gate_side *new,
                             const erg_shape_options *options, double *value, double *limit)
{
    (void)options;
    *value = new->collective_p99_s / base->collective_p99_s - 1;
    *limit = COLLECTIVE_MORE_MOST;
}

static void weigh_throttling(const erg_gate_side *base, const erg_gate_side *new,
                             const erg_shape_options *options, double *value, double *limit)
{
    (void)options;
    *value = new->throttled_s;
    *limit = base->throttled_s;
}

static void weigh_timeouts(const erg_gate_side *base, const erg_gate_side *new,
                           const erg_shape_options *options, double *value, double *limit)
{
    (void)base, (void)options;
    *value = new->timeouts;
    *limit = 0;
}

static void weigh_breaker(const erg_gate_side *base, const erg_gate_side *new,
                          const erg_shape_options *options, double *value, double *limit)
{
    (void)base, (void)options;
    *value = new->has_tripped;
    *limit = 0;
}

const erg_gate_clause erg_gate_clauses[] = {
    { "gain", "10 ms peak against base, or a stated ramp or band limit", "peak",
      .weigh = weigh_gain, .needed = true },
    { "throughput", "share of the steps that is lost", "steps lost",
      .weigh = weigh_loss, .needed = true },
    { "energy", "joules a step against base; a floor may burn", "joules a step",
      .weigh = weigh_energy },
    { "collective", "99 % of a collective's time against base", "collectives take",
      .weigh = weigh_collective },
    { "timeouts", "of collectives", "collectives time out", true, .weigh = weigh_timeouts },
    { "throttling", "seconds of it, not more than base", "it throttles longer", true,
      .weigh = weigh_throttling },
    { "breaker", "holds", "a breaker trips", true, .weigh = weigh_breaker },
    { NULL },
};

/* A share as people say it; what is far above 1 is a ramp that the user limited. */
static void say(double value, char *to, size_t size)
{
    if (fabs(value) < 10)
        snprintf(to, size, "%+.1f %%", 100 * value);
    else
        snprintf(to, size, "%.4g", value);
}

static void say_broken(const erg_gate_clause *clause, double value, double limit,
                       erg_gate_result *to)
{
    char is[32], most[32];

    say(value, is, sizeof(is));
    say(limit, most, sizeof(most));
    if (clause->is_event)
        snprintf(to->reason, sizeof(to->reason), "%s", clause->broken);
    else
        snprintf(to->reason, sizeof(to->reason), "%s %s (at most %s)", clause->broken,
                 is, most);
}

erg_gate_result erg_gate_judge(const erg_gate_side *base, const erg_gate_side *new,
                               const erg_shape_options *options)
{
    erg_gate_result result = { .verdict = ERG_ACCEPTED };

    for (const erg_gate_clause *clause = erg_gate_clauses; clause->name; clause++) {
        double value, limit;
        clause->weigh(base, new, options, &value, &limit);
        if (fabs(value) < ROUNDING)
            value = 0;
        if ((isnan(value) || isnan(limit)) && clause->needed) {
            snprintf(result.reason, sizeof(result.reason),
                     "%s: not to be seen in this record", clause->name);
            result.verdict = ERG_NOT_ASSESSABLE;
            return result;
        }
        if (value > limit + ROUNDING && result.verdict == ERG_ACCEPTED) {
            say_broken(clause, value, limit, &result);
            result.verdict = ERG_REJECTED;
        }
    }
    if (result.verdict == ERG_ACCEPTED)
        snprintf(result.reason, sizeof(result.reason), "peak %+.1f %%; throughput %+.1f %%",
                 100 * (new->peak_10ms_w / base->peak_10ms_w - 1),
                 -100 * new->throughput_loss + 0.0);
    return result;
}
