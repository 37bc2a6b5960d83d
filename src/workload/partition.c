/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph cut into launches. Bytes of a subgraph are its distinct tensors from
 * outside, once each, and those it leaves behind; what stays inside is saved.
 */
#include <stdlib.h>
#include <string.h>
#include "workload/partition.h"

enum { NAMED_KINDS = 3, PATTERN_BYTES = 160 };
enum {
    COMPUTE_THRESHOLD_FLOP = 1000 * 1000 * 1000,
    MEMORY_LIMIT_BYTES = 100 * 1000 * 1000
};
static const int64_t compute_threshold = 10LL * COMPUTE_THRESHOLD_FLOP;

static bool moves_nothing(const erg_operator *op)
{
    return op->flop == 0 && op->in_bytes == 0 && op->out_bytes == 0
        && op->weight_bytes == 0;
}

/* "conv_batch_norm_relu_+1more": the first three kinds say what it is. */
static const char *pattern_of(cut *c, const erg_subgraph *s)
{
    char text[PATTERN_BYTES];
    int used = 0;

    if (s->operator_count == 1)
        return erg_op_kinds[c->graph->operators[s->operators[0]].kind].name;
    for (int32_t i = 0; i < s->operator_count && i < NAMED_KINDS; i++) {
        const erg_operator *op = &c->graph->operators[s->operators[i]];
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%s", i ? "_" : "",
                         erg_op_kinds[op->kind].name);
    }
    if (s->operator_count > NAMED_KINDS)
        snprintf(text + used, sizeof(text) - (size_t)used, "_+%dmore",
                 (int)s->operator_count - NAMED_KINDS);
    return erg_arena_text(c->arena, text, c->err);
}

/* A tensor read inside: counted once a subgraph, unless made there. */
static void count_input(cut *c, erg_subgraph *s, int32_t index, int32_t tensor)
{
    const erg_tensor *x = &c->graph->tensors[tensor];
    int32_t storage = x->storage;
    int32_t maker = c->graph->tensors[storage].producer;

    if (maker >= 0 && c->owner[maker] == index)
        return;
    if (c->seen[storage] == index)
        return;
    c->seen[storage] = index;
    if (x->role == ERG_WEIGHT || x->role == ERG_BUFFER)
        s->weight_bytes += x->bytes;
    else
        s->in_bytes += x->bytes;
}

static bool read_outside(const cut *c, int32_t storage, int32_t index)
{
    const cut_readers *readers = &c->readers[storage];

    if (c->graph->tensors[storage].is_output || c->kept[storage] || readers->count == 0)
        return true;
    for (int32_t i = 0; i < readers->count; i++)
        if (c->owner[c->reader_list[readers->first + i]] != index)
            return true;
    return false;
}

static void count_outputs(cut *c, erg_subgraph *s, int32_t index, const erg_operator *op)
{
    for (int32_t i = 0; i < op->output_count; i++) {
        int32_t tensor = op->outputs[i];
        if (read_outside(c, c->graph->tensors[tensor].storage, index))
            s->out_bytes += c->graph->tensors[tensor].bytes;
    }
}

/* Alone, the reader's own counts hold: it may know of rows gathered or caches. */
static void count_subgraph(cut *c, erg_subgraph *s, int32_t index)
{
    int64_t apart = 0;

    for (int32_t i = 0; i < s->operator_count; i++) {
        const erg_operator *op = &c->graph->operators[s->operators[i]];
        s->flop += op->flop;
        s->macs += op->macs;
        s->special_op += op->special_op;
        apart += op->in_bytes + op->out_bytes + op->weight_bytes;
        if (s->operator_count == 1) {
            s->in_bytes = op->in_bytes;
            s->out_bytes = op->out_bytes;
            s->weight_bytes = op->weight_bytes;
            continue;
        }
        for (int32_t j = 0; j < op->input_count; j++)
            count_input(c, s, index, op->inputs[j]);
        count_outputs(c, s, index, op);
    }
    int64_t together = s->in_bytes + s->out_bytes + s->weight_bytes;
    s->internal_bytes = apart > together ? apart - together : 0;
}

