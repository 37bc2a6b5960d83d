/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "math/larger.h"
#include "shape/water_fill.h"

/* ---- heap sort by who is shed first: no memory, the same on every machine ------------ */

static bool is_before(const erg_claim claims[], size_t a, size_t b)
{
    const erg_claim *x = &claims[a], *y = &claims[b];

    if (x->rank != y->rank)
        return x->rank < y->rank;
    return x->least_w > y->least_w || (x->least_w == y->least_w && a < b);
}

static void sift(const erg_claim claims[], size_t order[], size_t at, size_t n)
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && is_before(claims, order[child], order[child + 1]))
            child++;
        if (!is_before(claims, order[at], order[child]))
            return;
        size_t keep = order[at];
        order[at] = order[child];
        order[child] = keep;
    }
}

static void sort(const erg_claim claims[], size_t order[], size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(claims, order, i, n);
    for (size_t i = n; i-- > 1;) {
        size_t keep = order[0];
        order[0] = order[i];
        order[i] = keep;
        sift(claims, order, 0, i);
    }
}

/* ---- filling ------------------------------------------------------------------------- */

typedef struct filler { const erg_claim *claims; bool to_most; } filler;

static double target_of(const filler *by, size_t i)
{
    return by->to_most ? by->claims[i].most_w : by->claims[i].demand_w;
}

/* The nodes in order[0..n) towards their targets; returns what is left.
 *
 * Were the rest shared among all, some would get more than they lack: they are filled for
 * sure, and the others share what that leaves. The level only rises, so this ends at the
 * exact one (Michelot, J. Optim. Theory Appl.
 * 1986), in a few passes and without sorting. */
static double fill(const filler *by, size_t order[], size_t n, double rest_w,
                   double grants_w[])
{
    double weights = 0;
    size_t full = 0;

    for (size_t k = 0; k < n; k++)
        weights += by->claims[order[k]].weight;
    for (size_t before = n; before != full && full < n;) {
        double left_w = rest_w, left = weights;
        before = full;
        for (size_t k = full; k < n; k++) {
            size_t i = order[k];
            double weight = by->claims[i].weight, room_w = target_of(by, i) - grants_w[i];
            if (room_w * weights > rest_w * weight)
                continue;
            grants_w[i] = target_of(by, i);
            left_w -= room_w;
            left -= weight;
            order[k] = order[full];
            order[full++] = i;
        }
        rest_w = erg_larger(0, left_w);
        weights = left;
    }
    if (full == n)
        return rest_w;
    /* From those themselves: taking weights away one by one has rounded. */
    weights = 0;
    for (size_t k = full; k < n; k++)
        weights += by->claims[order[k]].weight;
    for (size_t k = full; k < n; k++)
        grants_w[order[k]] += by->claims[order[k]].weight * rest_w / weights;
    return 0;
}

static size_t pick_class(const erg_claim claims[], size_t n, int rank, size_t order[])
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (claims[i].rank == rank)
            order[count++] = i;
    return count;
}

/* The highest rank below `below`; false: there is none. */
static bool next_rank(const erg_claim claims[], size_t n, long below, int *out)
{
    bool found = false;

    for (size_t i = 0; i < n; i++)
        if (claims[i].rank < below && (!found || claims[i].rank > *out))
            *out = claims[i].rank, found = true;
    return found;
}

static erg_filled shed(const erg_claim claims[], size_t n, double deficit_w, size_t order[])
{
    erg_filled out = { false, deficit_w, 0 };

    for (size_t i = 0; i < n; i++)
        order[i] = i;
    sort(claims, order, n);
    for (double left_w = deficit_w; left_w > 0 && out.shed_count < n;)
        left_w -= claims[order[out.shed_count++]].least_w;
    return out;
}

erg_filled erg_water_fill(const erg_claim claims[], size_t n, double budget_w,
                          size_t order[], double grants_w[])
{
    filler by = { .claims = claims };
    double rest_w = budget_w;
    int rank = 0;

    for (size_t i = 0; i < n; i++) {
        grants_w[i] = claims[i].least_w;
        rest_w -= claims[i].least_w;
    }
    if (rest_w < 0)
        return shed(claims, n, -rest_w, order);
    for (long below = 1L << 40; next_rank(claims, n, below, &rank); below = rank)
        rest_w = fill(&by, order, pick_class(claims, n, rank, order), rest_w, grants_w);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    by.to_most = true;
    fill(&by, order, n, rest_w, grants_w);
    return (erg_filled){ true, 0, 0 };
}

/* ---- demand -------------------------------------------------------------------------- */

#define BOUND_SHARE 0.97    /* of the cap: it holds the node back */
#define MORE 1.10
#define MEMORY_S 10.0       /* of mean and spread */

double erg_demand_step(erg_demand *state, double power_w, double cap_w, double most_w,
                       double dt_s)
{
    double share = state->started ? -expm1(-dt_s / MEMORY_S) : 1;
    double off_w = power_w - state->mean_w;

    state->square_w2 = state->started
        ? (1 - share) * (state->square_w2 + share * off_w * off_w) : 0;
    state->mean_w += share * off_w;
    state->started = true;
    if (power_w > BOUND_SHARE * cap_w)
        return erg_smaller(most_w, erg_larger(MORE * state->mean_w, MORE * cap_w));
    double spread_w = 3 * sqrt(state->square_w2);
    return erg_smaller(most_w,
                       state->mean_w + erg_larger(spread_w, 0.05 * state->mean_w));
}
