/* SPDX-License-Identifier: Apache-2.0 */
/* Between which clocks phase_clock may choose: floor, caps, and what heat allows. */
#include <math.h>
#include "shape/phase_clock_inside.h"

#define LOOK_S 10.0         /* heat is looked at so often, or each dwell if longer */
#define MARGIN_K 2.0        /* below hot_k is where it shall stay */
#define COOL_K 5.0          /* below hot_k it may rise again */
#define STILL_K 0.2         /* less is no change between two looks */

double erg_phase_clock_dwell_s(const erg_phase_clock *state)
{
    return state->setup.dwell_s;
}

size_t phase_clock_nearest(const erg_phase_clock_setup *setup, double clock_hz)
{
    size_t low = 0, high = setup->count - 1;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (setup->clocks_hz[middle] <= clock_hz)
            low = middle;
        else
            high = middle;
    }
    double above_hz = clock_hz - setup->clocks_hz[low];
    return above_hz <= setup->clocks_hz[high] - clock_hz ? low : high;
}

/* The highest that is not above; the lowest of all where all are. */
static size_t not_above(const erg_phase_clock_setup *setup, double clock_hz)
{
    size_t place = phase_clock_nearest(setup, clock_hz);

    return place > 0 && setup->clocks_hz[place] > clock_hz ? place - 1 : place;
}

static size_t not_below(const erg_phase_clock_setup *setup, double clock_hz)
{
    size_t place = phase_clock_nearest(setup, clock_hz);
    bool is_below = setup->clocks_hz[place] < clock_hz;

    return is_below && place + 1 < setup->count ? place + 1 : place;
}

void phase_clock_limits(erg_phase_clock *state, const erg_phase_clock_in *in, size_t *low,
                        size_t *high)
{
    const erg_phase_clock_setup *setup = &state->setup;
    double cap_hz = fmin(setup->cap_hz, in->cap_hz);        /* NAN gives way */
    double floor_hz = fmax(setup->floor_hz, in->floor_hz);
    size_t top = isnan(cap_hz) ? setup->count - 1 : not_above(setup, cap_hz);
    size_t bottom = isnan(floor_hz) ? 0 : not_below(setup, floor_hz);

    *high = top;
    *low = bottom < top ? bottom : top;
    /* Heat stays above the floor: below it the device must protect itself. */
    if (state->heat_high < *high)
        *high = state->heat_high > *low ? state->heat_high : *low;
}

/* The watts that hold the temperature `below_k` under the limit, over those drawn. */
static double allowed(const erg_phase_clock_setup *setup, double temp_k, double power_w,
                      double below_k)
{
    double inlet_k = isnan(setup->inlet_k) ? temp_k - setup->r_k_per_w * power_w
                                           : setup->inlet_k;

    return (setup->hot_k - below_k - inlet_k) / setup->r_k_per_w / power_w;
}

/* Power falls no faster than the clock does, and rises no faster than its cube. */
static size_t lower(const erg_phase_clock *state, double share)
{
    const erg_phase_clock_setup *setup = &state->setup;
    size_t want = state->want, place;

    if (want == 0)
        return 0;
    if (isnan(share))
        return want - 1;
    place = not_above(setup, setup->clocks_hz[want] * fmin(1, fmax(0.5, share)));
    return place < want ? place : want - 1;
}

static size_t higher(const erg_phase_clock *state, double share)
{
    const erg_phase_clock_setup *setup = &state->setup;
    size_t place, next = state->heat_high + 1;

    if (isnan(share))
        return next;
    place = not_above(setup, setup->clocks_hz[state->want] * cbrt(fmin(8, share)));
    return place > next ? place : next;
}

void phase_clock_heat(erg_phase_clock *state, const erg_phase_clock_in *in,
                      const phase_interval *was)
{
    const erg_phase_clock_setup *setup = &state->setup;
    double look_s = fmax(LOOK_S, erg_phase_clock_dwell_s(state));

    if (!(in->temp_k > 0) || isnan(setup->hot_k))
        return;
    if (isnan(state->heat_from_k))
        state->heat_from_k = in->temp_k;
    state->heat_s += was->dt_s;
    state->heat_j += was->energy_j;
    if (state->heat_s < look_s)
        return;
    /* NAN without power or resistance: then one clock at a time. */
    double power_w = state->heat_j / state->heat_s;
    double less = allowed(setup, in->temp_k, power_w, MARGIN_K);
    double more = allowed(setup, in->temp_k, power_w, COOL_K);
    double rise_k = in->temp_k - state->heat_from_k;
    bool is_foreseen = !isnan(setup->inlet_k) && less < 1;
    /* Below the limit it need not fall, only rise no more. */
    double may_rise_k = in->temp_k < setup->hot_k ? 0 : -STILL_K;

    if (is_foreseen || (in->temp_k > setup->hot_k - MARGIN_K && rise_k > may_rise_k))
        state->heat_high = lower(state, less);
    else if (in->temp_k < setup->hot_k - COOL_K && rise_k < STILL_K && !(more <= 1)
             && state->heat_high + 1 < setup->count)
        state->heat_high = higher(state, more);
    state->heat_s = state->heat_j = 0;
    state->heat_from_k = in->temp_k;
}
