/* SPDX-License-Identifier: Apache-2.0 */
/* The lines a network is written in: map, linear, matmul, conv, pool, norm. */
#include "workload/build.h"

enum { RANK_MOST = 8 };

static int32_t append(erg_builder *builder, erg_op_spec spec, const int32_t *inputs,
                      int32_t input_count, int32_t out)
{
    spec.precision = ERG_PRECISIONS;
    spec.inputs = inputs;
    spec.input_count = input_count;
    spec.outputs = &out;
    spec.output_count = 1;
    return erg_build_operator(builder, &spec) < 0 ? -1 : out;
}

static int32_t like(erg_builder *builder, const erg_tensor *x)
{
    return erg_build_tensor(builder, ERG_ACTIVATION, NULL, x->rank, x->dims, x->bits);
}

/* numpy's rule: right-aligned, an axis of 1 stretches. */
static bool broadcast(const erg_tensor *a, const erg_tensor *b, int32_t *rank,
                      int64_t dims[RANK_MOST])
{
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (int32_t i = 0; i < *rank; i++) {
        int32_t at_a = a->rank - *rank + i, at_b = b->rank - *rank + i;
        int64_t of_a = at_a >= 0 ? a->dims[at_a] : 1, of_b = at_b >= 0 ? b->dims[at_b] : 1;
        if (of_a != of_b && of_a != 1 && of_b != 1)
            return false;
        dims[i] = of_a == 1 ? of_b : of_a;
    }
    return true;
}

static int32_t map(erg_builder *builder, erg_op_spec spec, int32_t a, int32_t b)
{
    const char *name = spec.name;
    const erg_tensor *left = erg_build_tensor_at(builder, a);
    const erg_tensor *right = b < 0 ? left : erg_build_tensor_at(builder, b);
    int64_t dims[RANK_MOST];
    int32_t rank;

    if (!left || !right)
        return erg_build_refuse(builder, "%s reads a tensor that nothing made", name);
    if (left->rank > RANK_MOST || right->rank > RANK_MOST
        || !broadcast(left, right, &rank, dims))
        return erg_build_refuse(builder, "%s: the shapes of its operands do not match",
                                name);
    int32_t out = erg_build_tensor(builder, ERG_ACTIVATION, NULL, rank, dims, left->bits);
    return append(builder, spec, (int32_t[]){ a, b }, b < 0 ? 1 : 2, out);
}

int32_t erg_build_map(erg_builder *builder, erg_op_kind kind, const char *name, int32_t a,
                      int32_t b)
{
    return map(builder, (erg_op_spec){ .kind = kind, .name = name }, a, b);
}

int32_t erg_build_add(erg_builder *builder, const char *name, int32_t a, int32_t b)
{
    erg_op_spec spec = { .kind = ERG_OP_ADD, .name = name, .is_function = true };
    return map(builder, spec, a, b);
}

int32_t erg_build_idle(erg_builder *builder, const char *name, int32_t x)
{
    const erg_tensor *in = erg_build_tensor_at(builder, x);

    if (!in)
        return erg_build_refuse(builder, "%s reads a tensor that nothing made", name);
    int32_t y = erg_build_view(builder, x, in->rank, in->dims);
    erg_op_spec spec = { .kind = ERG_OP_DROPOUT, .name = name, .flop = -1, .special_op = -1,
                         .in_bytes = -1, .out_bytes = -1 };
    return append(builder, spec, &x, 1, y);
}

int32_t erg_build_linear_on(erg_builder *builder, const char *name, int32_t x,
                            int32_t weights, int32_t bias)
{
    const erg_tensor *in = erg_build_tensor_at(builder, x);
    const erg_tensor *by = erg_build_tensor_at(builder, weights);
    int64_t dims[RANK_MOST], rows = 1;

    if (!in || !by || in->rank < 1 || in->rank > RANK_MOST || by->rank != 2
        || by->dims[1] != in->dims[in->rank - 1])
        return erg_build_refuse(builder, "%s: its weights do not fit its input", name);
    int32_t rank = in->rank;
    for (int32_t i = 0; i < rank - 1; i++) {
        dims[i] = in->dims[i];
        rows *= dims[i];
    }
    dims[rank - 1] = by->dims[0];
    erg_op_spec spec = { .kind = ERG_OP_LINEAR, .name = name, .batch = 1, .m = rows,
                         .n = by->dims[0], .k = by->dims[1] };
    int32_t y = erg_build_tensor(builder, ERG_ACTIVATION, NULL, rank, dims,
                                 ERG_BITS_OF_GRAPH);
    return append(builder, spec, (int32_t[]){ x, weights, bias }, bias >= 0 ? 3 : 2, y);
}

