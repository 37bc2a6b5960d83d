/* SPDX-License-Identifier: Apache-2.0 */
/* Costs of transforms, of sampling along moved points, of what carries a bias. */
#include <string.h>
#include "workload/count.h"
#include "workload/onnx_count.h"

static bool too_large(erg_onnx_model *model, erg_onnx_node *node)
{
    return erg_onnx_refuse(model, node, "its cost is larger than a count can hold");
}

static bool say(erg_onnx_model *model, erg_onnx_node *node, int64_t flop, int64_t times,
                erg_onnx_cost *cost)
{
    if (!erg_count_times(&flop, times))
        return too_large(model, node);
    cost->spec.flop = flop ? flop : -1;
    return true;
}

/* A point is a product of the matrix with its place: axes x (axes + 1). */
bool erg_onnx_count_affine_grid(erg_onnx_model *model, erg_onnx_node *node,
                                erg_onnx_cost *cost)
{
    const erg_onnx_value *theta = node->in[0], *y = node->out[0];

    (void)model;
    cost->spec.batch = y->dims[0];
    cost->spec.m = erg_onnx_product(y->dims, 1, y->rank - 1);
    cost->spec.n = theta->dims[1];
    cost->spec.k = theta->dims[1] + 1;
    return true;
}

/* An addition an element that comes in. */
bool erg_onnx_count_col2im(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    return say(model, node, node->in[0]->elements, 1, cost);
}

/* 5 n log2 n of each transform of n points, as FFTs are counted (FFTW). */
static bool transforms(erg_onnx_model *model, erg_onnx_node *node, int64_t count,
                       int64_t points, erg_onnx_cost *cost)
{
    int64_t logarithm = 0;

    while (logarithm < 62 && INT64_C(1) << logarithm < points)
        logarithm++;
    if (!erg_count_times(&count, points) || !erg_count_times(&count, 5))
        return too_large(model, node);
    return say(model, node, count, logarithm, cost);
}

bool erg_onnx_count_dft(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    const erg_onnx_value *x = node->in[0];
    int64_t axis = erg_onnx_int(node, "axis", node->opset < 20 ? 1 : -2), points;

    erg_onnx_input_list(node, 2, &axis, 1);
    axis += axis < 0 ? x->rank : 0;
    if (erg_onnx_input_list(node, 1, &points, 1) != 1)
        points = x->dims[axis];
    int64_t count = x->dims[axis] ? x->elements / x->dims[axis] : 0;
    if (x->dims[x->rank - 1] == 2)
        count /= 2;
    return transforms(model, node, count, points, cost);
}

bool erg_onnx_count_stft(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    const erg_onnx_value *window = erg_onnx_in(node, 2), *y = node->out[0];
    int64_t points = window && window->rank == 1 ? window->dims[0] : 0;

    erg_onnx_input_list(node, 3, &points, 1);
    return transforms(model, node, y->dims[0] * y->dims[1], points, cost);
}

/* The products of a convolution; each point it reads lies between four: 7. */
bool erg_onnx_count_deform(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    const erg_onnx_value *w = node->in[1], *y = node->out[0];
    int64_t points = node->in[0]->dims[1], places = erg_onnx_product(y->dims, 2, y->rank);
    int64_t flop = y->elements, kernel = erg_onnx_product(w->dims, 2, w->rank);

    if (!erg_count_times(&flop, w->dims[1]) || !erg_count_times(&flop, kernel)
        || !erg_count_times(&points, kernel) || !erg_count_times(&points, places)
        || !erg_count_times(&points, y->dims[0]) || !erg_count_times(&points, 7))
        return too_large(model, node);
    cost->spec.macs = flop ? flop : -1;
    if (!erg_count_times(&flop, 2) || !erg_count_plus(&flop, points))
        return too_large(model, node);
    cost->spec.flop = flop ? flop : -1;
    return true;
}

bool erg_onnx_count_gelu(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    (void)model;
    if (erg_onnx_word_is(node, "approximate", "tanh"))
        cost->spec.kind = ERG_OP_GELU_TANH;
    return true;
}

/* A bias, and what else is added. */
bool erg_onnx_count_bias_add(erg_onnx_model *model, erg_onnx_node *node,
                             erg_onnx_cost *cost)
{
    return say(model, node, node->out[0]->elements, node->in_count > 2 ? 2 : 1, cost);
}

bool erg_onnx_count_q_gemm(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    const erg_onnx_value *a = node->in[0], *y = node->out[0];

    (void)model;
    cost->spec.kind = node->in[3]->is_constant ? ERG_OP_LINEAR : ERG_OP_MATMUL;
    cost->spec.precision = ERG_INT8;
    cost->spec.batch = 1;
    cost->spec.m = y->dims[0];
    cost->spec.n = y->dims[1];
    cost->spec.k = a->dims[erg_onnx_int(node, "transA", 0) ? 0 : 1];
    return true;
}
