/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matrix forms and windows of ONNX operators. A product with a stored matrix is a
 * linear layer: its leading axes are rows and the weights are read once, not once
 * a sample; a product of two activations is batched.
 */
#include <string.h>
#include "workload/count.h"
#include "workload/onnx_count.h"
#include "workload/onnx_einsum.h"
#include "workload/onnx_shape.h"

static bool too_large(erg_onnx_model *model, erg_onnx_node *node)
{
    return erg_onnx_refuse(model, node, "its cost is larger than a count can hold");
}

/* ---- windows ---------------------------------------------------------------- */

/* Four or more spatial axes: the builder has no such window, the products stand. */
static bool conv_form(erg_onnx_model *model, erg_onnx_node *node,
                      const erg_onnx_value *weights, erg_op_spec *spec)
{
    bool back = spec->kind == ERG_OP_CONV_TRANSPOSE;
    const erg_onnx_value *moved = back ? node->in[0] : node->out[0];
    int64_t kernel = erg_onnx_product(weights->dims, 2, weights->rank);

    spec->batch = erg_onnx_int(node, "group", 1);
    spec->n = (back ? weights->dims[1] : weights->dims[0] / spec->batch);
    spec->k = back ? weights->dims[0] / spec->batch : weights->dims[1];
    spec->m = moved->dims[0];
    if (kernel < 0 || !erg_count_times(&spec->k, kernel)
        || !erg_count_times(&spec->m, erg_onnx_product(moved->dims, 2, moved->rank)))
        return too_large(model, node);
    return true;
}

bool erg_onnx_count_conv(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    int32_t axes = node->in[0]->rank - 2;

    if (axes < 1 || axes > 3)
        return conv_form(model, node, node->in[1], &cost->spec);
    cost->spec.window = &cost->window;
    return erg_onnx_window(model, node, &cost->window);
}

/* Zero points and scales are inputs, and no bias: the FLOP are said. */
bool erg_onnx_count_conv_int8(erg_onnx_model *model, erg_onnx_node *node,
                              erg_onnx_cost *cost)
{
    bool has_scales = strcmp(node->proto->op_type, "ConvInteger") != 0;
    int64_t bias = has_scales && erg_onnx_in(node, 8) ? node->out[0]->elements : 0;
    int32_t axes = node->in[0]->rank - 2;
    erg_op_spec *spec = &cost->spec;

    spec->precision = ERG_INT8;
    if (!conv_form(model, node, node->in[has_scales ? 3 : 1], spec))
        return false;
    int64_t flop = spec->batch;
    if (!erg_count_times(&flop, spec->m) || !erg_count_times(&flop, spec->n)
        || !erg_count_times(&flop, spec->k) || !erg_count_times(&flop, 2)
        || !erg_count_plus(&flop, bias))
        return too_large(model, node);
    spec->flop = flop ? flop : -1;
    if (axes < 1 || axes > 3)
        return true;
    spec->window = &cost->window;
    return erg_onnx_window(model, node, &cost->window);
}

bool erg_onnx_count_pool(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    int32_t axes = node->in[0]->rank - 2;

    if (axes < 1 || axes > 3)
        return true;
    cost->spec.window = &cost->window;
    return erg_onnx_window(model, node, &cost->window);
}

/* ---- products ----------------------------------------------------------------- */

bool erg_onnx_count_gemm(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    const erg_onnx_value *a = node->in[0], *y = node->out[0];

    (void)model;
    cost->spec.kind = node->in[1]->is_constant ? ERG_OP_LINEAR : ERG_OP_MATMUL;
    cost->spec.batch = 1;
    cost->spec.m = y->dims[0];
    cost->spec.n = y->dims[1];
    cost->spec.k = a->dims[erg_onnx_int(node, "transA", 0) ? 0 : 1];
    return true;
}

static bool product(erg_onnx_node *node, const erg_onnx_value *b, int64_t k,
                    erg_op_spec *spec)
{
    const erg_onnx_value *a = node->in[0], *y = node->out[0];
    bool is_matrix = b->rank <= 2;

    spec->kind = b->is_constant && is_matrix ? ERG_OP_LINEAR : ERG_OP_MATMUL;
    spec->k = k;
    spec->n = b->rank > 1 ? y->dims[y->rank - 1] : 1;
    spec->m = a->rank > 1 ? y->dims[y->rank - (b->rank > 1 ? 2 : 1)] : 1;
    spec->batch = y->elements > 0 ? y->elements / (spec->m * spec->n) : 0;
    if (is_matrix) { /* every leading axis is one of rows */
        spec->m *= spec->batch;
        spec->batch = 1;
    }
    return true;
}

bool erg_onnx_count_matmul(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    const erg_onnx_value *a = node->in[0];

    (void)model;
    return product(node, node->in[1], a->dims[a->rank - 1], &cost->spec);
}

bool erg_onnx_count_matmul_int8(erg_onnx_model *model, erg_onnx_node *node,
                                erg_onnx_cost *cost)
{
    cost->spec.precision = ERG_INT8;
    return erg_onnx_count_matmul(model, node, cost);
}

bool erg_onnx_count_q_matmul(erg_onnx_model *model, erg_onnx_node *node,
                             erg_onnx_cost *cost)
{
    const erg_onnx_value *a = node->in[0];

    (void)model;
    cost->spec.precision = ERG_INT8;
    return product(node, node->in[3], a->dims[a->rank - 1], &cost->spec);
}

