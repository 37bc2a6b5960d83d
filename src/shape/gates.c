/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "shape/gates.h"

#define RELEASE_S 30.0      /* brakes are let go at times by chance within */
#define HEAT_MOST 0.8

bool erg_semaphore_admit(erg_semaphore *state, double item_w)
{
    if (state->live && state->used_w + item_w > state->slot_w)
        return false;
    state->used_w += item_w;
    state->live++;
    return true;
}

void erg_semaphore_release(erg_semaphore *state, double item_w)
{
    if (state->live == 0)
        return;
    /* Nothing alive draws nothing: rounding must not pile up. */
    state->used_w = --state->live ? fmax(0, state->used_w - item_w) : 0;
}

void erg_bucket_refill(erg_bucket *state, double unpaid_w, double dt_s)
{
    state->tokens_j =
        fmin(state->size_j, state->tokens_j + (state->rate_w - unpaid_w) * dt_s);
}

double erg_bucket_take(erg_bucket *state, double item_j, double wait_w)
{
    double need_j = fmin(item_j, state->size_j);

    if (state->tokens_j >= need_j) {
        state->tokens_j -= item_j;
        return 0;
    }
    /* It can never fill up where more than R is drawn by waiting alone. */
    double wait_s = (need_j - state->tokens_j) / (state->rate_w - wait_w);
    return wait_s < 0 ? INFINITY : wait_s;
}

void erg_bucket_settle(erg_bucket *state, double more_j)
{
    state->tokens_j = fmin(state->size_j, state->tokens_j - more_j);
}

double erg_ramp_step(erg_ramp *state, double want_w, double dt_s)
{
    double change_w = want_w - state->level_w;

    if (change_w > state->up_w_per_s * dt_s)
        state->level_w += state->up_w_per_s * dt_s;
    else if (change_w < -state->down_w_per_s * dt_s)
        state->level_w -= state->down_w_per_s * dt_s;
    else
        state->level_w = want_w;
    return state->level_w;
}

double erg_soft_start_begin_s(const erg_soft_start *plan)
{
    return (double)plan->node * plan->ramp_s / (double)plan->nodes + plan->jitter_s;
}

double erg_soft_start_at(const erg_soft_start *plan, double t_s)
{
    double x = fmin(1, fmax(0, (t_s - erg_soft_start_begin_s(plan)) / plan->ramp_s));

    if (x == 1)
        return plan->cap_w;
    if (plan->is_smooth)
        x = (1 - cos(M_PI * x)) / 2;
    return plan->idle_w + (plan->cap_w - plan->idle_w) * x;
}

size_t erg_soft_start_running(size_t nodes, double ramp_s, double t_s)
{
    double started = t_s < 0 ? 0 : 1 + floor((double)nodes * t_s / ramp_s);

    return started > (double)nodes ? nodes : (size_t)started;
}

/* ---- three bands --------------------------------------------------------------------- */

static double or_else(double value, double usual)
{
    return value > 0 ? value : usual;
}

static erg_bands_out brake(erg_bands *state, double power_w)
{
    double over_w = power_w - or_else(state->target, 0.95) * state->limit_w;

    /* While braked, further cuts halve what is over. */
    erg_bands_out out = { state->is_braked ? -fmax(0, over_w) / 2 : -fmax(0, over_w),
                          true };
    state->is_braked = true;
    state->release_s = RELEASE_S * erg_xoshiro_uniform(&state->random);
    state->low_s = 0;
    return out;
}

erg_bands_out erg_bands_step(erg_bands *state, double power_w, double heat, double dt_s)
{
    double limit_w = state->limit_w, target_w = or_else(state->target, 0.95) * limit_w;
    erg_bands_out out = { 0, false };

    if (power_w > or_else(state->brake_at, 1.05) * limit_w || heat > HEAT_MOST)
        return brake(state, power_w);
    if (state->is_braked) {
        state->release_s -= dt_s;
        state->is_braked = state->release_s > 0;
        out.brake = state->is_braked;
    }
    if (power_w > or_else(state->cut_at, 0.99) * limit_w) {
        state->low_s = 0;
        out.change_w = target_w - power_w;
        return out;
    }
    state->low_s = power_w < or_else(state->raise_at, 0.90) * limit_w
        ? state->low_s + dt_s : 0;
    if (!state->is_braked && state->low_s >= state->hold_s && state->low_s > 0)
        out.change_w = fmin(state->slew_w_per_s * dt_s, target_w - power_w);
    return out;
}

/* The heaviest of the lowest rank that can still give; n: none. */
static size_t heaviest(const erg_cut_node nodes[], size_t n)
{
    size_t best = n;

    for (size_t i = 0; i < n; i++) {
        if (nodes[i].cap_w <= nodes[i].least_w)
            continue;
        if (best == n || nodes[i].rank < nodes[best].rank
            || (nodes[i].rank == nodes[best].rank && nodes[i].cap_w > nodes[best].cap_w))
            best = i;
    }
    return best;
}

double erg_bands_cut(erg_cut_node nodes[], size_t n, double cut_w, double bucket_w)
{
    while (cut_w > 0) {
        size_t i = heaviest(nodes, n);
        if (i == n)
            break;
        /* Down to the bucket's floor, so that equals are met again in turn. */
        double to_w = (ceil(nodes[i].cap_w / bucket_w) - 1) * bucket_w;
        double take_w = fmin(cut_w, nodes[i].cap_w - fmax(to_w, nodes[i].least_w));
        nodes[i].cap_w -= take_w;
        cut_w -= take_w;
    }
    return fmax(0, cut_w);
}
