/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks repeat themselves: of 175 launches of a ResNet-50 some 50 differ. What
 * costs the same as an earlier launch need not be priced again.
 */
#include <stddef.h>
#include <string.h>
#include "workload/partition.h"

static bool same_window(const erg_window *a, const erg_window *b)
{
    static const size_t from = offsetof(erg_window, kernel);

    if (!a || !b)
        return a == b;
    return a->axes == b->axes
        && memcmp((const char *)a + from, (const char *)b + from, sizeof(*a) - from) == 0;
}

static bool same_operator(const erg_operator *a, const erg_operator *b)
{
    return a->kind == b->kind && a->precision == b->precision && a->flop == b->flop
        && a->macs == b->macs && a->special_op == b->special_op
        && a->in_bytes == b->in_bytes
        && a->out_bytes == b->out_bytes && a->weight_bytes == b->weight_bytes
        && a->batch == b->batch && a->m == b->m && a->n == b->n && a->k == b->k
        && a->threads == b->threads && a->steps == b->steps
        && same_window(a->window, b->window);
}

static bool same_subgraph(const erg_graph *graph, const erg_subgraph *a,
                          const erg_subgraph *b)
{
    if (a->operator_count != b->operator_count || a->in_bytes != b->in_bytes
        || a->out_bytes != b->out_bytes || a->weight_bytes != b->weight_bytes)
        return false;
    for (int32_t i = 0; i < a->operator_count; i++)
        if (!same_operator(&graph->operators[a->operators[i]],
                           &graph->operators[b->operators[i]]))
            return false;
    return true;
}

/* Fibonacci hashing of what differs most between launches (Knuth, TAOCP 3, 6.4). */
static size_t place_of(const erg_graph *graph, const erg_subgraph *s)
{
    static const uint64_t golden = 0x9e3779b97f4a7c15;
    const int64_t parts[] = { s->flop, s->in_bytes, s->out_bytes, s->weight_bytes,
                              (int64_t)graph->operators[s->operators[0]].kind };
    uint64_t sum = 0;

    for (size_t i = 0; i < ERG_COUNT(parts); i++) {
        sum = (sum ^ (uint64_t)parts[i]) * golden;
        sum ^= sum >> 32;
    }
    return (size_t)sum;
}

bool erg_cut_find_alike(cut *c, erg_subgraph *subgraphs, int32_t count)
{
    size_t size = 16;

    while (size < 2 * (size_t)count)
        size *= 2;
    int32_t *last = erg_arena_take(c->arena, size * sizeof(*last), c->err);
    for (int32_t i = 0; last && i < count; i++) {
        erg_subgraph *s = &subgraphs[i];
        size_t at = place_of(c->graph, s) & (size - 1);
        while (last[at] && !same_subgraph(c->graph, s, &subgraphs[last[at] - 1]))
            at = (at + 1) & (size - 1);
        s->alike_back = last[at] ? i - (last[at] - 1) : 0;
        last[at] = i + 1;
    }
    return last != NULL;
}
