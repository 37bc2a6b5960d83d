/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits that rise slowly: `ramp` lets every rise of a unit's power take its time;
 * `soft-start` brings units up one after the other, once. Both lower the clock and burn
 * nothing; a fall is slowed down by `floor`, which burns.
 */
#include <math.h>
#include "shape/policy.h"

/* Power is constant between events: a rise from idle to the top has so many at least. */
enum { STEPS = 64 };

static void start_ramp(erg_policy_state *state, const erg_policy_setup *setup)
{
    state->slope = (erg_slope){ { setup->values[0], INFINITY, setup->idle_w },
                                setup->idle_w };
}

static void step_ramp(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                      erg_policy_out *out)
{
    erg_slope *slope = &state->slope;

    /* The time that is over belongs to what was wanted then. */
    erg_ramp_step(&slope->ramp, slope->want_w, dt_s);
    slope->want_w = in->power_w;
    out->cap_w = slope->ramp.level_w = fmin(slope->ramp.level_w, in->power_w);
    if (out->cap_w < in->power_w)
        out->again_s = fmin(fmin(in->power_w - out->cap_w, in->power_w / STEPS)
                                / slope->ramp.up_w_per_s, ERG_POLICY_STEP_MOST_S);
}

const erg_policy erg_policy_ramp = {
    .name = "ramp",
    .about = "a unit's power rises by at most so many watts a second",
    .forms = { { "rise", "W/s", 1, true } },
    .scope = ERG_PER_UNIT, .start = start_ramp, .step = step_ramp,
};

static void start_soft(erg_policy_state *state, const erg_policy_setup *setup)
{
    const double *values = setup->values;
    erg_xoshiro random = erg_xoshiro_of(setup->key, setup->entity);
    double jitter_s = isnan(values[1]) ? 0 : values[1] * erg_xoshiro_uniform(&random);

    state->start.now_s = 0;
    state->start.plan = (erg_soft_start){
        .idle_w = setup->idle_w, .cap_w = setup->most_w, .ramp_s = values[0],
        .node = setup->unit, .nodes = setup->units, .jitter_s = jitter_s,
    };
}

static void step_soft(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                      erg_policy_out *out)
{
    erg_start *soft = &state->start;
    const erg_soft_start *plan = &soft->plan;
    double begin_s = erg_soft_start_begin_s(plan);

    (void)in;
    soft->now_s += dt_s;
    out->cap_w = erg_soft_start_at(plan, soft->now_s);
    if (soft->now_s < begin_s)
        out->again_s = begin_s - soft->now_s;
    else if (out->cap_w < plan->cap_w)
        /* Units rise at times of their own: many make a slope of longer steps. */
        out->again_s = fmin(plan->ramp_s / STEPS,
                            ERG_POLICY_STEP_MOST_S * fmax(1, (double)plan->nodes / STEPS));
}

const erg_policy erg_policy_soft_start = {
    .name = "soft-start",
    .about =
        "units come up one after the other, each over so long: no rush when a job begins",
    .forms = { { "time", "s", 1e-3, true }, { "jitter", "s", 0, false } },
    .scope = ERG_PER_UNIT, .begins = true, .start = start_soft, .step = step_soft,
};
