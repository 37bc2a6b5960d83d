/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "govern/shape_gate.h"

#define PEAK_CUT 0.1
#define LOSS_MOST 0.05
#define STRICT_LOSS_MOST 0.02
#define ENERGY_MORE_MOST 0.02
#define COLLECTIVE_MORE_MOST 0.1
#define ROUNDING 1e-7               /* a share that small is none */

bool erg_gate_is_judged(const erg_gate_weighed *weighed)
{
    return !isnan(weighed->value) && !isnan(weighed->limit);
}

bool erg_gate_is_met(const erg_gate_weighed *weighed)
{
    return weighed->value <= weighed->limit + ROUNDING;
}

/* The peak's cut, or a limit of ramp or band that the user stated and that is met. One of
 * them that cannot be seen might be: that goes before one that is not met. */
static erg_gate_weighed weigh_gain(const erg_gate_side *base, const erg_gate_side *new,
                                   const erg_shape_options *options)
{
    const erg_gate_weighed claims[] = {
        { new->peak_10ms_w / base->peak_10ms_w - 1,
          -(options->peak_cut > 0 ? options->peak_cut : PEAK_CUT), "peak", false },
        { new->ramp_w_per_s, options->ramp_w_per_s, "ramp in W/s", true },
        { new->band_rms, options->band_rms, "band", false },
    };
    size_t at = 0;

    for (size_t i = 1; i < ERG_COUNT(claims) && !erg_gate_is_met(&claims[at]); i++)
        if (claims[i].limit > 0
            && (at == 0 || isnan(claims[i].value) || erg_gate_is_met(&claims[i])))
            at = i;
    return claims[at];
}

static erg_gate_weighed weigh_loss(const erg_gate_side *base, const erg_gate_side *new,
                                   const erg_shape_options *options)
{
    (void)base;
    return (erg_gate_weighed){ new->throughput_loss,
                               options->strict ? STRICT_LOSS_MOST : LOSS_MOST,
                               "steps lost", false };
}

static erg_gate_weighed weigh_energy(const erg_gate_side *base, const erg_gate_side *new,
                                     const erg_shape_options *options)
{
    (void)options;
    return (erg_gate_weighed){ new->energy_per_step_j / base->energy_per_step_j - 1,
                               new->burns ? INFINITY : ENERGY_MORE_MOST, "joules a step",
                               false };
}

static erg_gate_weighed weigh_collective(const erg_gate_side *base,
                                         const erg_gate_side *new,
                                         const erg_shape_options *options)
{
    (void)options;
    return (erg_gate_weighed){ new->collective_p99_s / base->collective_p99_s - 1,
                               COLLECTIVE_MORE_MOST, "collectives take", false };
}

static erg_gate_weighed weigh_throttling(const erg_gate_side *base,
                                         const erg_gate_side *new,
                                         const erg_shape_options *options)
{
    (void)options;
    return (erg_gate_weighed){ new->throttled_s, base->throttled_s, "it throttles longer",
                               false };
}

static erg_gate_weighed weigh_timeouts(const erg_gate_side *base, const erg_gate_side *new,
                                       const erg_shape_options *options)
{
    (void)base, (void)options;
    return (erg_gate_weighed){ new->timeouts, 0, "collectives time out", false };
}

static erg_gate_weighed weigh_breaker(const erg_gate_side *base, const erg_gate_side *new,
                                      const erg_shape_options *options)
{
    (void)base, (void)options;
    return (erg_gate_weighed){ new->has_tripped, 0, "a breaker trips", false };
}

const erg_gate_clause erg_gate_clauses[] = {
    { "gain", "10 ms peak against base, or a stated ramp or band limit", weigh_gain,
      .needed = true },
    { "throughput", "share of the steps that is lost", weigh_loss, .needed = true },
    { "energy", "joules a step against base; a floor may burn",
      .weigh = weigh_energy },
    { "collective", "99 % of a collective's time against base",
      .weigh = weigh_collective },
    { "timeouts", "of collectives", weigh_timeouts, .is_event = true },
    { "throttling", "seconds of it, not more than base", weigh_throttling,
      .is_event = true },
    { "breaker", "holds", weigh_breaker, .is_event = true },
    { NULL },
};

static void say(const erg_gate_weighed *weighed, double value, char *to, size_t size)
{
    if (weighed->is_ramp)
        snprintf(to, size, "%.4g", value);
    else
        snprintf(to, size, "%+.1f %%", 100 * value);
}

static void say_broken(const erg_gate_clause *clause, const erg_gate_weighed *weighed,
                       erg_gate_result *to)
{
    char is[32], most[32];

    say(weighed, weighed->value, is, sizeof(is));
    say(weighed, weighed->limit, most, sizeof(most));
    if (clause->is_event)
        snprintf(to->reason, sizeof(to->reason), "%s", weighed->what);
    else
        snprintf(to->reason, sizeof(to->reason), "%s %s (at most %s)", weighed->what, is,
                 most);
}

static void say_won(const erg_gate_weighed *gain, double loss, erg_gate_result *to)
{
    char won[32];

    say(gain, gain->value, won, sizeof(won));
    snprintf(to->reason, sizeof(to->reason), "%s %s; throughput %+.1f %%", gain->what, won,
             -100 * loss + 0.0);
}

erg_gate_result erg_gate_judge(const erg_gate_side *base, const erg_gate_side *new,
                               const erg_shape_options *options)
{
    const erg_gate_weighed gain = weigh_gain(base, new, options);
    erg_gate_result result = { .verdict = ERG_ACCEPTED };

    for (const erg_gate_clause *clause = erg_gate_clauses; clause->name; clause++) {
        erg_gate_weighed weighed = clause->weigh(base, new, options);
        if (fabs(weighed.value) < ROUNDING)
            weighed.value = 0;
        if (!erg_gate_is_judged(&weighed) && clause->needed) {
            snprintf(result.reason, sizeof(result.reason),
                     "%s: not to be seen in this record", clause->name);
            result.verdict = ERG_NOT_ASSESSABLE;
            return result;
        }
        if (erg_gate_is_judged(&weighed) && !erg_gate_is_met(&weighed)
            && result.verdict == ERG_ACCEPTED) {
            say_broken(clause, &weighed, &result);
            result.verdict = ERG_REJECTED;
        }
    }
    if (result.verdict == ERG_ACCEPTED)
        say_won(&gain, new->throughput_loss, &result);
    return result;
}
