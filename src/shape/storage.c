/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storage behind the breaker of a rack: the supply g follows the load P with tau, the
 * battery gives and takes the difference, and its state is pulled back to its rest:
 *
 *   dg/dt = (P - g)/tau + k (rest - soc)      d stored = eta_c charge - discharge/eta_d
 *
 * P is constant during a step, so g is an exponential and its integral is exact. Empty or
 * full, the supply sees the raw load. supplied - load - stored - lost = 0 at every step.
 */
#include <math.h>
#include "shape/policy.h"

static double given(double value, double otherwise)
{
    return isnan(value) ? otherwise : value;
}

static bool check(const double values[], erg_error *err)
{
    if (!(values[0] > 0) || values[1] == 0 || values[3] > 1)
        return erg_fail(err, ERG_BAD_INPUT,
                        "policy storage: time and energy are above 0, the "
                        "efficiency at most 1");
    return true;
}

static void start(erg_policy_state *state, const erg_policy_setup *setup)
{
    const double *values = setup->values;
    double eta = given(values[3], 1);

    state->storage = (erg_storage){
        .tau_s = values[0], .capacity_j = given(values[1], INFINITY),
        .most_w = given(values[2], INFINITY), .charge_eta = eta, .discharge_eta = eta,
        .pull_w_per_s = given(values[4], 0), .rest = 0.5,
    };
    if (isfinite(state->storage.capacity_j))
        state->storage.stored_j = state->storage.rest * state->storage.capacity_j;
}

/* Of the wanted exchange (above 0: charging), what power and room allow. */
static double allowed_j(const erg_storage *it, double wanted_j, double dt_s)
{
    double most_j = it->most_w * dt_s;
    double fits_j = (it->capacity_j - it->stored_j) / it->charge_eta;
    double there_j = isfinite(it->capacity_j) ? it->stored_j * it->discharge_eta : INFINITY;

    return wanted_j > 0 ? fmin(wanted_j, fmin(most_j, fmax(0, fits_j)))
                        : fmax(wanted_j, -fmin(most_j, fmax(0, there_j)));
}

/* Books an exchange of one sign; what was allowed of it. */
static double exchange(erg_storage *it, double wanted_j, double dt_s)
{
    double done_j = allowed_j(it, wanted_j, dt_s);
    double change_j = done_j > 0 ? done_j * it->charge_eta : done_j / it->discharge_eta;

    it->stored_j += change_j;
    it->lost_j += done_j - change_j;
    it->supplied_j += done_j;
    return done_j;
}

/* Over a part of the step in which g - P keeps its sign. */
static void advance(erg_storage *it, double load_w, double aim_w, double dt_s)
{
    double decay = -expm1(-dt_s / it->tau_s), over_w = it->supply_w - aim_w;
    double wanted_j = (aim_w - load_w) * dt_s + over_w * it->tau_s * decay;

    it->supplied_j += load_w * dt_s;
    double done_j = exchange(it, wanted_j, dt_s);
    if (done_j == wanted_j)
        it->supply_w -= over_w * decay;
    else if (fabs(done_j) == it->most_w * dt_s)
        it->supply_w = load_w + copysign(it->most_w, wanted_j);
    else
        it->supply_w = load_w;
}

static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    erg_storage *it = &state->storage;
    double soc = isfinite(it->capacity_j) ? it->stored_j / it->capacity_j : it->rest;
    double aim_w = in->power_w + it->tau_s * it->pull_w_per_s * (it->rest - soc);

    if (!it->started)
        it->supply_w = in->power_w, it->started = true;
    if (dt_s > 0) {
        /* With a pull, g may cross P on its way to the aim. */
        double cross_s = (it->supply_w - aim_w) / (in->power_w - aim_w) > 1
            ? it->tau_s * log((it->supply_w - aim_w) / (in->power_w - aim_w))
            : INFINITY;
        if (cross_s > 0 && cross_s < dt_s) {
            advance(it, in->power_w, aim_w, cross_s);
            dt_s -= cross_s;
        }
        advance(it, in->power_w, aim_w, dt_s);
    }
    out->supply_w = it->supply_w;
}

const erg_policy erg_policy_storage = {
    .name = "storage",
    .about = "a battery in each rack: the supply follows the load with a time constant",
    .forms = { { "time constant", "s", 0, true }, { "energy", "J", 0, false },
               { "power", "W", 0, false }, { "efficiency", "%", 0.01, false },
               { "pull", "W/s", 0, false } },
    .scope = ERG_ON_SUPPLY, .check = check, .start = start, .step = step,
};
