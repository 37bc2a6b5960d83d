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

/* Who waits for whom: the readers of subgraph s are heirs[first[s]] to heirs[first[s + 1]],
 * each once. seen: as many as subgraphs. */
typedef struct waiting { int32_t *first, *heirs, *seen; } waiting;

/* Each distinct maker that a subgraph waits for: pass 0 counts them, pass 1 lists them. */
static void waits_pass(const erg_planner *planner, ready_queue *queue, waiting *of,
                       int pass)
{
    int32_t n = planner->partition->subgraph_count;

    memset(of->seen, -1, (size_t)n * sizeof(*of->seen));
    for (int32_t s = 0; s < n; s++)
        for (int32_t i = 0; i < planner->reads[s].count; i++) {
            int32_t maker = planner->maker[planner->reads[s].items[i]];
            if (maker < 0 || of->seen[maker] == s)
                continue;
            of->seen[maker] = s;
            if (pass == 0)
                queue->waits[s]++, of->first[maker + 1]++;
            else
                of->heirs[of->first[maker]++] = s;
        }
}

static bool waits_find(const erg_planner *planner, ready_queue *queue, waiting *of,
                       erg_error *err)
{
    size_t n = (size_t)planner->partition->subgraph_count;

    of->first = erg_arena_take(planner->arena, (n + 2) * sizeof(*of->first), err);
    of->seen = erg_arena_take(planner->arena, (n + 1) * sizeof(*of->seen), err);
    if (!of->first || !of->seen)
        return false;
    memset(of->first, 0, (n + 2) * sizeof(*of->first));
    memset(queue->waits, 0, (n + 1) * sizeof(*queue->waits));
    waits_pass(planner, queue, of, 0);
    for (size_t s = 0; s < n; s++)
        of->first[s + 1] += of->first[s];
    of->heirs = erg_arena_take(planner->arena,
                               ((size_t)of->first[n] + 1) * sizeof(*of->heirs), err);
    if (!of->heirs)
        return false;
    waits_pass(planner, queue, of, 1);
    for (size_t s = n; s > 0; s--)      /* listing moved each to the next one's place */
        of->first[s] = of->first[s - 1];
    of->first[0] = 0;
    return true;
}

static void release(ready_queue *queue, const waiting *of, int32_t done)
{
    for (int32_t i = of->first[done]; i < of->first[done + 1]; i++)
        if (--queue->waits[of->heirs[i]] == 0)
            queue->ready[queue->count++] = of->heirs[i];
}

bool erg_memory_order(erg_planner *planner, erg_error *err)
{
    size_t n = (size_t)planner->partition->subgraph_count;
    size_t tensors = (size_t)planner->partition->graph->tensor_count;
    ready_queue queue = { 0 };
    waiting of = { 0 };
    int32_t *kept = erg_arena_take(planner->arena, (tensors + 1) * sizeof(*kept), err);

    queue.waits = erg_arena_take(planner->arena, (n + 1) * sizeof(*queue.waits), err);
    queue.ready = erg_arena_take(planner->arena, (n + 1) * sizeof(*queue.ready), err);
    if (!kept || !queue.waits || !queue.ready || !waits_find(planner, &queue, &of, err))
        return false;
    memcpy(kept, planner->readers, tensors * sizeof(*kept));
    for (int32_t s = 0; s < (int32_t)n; s++)
        if (queue.waits[s] == 0)
            queue.ready[queue.count++] = s;
    int32_t done = 0;
    while (queue.count) {
        int32_t s = take_least(planner, &queue);
        planner->order[done++] = s;
        for (int32_t i = 0; i < planner->reads[s].count; i++)
            planner->readers[planner->reads[s].items[i]]--;
        release(&queue, &of, s);
    }
    memcpy(planner->readers, kept, tensors * sizeof(*kept));
    return done == (int32_t)n
        || erg_fail(err, ERG_BAD_INPUT, "the graph has a cycle: no order can run it");
}
