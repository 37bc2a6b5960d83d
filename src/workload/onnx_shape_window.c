/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes of windows: convolutions and pools. With ceil_mode a window that would
 * start in the right padding is dropped, as frameworks do: the formula of older
 * ONNX texts gives one output too many.
 */
#include <string.h>
#include "workload/onnx_shape.h"

typedef enum padding { AS_GIVEN, VALID, SAME_UPPER, SAME_LOWER, UNKNOWN } padding;

typedef struct geometry {
    int32_t axes;
    padding padding;   /* which of `pads` are to be come to */
    const int64_t *in; /* spatial dimensions of x */
    int64_t kernel[ERG_ONNX_RANK], stride[ERG_ONNX_RANK], dilation[ERG_ONNX_RANK];
    int64_t pads[2 * ERG_ONNX_RANK], out[ERG_ONNX_RANK];
} geometry;

static bool list_or(const erg_onnx_node *node, const char *name, int64_t *to, int32_t count,
                    int64_t absent)
{
    int32_t got = erg_onnx_list(node, name, to, count);

    for (int32_t i = 0; i < got; i++) /* so that sums and products of two hold */
        if (to[i] > INT32_MAX || to[i] < INT32_MIN)
            return false;
    for (int32_t i = 0; got < 0 && i < count; i++)
        to[i] = absent;
    return got < 0 ? !erg_onnx_has(node, name) : got == count;
}

static padding padding_of(const erg_onnx_node *node)
{
    static const char *const words[] = { [VALID] = "VALID", [SAME_UPPER] = "SAME_UPPER",
                                         [SAME_LOWER] = "SAME_LOWER" };

    if (!erg_onnx_has(node, "auto_pad") || erg_onnx_word_is(node, "auto_pad", "NOTSET")
        || erg_onnx_word_is(node, "auto_pad", ""))
        return AS_GIVEN;
    for (padding one = VALID; one <= SAME_LOWER; one++)
        if (erg_onnx_word_is(node, "auto_pad", words[one]))
            return one;
    return UNKNOWN;
}

/* Everything but `out`; dims of the kernel from weights where given. */
static bool geometry_read(erg_onnx_model *model, erg_onnx_node *node,
                          const erg_onnx_value *x, const int64_t *weights, geometry *g)
{
    g->axes = x->rank - 2;
    g->in = x->dims + 2;
    g->padding = padding_of(node);
    if (g->padding == UNKNOWN) {
        erg_onnx_refuse(model, node, "auto_pad is NOTSET, VALID, SAME_UPPER or "
                        "SAME_LOWER, and here none of them");
        return false;
    }
    bool fits = list_or(node, "strides", g->stride, g->axes, 1)
                && list_or(node, "dilations", g->dilation, g->axes, 1)
                && list_or(node, "pads", g->pads, 2 * g->axes, 0)
                && list_or(node, "kernel_shape", g->kernel, g->axes, -1);

    for (int32_t i = 0; fits && i < g->axes; i++) {
        if (g->kernel[i] == -1 && weights)
            g->kernel[i] = weights[i];
        fits = g->kernel[i] > 0 && g->stride[i] > 0 && g->dilation[i] > 0
               && g->kernel[i] <= INT32_MAX && (!weights || weights[i] == g->kernel[i]);
    }
    return fits
           || erg_onnx_refuse(model, node,
                              "kernel, strides, pads or dilations do not fit "
                              "its %d spatial axes",
                              g->axes);
}

static bool is_same(const geometry *g)
{
    return g->padding == SAME_UPPER || g->padding == SAME_LOWER;
}

/* Padding that makes out = ceil(in / stride); an odd one is put by the mode's name. */
static void pad_same(geometry *g, int32_t i)
{
    int64_t reach = g->dilation[i] * (g->kernel[i] - 1) + 1;

    g->out[i] = g->in[i] / g->stride[i] + (g->in[i] % g->stride[i] != 0);
    int64_t all = (g->out[i] - 1) * g->stride[i] + reach - g->in[i];
    all = all > 0 ? all : 0;
    g->pads[i] = g->padding == SAME_UPPER ? all / 2 : all - all / 2;
    g->pads[g->axes + i] = all - g->pads[i];
}

