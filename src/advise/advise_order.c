/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operator after the other, so that the moving mean of power peaks as low as it can:
 * heavy between light. Of the given order, the greedy one of least peak, one that keeps to
 * the mean, and moves of single operators from the best of them, the best is taken: never
 * one worse than given. (Greedy alone puts all light ones first and all heavy ones last.)
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/advise.h"
#include "math/xoshiro.h"

#define WORK 2e7                /* operators looked at, in all moves together */
#define MOVES 5e3

typedef struct bench {
    const erg_order_problem *is;
    double *times_s, *energies_j;   /* at the ends of the first k operators: count + 1 */
    size_t *order, *places, *waits;
} bench;

/* ---- the peak ------------------------------------------------------------------------ */

/* Joules before t_s; *near is moved to where that is. */
static double energy_at(const bench *of, double t_s, size_t *near)
{
    size_t last = of->is->count, k = *near;

    while (k + 1 < last && of->times_s[k + 1] <= t_s)
        k++;
    *near = k;
    double length_s = of->times_s[k + 1] - of->times_s[k];
    double share = length_s > 0 ? (t_s - of->times_s[k]) / length_s : 0;
    return of->energies_j[k] + fmin(1, share) * (of->energies_j[k + 1] - of->energies_j[k]);
}

/* A mean over a window is greatest where one of its ends meets the end of an operator. */
static double peak_of(const bench *of, const size_t order[])
{
    const size_t n = of->is->count;
    const double window_s = of->is->window_s;
    size_t behind = 0, ahead = 0;
    double most_j = 0;

    for (size_t k = 0; k < n; k++) {
        const erg_order_item *item = &of->is->items[order[k]];
        of->times_s[k + 1] = of->times_s[k] + item->time_s;
        of->energies_j[k + 1] = of->energies_j[k] + item->time_s * item->power_w;
    }
    if (of->times_s[n] <= window_s)
        return of->times_s[n] > 0 ? of->energies_j[n] / of->times_s[n] : 0;
    for (size_t k = 0; k <= n; k++) {
        double t_s = of->times_s[k], e_j = of->energies_j[k];
        if (t_s >= window_s)
            most_j = fmax(most_j, e_j - energy_at(of, t_s - window_s, &behind));
        if (t_s + window_s <= of->times_s[n])
            most_j = fmax(most_j, energy_at(of, t_s + window_s, &ahead) - e_j);
    }
    return most_j / window_s;
}

/* ---- list scheduling ----------------------------------------------------------------- */

typedef enum taste { LEAST_PEAK, NEAR_MEAN } taste;

/* Of the window that ends with this operator, when `done` are before it. */
static double mean_with(const bench *of, size_t done, const erg_order_item *item,
                        size_t *near)
{
    double window_s = of->is->window_s, end_s = of->times_s[done] + item->time_s;
    double begin_s = fmax(0, end_s - window_s);

    if (item->time_s >= window_s || done == 0)
        return item->power_w;
    double before_j = of->energies_j[done] - energy_at(of, begin_s, near);
    return (before_j + item->time_s * item->power_w) / fmin(window_s, end_s);
}

static size_t choose(bench *of, size_t done, taste by, double mean_w, size_t *near)
{
    double least_w = INFINITY;
    size_t best = SIZE_MAX, from = *near;

    for (size_t i = 0; i < of->is->count; i++) {
        if (of->waits[i] != 0)
            continue;
        size_t at = from;
        double now_w = mean_with(of, done, &of->is->items[i], &at);
        double badness_w = by == LEAST_PEAK ? now_w : fabs(now_w - mean_w);
        if (badness_w < least_w) {
            least_w = badness_w;
            best = i;
        }
    }
    return best;
}

static void list_schedule(bench *of, taste by, double mean_w)
{
    const erg_order_problem *is = of->is;
    size_t near = 0;

    memset(of->waits, 0, is->count * sizeof(*of->waits));
    for (size_t e = 0; e < is->edge_count; e++)
        of->waits[is->edges[e].to]++;
    for (size_t done = 0; done < is->count; done++) {
        size_t next = choose(of, done, by, mean_w, &near);
        const erg_order_item *item = &is->items[next];
        of->order[done] = next;
        of->waits[next] = SIZE_MAX;
        of->times_s[done + 1] = of->times_s[done] + item->time_s;
        of->energies_j[done + 1] = of->energies_j[done] + item->time_s * item->power_w;
        energy_at(of, fmax(0, of->times_s[done + 1] - is->window_s), &near);
        for (size_t e = 0; e < is->edge_count; e++)
            if (is->edges[e].from == next)
                of->waits[is->edges[e].to]--;
    }
}

