/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way back: operators that a training step launches behind a forward pass.
 *
 * A product costs two of its size, one for each operand; other operators a pass
 * or two over their elements. Gradients of one tensor from several readers are
 * not added up by operators of their own: an addition's two fills stand for that.
 * What an operator reads here is what memory has to keep from the forward pass.
 */
#include <stdlib.h>
#include "workload/training.h"

typedef tr_backward backward;

static const erg_tensor *at(const backward *back, int32_t tensor)
{
    return erg_build_tensor_at(back->b, tensor);
}

/* Gradients of the slices of a tensor (q, k, v of one product) are put together. */
static void join_slices(backward *back, int32_t whole)
{
    int64_t elements = at(back, whole)->elements, in_bytes = 0;

    for (int32_t i = 0; i < back->grad_count; i++) {
        const erg_tensor *slice = at(back, back->grad[i]);
        in_bytes += slice->bytes;
        if (slice->elements >= elements)
            return;
    }
    char name[128];
    int32_t out = erg_tr_tensor_like(back, whole);
    snprintf(name, sizeof(name), "%s.join", back->op.name);
    erg_op_spec spec = { .kind = ERG_OP_CONCAT, .name = name, .precision = ERG_PRECISIONS,
                         .inputs = back->grad, .input_count = back->grad_count,
                         .outputs = &out, .output_count = 1, .in_bytes = in_bytes };
    erg_build_operator(back->b, &spec);
    *back->grad = out;
    back->grad_count = 1;
}

static bool collect(backward *back, int32_t result)
{
    int32_t first = back->shares_of[at(back, result)->storage], count = 0;

    for (int32_t i = first; i >= 0; i = back->shares[i].next)
        count++;
    back->grad_count = 0;
    back->grad = count ? erg_arena_take(erg_build_arena(back->b),
                                        (size_t)count * sizeof(*back->grad), NULL) : NULL;
    if (!back->grad)
        return false;
    for (int32_t i = first; i >= 0; i = back->shares[i].next)
        back->grad[back->grad_count++] = back->shares[i].tensor;
    join_slices(back, at(back, result)->storage);
    return true;
}

/* The loss is not ours to know: its gradient is set, as ones are. */
static void seed(backward *back)
{
    for (int32_t i = 0; i < back->tensor_count; i++) {
        const erg_tensor *x = at(back, i);
        if (!x->is_output || x->storage != i || x->role != ERG_ACTIVATION)
            continue;
        int32_t out = erg_tr_tensor_like(back, i);
        erg_op_spec spec = { .kind = ERG_OP_FILL, .name = "loss.grad",
                             .precision = ERG_PRECISIONS, .inputs = &i, .input_count = 1,
                             .outputs = &out, .output_count = 1, .in_bytes = -1 };
        erg_build_operator(back->b, &spec);
        erg_tr_share(back, i, out);
    }
}

static int32_t *list_of_none(int32_t count)
{
    int32_t *list = malloc(((size_t)count + 1) * sizeof(*list));

    for (int32_t i = 0; list && i < count; i++)
        list[i] = -1;
    return list;
}

void erg_build_backward(erg_builder *builder)
{
    backward back = { .b = builder, .tensor_count = erg_build_tensor_count(builder) };
    int32_t operators = erg_build_operator_count(builder);

    back.shares_of = list_of_none(back.tensor_count);
    back.weight_grads = list_of_none(back.tensor_count);
    if (!back.shares_of || !back.weight_grads)
        erg_build_refuse(builder, "no memory for gradients");
    erg_build_unscope(builder);
    if (!erg_build_failed(builder))
        seed(&back);
    for (int32_t i = operators; i-- > 0 && !erg_build_failed(builder);) {
        back.op = *erg_build_operator_at(builder, i);
        if (back.op.output_count > 0 && collect(&back, back.op.outputs[0]))
            erg_tr_apply_rule(&back);
    }
    if (!erg_build_failed(builder))
        erg_tr_optimize(builder, back.weight_grads, back.tensor_count);
    free(back.shares_of);
    free(back.weight_grads);
    free(back.shares);
}
