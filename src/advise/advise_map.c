/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rank sits where: least sum of bytes x hops. The quadratic assignment problem has no
 * known fast exact answer; from one rank on, those that talk most with the placed ones
 * are placed greedily, then pairs are swapped as long as that helps. That is done from
 * several first ranks and from the given order, which stays where it is as good: the
 * answer is never worse.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"

/* First ranks tried; a pass over all swaps grows with the cube of the ranks. */
enum { STARTS = 16, MANY_RANKS = 64 };
/* A swap must save more than sums in another order can differ by. */
static const double saves_least = 1e-12;

typedef struct mapper {
    const erg_map_problem *is;
    double *talk;  /* ranks x ranks: both ways */
    size_t *order; /* slot of each rank */
    size_t *owner; /* rank on a slot; SIZE_MAX: none */
} mapper;

static double talk_of(const mapper *of, size_t a, size_t b)
{
    return of->talk[a * of->is->ranks + b];
}

static double hops_of(const mapper *of, size_t p, size_t q)
{
    return of->is->hops[p * of->is->slots + q];
}

double erg_map_cost(const erg_map_problem *is, const size_t slots[])
{
    double sum = 0;

    for (size_t i = 0; i < is->ranks; i++)
        for (size_t j = 0; j < is->ranks; j++)
            sum += is->bytes[i * is->ranks + j] * is->hops[slots[i] * is->slots + slots[j]];
    return sum;
}

/* ---- greedy ------------------------------------------------------------------------ */

/* What rank would add on a slot, to those that are placed. */
static double added(const mapper *of, size_t rank, size_t slot)
{
    double sum = 0;

    for (size_t k = 0; k < of->is->ranks; k++)
        if (of->order[k] != SIZE_MAX)
            sum += talk_of(of, rank, k) * hops_of(of, slot, of->order[k]);
    return sum;
}

/* The rank not placed yet that talks most with those that are. */
static size_t next_rank(const mapper *of)
{
    size_t best = SIZE_MAX;
    double most = -1;

    for (size_t i = 0; i < of->is->ranks; i++) {
        double sum = 0;
        if (of->order[i] != SIZE_MAX)
            continue;
        for (size_t k = 0; k < of->is->ranks; k++)
            sum += of->order[k] != SIZE_MAX ? talk_of(of, i, k) : 0;
        if (sum > most)
            most = sum, best = i;
    }
    return best;
}

/* The slot that adds least; among equals the one with most room near it. */
static size_t next_slot(const mapper *of, size_t rank)
{
    size_t best = SIZE_MAX;
    double least = INFINITY, nearest = INFINITY;

    for (size_t p = 0; p < of->is->slots; p++) {
        double adds, away = 0;
        if (of->owner[p] != SIZE_MAX)
            continue;
        adds = added(of, rank, p);
        if (adds > least)
            continue;
        for (size_t q = 0; q < of->is->slots; q++)
            away += of->owner[q] == SIZE_MAX ? hops_of(of, p, q) : 0;
        if (adds < least || away < nearest)
            least = adds, nearest = away, best = p;
    }
    return best;
}

static void place_greedily(mapper *of, size_t first)
{
    for (size_t i = 0; i < of->is->ranks; i++)
        of->order[i] = SIZE_MAX;
    for (size_t p = 0; p < of->is->slots; p++)
        of->owner[p] = SIZE_MAX;
    for (size_t i = 0; i < of->is->ranks; i++) {
        size_t rank = i ? next_rank(of) : first, slot = next_slot(of, rank);
        of->order[rank] = slot;
        of->owner[slot] = rank;
    }
}

/* ---- swaps -------------------------------------------------------------------------- */

/* What changes if rank a goes to slot q and who is there comes to a's. */
static double change(const mapper *of, size_t a, size_t q)
{
    size_t b = of->owner[q], p = of->order[a];
    double sum = 0;

    for (size_t k = 0; k < of->is->ranks; k++) {
        if (k == a || k == b)
            continue;
        double differs = talk_of(of, a, k) - (b == SIZE_MAX ? 0 : talk_of(of, b, k));
        sum += differs * (hops_of(of, q, of->order[k]) - hops_of(of, p, of->order[k]));
    }
    return sum;
}

static void swap(mapper *of, size_t a, size_t q)
{
    size_t b = of->owner[q], p = of->order[a];

    of->order[a] = q;
    of->owner[q] = a;
    of->owner[p] = b;
    if (b != SIZE_MAX)
        of->order[b] = p;
}

/* Every swap that helps, once through all of them; whether one did. */
static bool swap_all(mapper *of, double least)
{
    bool has_helped = false;

    for (size_t a = 0; a < of->is->ranks; a++)
        for (size_t q = 0; q < of->is->slots; q++)
            if (q != of->order[a] && change(of, a, q) < -least) {
                swap(of, a, q);
                has_helped = true;
            }
    return has_helped;
}

/* Each pass lowers the cost, so it ends. */
static void improve(mapper *of)
{
    double least = saves_least * (1 + erg_map_cost(of->is, of->order));

    while (swap_all(of, least))
        continue;
}

static void start_given(mapper *of)
{
    for (size_t p = 0; p < of->is->slots; p++)
        of->owner[p] = p < of->is->ranks ? p : SIZE_MAX;
    for (size_t i = 0; i < of->is->ranks; i++)
        of->order[i] = i;
}

/* ---- the answer --------------------------------------------------------------------- */

static void keep_if_better(const mapper *of, size_t slots[], double *cost)
{
    double now = erg_map_cost(of->is, of->order);

    if (now >= *cost * (1 - saves_least))
        return;
    memcpy(slots, of->order, of->is->ranks * sizeof(*slots));
    *cost = now;
}

bool erg_map_solve(const erg_map_problem *is, size_t slots[], erg_error *err)
{
    size_t n = is->ranks;
    mapper of = { .is = is,
                  .talk = malloc(n * n * sizeof(*of.talk)),
                  .order = malloc(n * sizeof(*of.order)),
                  .owner = malloc(is->slots * sizeof(*of.owner)) };
    bool ok = of.talk && of.order && of.owner;

    if (ok) {
        for (size_t i = 0; i < n * n; i++)
            of.talk[i] = is->bytes[i] + is->bytes[i % n * n + i / n];
        start_given(&of);
        memcpy(slots, of.order, n * sizeof(*slots));
        double cost = erg_map_cost(is, slots);
        improve(&of);
        keep_if_better(&of, slots, &cost);
        for (size_t first = 0; first < (n > MANY_RANKS ? 1 : n) && first < STARTS;
             first++) {
            place_greedily(&of, first);
            improve(&of);
            keep_if_better(&of, slots, &cost);
        }
    } else {
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu ranks", n);
    }
    free(of.talk);
    free(of.order);
    free(of.owner);
    return ok;
}
