/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rack's limit kept by three bands: nothing is capped until its power passes 0.99 of the
 * limit; then all caps together come down to 0.95, and rise again
 * when it has long been low.
 */
#include <math.h>
#include "shape/policy.h"

#define PERIOD_S 3.0
#define HOLD_S 30.0
#define SLEW_SHARE 0.01         /* of the limit, a second */

static double or_else(double typed, double usual)
{
    return isnan(typed) ? usual : typed;
}

static void start(erg_policy_state *state, const erg_policy_setup *setup)
{
    const double *values = setup->values;

    state->rack = (erg_rack_cap){
        .bands = { .limit_w = values[0], .hold_s = or_else(values[2], HOLD_S),
                   .slew_w_per_s = SLEW_SHARE * values[0],
                   .random = erg_xoshiro_of(setup->key, setup->entity) },
        .period_s = or_else(values[1], PERIOD_S), .cap_w = INFINITY,
    };
}

static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    erg_rack_cap *rack = &state->rack;
    double change_w = dt_s > 0
        ? erg_bands_step(&rack->bands, in->power_w, in->heat, dt_s).change_w
        : 0;

    /* What is drawn is cut, not what might have been. */
    if (change_w < 0)
        rack->cap_w = fmin(rack->cap_w, in->power_w) + change_w;
    else
        rack->cap_w += change_w;
    out->cap_w = rack->cap_w;
    out->again_s = rack->period_s;
}

const erg_policy erg_policy_rack_cap = {
    .name = "rack-cap",
    .about = "a rack's limit in three bands, shared out among its units as they ask",
    .forms = { { "power", "W", 1e-3, true }, { "period", "s", 1e-2, false },
               { "hold", "s", 0, false } },
    .scope = ERG_OVER_RACK, .start = start, .step = step,
};
