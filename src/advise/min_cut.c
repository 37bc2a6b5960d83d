/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First a flow that keeps all lower bounds, over an arc from the sink back to the source;
 * then as much more as fits. What can still be reached from the source is its side.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "advise/min_cut.h"

#define NEVER 1e300             /* stands for INFINITY: differences stay numbers */
#define SAME 1e-12              /* of the greatest finite capacity: less is rounding */

/* Arcs in pairs: 2k forwards, 2k + 1 what may be taken back. */
typedef struct net {
    size_t nodes, count;
    size_t *to, *next, *first, *at, *queue;
    double *rest;
    int *level;
    double least;               /* a flow below is none */
} net;

#define NONE SIZE_MAX

static void add(net *of, size_t from, size_t to, double capacity, double back)
{
    const size_t ends[] = { to, from };
    const double rests[] = { capacity, back };

    for (int side = 0; side < 2; side++) {
        size_t at = of->count++, node = ends[1 - side];
        of->to[at] = ends[side];
        of->rest[at] = rests[side];
        of->next[at] = of->first[node];
        of->first[node] = at;
    }
}

static bool reach(net *of, size_t source, size_t sink)
{
    size_t head = 0, tail = 0;

    for (size_t i = 0; i < of->nodes; i++)
        of->level[i] = -1;
    of->level[source] = 0;
    of->queue[tail++] = source;
    while (head < tail) {
        size_t node = of->queue[head++];
        for (size_t arc = of->first[node]; arc != NONE; arc = of->next[arc]) {
            if (of->rest[arc] <= of->least || of->level[of->to[arc]] >= 0)
                continue;
            of->level[of->to[arc]] = of->level[node] + 1;
            of->queue[tail++] = of->to[arc];
        }
    }
    return of->level[sink] >= 0;
}

/* As deep as there are nodes on the way: a few thousand at most. */
static double push(net *of, size_t node, size_t sink, double most)
{
    if (node == sink)
        return most;
    for (; of->at[node] != NONE; of->at[node] = of->next[of->at[node]]) {
        size_t arc = of->at[node], to = of->to[arc];
        if (of->rest[arc] <= of->least || of->level[to] != of->level[node] + 1)
            continue;
        double sent = push(of, to, sink, fmin(most, of->rest[arc]));
        if (sent > 0) {
            of->rest[arc] -= sent;
            of->rest[arc ^ 1] += sent;
            return sent;
        }
    }
    return 0;
}

static double flow(net *of, size_t source, size_t sink)
{
    double sum = 0, sent;

    while (sum < NEVER / 2 && reach(of, source, sink)) {
        memcpy(of->at, of->first, of->nodes * sizeof(*of->at));
        while (sum < NEVER / 2 && (sent = push(of, source, sink, NEVER)) > 0)
            sum += sent;
    }
    return sum;
}

static bool begin(net *of, size_t nodes, size_t arcs, erg_error *err)
{
    *of = (net){ .nodes = nodes, .to = calloc(2 * arcs, sizeof(size_t)),
                 .next = calloc(2 * arcs, sizeof(size_t)),
                 .first = calloc(nodes, sizeof(size_t)),
                 .at = calloc(nodes, sizeof(size_t)),
                 .queue = calloc(nodes, sizeof(size_t)),
                 .rest = calloc(2 * arcs, sizeof(double)),
                 .level = calloc(nodes, sizeof(int)) };
    for (size_t i = 0; of->first && i < nodes; i++)
        of->first[i] = NONE;
    return (of->to && of->next && of->first && of->at && of->queue && of->rest && of->level)
        || erg_fail(err, ERG_NO_MEMORY, "out of memory for a network of %zu nodes", nodes);
}

static void end(net *of)
{
    free(of->to);
    free(of->next);
    free(of->first);
    free(of->at);
    free(of->queue);
    free(of->rest);
    free(of->level);
}

static double or_never(double capacity)
{
    return isinf(capacity) ? NEVER : capacity;
}

/* What bounds ask for goes in at `more` and out at `less`. */
static void fill(net *of, const erg_cut_arc arcs[], size_t count)
{
    size_t more = of->nodes - 2, less = of->nodes - 1;

    for (size_t i = 0; i < count; i++) {
        add(of, arcs[i].from, arcs[i].to, or_never(arcs[i].capacity) - arcs[i].lower, 0);
        if (isfinite(arcs[i].capacity))
            of->least = fmax(of->least, SAME * arcs[i].capacity);
    }
    for (size_t i = 0; i < count; i++)
        if (arcs[i].lower > 0) {
            add(of, more, arcs[i].to, arcs[i].lower, 0);
            add(of, arcs[i].from, less, arcs[i].lower, 0);
        }
}

static double cost_of(const erg_cut_arc arcs[], size_t count, const bool is_near[])
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        if (is_near[arcs[i].from] && !is_near[arcs[i].to])
            sum += arcs[i].capacity;
        else if (!is_near[arcs[i].from] && is_near[arcs[i].to])
            sum -= arcs[i].lower;
    return sum;
}

bool erg_min_cut(const erg_cut_arc arcs[], size_t count, size_t nodes, size_t source,
                 size_t sink, bool is_near[], double *cost, erg_error *err)
{
    net of;
    bool good = begin(&of, nodes + 2, 3 * count + 1, err);

    if (good) {
        fill(&of, arcs, count);
        size_t back = of.count;
        add(&of, sink, source, NEVER, 0);
        flow(&of, nodes, nodes + 1);
        of.rest[back] = of.rest[back + 1] = 0;
        flow(&of, source, sink);
        reach(&of, source, sink);
        for (size_t i = 0; i < nodes; i++)
            is_near[i] = of.level[i] >= 0;
        *cost = is_near[sink] ? INFINITY : cost_of(arcs, count, is_near);
    }
    end(&of);
    return good;
}
