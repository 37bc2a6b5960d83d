/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs whose steps differ, each begun once at the phase that a search over their profiles
 * found (shape/stagger_fit.h). A phase lasts only while periods are equal: a job that is
 * faster waits before each step for what it is short of the slowest.
 */
#include <math.h>
#include "shape/policy.h"
#include "shape/stagger_fit.h"

static bool check(const double values[], erg_error *err)
{
    if (isnan(values[0])
        || (values[0] == floor(values[0]) && values[0] <= ERG_PROFILES_MOST))
        return true;
    return erg_fail(err, ERG_BAD_INPUT,
                    "policy interleave: groups are 2 to %d, a whole number",
                    ERG_PROFILES_MOST);
}

static void start(erg_policy_state *state, const erg_policy_setup *setup)
{
    state->interleave = (erg_interleave){ setup->shift_s, setup->slower_s, false };
}

static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    erg_interleave *apart = &state->interleave;

    (void)dt_s;
    if (!in->step_begins)
        return;
    out->wait_s = apart->started ? apart->slower_s : apart->shift_s;
    apart->started = true;
}

const erg_policy erg_policy_interleave = {
    .name = "interleave",
    .about = "jobs of unlike steps at the phases where their sum peaks lowest",
    .forms = { { "groups", "", 2, false }, { "slowdown", "%", 0, false } },
    .scope = ERG_PER_GROUP, .plans = true, .check = check, .start = start, .step = step,
};