static bool geometry_out(erg_onnx_model *model, erg_onnx_node *node, geometry *g)
{
    bool is_ceil = erg_onnx_int(node, "ceil_mode", 0) != 0;

    for (int32_t i = 0; i < g->axes; i++) {
        int64_t *begin = &g->pads[i], *end = &g->pads[g->axes + i], room;
        if (is_same(g)) {
            pad_same(g, i);
            continue;
        }
        if (g->padding == VALID)
            *begin = *end = 0;
        if (__builtin_add_overflow(g->in[i], *begin, &room)
            || __builtin_add_overflow(room, *end, &room))
            return erg_onnx_refuse(model, node, "its padding is too large");
        room -= g->dilation[i] * (g->kernel[i] - 1) + 1;
        if (room < 0)
            return erg_onnx_refuse(model, node, "the window is larger than its input");
        g->out[i] = room / g->stride[i] + 1 + (is_ceil && room % g->stride[i] != 0);
        if (is_ceil && (g->out[i] - 1) * g->stride[i] >= g->in[i] + *begin)
            g->out[i]--;
    }
    return true;
}

static bool is_transposed(const erg_onnx_node *node)
{
    return strcmp(node->proto->op_type, "ConvTranspose") == 0;
}

/* With output_shape the padding follows from it. */
static bool geometry_transposed(erg_onnx_model *model, erg_onnx_node *node, geometry *g)
{
    int64_t extra[ERG_ONNX_RANK], wanted[ERG_ONNX_RANK];
    bool is_wanted = erg_onnx_list(node, "output_shape", wanted, g->axes) == g->axes;

    if (!list_or(node, "output_padding", extra, g->axes, 0))
        return erg_onnx_refuse(model, node, "output_padding does not fit its axes");
    for (int32_t i = 0; i < g->axes; i++) {
        int64_t full;
        if (__builtin_mul_overflow(g->stride[i], g->in[i] - 1, &full)
            || __builtin_add_overflow(
                full, extra[i] + g->dilation[i] * (g->kernel[i] - 1) + 1, &full))
            return erg_onnx_refuse(model, node, "its result is too large");
        if (g->padding == VALID)
            g->pads[i] = g->pads[g->axes + i] = 0;
        g->out[i] = is_wanted       ? wanted[i]
                    : is_same(g) ? g->in[i] * g->stride[i]
                                    : full - g->pads[i] - g->pads[g->axes + i];
        if (g->out[i] < 0)
            return erg_onnx_refuse(model, node, "its padding is larger than its result");
    }
    return true;
}

/* ---- convolutions -------------------------------------------------------------- */

static bool conv(erg_onnx_model *model, erg_onnx_node *node, int32_t at, int32_t weight_at,
                 int32_t type)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, at, 2);
    const erg_onnx_value *w = x ? erg_onnx_need(model, node, weight_at, 2) : NULL;
    int64_t groups = erg_onnx_int(node, "group", 1), dims[ERG_ONNX_RANK];
    bool back = is_transposed(node);
    geometry g;

    if (!w)
        return false;
    if (w->rank != x->rank || groups < 1)
        return erg_onnx_refuse(model, node,
                               "weights and input need as many axes, in groups");
    int64_t expected = back ? w->dims[0] : w->dims[1];
    if (!back && __builtin_mul_overflow(expected, groups, &expected))
        expected = -1;
    if (expected != x->dims[1] || x->dims[1] % groups || w->dims[0] % groups)
        return erg_onnx_refuse(model, node,
                               "%lld channels do not fit weights for %lld in "
                               "%lld groups",
                               (long long)x->dims[1], (long long)expected,
                               (long long)groups);
    if (!geometry_read(model, node, x, w->dims + 2, &g)
        || !(back ? geometry_transposed(model, node, &g) : geometry_out(model, node, &g)))
        return false;
    dims[0] = x->dims[0];
    dims[1] = w->dims[0];
    if (back && __builtin_mul_overflow(w->dims[1], groups, &dims[1]))
        return erg_onnx_refuse(model, node, "too many channels");
    memcpy(dims + 2, g.out, (size_t)g.axes * sizeof(*dims));
    return erg_onnx_give(model, node, 0, type ? type : x->type, x->rank, dims);
}

bool erg_onnx_shape_conv(erg_onnx_model *model, erg_onnx_node *node)
{
    return conv(model, node, 0, 1, 0);
}

