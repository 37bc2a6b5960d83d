/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A power limit as firmware keeps it: it looks at the mean of each period and moves its cap
 * by half of what is over or under. A load that steps up is let through for some periods;
 * `limit` is the ideal it tends to.
 */
#include <math.h>
#include "shape/policy.h"

#define PERIOD_S 0.1
#define GAIN 0.5

static void start(erg_policy_state *state, const erg_policy_setup *setup)
{
    double period_s = isnan(setup->values[1]) ? PERIOD_S : setup->values[1];

    state->firmware = (erg_firmware){ .limit_w = setup->values[0], .period_s = period_s,
                                      .most_w = setup->most_w, .cap_w = setup->most_w };
}

static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    erg_firmware *loop = &state->firmware;

    loop->seen_s += dt_s;
    loop->seen_j += in->drawn_w * dt_s;
    if (loop->seen_s >= loop->period_s * (1 - 1e-9)) {
        double over_w = loop->seen_j / loop->seen_s - loop->limit_w;
        loop->cap_w = fmin(loop->most_w, loop->cap_w - GAIN * over_w);
        loop->seen_s = loop->seen_j = 0;
    }
    out->cap_w = loop->cap_w;
    out->again_s = loop->period_s - loop->seen_s;
}

const erg_policy erg_policy_firmware = {
    .name = "firmware",
    .about = "a power limit as firmware keeps it: edges pass before the clock falls",
    .forms = { { "power", "W", 1e-3, true }, { "period", "s", 1e-3, false } },
    .scope = ERG_PER_UNIT, .start = start, .step = step,
};