int32_t erg_build_linear(erg_builder *builder, const char *name, int32_t x, int64_t out,
                         bool bias)
{
    const erg_tensor *in = erg_build_tensor_at(builder, x);

    if (!in || in->rank < 1)
        return erg_build_refuse(builder, "%s needs an input of rank 1 to 8", name);
    int64_t width = in->dims[in->rank - 1];
    int32_t weights = erg_build_tensor(builder, ERG_WEIGHT, NULL, 2,
                                       (int64_t[]){ out, width }, ERG_BITS_OF_GRAPH);
    int32_t added = bias ? erg_build_tensor(builder, ERG_WEIGHT, NULL, 1, &out,
                                            ERG_BITS_OF_GRAPH) : -1;
    return erg_build_linear_on(builder, name, x, weights, added);
}

int32_t erg_build_embedding(erg_builder *builder, const char *name, int32_t table,
                            int32_t ids)
{
    const erg_tensor *rows = erg_build_tensor_at(builder, table);
    const erg_tensor *picks = erg_build_tensor_at(builder, ids);
    int64_t dims[RANK_MOST];

    if (!rows || !picks || rows->rank != 2 || picks->rank >= RANK_MOST)
        return erg_build_refuse(builder, "%s needs a table of rows and ids", name);
    int32_t rank = picks->rank + 1;
    for (int32_t i = 0; i < picks->rank; i++)
        dims[i] = picks->dims[i];
    dims[rank - 1] = rows->dims[1];
    int32_t y = erg_build_tensor(builder, ERG_ACTIVATION, NULL, rank, dims,
                                 ERG_BITS_OF_GRAPH);
    return append(builder, (erg_op_spec){ .kind = ERG_OP_EMBEDDING, .name = name,
                                          .gathers = true },
                  (int32_t[]){ table, ids }, 2, y);
}

int32_t erg_build_matmul(erg_builder *builder, const char *name, int32_t a, int32_t b)
{
    const erg_tensor *left = erg_build_tensor_at(builder, a);
    const erg_tensor *right = erg_build_tensor_at(builder, b);
    int64_t dims[RANK_MOST], batch = 1;

    if (!left || !right || left->rank != right->rank || left->rank < 2
        || left->rank > RANK_MOST)
        return erg_build_refuse(builder, "%s needs two operands of one rank", name);
    int32_t rank = left->rank;
    bool fits = left->dims[rank - 1] == right->dims[rank - 2];
    for (int32_t i = 0; i < rank - 2; i++) {
        fits = fits && left->dims[i] == right->dims[i];
        dims[i] = left->dims[i];
        batch *= dims[i];
    }
    if (!fits)
        return erg_build_refuse(builder, "%s: the shapes of its operands do not match",
                                name);
    dims[rank - 2] = left->dims[rank - 2];
    dims[rank - 1] = right->dims[rank - 1];
    erg_op_spec spec = { .kind = ERG_OP_MATMUL, .name = name, .batch = batch,
                         .m = dims[rank - 2], .n = dims[rank - 1],
                         .k = left->dims[rank - 1] };
    int32_t y = erg_build_tensor(builder, ERG_ACTIVATION, NULL, rank, dims,
                                 ERG_BITS_OF_GRAPH);
    return append(builder, spec, (int32_t[]){ a, b }, 2, y);
}

/* ---- images: x is [B, C, H, W] -------------------------------------------- */

static bool window_fill(erg_window *w, const erg_tensor *x, erg_conv_spec conv)
{
    *w = (erg_window){ .axes = 2, .channels_in = x->dims[1], .channels_out = conv.channels,
                       .groups = conv.groups };
    for (int i = 0; i < 2; i++) {
        w->kernel[i] = conv.kernel;
        w->stride[i] = conv.stride;
        w->dilation[i] = conv.dilation;
        w->pad_begin[i] = w->pad_end[i] = conv.pad;
        w->in[i] = x->dims[2 + i];
        int64_t reach = w->in[i] + 2 * conv.pad - conv.dilation * (conv.kernel - 1) - 1;
        if (reach < 0)
            return false;
        w->out[i] = reach / conv.stride + 1;
    }
    return true;
}