bool erg_onnx_shape_conv_transpose(erg_onnx_model *model, erg_onnx_node *node)
{
    return conv(model, node, 0, 1, 0);
}

bool erg_onnx_shape_conv_integer(erg_onnx_model *model, erg_onnx_node *node)
{
    return conv(model, node, 0, 1, ONNX__TENSOR_PROTO__DATA_TYPE__INT32);
}

/* x, scale, zero, w, scale, zero, scale and zero of y, bias. */
bool erg_onnx_shape_q_conv(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *zero = erg_onnx_in(node, 7);
    return conv(model, node, 0, 3, zero ? zero->type : 0);
}

/* ---- pools ------------------------------------------------------------------- */

bool erg_onnx_shape_pool(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 2);
    int64_t dims[ERG_ONNX_RANK];
    geometry g;

    if (!x || !geometry_read(model, node, x, NULL, &g) || !geometry_out(model, node, &g))
        return false;
    dims[0] = x->dims[0];
    dims[1] = x->dims[1];
    memcpy(dims + 2, g.out, (size_t)g.axes * sizeof(*dims));
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims)
           && erg_onnx_give(model, node, 1, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, x->rank,
                            dims);
}

bool erg_onnx_shape_global_pool(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 2);
    int64_t dims[ERG_ONNX_RANK];

    for (int32_t i = 0; x && i < x->rank; i++)
        dims[i] = i < 2 ? x->dims[i] : 1;
    return x && erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* output_shape as input 2, or the pool turned round. */
bool erg_onnx_shape_unpool(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 2);
    int64_t dims[ERG_ONNX_RANK];
    geometry g;

    if (!x)
        return false;
    if (erg_onnx_input_list(node, 2, dims, ERG_ONNX_RANK) == x->rank)
        return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
    if (erg_onnx_in(node, 2))
        return erg_onnx_late(model, node, "its output shape is known only at run time");
    if (!geometry_read(model, node, x, NULL, &g) || !geometry_transposed(model, node, &g))
        return false;
    dims[0] = x->dims[0];
    dims[1] = x->dims[1];
    memcpy(dims + 2, g.out, (size_t)g.axes * sizeof(*dims));
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* A row of results a region. MaxRoiPool has pooled_shape, RoiAlign two numbers. */
bool erg_onnx_shape_roi(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 4);
    const erg_onnx_value *regions = x ? erg_onnx_need(model, node, 1, 1) : NULL;
    int64_t size[2] = { erg_onnx_int(node, "output_height", 1),
                        erg_onnx_int(node, "output_width", 1) };

    if (!regions)
        return false;
    erg_onnx_list(node, "pooled_shape", size, 2);
    int64_t dims[4] = { regions->dims[0], x->dims[1], size[0], size[1] };
    return erg_onnx_give(model, node, 0, x->type, 4, dims);
}

/* ---- for the builder ------------------------------------------------------------ */

/* False: not one to three spatial axes, the builder knows no such window. */
bool erg_onnx_window(erg_onnx_model *model, erg_onnx_node *node, erg_window *out)
{
    bool is_quantised = strncmp(node->proto->op_type, "QLinearConv", 11) == 0;
    const erg_onnx_value *x = node->in[0], *y = node->out[0];
    const erg_onnx_value *w =
        strstr(node->proto->op_type, "Conv") ? node->in[is_quantised ? 3 : 1] : NULL;
    geometry g;

    *out = (erg_window){ .axes = x->rank - 2,
                         .channels_in = x->dims[1],
                         .channels_out = y->dims[1],
                         .groups = w ? erg_onnx_int(node, "group", 1) : x->dims[1] };
    if (out->axes < 1 || out->axes > 3
        || !geometry_read(model, node, x, w ? w->dims + 2 : NULL, &g)
        || !(is_transposed(node) ? geometry_transposed(model, node, &g)
                                 : geometry_out(model, node, &g)))
        return false;
    for (int32_t i = 0; i < out->axes; i++) {
        out->kernel[i] = g.kernel[i];
        out->stride[i] = g.stride[i];
        out->dilation[i] = g.dilation[i];
        out->pad_begin[i] = g.pads[i];
        out->pad_end[i] = g.pads[g.axes + i];
        out->in[i] = g.in[i];
        out->out[i] = g.out[i];
    }
    return true;
}
