/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A floor: where power would fall below it, a filler burns the difference. After `hold`
 * of low activity the floor goes down by so many watts a second. It burns energy.
 */
#include <math.h>
#include "shape/policy.h"

static void start(erg_policy_state *state, const erg_policy_setup *setup)
{
    const double *values = setup->values;

    state->floor = (erg_floor){ values[0], isnan(values[1]) ? INFINITY : values[1],
                                isnan(values[2]) ? INFINITY : values[2],
                                setup->idle_w, 0 };
}

/* The floor goes down in steps, so many to the bottom: power is constant between events. */
enum { STEPS = 64 };

static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    erg_floor *low = &state->floor;

    /* The time that is over belongs to what was wanted then. */
    low->low_s = in->power_w < low->level_w
        ? low->low_s + (low->want_w < low->level_w ? dt_s : 0) : 0;
    low->want_w = in->power_w;
    double over_s = low->low_s - low->hold_s;
    out->floor_w = over_s < 0 ? low->level_w
                 : fmax(0, low->level_w - (over_s > 0 ? over_s * low->fall_w_per_s : 0));
    if (isfinite(low->hold_s) && in->power_w < low->level_w && out->floor_w > 0)
        out->again_s = over_s < 0 ? -over_s
                     : fmin(low->level_w / low->fall_w_per_s / STEPS,
                            ERG_POLICY_STEP_MOST_S);
}

const erg_policy erg_policy_floor = {
    .name = "floor",
    .about = "power is held up by a filler: evens out the swing and burns energy",
    .forms = { { "power", "W", 1e-3, true }, { "hold", "s", 0, false },
               { "fall", "W/s", 1, false } },
    .scope = ERG_PER_UNIT, .burns = true, .start = start, .step = step,
};
