/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of the stages of one job: least energy for each time of the whole. All begin at
 * their least energy; then the critical part is shortened one quantum at a time by the cut
 * of least added energy, where what the cut crosses backwards may take a quantum longer
 * again. Each step is a point of the front: energy is convex in time, so they are exact.
 *
 *   Source   Phillips and Dessouky, Management Science 24 (1977) 393; Perseus (SOSP 2024).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/min_cut.h"
#include "advise/stages.h"

typedef struct work {
    const erg_stage_problem *is;
    int64_t *begin, *end;           /* earliest; latest end */
    erg_cut_arc *arcs;
    bool *is_near;
    int64_t length;
} work;

static bool open_work(work *of, const erg_stage_problem *is, erg_error *err)
{
    size_t n = is->count;

    *of = (work){ is, calloc(n + 1, sizeof(int64_t)), calloc(n + 1, sizeof(int64_t)),
                  calloc(3 * n + is->edge_count + 1, sizeof(erg_cut_arc)),
                  calloc(2 * n + 2, sizeof(bool)), 0 };
    return (of->begin && of->end && of->arcs && of->is_near)
        || erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu stages", n);
}

static void close_work(work *of)
{
    free(of->begin);
    free(of->end);
    free(of->arcs);
    free(of->is_near);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Edges lead from earlier stages to later ones and are sorted by `to`. */
static void schedule(work *of, const int64_t times[])
{
    const erg_stage_problem *is = of->is;

    of->length = 0;
    memset(of->begin, 0, is->count * sizeof(*of->begin));
    for (size_t i = 0, e = 0; i < is->count; i++) {
        for (; e < is->edge_count && is->edges[e].to == i; e++) {
            size_t from = is->edges[e].from;
            of->begin[i] = larger(of->begin[i], of->begin[from] + times[from]);
        }
        of->length = larger(of->length, of->begin[i] + times[i]);
    }
    for (size_t i = 0; i < is->count; i++)
        of->end[i] = of->length;
    for (size_t i = is->count, e = is->edge_count; i-- > 0;)
        for (; e > 0 && is->edges[e - 1].to == i; e--) {
            int64_t *end = &of->end[is->edges[e - 1].from];
            int64_t latest = of->end[i] - times[i];
            *end = latest < *end ? latest : *end;
        }
}

static bool is_critical(const work *of, size_t i, const int64_t times[])
{
    return of->begin[i] + times[i] == of->end[i];
}

/* Stage i begins at node 2i and ends at 2i + 1; the whole from 2n to 2n + 1. */
static size_t make_arcs(work *of, const int64_t times[])
{
    const erg_stage_problem *is = of->is;
    size_t n = is->count, count = 0;

    for (size_t i = 0; i < n; i++) {
        const erg_stage *stage = &is->stages[i];
        int64_t at = times[i] - stage->least;
        if (!is_critical(of, i, times))
            continue;
        of->arcs[count++] = (erg_cut_arc){
            2 * i, 2 * i + 1,
            times[i] < stage->most ? stage->energies_j[at] - stage->energies_j[at + 1] : 0,
            at > 0 ? stage->energies_j[at - 1] - stage->energies_j[at] : INFINITY,
        };
        if (of->begin[i] == 0)
            of->arcs[count++] = (erg_cut_arc){ 2 * n, 2 * i, 0, INFINITY };
        if (of->end[i] == of->length)
            of->arcs[count++] = (erg_cut_arc){ 2 * i + 1, 2 * n + 1, 0, INFINITY };
    }
    for (size_t e = 0; e < is->edge_count; e++) {
        size_t from = is->edges[e].from, to = is->edges[e].to;
        if (is_critical(of, from, times) && is_critical(of, to, times)
            && of->begin[from] + times[from] == of->begin[to])
            of->arcs[count++] = (erg_cut_arc){ 2 * from + 1, 2 * to, 0, INFINITY };
    }
    return count;
}

/* One quantum less for the whole. *can: false where nothing gets it shorter. */
static bool shorten(work *of, int64_t times[], bool *can, erg_error *err)
{
    size_t n = of->is->count, count = make_arcs(of, times);
    double cost;

    if (!erg_min_cut(of->arcs, count, 2 * n + 2, 2 * n, 2 * n + 1, of->is_near, &cost, err))
        return false;
    *can = isfinite(cost);
    for (size_t i = 0; *can && i < n; i++) {
        if (!is_critical(of, i, times))
            continue;
        if (of->is_near[2 * i] && !of->is_near[2 * i + 1])
            times[i]--;
        else if (!of->is_near[2 * i] && of->is_near[2 * i + 1]
                 && times[i] < of->is->stages[i].most)
            times[i]++;
    }
    return true;
}

double erg_stages_energy_j(const erg_stage_problem *is, const int64_t times[])
{
    double sum_j = 0;

    for (size_t i = 0; i < is->count; i++)
        sum_j += is->stages[i].energies_j[times[i] - is->stages[i].least];
    return sum_j;
}

bool erg_stages_solve(const erg_stage_problem *is, int64_t times[],
                      bool (*point)(void *self, int64_t length, const int64_t times[],
                                    erg_error *err),
                      void *self, erg_error *err)
{
    work of;
    bool good = open_work(&of, is, err), can = true;
    int64_t last = INT64_MAX;

    for (size_t i = 0; i < is->count; i++)
        times[i] = is->stages[i].most;
    while (good && can) {
        schedule(&of, times);
        if (of.length >= last)      /* rounding: no step makes it longer */
            break;
        last = of.length;
        good = point(self, of.length, times, err)
            && shorten(&of, times, &can, err);
    }
    close_work(&of);
    return good;
}

int64_t erg_stages_shortest(const erg_stage_problem *is, erg_error *err)
{
    int64_t *times = calloc(is->count + 1, sizeof(*times)), length = -1;
    work of;

    if (open_work(&of, is, err) && times) {
        for (size_t i = 0; i < is->count; i++)
            times[i] = is->stages[i].least;
        schedule(&of, times);
        length = of.length;
    }
    close_work(&of);
    free(times);
    return length;
}
