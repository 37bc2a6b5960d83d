/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phase offsets between groups that run the same step of period T: group g of G begins
 * g T/G later, once. Harmonic k of the sum then vanishes unless G divides k.
 */
#include <math.h>
#include "shape/policy.h"

static bool check(const double values[], erg_error *err)
{
    if (values[0] == floor(values[0]) && values[0] <= 4096)
        return true;
    return erg_fail(err, ERG_BAD_INPUT,
                    "policy stagger: groups are 1 to 4096, a whole number");
}

static void start_even(erg_policy_state *state, const erg_policy_setup *setup)
{
    state->stagger = (erg_stagger){ (double)setup->group / setup->groups, false };
}

static void start_by_chance(erg_policy_state *state, const erg_policy_setup *setup)
{
    erg_xoshiro random = erg_xoshiro_of(setup->key, setup->entity);

    state->stagger = (erg_stagger){ erg_xoshiro_uniform(&random), false };
}

static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    erg_stagger *stagger = &state->stagger;

    (void)dt_s;
    if (!in->step_begins || stagger->started || !(in->period_s > 0))
        return;
    out->wait_s = stagger->share * in->period_s;
    stagger->started = true;
}

const erg_policy erg_policy_stagger = {
    .name = "stagger",
    .about = "so many groups, a fraction of the step apart: costs nothing between jobs",
    .forms = { { "groups", "", 1, true } },
    .scope = ERG_PER_GROUP, .check = check, .start = start_even, .step = step,
};

const erg_policy erg_policy_scatter = {
    .name = "scatter",
    .about = "so many groups at phases by chance: what uncoordinated jobs do",
    .forms = { { "groups", "", 1, true } },
    .scope = ERG_PER_GROUP, .check = check, .start = start_by_chance, .step = step,
};
