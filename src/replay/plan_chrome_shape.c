/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operator launches several kernels; its inputs are those of the one that does its work:
 * a product's go to the kernel of tier gemm, an element-wise one's to the kernel of that
 * kind. What else it launched (a copy of the bias, a cast) has no shape
 * that anybody wrote down.
 */
#include <string.h>
#include "replay/plan_chrome_layers.h"

/* ---- products ------------------------------------------------------------------------ */

/* Where a product's operands stand among its inputs; weights of linear lie as [n, k]. */
static const struct { const char *name; size_t a, b; bool is_turned; } products[] = {
    { "aten::mm", 0, 1, false },     { "aten::addmm", 1, 2, false },
    { "aten::bmm", 0, 1, false },    { "aten::baddbmm", 1, 2, false },
    { "aten::matmul", 0, 1, false }, { "aten::linear", 0, 1, true },
    { "aten::_addmm_activation", 1, 2, false }, { "MatMul", 0, 1, false },
};

/* A matrix that lies across in memory is one that the library was told to transpose. */
static bool lay_straight(erg_signature_tensor *tensor)
{
    int32_t last = tensor->rank - 1;

    if (tensor->strides[last - 1] != 1 || tensor->strides[last] < 1
        || (tensor->strides[last] == 1 && tensor->dims[last] > 1))
        return false;
    int64_t rows = tensor->dims[last - 1], stride = tensor->strides[last];
    tensor->dims[last - 1] = tensor->dims[last];
    tensor->dims[last] = rows;
    tensor->strides[last - 1] = stride;
    tensor->strides[last] = 1;
    if (erg_plan_is_dense(tensor, tensor->strides))
        memset(tensor->strides, 0, sizeof(tensor->strides));
    return true;
}

static int64_t bytes_of(const erg_signature_tensor *tensor)
{
    return erg_plan_elements(tensor) * (int64_t)erg_precision_bits(tensor->precision) / 8;
}

static bool all_fit(const erg_signature *s)
{
    for (int32_t i = 0; i < s->input_count + s->output_count; i++)
        if (!erg_plan_fits(&s->tensors[i]))
            return false;
    return true;
}

/* The output is [.., m, n]: as the left operand, but for its last axis. */
static bool set_product(erg_signature *s, bool is_turned)
{
    erg_signature_tensor *a = &s->tensors[0], *b = &s->tensors[1], *out = &s->tensors[2];

    if (a->rank < 2 || b->rank < 2)
        return false;
    *out = *a;
    memset(out->strides, 0, sizeof(out->strides));
    s->m = a->dims[a->rank - 2];
    s->k = a->dims[a->rank - 1];
    s->n = b->dims[b->rank - (is_turned ? 2 : 1)];
    out->dims[a->rank - 1] = s->n;
    if (s->m < 1 || s->n < 1 || s->k < 1 || b->dims[b->rank - (is_turned ? 1 : 2)] != s->k)
        return false;
    s->batch = erg_plan_elements(a) / (s->m * s->k);
    s->transpose_a = lay_straight(a);
    s->transpose_b = lay_straight(b) != is_turned;
    return s->batch > 0
        && (b->rank == 2 || erg_plan_elements(b) / (s->k * s->n) == s->batch);
}

static bool shape_product(erg_signature *s, const erg_chrome_inputs *in, size_t row)
{
    size_t a = products[row].a, b = products[row].b;

    if (b >= in->count || !in->is_tensor[a] || !in->is_tensor[b]
        || in->at[a].precision != in->at[b].precision)
        return false;
    s->op = ERG_OP_MATMUL;
    s->input_count = 2;
    s->output_count = 1;
    s->tensors[0] = in->at[a];
    s->tensors[1] = in->at[b];
    s->precision = in->at[a].precision;
    if (!set_product(s, products[row].is_turned))
        return false;
    s->flop = 2;
    return erg_layer_times(&s->flop, (const int64_t[]){ s->m, s->n, s->batch, s->k }, 4);
}

/* ---- element by element -------------------------------------------------------------- */

