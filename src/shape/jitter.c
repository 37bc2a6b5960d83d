/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jitter: every step of a unit, or of a whole rack, begins later by U(a, b). Smooths
 * edges faster than 0.6/(b - a); under a barrier each step costs a + (b-a) N/(N+1).
 */
#include "shape/policy.h"

static bool check(const double values[], erg_error *err)
{
    if (values[1] >= values[0])
        return true;
    return erg_fail(err, ERG_BAD_INPUT,
                    "policy jitter: the least delay is above the greatest");
}

static void start(erg_policy_state *state, const erg_policy_setup *setup)
{
    state->jitter = (erg_jitter){ setup->values[0], setup->values[1],
                                  erg_xoshiro_of(setup->key, setup->entity) };
}

static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    erg_jitter *jitter = &state->jitter;

    (void)dt_s;
    if (in->step_begins)
        out->wait_s = jitter->low_s
                    + (jitter->high_s
                       - jitter->low_s) * erg_xoshiro_uniform(&jitter->random);
}

const erg_policy erg_policy_jitter = {
    .name = "jitter",
    .about = "each unit begins each step later, by chance between two times",
    .forms = { { "least delay", "s", 0, true }, { "greatest delay", "s", 0, true } },
    .scope = ERG_PER_UNIT, .check = check, .start = start, .step = step,
};

const erg_policy erg_policy_jitter_rack = {
    .name = "rack-jitter",
    .about = "the same, all units of a rack alike",
    .forms = { { "least delay", "s", 0, true }, { "greatest delay", "s", 0, true } },
    .scope = ERG_PER_RACK, .check = check, .start = start, .step = step,
};