/* Why it ends where it ends: the first that holds. */
static const char *reason_of(const cut *c, const erg_subgraph *s)
{
    int32_t last = s->operators[s->operator_count - 1];
    int64_t bytes = s->in_bytes + s->out_bytes + s->weight_bytes;
    int32_t consumer = erg_cut_consumer(c, last);

    if (s->flop > compute_threshold)
        return "compute_threshold";
    if (bytes > MEMORY_LIMIT_BYTES)
        return "memory_limit";
    if (consumer >= 0 && erg_cut_fusable(c, last, consumer))
        return "fusion_opportunity";
    return erg_cut_consumers(c, last) > 1 ? "data_dependency" : "operation_boundary";
}

static bool list_needs(cut *c, erg_subgraph *s, int32_t index)
{
    int32_t most = 0, count = 0;

    for (int32_t i = 0; i < s->operator_count; i++)
        most += c->graph->operators[s->operators[i]].need_count;
    int32_t *needs = erg_arena_take(c->arena, ((size_t)most + 1) * sizeof(*needs), c->err);
    if (!needs)
        return false;
    for (int32_t i = 0; i < s->operator_count; i++) {
        const erg_operator *op = &c->graph->operators[s->operators[i]];
        for (int32_t j = 0; j < op->need_count; j++) {
            int32_t group = c->owner[op->needs[j]];
            if (group < 0 || group == index || c->stamp[group] == index)
                continue;
            c->stamp[group] = index;
            needs[count++] = group;
        }
    }
    s->needs = needs;
    s->need_count = count;
    return true;
}

static bool fill(cut *c, erg_partition *partition, erg_subgraph *subgraphs)
{
    for (int32_t i = 0; i < partition->subgraph_count; i++) {
        erg_subgraph *s = &subgraphs[i];
        count_subgraph(c, s, i);
        s->name = c->graph->operators[s->operators[0]].name;
        s->pattern = pattern_of(c, s);
        s->why = reason_of(c, s);
        if (!s->pattern || !list_needs(c, s, i))
            return false;
        if (s->operator_count > 1)
            s->name = s->pattern;
        partition->external_bytes += s->in_bytes + s->out_bytes + s->weight_bytes;
        partition->internal_bytes += s->internal_bytes;
    }
    return true;
}

/* What a chain takes in next, by strategy. */
static int32_t (*const extend[ERG_FUSIONS])(const cut *c, const int32_t *chain,
                                            int32_t length) = {
    [ERG_FUSION_RUNTIME] = erg_cut_extend, [ERG_FUSION_COMPAT] = erg_cut_extend_compat,
};

/* Operators lie one after another in `order`, a run of them is a subgraph. */
static bool cut_graph(cut *c, erg_fusion fusion, erg_partition *partition)
{
    size_t room = (size_t)c->graph->operator_count + 1;
    erg_subgraph *subgraphs = erg_arena_take(c->arena, room * sizeof(*subgraphs), c->err);
    int32_t *order = erg_arena_take(c->arena, room * sizeof(*order), c->err);
    int32_t used = 0, count = 0;

    if (!subgraphs || !order)
        return false;
    for (int32_t i = 0; i < c->graph->operator_count; i++) {
        if (c->owner[i] >= 0 || moves_nothing(&c->graph->operators[i]))
            continue;
        int32_t length = 0, next = i;
        while (next >= 0) {
            order[used + length++] = next;
            c->owner[next] = count;
            next = extend[fusion] ? extend[fusion](c, order + used, length) : -1;
        }
        subgraphs[count].operators = order + used;
        subgraphs[count++].operator_count = length;
        used += length;
    }
    partition->subgraphs = subgraphs;
    partition->subgraph_count = count;
    return fill(c, partition, subgraphs) && erg_cut_find_alike(c, subgraphs, count);
}

erg_partition *erg_graph_partition(const erg_graph *graph, erg_fusion fusion,
                                   erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    if (!arena)
        return NULL;
    erg_partition *partition = erg_arena_take(arena, sizeof(*partition), err);
    cut c = { .graph = graph, .arena = arena, .err = err };
    if (!partition || !erg_cut_begin(&c)) {
        erg_arena_free(arena);
        return NULL;
    }
    partition->graph = graph;
    partition->inside = arena;
    if (!cut_graph(&c, fusion, partition)) {
        erg_arena_free(arena);
        return NULL;
    }
    return partition;
}

void erg_partition_free(erg_partition *partition)
{
    if (partition)
        erg_arena_free(partition->inside);
}