/* The output is as large as its inputs spread over each other. */
static const struct { const char *name; erg_op_kind op; size_t inputs; } plain[] = {
    { "aten::add", ERG_OP_ADD, 2 },       { "aten::add_", ERG_OP_ADD, 2 },
    { "aten::mul", ERG_OP_MUL, 2 },       { "aten::mul_", ERG_OP_MUL, 2 },
    { "aten::sub", ERG_OP_SUB, 2 },       { "aten::div", ERG_OP_DIV, 2 },
    { "aten::relu", ERG_OP_RELU, 1 },     { "aten::gelu", ERG_OP_GELU, 1 },
    { "aten::silu", ERG_OP_SILU, 1 },     { "aten::sigmoid", ERG_OP_SIGMOID, 1 },
    { "aten::tanh", ERG_OP_TANH, 1 },
    /* Nodes of ONNX Runtime. */
    { "Add", ERG_OP_ADD, 2 },             { "Mul", ERG_OP_MUL, 2 },
    { "Sub", ERG_OP_SUB, 2 },             { "Div", ERG_OP_DIV, 2 },
    { "Pow", ERG_OP_POW, 2 },             { "Sqrt", ERG_OP_SQRT, 1 },
    { "Exp", ERG_OP_EXP, 1 },             { "Erf", ERG_OP_ERF, 1 },
    { "Relu", ERG_OP_RELU, 1 },           { "Gelu", ERG_OP_GELU, 1 },
    { "Sigmoid", ERG_OP_SIGMOID, 1 },     { "Tanh", ERG_OP_TANH, 1 },
    { "HardSwish", ERG_OP_HARD_SWISH, 1 },
};

static bool spread(erg_signature_tensor *out, const erg_signature_tensor *other)
{
    if (other->rank > out->rank)
        return false;
    for (int32_t i = 0; i < other->rank; i++) {
        int64_t *to = &out->dims[out->rank - other->rank + i];
        if (*to != other->dims[i] && other->dims[i] != 1 && *to != 1)
            return false;
        *to = other->dims[i] == 1 ? *to : other->dims[i];
    }
    return true;
}

static bool shape_plain(erg_signature *s, const erg_chrome_inputs *in, size_t row)
{
    s->op = plain[row].op;
    for (size_t i = 0; i < plain[row].inputs && i < in->count; i++)
        if (in->is_tensor[i])
            s->tensors[s->input_count++] = in->at[i];
    if (s->input_count == 0 || (plain[row].inputs == 1 && s->input_count != 1))
        return false;
    const erg_signature_tensor *larger = &s->tensors[0];
    if (s->input_count == 2 && s->tensors[1].rank > larger->rank)
        larger = &s->tensors[1];
    s->output_count = 1;
    erg_signature_tensor *out = &s->tensors[s->input_count];
    *out = *larger;
    memset(out->strides, 0, sizeof(out->strides));
    for (int32_t i = 0; i < s->input_count; i++)
        if (!spread(out, &s->tensors[i]))
            return false;
    s->precision = out->precision;
    return erg_plan_flop_each(s, out);
}

/* ---- either -------------------------------------------------------------------------- */

static bool shape(const erg_replay_kernel *kernel, const char *name, erg_chrome_inputs *in,
                  erg_signature *s)
{
    if (erg_plan_chrome_layer(kernel, name, in, s))
        return true;
    if (kernel->tier == ERG_TIER_MATRIX) {
        for (size_t i = 0; i < ERG_COUNT(products); i++)
            if (strcmp(products[i].name, name) == 0)
                return shape_product(s, in, i);
        return false;
    }
    for (size_t i = 0; i < ERG_COUNT(plain); i++)
        if (strcmp(plain[i].name, name) == 0 && s->op == plain[i].op)
            return shape_plain(s, in, i);
    return false;
}

bool erg_plan_chrome_fill(const erg_replay_kernel *kernel, const char *name,
                          erg_chrome_inputs *in, erg_signature *s)
{
    *s = kernel->signature;
    if (s->shape_known || !shape(kernel, name, in, s) || !all_fit(s))
        return false;
    s->shape_known = true;
    s->in_bytes = s->out_bytes = 0;
    for (int32_t i = 0; i < s->input_count; i++)
        s->in_bytes += bytes_of(&s->tensors[i]);
    for (int32_t i = s->input_count; i < s->input_count + s->output_count; i++)
        s->out_bytes += bytes_of(&s->tensors[i]);
    return true;
}

void erg_plan_chrome_shape(erg_replay_kernel *kernel, const erg_chrome_operator *by)
{
    erg_chrome_inputs in;
    erg_signature s;

    if (erg_inputs_read(by, &in) && erg_plan_chrome_fill(kernel, by->name, &in, &s))
        kernel->signature = s;
}