static erg_conv_spec conv_defaults(erg_conv_spec conv)
{
    conv.stride = conv.stride ? conv.stride : 1;
    conv.dilation = conv.dilation ? conv.dilation : 1;
    conv.groups = conv.groups ? conv.groups : 1;
    return conv;
}

int32_t erg_build_conv(erg_builder *builder, const char *name, int32_t x,
                       erg_conv_spec conv)
{
    const erg_tensor *in = erg_build_tensor_at(builder, x);
    erg_window w;

    conv = conv_defaults(conv);
    if (!in || in->rank != 4 || !window_fill(&w, in, conv)
        || in->dims[1] % conv.groups || conv.channels % conv.groups)
        return erg_build_refuse(builder, "%s: no such convolution of its input", name);
    int64_t samples = in->dims[0], per_group = in->dims[1] / conv.groups;
    int32_t weights = erg_build_tensor(builder, ERG_WEIGHT, NULL, 4,
        (int64_t[]){ conv.channels, per_group, conv.kernel, conv.kernel },
        ERG_BITS_OF_GRAPH);
    int32_t bias = conv.bias
        ? erg_build_tensor(builder, ERG_WEIGHT, NULL, 1, &conv.channels,
                           ERG_BITS_OF_GRAPH) : -1;
    int32_t y = erg_build_tensor(builder, ERG_ACTIVATION, NULL, 4,
        (int64_t[]){ samples, conv.channels, w.out[0], w.out[1] }, ERG_BITS_OF_GRAPH);
    return append(builder, (erg_op_spec){ .kind = ERG_OP_CONV, .name = name, .window = &w },
                  (int32_t[]){ x, weights, bias }, conv.bias ? 3 : 2, y);
}

int32_t erg_build_conv_norm(erg_builder *builder, erg_conv_names names, int32_t x,
                            erg_conv_spec conv)
{
    bool folds = erg_build_options(builder)->fold_batch_norm;

    conv.bias = conv.bias || folds;
    x = erg_build_conv(builder, names.conv, x, conv);
    return folds
        ? x : erg_build_norm(builder, ERG_OP_BATCH_NORM, names.norm, x, conv.channels);
}

int32_t erg_build_pool(erg_builder *builder, erg_op_kind kind, const char *name, int32_t x,
                       int64_t kernel, int64_t stride, int64_t pad)
{
    const erg_tensor *in = erg_build_tensor_at(builder, x);
    erg_window w;

    if (!in || in->rank != 4)
        return erg_build_refuse(builder, "%s: a pool needs an image", name);
    erg_conv_spec conv = { .channels = in->dims[1], .kernel = kernel, .stride = stride,
                           .pad = pad, .dilation = 1, .groups = in->dims[1] };
    if (kind == ERG_OP_GLOBAL_POOL)
        conv = (erg_conv_spec){ .channels = in->dims[1], .kernel = in->dims[2], .stride = 1,
                                .dilation = 1, .groups = in->dims[1] };
    if (!window_fill(&w, in, conv))
        return erg_build_refuse(builder, "%s: the window is larger than its input", name);
    int32_t y = erg_build_tensor(builder, ERG_ACTIVATION, NULL, 4,
        (int64_t[]){ in->dims[0], in->dims[1], w.out[0], w.out[1] }, in->bits);
    return append(builder, (erg_op_spec){ .kind = kind, .name = name, .window = &w }, &x, 1,
                  y);
}

int32_t erg_build_norm(erg_builder *builder, erg_op_kind kind, const char *name, int32_t x,
                       int64_t channels)
{
    const erg_tensor *in = erg_build_tensor_at(builder, x);
    int32_t inputs[5] = { x }, count = 1;

    if (!in)
        return erg_build_refuse(builder, "%s reads a tensor that nothing made", name);
    int32_t y = like(builder, in);
    int32_t parameters = kind == ERG_OP_RMS_NORM ? 1 : 2;
    for (int32_t i = 0; i < parameters; i++)
        inputs[count++] = erg_build_tensor(builder, ERG_WEIGHT, NULL, 1, &channels,
                                           ERG_BITS_OF_GRAPH);
    /* Running mean and variance are read, but are no parameters. */
    for (int32_t i = 0; kind == ERG_OP_BATCH_NORM && i < 2; i++)
        inputs[count++] = erg_build_tensor(builder, ERG_BUFFER, "running", 1,
                                           &channels, 32);
    return append(builder, (erg_op_spec){ .kind = kind, .name = name }, inputs, count, y);
}
