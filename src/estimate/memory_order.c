/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An order by memory: always the ready subgraph after which least is held.
 * Greedy, so not always the best; the bound beside the peak says how far off.
 */
#include <string.h>
#include "estimate/memory_inside.h"

typedef struct ready_queue { int32_t *waits, *ready, count; } ready_queue;

static int64_t made_by(const erg_planner *planner, int32_t s)
{
    int64_t bytes = 0;

    for (int32_t i = 0; i < planner->makes[s].count; i++)
        bytes += planner->partition->graph->tensors[planner->makes[s].items[i]].bytes;
    return bytes;
}

/* Bytes held after s, less those before: outputs made minus inputs that die. */
static int64_t growth_of(const erg_planner *planner, int32_t s)
{
    const erg_tensor *tensors = planner->partition->graph->tensors;
    int64_t bytes = made_by(planner, s);

    for (int32_t i = 0; i < planner->reads[s].count; i++) {
        int32_t t = planner->reads[s].items[i];
        if (planner->readers[t] == 1 && !tensors[t].is_output)
            bytes -= tensors[t].bytes;
    }
    return bytes;
}

/* Ready lists stay short (the width of the graph), so a scan is cheap. */
static int32_t take_least(const erg_planner *planner, ready_queue *queue)
{
    int32_t best = 0;
    int64_t least = growth_of(planner, queue->ready[0]);

    for (int32_t i = 1; i < queue->count; i++) {
        int64_t growth = growth_of(planner, queue->ready[i]);
        if (growth < least || (growth == least && queue->ready[i] < queue->ready[best])) {
            best = i;
            least = growth;
        }
    }
    int32_t taken = queue->ready[best];
    queue->ready[best] = queue->ready[--queue->count];
    return taken;
}

static bool reads_from(const erg_planner *planner, int32_t reader, int32_t maker)
{
    for (int32_t i = 0; i < planner->reads[reader].count; i++)
        if (planner->maker[planner->reads[reader].items[i]] == maker)
            return true;
    return false;
}

/* Distinct makers a subgraph waits for. */
static int32_t waits_of(const erg_planner *planner, int32_t s)
{
    const erg_storage_list *reads = &planner->reads[s];
    int32_t count = 0;

    for (int32_t i = 0; i < reads->count; i++) {
        int32_t maker = planner->maker[reads->items[i]];
        bool is_new = maker >= 0;
        for (int32_t j = 0; j < i && is_new; j++)
            is_new = planner->maker[reads->items[j]] != maker;
        count += is_new;
    }
    return count;
}

static void release(const erg_planner *planner, ready_queue *queue, int32_t done)
{
    int32_t n = planner->partition->subgraph_count;

    for (int32_t s = 0; s < n; s++)
        if (queue->waits[s] > 0 && reads_from(planner, s, done) && --queue->waits[s] == 0)
            queue->ready[queue->count++] = s;
}

bool erg_memory_order(erg_planner *planner, erg_error *err)
{
    size_t n = (size_t)planner->partition->subgraph_count;
    size_t tensors = (size_t)planner->partition->graph->tensor_count;
    ready_queue queue = { 0 };
    int32_t *kept = erg_arena_take(planner->arena, (tensors + 1) * sizeof(*kept), err);

    queue.waits = erg_arena_take(planner->arena, (n + 1) * sizeof(*queue.waits), err);
    queue.ready = erg_arena_take(planner->arena, (n + 1) * sizeof(*queue.ready), err);
    if (!kept || !queue.waits || !queue.ready)
        return false;
    memcpy(kept, planner->readers, tensors * sizeof(*kept));
    for (int32_t s = 0; s < (int32_t)n; s++) {
        queue.waits[s] = waits_of(planner, s);
        if (queue.waits[s] == 0)
            queue.ready[queue.count++] = s;
    }
    int32_t done = 0;
    while (queue.count) {
        int32_t s = take_least(planner, &queue);
        planner->order[done++] = s;
        for (int32_t i = 0; i < planner->reads[s].count; i++)
            planner->readers[planner->reads[s].items[i]]--;
        release(planner, &queue, s);
    }
    memcpy(planner->readers, kept, tensors * sizeof(*kept));
    return done == (int32_t)n
        || erg_fail(err, ERG_BAD_INPUT, "the graph has a cycle: no order can run it");
}
