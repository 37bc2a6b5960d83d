/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "shape/op_clock.h"

static const double alpha = 0.2, switches = 10;

void erg_op_clock_begin(erg_op_clock *state)
{
    *state = (erg_op_clock){ .held_s = INFINITY };
    erg_op_clock_forget(state);
}

static double or_zero(double value)
{
    return value > 0 && isfinite(value) ? value : 0;
}

static void learn(erg_op_clock *state)
{
    if (state->op < 0)
        return;
    double *mean_s = &state->mean_s[state->op];

    *mean_s = isnan(*mean_s) ? state->region_s
                             : *mean_s + alpha * (state->region_s - *mean_s);
}

static void change(erg_op_clock *state, double delta_hz)
{
    state->delta_hz = delta_hz;
    state->held_s = 0;
}

static bool is_worth_it(const erg_op_clock *state, const erg_op_clock_in *in)
{
    double least_s = fmax(or_zero(in->min_region_s), switches * or_zero(in->switch_s));

    return state->op >= 0 && in->delta_hz < 0 && isfinite(in->delta_hz)
        && state->mean_s[state->op] >= least_s;
}

/* A region of another delta may follow at once: that is one change, not two. */
static void enter(erg_op_clock *state, const erg_op_clock_in *in)
{
    double least_s = or_zero(in->min_region_s);

    state->is_wanted = false;
    if (!is_worth_it(state, in))
        return;
    if (in->delta_hz == state->delta_hz) {
        state->is_wanted = true;
        state->hold_s = fmax(state->hold_s, least_s);
    } else if (state->held_s >= fmax(state->hold_s, least_s)) {
        change(state, in->delta_hz);
        state->is_wanted = true;
        state->hold_s = least_s;
    }
}

double erg_op_clock_step(erg_op_clock *state, const erg_op_clock_in *in, double dt_s)
{
    int op = in->op >= 0 && in->op < ERG_OPS_MOST ? in->op : -1;

    state->region_s += or_zero(dt_s);
    state->held_s += or_zero(dt_s);
    if (op != state->op) {
        learn(state);
        state->op = op;
        state->region_s = 0;
        enter(state, in);
    }
    if (state->delta_hz < 0 && !state->is_wanted && state->held_s >= state->hold_s)
        change(state, 0);
    return state->delta_hz;
}

void erg_op_clock_forget(erg_op_clock *state)
{
    state->op = -1;
    state->region_s = 0;
    state->is_wanted = false;
    for (int i = 0; i < ERG_OPS_MOST; i++)
        state->mean_s[i] = NAN;
}

double erg_op_clock_hz(double base_hz, double delta_hz, double least_hz)
{
    return fmin(base_hz, fmax(least_hz, base_hz + delta_hz));
}
