/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "math/larger.h"
#include "shape/balance.h"
#include "shape/policy.h"

#define NEAR 0.98               /* of the slowest epoch: early enough */

double erg_balance_epoch(const double times_s[])
{
    double sorted_s[ERG_BALANCE_EPOCHS];

    for (int i = 0; i < ERG_BALANCE_EPOCHS; i++) {
        int at = i;
        for (; at > 0 && sorted_s[at - 1] > times_s[i]; at--)
            sorted_s[at] = sorted_s[at - 1];
        sorted_s[at] = times_s[i];
    }
    return sorted_s[ERG_BALANCE_EPOCHS / 2];
}

void erg_balance_fit(erg_balance_rank ranks[], size_t n, double budget_w)
{
    double sum_w = 0, above_w = 0;

    for (size_t i = 0; i < n; i++) {
        double cap_w = erg_larger(ranks[i].least_w, ranks[i].cap_w);
        ranks[i].cap_w = erg_smaller(ranks[i].most_w, cap_w);
        sum_w += ranks[i].cap_w;
        above_w += ranks[i].cap_w - ranks[i].least_w;
    }
    double kept = sum_w > budget_w && above_w > 0
        ? erg_larger(0, 1 - (sum_w - budget_w) / above_w) : 1;
    for (size_t i = 0; i < n; i++)
        ranks[i].cap_w = ranks[i].least_w + kept * (ranks[i].cap_w - ranks[i].least_w);
}

/* Speed grows by less than the watts above idle, so that this step never makes it late. */
static void lower(erg_balance_rank *rank, double target_s)
{
    double drawn_w = erg_smaller(rank->cap_w, rank->power_w), idle_w = rank->least_w;
    double next_w = idle_w + (drawn_w - idle_w) * rank->epoch_s / target_s;

    rank->cap_w = erg_smaller(rank->cap_w, erg_larger(idle_w, next_w));
}

/* An even split of spare_w; who is full leaves the rest to the others. */
static double raise(erg_balance_rank ranks[], size_t n, double target_s, double spare_w)
{
    for (size_t round = 0; round < n && spare_w > 0; round++) {
        size_t takers = 0;
        double before_w = spare_w;
        for (size_t i = 0; i < n; i++)
            takers += ranks[i].epoch_s >= target_s && ranks[i].cap_w < ranks[i].most_w;
        for (size_t i = 0; takers && i < n; i++) {
            double room_w = ranks[i].most_w - ranks[i].cap_w;
            if (ranks[i].epoch_s < target_s || !(room_w > 0))
                continue;
            double more_w = erg_smaller(room_w, before_w / (double)takers);
            ranks[i].cap_w += more_w;
            spare_w -= more_w;
        }
        if (spare_w >= before_w * (1 - 1e-12))
            break;
    }
    return erg_larger(0, spare_w);    /* below 0: rounding */
}

double erg_balance_share(erg_balance_rank ranks[], size_t n, double budget_w)
{
    double slowest_s = 0, sum_w = 0;

    for (size_t i = 0; i < n; i++)
        slowest_s = erg_larger(slowest_s, ranks[i].epoch_s);
    double target_s = NEAR * slowest_s;
    for (size_t i = 0; i < n; i++) {
        if (ranks[i].epoch_s < target_s)
            lower(&ranks[i], target_s);
        sum_w += ranks[i].cap_w;
    }
    return raise(ranks, n, target_s, erg_larger(0, budget_w - sum_w));
}

/* ---- the policy ---------------------------------------------------------------------- */

static void start(erg_policy_state *state, const erg_policy_setup *setup)
{
    state->limit.cap_w = setup->values[0];
}

/* The mean of a job's units; who holds all of them shares it out by their epochs. */
static void step(erg_policy_state *state, const erg_policy_in *in, double dt_s,
                 erg_policy_out *out)
{
    (void)in, (void)dt_s;
    out->cap_w = state->limit.cap_w;
}

const erg_policy erg_policy_balance = {
    .name = "balance",
    .about = "a power limit as a job's mean: early units give watts to late ones",
    .forms = { { "power", "W", 1e-3, true } },
    .scope = ERG_OVER_JOB, .start = start, .step = step,
};
