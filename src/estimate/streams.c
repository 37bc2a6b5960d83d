/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Independent branches at once. Whatever is ready starts on a free stream, in the
 * order of the partition (list scheduling: Graham, SIAM J. Appl. Math. 17(2), 1969).
 *
 * Launches that run together share the device: where they ask for more units or
 * more bandwidth than there is, all of them slow down alike. So streams fill what a
 * small launch leaves idle, and launch times overlap; a full device gains no more.
 */
#include <math.h>
#include <stdlib.h>
#include "estimate/concurrency.h"
#include "estimate/latency.h"

enum { STREAMS_MOST = 64 };

typedef struct running { int32_t subgraph; double left_s; } running;

typedef struct schedule {
    const erg_partition *partition;
    const erg_latency *alone;
    double *units, *memory;             /* share of the device
                                         * each asks for while it runs */
    int32_t *waits;                     /* producers not done yet */
    int32_t *first, *readers;           /* of s: readers[first[s]] ..
                                         * readers[first[s + 1] - 1] */
    int32_t *ready;                     /* a heap: least index on top */
    int32_t ready_count;
    running on[STREAMS_MOST];
    int32_t on_count, streams;
} schedule;

/* ---- the ready ones, least index first ------------------------------------------ */

static void swap(int32_t *a, int32_t *b)
{
    int32_t kept = *a;

    *a = *b;
    *b = kept;
}

static void ready_put(schedule *plan, int32_t s)
{
    int32_t *heap = plan->ready, at = plan->ready_count++;

    heap[at] = s;
    for (; at > 0 && heap[at] < heap[(at - 1) / 2]; at = (at - 1) / 2)
        swap(&heap[at], &heap[(at - 1) / 2]);
}

static int32_t ready_take(schedule *plan)
{
    int32_t *heap = plan->ready, least = heap[0], count = --plan->ready_count;

    heap[0] = heap[count];
    for (int32_t at = 0;;) {
        int32_t child = 2 * at + 1;
        if (child + 1 < count && heap[child + 1] < heap[child])
            child++;
        if (child >= count || heap[at] <= heap[child])
            return least;
        swap(&heap[at], &heap[child]);
        at = child;
    }
}

/* ---- the plan --------------------------------------------------------------------- */

/* Blocks of 256 threads hold units as long as the body of the launch takes. */
static void list_demands(schedule *plan, const erg_hardware *hardware)
{
    for (int32_t s = 0; s < plan->partition->subgraph_count; s++) {
        const erg_latency *t = &plan->alone[s];
        double body = t->total_s > 0 ? fmax(t->compute_s, t->memory_s) / t->total_s : 0;
        double wanted = erg_units_wanted(erg_subgraph_threads(plan->partition, s),
                                         hardware->units);
        plan->units[s] = body * (hardware->units > 0 ? wanted / hardware->units : 1);
        plan->memory[s] = t->total_s > 0 ? t->memory_s / t->total_s : 0;
    }
}

static void list_readers(schedule *plan)
{
    int32_t n = plan->partition->subgraph_count;

    for (int32_t s = 0; s < n; s++)
        for (int32_t i = 0; i < plan->partition->subgraphs[s].need_count; i++)
            plan->first[plan->partition->subgraphs[s].needs[i] + 1]++;
    for (int32_t s = 0; s < n; s++)
        plan->first[s + 1] += plan->first[s];
    for (int32_t s = 0; s < n; s++)
        for (int32_t i = 0; i < plan->partition->subgraphs[s].need_count; i++) {
            int32_t from = plan->partition->subgraphs[s].needs[i];
            plan->readers[plan->first[from] + plan->waits[from]++] = s;
        }
    for (int32_t s = 0; s < n; s++) {
        plan->waits[s] = plan->partition->subgraphs[s].need_count;
        if (plan->waits[s] == 0)
            ready_put(plan, s);
    }
}

static bool plan_begin(schedule *plan, erg_arena *arena, const erg_hardware *hardware)
{
    size_t n = (size_t)plan->partition->subgraph_count + 2, edges = 1;

    for (int32_t s = 0; s < plan->partition->subgraph_count; s++)
        edges += (size_t)plan->partition->subgraphs[s].need_count;
    plan->units = erg_arena_take(arena, n * sizeof(*plan->units), NULL);
    plan->memory = erg_arena_take(arena, n * sizeof(*plan->memory), NULL);
    plan->waits = erg_arena_take(arena, n * sizeof(*plan->waits), NULL);
    plan->first = erg_arena_take(arena, n * sizeof(*plan->first), NULL);
    plan->ready = erg_arena_take(arena, n * sizeof(*plan->ready), NULL);
    plan->readers = erg_arena_take(arena, edges * sizeof(*plan->readers), NULL);
    if (!plan->units || !plan->memory || !plan->waits || !plan->first || !plan->ready
        || !plan->readers)
        return false;
    list_demands(plan, hardware);
    list_readers(plan);
    return true;
}

/* ---- the run ---------------------------------------------------------------------- */

static void start_ready(schedule *plan)
{
    while (plan->ready_count && plan->on_count < plan->streams) {
        int32_t s = ready_take(plan);
        plan->on[plan->on_count++] = (running){ s, plan->alone[s].total_s };
    }
}

/* Seconds until the next one is done; all that run move on by them. */
static double advance(schedule *plan)
{
    double units = 0, memory = 0, least_s = INFINITY;

    for (int32_t i = 0; i < plan->on_count; i++) {
        units += plan->units[plan->on[i].subgraph];
        memory += plan->memory[plan->on[i].subgraph];
        least_s = fmin(least_s, plan->on[i].left_s);
    }
    for (int32_t i = 0; i < plan->on_count; i++)
        plan->on[i].left_s -= least_s;
    return least_s * fmax(1, fmax(units, memory));
}

static void finish_done(schedule *plan)
{
    int32_t kept = 0;

    for (int32_t i = 0; i < plan->on_count; i++) {
        int32_t s = plan->on[i].subgraph;
        if (plan->on[i].left_s > 0) {
            plan->on[kept++] = plan->on[i];
            continue;
        }
        for (int32_t j = plan->first[s]; j < plan->first[s + 1]; j++)
            if (--plan->waits[plan->readers[j]] == 0)
                ready_put(plan, plan->readers[j]);
    }
    plan->on_count = kept;
}

double erg_latency_streams(const erg_timing *timing, const erg_latency *alone)
{
    erg_arena *arena = erg_arena_new(NULL);
    schedule plan = { .partition = timing->partition, .alone = alone,
                      .streams = timing->streams < STREAMS_MOST ? timing->streams
                                                                : STREAMS_MOST };
    double time_s = NAN;

    if (arena && plan_begin(&plan, arena, timing->hardware)) {
        time_s = 0;
        for (start_ready(&plan); plan.on_count; start_ready(&plan)) {
            time_s += advance(&plan);
            finish_done(&plan);
        }
    }
    erg_arena_free(arena);
    return time_s;
}
