/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What caches save and what they cost. Time only: a profile's energy per byte
 * belongs to the bytes of the unfused list, whatever level they came from.
 */
#include <math.h>
#include <stdlib.h>
#include "estimate/latency.h"

/* A cache is shared with instructions, tables and the lines on their way out. */
static const double usable_share = 0.8;

/* Bytes that cross into a level of `capacity` for C = A B with square tiles of side
 * t, 3 t^2 elements resident: A is read once a column of tiles, B once a row.
 * Source: Hong and Kung, STOC 1981; Goto and van de Geijn, TOMS 34(3), 2008. */
double erg_traffic_product(const erg_product *p, double element_bytes, double capacity)
{
    enum { SKINNY = 16, LONG_ASPECT = 32 };
    double least = fmin(p->m, p->n), most = fmax(p->m, p->n);
    double once = p->m * p->k + p->k * p->n + p->m * p->n;
    bool skinny = least < SKINNY || most >= LONG_ASPECT * least;
    double side = fmin(floor(sqrt(capacity / (3 * element_bytes))), least);

    if (skinny || !(side >= 1) || once * element_bytes <= capacity)
        return element_bytes * p->batch * once;
    return element_bytes * p->batch
        * (p->m * p->k * ceil(p->n / side) + p->k * p->n * ceil(p->m / side)
           + p->m * p->n);
}

typedef struct reuse {
    const erg_graph *graph;
    int32_t *owner;             /* subgraph of an operator, -1: none */
    int32_t *seen;              /* subgraph that counted this storage last */
    double *before;             /* bytes touched before a subgraph */
    double room;
} reuse;

static double touched(const erg_subgraph *s)
{
    return (double)s->in_bytes + (double)s->out_bytes + (double)s->weight_bytes;
}

static bool reuse_begin(reuse *r, const erg_partition *partition)
{
    const erg_graph *g = r->graph;
    size_t ops = (size_t)g->operator_count + 1, tensors = (size_t)g->tensor_count + 1;

    r->owner = malloc(ops * sizeof(*r->owner));
    r->seen = malloc(tensors * sizeof(*r->seen));
    r->before = malloc(((size_t)partition->subgraph_count + 1) * sizeof(*r->before));
    if (!r->owner || !r->seen || !r->before)
        return false;
    for (size_t i = 0; i < ops; i++)
        r->owner[i] = -1;
    for (size_t i = 0; i < tensors; i++)
        r->seen[i] = -1;
    r->before[0] = 0;
    for (int32_t i = 0; i < partition->subgraph_count; i++) {
        const erg_subgraph *s = &partition->subgraphs[i];
        r->before[i + 1] = r->before[i] + touched(s);
        for (int32_t j = 0; j < s->operator_count; j++)
            r->owner[s->operators[j]] = i;
    }
    return true;
}

static void reuse_end(reuse *r)
{
    free(r->owner);
    free(r->seen);
    free(r->before);
}

/* Made by an earlier subgraph, and little was touched since. */
static double tensor_cached(reuse *r, int32_t tensor, int32_t reader)
{
    int32_t storage = r->graph->tensors[tensor].storage;
    const erg_tensor *made = &r->graph->tensors[storage];
    int32_t maker = made->producer >= 0 ? r->owner[made->producer] : -1;

    if (maker < 0 || maker >= reader || r->seen[storage] == reader)
        return 0;
    r->seen[storage] = reader;
    double since = r->before[reader] - r->before[maker + 1];
    return since + (double)made->bytes <= r->room
        ? (double)r->graph->tensors[tensor].bytes : 0;
}

static double subgraph_cached(reuse *r, const erg_subgraph *s, int32_t index)
{
    double bytes = 0;

    for (int32_t i = 0; i < s->operator_count; i++) {
        const erg_operator *op = &r->graph->operators[s->operators[i]];
        for (int32_t j = 0; j < op->input_count; j++)
            bytes += tensor_cached(r, op->inputs[j], index);
    }
    return fmin(bytes, (double)s->in_bytes);
}

bool erg_traffic_cached(const erg_partition *partition, const erg_hardware *hardware,
                        double *cached_bytes)
{
    reuse r = { .graph = partition->graph, .room = usable_share * hardware->l2_bytes };
    bool good = reuse_begin(&r, partition);
    bool knows = hardware->l2_bytes > 0 && hardware->l2_bytes_per_s > 0;
    /* A processor keeps what fits; a GPU streams its weights each pass. */
    bool keeps = hardware->kind != ERG_GPU
        && (double)partition->graph->weights_bytes <= r.room;

    for (int32_t i = 0; good && i < partition->subgraph_count; i++) {
        const erg_subgraph *s = &partition->subgraphs[i];
        cached_bytes[i] = knows ? subgraph_cached(&r, s, i) : 0;
        if (knows && keeps)
            cached_bytes[i] += (double)s->weight_bytes;
    }
    reuse_end(&r);
    return good;
}
