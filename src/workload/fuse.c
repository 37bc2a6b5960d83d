/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a compiler at run time fuses: chains along which each result has one
 * reader, by a table of pairs. Rows of a tile are not whole: behind a matrix
 * product nothing that needs a whole row (norm, reduction, long softmax) is taken in.
 */
#include "workload/partition.h"

typedef enum group {
    CONVOLUTION = 1 << 0, PRODUCT = 1 << 1, BATCH_NORM = 1 << 2, ACTIVATION = 1 << 3,
    ADDITION = 1 << 4, SCALING = 1 << 5, POINTWISE = 1 << 6, DROPOUT = 1 << 7,
    NORM = 1 << 8, ROWWISE = 1 << 9, POOL = 1 << 10, QUANTIZE = 1 << 11, PLAIN = 1 << 12,
} group;

enum {
    ANY_POINTWISE = ACTIVATION | ADDITION | SCALING | POINTWISE | DROPOUT,
    WHOLE_ROWS = NORM | ROWWISE,
};

static const group groups[ERG_OP_KINDS] = {
    [ERG_OP_CONV] = CONVOLUTION, [ERG_OP_CONV_TRANSPOSE] = CONVOLUTION,
    [ERG_OP_LINEAR] = PRODUCT, [ERG_OP_MATMUL] = PRODUCT,
    [ERG_OP_BATCH_NORM] = BATCH_NORM,
    [ERG_OP_RELU] = ACTIVATION, [ERG_OP_CLIP] = ACTIVATION, [ERG_OP_SIGMOID] = ACTIVATION,
    [ERG_OP_TANH] = ACTIVATION, [ERG_OP_SILU] = ACTIVATION, [ERG_OP_GELU] = ACTIVATION,
    [ERG_OP_GELU_TANH] = ACTIVATION, [ERG_OP_HARD_SIGMOID] = ACTIVATION,
    [ERG_OP_HARD_SWISH] = ACTIVATION,
    [ERG_OP_ADD] = ADDITION, [ERG_OP_MUL] = SCALING, [ERG_OP_DIV] = SCALING,
    [ERG_OP_SUB] = POINTWISE, [ERG_OP_POW] = POINTWISE, [ERG_OP_MIN] = POINTWISE,
    [ERG_OP_MAX] = POINTWISE, [ERG_OP_COMPARE] = POINTWISE, [ERG_OP_WHERE] = POINTWISE,
    [ERG_OP_ABS] = POINTWISE, [ERG_OP_SQRT] = POINTWISE, [ERG_OP_EXP] = POINTWISE,
    [ERG_OP_LOG] = POINTWISE, [ERG_OP_ERF] = POINTWISE, [ERG_OP_CAST] = POINTWISE,
    [ERG_OP_DROPOUT] = DROPOUT,
    [ERG_OP_LAYER_NORM] = NORM, [ERG_OP_GROUP_NORM] = NORM, [ERG_OP_INSTANCE_NORM] = NORM,
    [ERG_OP_RMS_NORM] = NORM,
    [ERG_OP_SOFTMAX] = ROWWISE, [ERG_OP_REDUCE] = ROWWISE,
    [ERG_OP_GLOBAL_POOL] = POOL, [ERG_OP_QUANTIZE] = QUANTIZE,
};

static const struct { int from, to; } pairs[] = {
    { CONVOLUTION,   BATCH_NORM | ACTIVATION | ADDITION },
    { BATCH_NORM,    ACTIVATION },
    { PRODUCT,       ADDITION | ACTIVATION | DROPOUT | SCALING },
    { ANY_POINTWISE, ANY_POINTWISE | WHOLE_ROWS },
    { NORM,          QUANTIZE },
};

static int group_of(const erg_operator *op)
{
    return groups[op->kind] ? (int)groups[op->kind] : PLAIN;
}

/* Squeeze and excite: products of one value a channel, small enough for one launch. */
static bool squeezes(const cut *c, int32_t from, int32_t to)
{
    const erg_operator *a = &c->graph->operators[from], *b = &c->graph->operators[to];
    bool of_one_pixel = b->kind == ERG_OP_CONV && b->m <= c->graph->batch;

    return of_one_pixel && (group_of(a) & (POOL | ACTIVATION));
}

bool erg_cut_fusable(const cut *c, int32_t op, int32_t consumer)
{
    int from = group_of(&c->graph->operators[op]);
    int to = group_of(&c->graph->operators[consumer]);

    for (size_t i = 0; i < ERG_COUNT(pairs); i++)
        if ((pairs[i].from & from) && (pairs[i].to & to))
            return true;
    return squeezes(c, op, consumer);
}

bool erg_cut_ready(const cut *c, int32_t consumer, const int32_t *chain)
{
    const erg_operator *op = &c->graph->operators[consumer];
    int32_t own = c->owner[chain[0]];

    for (int32_t i = 0; i < op->need_count; i++)
        if (c->owner[op->needs[i]] < 0 || c->owner[op->needs[i]] > own)
            return false;
    return true;
}

