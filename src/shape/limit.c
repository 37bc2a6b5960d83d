/* SPDX-License-Identifier: Apache-2.0 */
/* A power limit: the clock falls until the unit draws no more. It saves energy. */
#include "shape/policy.h"

static void start(erg_policy_state *state, const erg_policy_setup *setup)
{
    state->limit.cap_w = setup->values[0];
}

static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    (void)in, (void)dt_s;
    out->cap_w = state->limit.cap_w;
}

const erg_policy erg_policy_limit = {
    .name = "limit",
    .about = "power limit: the clock falls, the step takes longer, energy is saved",
    .forms = { { "power", "W", 1e-3, true } },
    .scope = ERG_PER_UNIT, .start = start, .step = step,
};