/* ---- moves of one -------------------------------------------------------------------- */

/* May what stands at `from` stand at `to`, the others closing up? */
static bool may_move(const bench *of, const size_t order[], size_t from, size_t to)
{
    for (size_t e = 0; e < of->is->edge_count; e++) {
        const erg_order_edge *edge = &of->is->edges[e];
        if (edge->to == order[from] && of->places[edge->from] >= to)
            return false;
        if (edge->from == order[from] && of->places[edge->to] <= to)
            return false;
    }
    return true;
}

static void move(size_t order[], size_t from, size_t to)
{
    size_t item = order[from];

    if (from < to)
        memmove(&order[from], &order[from + 1], (to - from) * sizeof(*order));
    else
        memmove(&order[to + 1], &order[to], (from - to) * sizeof(*order));
    order[to] = item;
}

static double climb(bench *of, size_t order[], double peak_w)
{
    const size_t n = of->is->count;
    erg_xoshiro random = erg_xoshiro_of(1, 0);
    size_t tries = (size_t)fmin(MOVES, WORK / (double)(n + of->is->edge_count));

    for (size_t i = 0; i < n; i++)
        of->places[order[i]] = i;
    for (size_t k = 0; n > 1 && k < tries; k++) {
        size_t from = (size_t)(erg_xoshiro_uniform(&random) * (double)n);
        size_t to = (size_t)(erg_xoshiro_uniform(&random) * (double)n);
        if (from == to || !may_move(of, order, from, to))
            continue;
        move(order, from, to);
        double now_w = peak_of(of, order);
        if (!(now_w <= peak_w)) {       /* sideways is a way, too */
            move(order, to, from);
            continue;
        }
        peak_w = now_w;
        for (size_t i = 0; i < n; i++)
            of->places[order[i]] = i;
    }
    return peak_w;
}

/* ---- all of it ----------------------------------------------------------------------- */

static bool open_bench(bench *of, const erg_order_problem *is, erg_error *err)
{
    const size_t n = is->count + 1;

    *of = (bench){ is, calloc(n, sizeof(double)), calloc(n, sizeof(double)),
                   calloc(n, sizeof(size_t)), calloc(n, sizeof(size_t)),
                   calloc(n, sizeof(size_t)) };
    return (of->times_s && of->energies_j && of->order && of->places && of->waits)
        || erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu operators", is->count);
}

static void close_bench(bench *of)
{
    free(of->times_s);
    free(of->energies_j);
    free(of->order);
    free(of->places);
    free(of->waits);
}

double erg_order_peak_w(const erg_order_problem *is, const size_t order[], erg_error *err)
{
    bench of;
    double peak_w = open_bench(&of, is, err) ? peak_of(&of, order) : NAN;

    close_bench(&of);
    return peak_w;
}

bool erg_order_solve(const erg_order_problem *is, size_t order[], erg_error *err)
{
    static const taste tastes[] = { LEAST_PEAK, NEAR_MEAN };
    bench of;
    bool good = open_bench(&of, is, err);

    for (size_t i = 0; i < is->count; i++)
        order[i] = i;
    double best_w = good ? peak_of(&of, order) : NAN;
    double mean_w = good ? of.energies_j[is->count] / of.times_s[is->count] : NAN;
    for (size_t i = 0; good && i < ERG_COUNT(tastes); i++) {
        list_schedule(&of, tastes[i], mean_w);
        double now_w = peak_of(&of, of.order);
        if (!(now_w < best_w * (1 - 1e-12)))
            continue;
        best_w = now_w;
        memcpy(order, of.order, is->count * sizeof(*order));
    }
    if (good && best_w > mean_w * (1 + 1e-12))
        climb(&of, order, best_w);
    close_bench(&of);
    return good;
}
