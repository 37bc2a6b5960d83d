/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was built, once more: a deep network is one layer many times over. A copy costs
 * the bytes that it writes; shapes and counts are those of the first.
 */
#include <string.h>
#include "workload/build_inside.h"

erg_block erg_build_block(const erg_builder *builder, int32_t in)
{
    return (erg_block){ .in = in,
                        .tensor = builder->graph->tensor_count,
                        .op = builder->graph->operator_count,
                        .scope = strlen(builder->scope) };
}

void erg_build_block_end(const erg_builder *builder, erg_block *block, int32_t out)
{
    block->out = out;
    block->tensor_count = builder->graph->tensor_count - block->tensor;
    block->op_count = builder->graph->operator_count - block->op;
    for (int32_t i = block->op; i < builder->graph->operator_count; i++) {
        const erg_operator *op = &builder->operators[i];
        block->listed += (size_t)(2 * op->input_count + op->output_count);
        block->named += strlen(op->name + block->scope) + 1;
    }
}

void erg_build_expect(erg_builder *builder, const erg_block *blocks, const size_t *times,
                      size_t count)
{
    enum { BEHIND = 64 };       /* the head, and what else comes behind the last */
    size_t scope = strlen(builder->scope) + 2;      /* layers above 9 have more digits */
    size_t ops = 0, tensors = 0, bytes = 0;

    for (size_t i = 0; i < count; i++) {
        ops += times[i] * (size_t)blocks[i].op_count;
        tensors += times[i] * (size_t)blocks[i].tensor_count;
        bytes += times[i] * (blocks[i].listed * sizeof(int32_t) + blocks[i].named);
    }
    erg_builder_reserve(builder, ops + BEHIND, tensors + BEHIND, bytes + ops * scope);
}

/* A block, and where its copy lies. */
typedef struct copy {
    const erg_block *of;
    const erg_tensor *was, *is;         /* what goes in: of the block, of the copy */
    int32_t in, tensors_on, ops_on;
} copy;

static int32_t tensor_of(const copy *c, int32_t tensor)
{
    return tensor >= c->of->tensor ? tensor + c->tensors_on
           : tensor == c->of->in   ? c->in
                                   : tensor;
}

/* Names are told apart by where they lie: a tensor has that of the operator that made it,
 * of what it views, or one of its own. */
static const char *name_of(const copy *c, const erg_operator *ops, const erg_tensor *tensor)
{
    const char *name = tensor->name;
    int32_t maker = tensor->producer, end = c->of->op + c->of->op_count;

    if (!name || (maker >= c->of->op && ops[maker].name == name))
        return name ? ops[maker + c->ops_on].name : NULL;
    if (name == c->was->name)
        return c->is->name;
    for (int32_t i = c->of->op; i < end; i++)
        if (ops[i].name == name)
            return ops[i + c->ops_on].name;
    return name;
}

static void copy_names(erg_builder *builder, const copy *c, char *text)
{
    erg_operator *ops = &builder->operators[c->of->op];
    size_t scope = strlen(builder->scope);

    for (int32_t i = 0; i < c->of->op_count; i++) {
        erg_operator *to = &ops[i + c->ops_on];
        *to = ops[i];
        to->name = memcpy(text, builder->scope, scope);
        text = stpcpy(text + scope, ops[i].name + c->of->scope) + 1;
    }
}

static void copy_tensors(erg_builder *builder, const copy *c)
{
    for (int32_t i = c->of->tensor; i < c->of->tensor + c->of->tensor_count; i++) {
        const erg_tensor *from = &builder->tensors[i];
        erg_tensor *to = &builder->tensors[i + c->tensors_on];
        *to = *from;
        to->name = name_of(c, builder->operators, from);
        if (from->storage >= c->of->tensor)
            to->storage += c->tensors_on;
        else if (from->storage == c->was->storage)
            to->storage = c->is->storage;
        if (from->producer >= c->of->op)
            to->producer += c->ops_on;
        else if (from->storage == c->was->storage)
            to->producer = c->is->producer;
    }
}

static int32_t *copy_list(const copy *c, const int32_t *list, int32_t count, int32_t *to)
{
    for (int32_t i = 0; i < count; i++)
        *to++ = tensor_of(c, list[i]);
    return to;
}

static void copy_lists(erg_builder *builder, const copy *c, int32_t *lists)
{
    for (int32_t i = c->of->op; i < c->of->op + c->of->op_count; i++) {
        const erg_operator *from = &builder->operators[i];
        erg_operator *to = &builder->operators[i + c->ops_on];
        to->inputs = lists;
        to->outputs = lists = copy_list(c, from->inputs, from->input_count, lists);
        to->needs = lists = copy_list(c, from->outputs, from->output_count, lists);
        to->need_count = erg_builder_needs(builder, to, lists);
        lists += to->need_count;
    }
}

static bool is_alike(const erg_tensor *a, const erg_tensor *b)
{
    return a->role == b->role && a->bits == b->bits && a->rank == b->rank
           && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(*a->dims)) == 0;
}

int32_t erg_build_repeat(erg_builder *builder, const erg_block *block, int32_t in)
{
    erg_graph *graph = builder->graph;
    size_t ops = (size_t)block->op_count, tensors = (size_t)block->tensor_count;

    if (!erg_builder_knows(builder, in) || !erg_builder_knows(builder, block->in))
        return -1;
    if (!is_alike(&builder->tensors[in], &builder->tensors[block->in]))
        return erg_build_refuse(builder, "%s: what goes into %s is of another shape than "
                                "before", graph->name, builder->scope);
    int32_t *lists = erg_builder_take(builder, NULL, block->listed * sizeof(*lists)
                                      + block->named + ops * strlen(builder->scope));
    if (!lists || !erg_builder_reserve(builder, ops, tensors, 0))
        return -1;
    copy c = { .of = block, .in = in, .was = &builder->tensors[block->in],
               .is = &builder->tensors[in], .tensors_on = graph->tensor_count
               - block->tensor, .ops_on = graph->operator_count - block->op };
    copy_names(builder, &c, (char *)(lists + block->listed));
    copy_tensors(builder, &c);
    copy_lists(builder, &c, lists);
    graph->operator_count += block->op_count;
    graph->tensor_count += block->tensor_count;
    return tensor_of(&c, block->out);
}