static bool holds_product(const cut *c, const int32_t *chain, int32_t length)
{
    for (int32_t i = 0; i < length; i++)
        if (group_of(&c->graph->operators[chain[i]]) & (CONVOLUTION | PRODUCT))
            return true;
    return false;
}

/* Fused attention keeps rows of scores on chip up to 512 of them (as NVIDIA's FMHA). */
static bool short_rows(const cut *c, int32_t op)
{
    enum { LONGEST_ROW = 512 };
    const erg_operator *o = &c->graph->operators[op];
    const erg_tensor *x = o->output_count ? &c->graph->tensors[o->outputs[0]] : NULL;

    return o->kind == ERG_OP_SOFTMAX && x && x->rank > 0
        && x->dims[x->rank - 1] <= LONGEST_ROW;
}

int32_t erg_cut_extend(const cut *c, const int32_t *chain, int32_t length)
{
    int32_t last = chain[length - 1];
    int32_t next = erg_cut_consumer(c, last);

    if (next < 0 || c->owner[next] >= 0 || !erg_cut_fusable(c, last, next))
        return -1;
    bool whole_rows = group_of(&c->graph->operators[next]) & WHOLE_ROWS;
    if (whole_rows && !short_rows(c, next) && holds_product(c, chain, length))
        return -1;
    return erg_cut_ready(c, next, chain) ? next : -1;
}

/* ---- who reads what ------------------------------------------------------- */

static bool take_lists(cut *c, size_t reads)
{
    size_t ops = (size_t)c->graph->operator_count + 1;
    size_t tensors = (size_t)c->graph->tensor_count + 1;

    c->owner = erg_arena_take(c->arena, ops * sizeof(*c->owner), c->err);
    c->stamp = erg_arena_take(c->arena, ops * sizeof(*c->stamp), c->err);
    c->seen = erg_arena_take(c->arena, tensors * sizeof(*c->seen), c->err);
    c->kept = erg_arena_take(c->arena, tensors * sizeof(*c->kept), c->err);
    c->readers = erg_arena_take(c->arena, tensors * sizeof(*c->readers), c->err);
    c->reader_list = erg_arena_take(c->arena, (reads + 1) * sizeof(*c->reader_list),
                                    c->err);
    return c->owner && c->stamp && c->seen && c->kept && c->readers && c->reader_list;
}

static void list_readers(cut *c)
{
    int32_t first = 0;

    for (int32_t i = 0; i < c->graph->tensor_count; i++) {
        c->readers[i].first = first;
        first += c->readers[i].count;
        c->readers[i].count = 0;
    }
    for (int32_t i = 0; i < c->graph->operator_count; i++) {
        const erg_operator *op = &c->graph->operators[i];
        for (int32_t j = 0; j < op->input_count; j++) {
            cut_readers *r = &c->readers[c->graph->tensors[op->inputs[j]].storage];
            bool again = r->count > 0 && c->reader_list[r->first + r->count - 1] == i;
            if (!again)
                c->reader_list[r->first + r->count++] = i;
        }
    }
}

bool erg_cut_begin(cut *c)
{
    const erg_graph *g = c->graph;
    size_t reads = 0;

    for (int32_t i = 0; i < g->operator_count; i++)
        reads += (size_t)g->operators[i].input_count;
    if (!take_lists(c, reads))
        return false;
    for (int32_t i = 0; i < g->operator_count; i++)
        c->owner[i] = c->stamp[i] = -1;
    for (int32_t i = 0; i < g->tensor_count; i++) {
        c->seen[i] = -1;
        if (g->tensors[i].is_output)
            c->kept[g->tensors[i].storage] = true;
    }
    for (int32_t i = 0; i < g->operator_count; i++)
        for (int32_t j = 0; j < g->operators[i].input_count; j++)
            c->readers[g->tensors[g->operators[i].inputs[j]].storage].count++;
    list_readers(c);
    return true;
}

int32_t erg_cut_consumers(const cut *c, int32_t op)
{
    const erg_operator *o = &c->graph->operators[op];
    int32_t only = -1, count = 0;

    for (int32_t i = 0; i < o->output_count; i++) {
        const cut_readers *r = &c->readers[c->graph->tensors[o->outputs[i]].storage];
        for (int32_t j = 0; j < r->count; j++)
            if (c->reader_list[r->first + j] != only) {
                only = c->reader_list[r->first + j];
                count++;
            }
    }
    return count;
}

int32_t erg_cut_reader(const cut *c, int32_t op)
{
    const erg_operator *o = &c->graph->operators[op];

    if (erg_cut_consumers(c, op) != 1)
        return -1;
    for (int32_t i = 0; i < o->output_count; i++) {
        const cut_readers *r = &c->readers[c->graph->tensors[o->outputs[i]].storage];
        if (r->count)
            return c->reader_list[r->first];
    }
    return -1;
}

/* An output of the graph is read by its user too. */
int32_t erg_cut_consumer(const cut *c, int32_t op)
{
    const erg_operator *o = &c->graph->operators[op];

    for (int32_t i = 0; i < o->output_count; i++)
        if (c->kept[c->graph->tensors[o->outputs[i]].storage])
            return -1;
    return erg_cut_reader(c, op);
}