/* Weights keep their packed bytes; the arithmetic is that of the activations. */
bool erg_onnx_count_matmul_bits(erg_onnx_model *model, erg_onnx_node *node,
                                erg_onnx_cost *cost)
{
    (void)model;
    cost->spec.kind = ERG_OP_LINEAR;
    cost->spec.batch = 1;
    cost->spec.k = erg_onnx_int(node, "K", 1);
    cost->spec.n = erg_onnx_int(node, "N", 1);
    cost->spec.m = node->in[0]->elements / cost->spec.k;
    return true;
}

bool erg_onnx_count_fused_matmul(erg_onnx_model *model, erg_onnx_node *node,
                                 erg_onnx_cost *cost)
{
    const erg_onnx_value *a = node->in[0];
    bool is_turned = erg_onnx_int(node, "transA", 0) && a->rank > 1;

    (void)model;
    return product(node, node->in[1], a->dims[a->rank - (is_turned ? 2 : 1)], &cost->spec);
}

typedef struct einsum {
    const erg_onnx_sum *of;
    bool has[128];                  /* letters of what was multiplied so far */
    int64_t macs, sums;
} einsum;

/* The next operand: letters of both sides that stay are a batch, those that go are k. What
 * one side alone has and nobody wants is summed up before. */
static bool einsum_step(einsum *e, int32_t operand, erg_op_spec *spec)
{
    uint8_t bit = (uint8_t)(1U << operand), later = (uint8_t)~((2U << operand) - 1);
    int64_t sizes[2] = { 1, 1 }, macs = 1;
    bool is_summed[2] = { false, false };

    spec->batch = spec->m = spec->n = spec->k = 1;
    for (int32_t c = 1; c < 128; c++) {
        bool left = e->has[c], right = (e->of->in[c] & bit) != 0;
        bool stays = e->of->is_kept[c] || (e->of->in[c] & later) != 0;
        int64_t *to = !stays ? &spec->k : !right ? &spec->m : !left ? &spec->n
                                                                    : &spec->batch;
        if ((left && !erg_count_times(&sizes[0], e->of->size[c]))
            || (right && !erg_count_times(&sizes[1], e->of->size[c])))
            return false;
        e->has[c] = stays && (left || right);
        if (left != right && !stays)
            is_summed[right] = true;
        else if ((left || right) && !erg_count_times(to, e->of->size[c]))
            return false;
    }
    for (int side = 0; side < 2; side++)
        if (is_summed[side] && !erg_count_plus(&e->sums, sizes[side]))
            return false;
    return erg_count_times(&macs, spec->batch) && erg_count_times(&macs, spec->m)
           && erg_count_times(&macs, spec->n) && erg_count_times(&macs, spec->k)
           && erg_count_plus(&e->macs, macs);
}

/* From the left, operand by operand, as runtimes do. */
bool erg_onnx_count_einsum(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    erg_op_spec *spec = &cost->spec;
    erg_onnx_sum sum;
    einsum e = { .of = &sum };

    if (!erg_onnx_sum_read(node, &sum))
        return too_large(model, node);
    if (node->in_count == 1) {
        spec->kind =
            node->in[0]->elements > node->out[0]->elements ? ERG_OP_REDUCE : ERG_OP_COPY;
        return true;
    }
    for (int32_t c = 1; c < 128; c++)
        e.has[c] = (sum.in[c] & 1) != 0;
    for (int32_t i = 1; i < node->in_count; i++)
        if (!einsum_step(&e, i, spec))
            return too_large(model, node);
    spec->macs = e.macs ? e.macs : -1;
    spec->flop = e.macs;
    if (!erg_count_times(&spec->flop, 2) || !erg_count_plus(&spec->flop, e.sums))
        return too_large(model, node);
    spec->flop = spec->flop ? spec->flop : -1;
    return true;
}

/* ---- others --------------------------------------------------------------------- */

bool erg_onnx_count_variadic(erg_onnx_model *model, erg_onnx_node *node,
                             erg_onnx_cost *cost)
{
    int64_t passes = node->in_count - 1;

    cost->spec.flop = node->out[0]->elements;
    if (!erg_count_times(&cost->spec.flop, passes))
        return too_large(model, node);
    cost->spec.flop = cost->spec.flop ? cost->spec.flop : -1;
    return true;
}

/* Rows of a stored table are an embedding. Indices count, the table does not. */
bool erg_onnx_count_gather(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    const erg_onnx_value *x = node->in[0];
    bool is_table = x->is_constant && x->rank == 2 && erg_onnx_int(node, "axis", 0) == 0;

    (void)model;
    cost->spec.kind = is_table ? ERG_OP_EMBEDDING : ERG_OP_GATHER;
    cost->spec.gathers = true;
    return true;
}

/* Four weights, three sums an output; nearest only moves. */
bool erg_onnx_count_resize(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    bool is_smooth = erg_onnx_word_is(node, "mode", "linear")
                     || erg_onnx_word_is(node, "mode", "cubic")
                     || erg_onnx_word_is(node, "mode", "bilinear")
                     || strcmp(node->proto->op_type, "GridSample") == 0;

    cost->spec.flop = node->out[0]->elements;
    if (is_smooth && !erg_count_times(&cost->spec.flop, 7))
        return too_large(model, node);
    if (!is_smooth || cost->spec.flop == 0)
        cost->spec.flop = -1;
    return true;
}
