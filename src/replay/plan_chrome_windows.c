/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and pools: what slides a window, by "Concrete Inputs". */
#include <string.h>
#include "replay/plan_chrome_layers.h"

/* ---- windows ------------------------------------------------------------------------- */

/* Whole numbers of a profile may be anything: what no layer has is refused before sums. */
static bool is_sane(const erg_window *w)
{
    const int64_t most = 1 << 30;

    for (int32_t i = 0; i < w->axes; i++)
        if (w->kernel[i] < 1 || w->kernel[i] > most || w->stride[i] < 1
            || w->stride[i] > most
            || w->dilation[i] < 1 || w->dilation[i] > most || w->pad_begin[i] < 0
            || w->pad_begin[i] > most || w->in[i] < 1 || w->in[i] > most)
            return false;
    return true;
}

static int64_t reach_of(const erg_window *w, int32_t axis)
{
    return w->dilation[axis] * (w->kernel[axis] - 1) + 1;
}

/* PyTorch pads both ends alike; where it rounds up, the last window
 * may stand over the end. */
static bool slide(erg_window *w, bool rounds_up)
{
    for (int32_t i = 0; i < w->axes; i++) {
        int64_t room = w->in[i] + 2 * w->pad_begin[i] - reach_of(w, i);

        if (room < 0)
            return false;
        w->out[i] = (room + (rounds_up ? w->stride[i] - 1 : 0)) / w->stride[i] + 1;
        if (rounds_up && (w->out[i] - 1) * w->stride[i] >= w->in[i] + w->pad_begin[i])
            w->out[i]--;
        int64_t end = (w->out[i] - 1) * w->stride[i] + reach_of(w, i) - w->in[i]
                    - w->pad_begin[i];
        w->pad_end[i] = end > w->pad_begin[i] ? end : w->pad_begin[i];
    }
    return true;
}

static bool slide_back(erg_window *w, const int64_t more[])
{
    for (int32_t i = 0; i < w->axes; i++) {
        if (more[i] < 0 || more[i] >= w->stride[i] + w->dilation[i])
            return false;
        w->out[i] = (w->in[i] - 1) * w->stride[i] + reach_of(w, i) + more[i]
                  - 2 * w->pad_begin[i];
        w->pad_end[i] = w->pad_begin[i];
        if (w->out[i] < 1)
            return false;
    }
    return true;
}

/* [n, channels, ..] of a window's outputs. */
static bool put_image(erg_signature *s, const erg_signature_tensor *like)
{
    erg_signature_tensor y = s->tensors[0];

    y.dims[1] = s->window.channels_out;
    memcpy(y.dims + 2, s->window.out, (size_t)s->window.axes * sizeof(int64_t));
    erg_layer_lay_like(&y, like);
    return erg_layer_put_out(s, &y);
}

/* ---- convolutions -------------------------------------------------------------------- */

enum { X, WEIGHT, BIAS, STRIDE, PAD, DILATION, GROUPS, TURNED, MORE };

static bool channels_of(const erg_layer *is, const erg_chrome_inputs *in, erg_signature *s)
{
    const erg_signature_tensor *x = &s->tensors[0], *weight = &s->tensors[1];
    erg_window *w = &s->window;
    bool back = s->op == ERG_OP_CONV_TRANSPOSE;

    w->channels_in = x->dims[1];
    w->groups = 1;
    if (is->at[GROUPS] == ERG_NO_PLACE)             /* depthwise: each channel is a group */
        w->groups = w->channels_in;
    else if (!erg_inputs_one(in, (size_t)is->at[GROUPS], &w->groups))
        return false;
    if (w->groups < 1 || w->channels_in % w->groups || weight->dims[0] % w->groups
        || weight->dims[1] < 1 || weight->dims[1] > INT64_MAX / w->groups)
        return false;
    w->channels_out = back ? weight->dims[1] * w->groups : weight->dims[0];
    return w->channels_in == (back ? weight->dims[0] : weight->dims[1] * w->groups);
}

static bool window_of(const erg_layer *is, const erg_chrome_inputs *in, erg_signature *s)
{
    const erg_signature_tensor *x = &s->tensors[0], *weight = &s->tensors[1];
    erg_window *w = &s->window;
    int64_t more[3] = { 0 };

    w->axes = x->rank - 2;
    for (int32_t i = 0; i < w->axes; i++) {
        w->in[i] = x->dims[i + 2];
        w->kernel[i] = weight->dims[i + 2];
        w->dilation[i] = 1;
    }
    if (!erg_inputs_axes(in, (size_t)is->at[STRIDE], w->axes, w->stride)
        || !erg_inputs_axes(in, (size_t)is->at[PAD], w->axes, w->pad_begin)
        || (is->at[DILATION] != ERG_NO_PLACE
            && !erg_inputs_axes(in, (size_t)is->at[DILATION], w->axes, w->dilation))
        || !is_sane(w))
        return false;
    if (s->op != ERG_OP_CONV_TRANSPOSE)
        return slide(w, false);
    return erg_inputs_axes(in, (size_t)is->at[MORE], w->axes, more) && slide_back(w, more);
}

/* 2 mb oc oh ow (ic / g) kh kw, as a product of matrices for each group. */
static bool count_convolution(erg_signature *s)
{
    const erg_window *w = &s->window;

    s->batch = w->groups;
    s->m = s->tensors[0].dims[0];
    s->n = w->channels_out / w->groups;
    s->k = w->channels_in / w->groups;
    s->flop = 2;
    return erg_layer_times(&s->m, s->op == ERG_OP_CONV_TRANSPOSE ? w->in : w->out, w->axes)
        && erg_layer_times(&s->k, w->kernel, w->axes)
        && erg_layer_times(&s->flop, (const int64_t[]){ s->batch, s->m, s->n, s->k }, 4);
}

bool erg_layer_convolution(const erg_layer *is, const erg_chrome_inputs *in,
                           erg_signature *s)
{
    const size_t x = (size_t)is->at[X], weight = (size_t)is->at[WEIGHT];
    int64_t turned = s->op == ERG_OP_CONV_TRANSPOSE;
    bool biased = is->at[BIAS] != ERG_NO_PLACE && erg_inputs_has(in, (size_t)is->at[BIAS]);

    if (is->at[TURNED] != ERG_NO_PLACE
        && !erg_inputs_one(in, (size_t)is->at[TURNED], &turned))
        return false;
    s->op = turned ? ERG_OP_CONV_TRANSPOSE : ERG_OP_CONV;
    if (!erg_inputs_has(in, x) || !erg_inputs_has(in, weight)
        || in->at[x].rank < 3 || in->at[x].rank > 5 || in->at[weight].rank != in->at[x].rank
        || !erg_layer_put(s, &in->at[x]) || !erg_layer_put(s, &in->at[weight])
        || (biased && !erg_layer_put(s, &in->at[is->at[BIAS]]))
        || !channels_of(is, in, s) || !window_of(is, in, s) || !count_convolution(s))
        return false;
    return put_image(s, &s->tensors[erg_layer_channels_last(&s->tensors[WEIGHT])]);
}

/* ---- pools --------------------------------------------------------------------------- */

enum { POOLED, SIDE, STEP, EDGE, SPREAD, ROUNDS_UP };

/* flop: one an element of each window. */
static bool end_pool(erg_signature *s)
{
    const erg_window *w = &s->window;
    const erg_signature_tensor *x = &s->tensors[0];
    bool whole = s->op == ERG_OP_GLOBAL_POOL;

    s->flop = 1;
    return put_image(s, x)
        && (whole ? erg_layer_times(&s->flop, x->dims, x->rank)
                  : erg_layer_times(&s->flop, s->tensors[1].dims, x->rank)
                        && erg_layer_times(&s->flop, w->kernel, w->axes));
}

static bool begin_pool(const erg_layer *is, const erg_chrome_inputs *in, int32_t axes,
                       erg_signature *s)
{
    const size_t x = (size_t)is->at[POOLED];
    erg_window *w = &s->window;

    if (!erg_inputs_has(in, x) || in->at[x].rank != axes + 2
        || !erg_layer_put(s, &in->at[x]))
        return false;
    w->axes = axes;
    w->channels_in = w->channels_out = w->groups = in->at[x].dims[1];
    for (int32_t i = 0; i < axes; i++) {
        w->in[i] = in->at[x].dims[i + 2];
        w->dilation[i] = 1;
    }
    return true;
}

bool erg_layer_pool(const erg_layer *is, const erg_chrome_inputs *in, erg_signature *s)
{
    int32_t axes = is->name[strcspn(is->name, "123")] - '0';
    const size_t step = (size_t)is->at[STEP];
    erg_window *w = &s->window;
    int64_t rounds_up;

    if (!begin_pool(is, in, axes, s)
        || !erg_inputs_axes(in, (size_t)is->at[SIDE], axes, w->kernel)
        || !erg_inputs_axes(in, (size_t)is->at[EDGE], axes, w->pad_begin)
        || (is->at[SPREAD] != ERG_NO_PLACE
            && !erg_inputs_axes(in, (size_t)is->at[SPREAD], axes, w->dilation))
        || !erg_inputs_one(in, (size_t)is->at[ROUNDS_UP], &rounds_up))
        return false;
    /* [] means: as wide as the window. */
    if (!erg_inputs_axes(in, step, axes, w->stride))
        memcpy(w->stride, w->kernel, sizeof(w->stride));
    return is_sane(w) && slide(w, rounds_up) && end_pool(s);
}

/* Windows of one size only where the sides divide. */
bool erg_layer_adaptive_pool(const erg_layer *is, const erg_chrome_inputs *in,
                             erg_signature *s)
{
    erg_window *w = &s->window;
    int64_t all = 1;

    if (!begin_pool(is, in, 2, s)
        || !erg_inputs_axes(in, (size_t)is->at[SIDE], w->axes, w->out))
        return false;
    for (int32_t i = 0; i < w->axes; i++) {
        if (w->out[i] < 1 || w->in[i] < 1 || w->in[i] % w->out[i])
            return false;
        w->kernel[i] = w->stride[i] = w->in[i] / w->out[i];
        all = w->out[i] > all ? w->out[i] : all;
    }
    if (all == 1)
        s->op = ERG_OP_GLOBAL_POOL;
    return end_pool(s);
}

bool erg_layer_global_pool(const erg_layer *is, const erg_chrome_inputs *in,
                           erg_signature *s)
{
    erg_window *w = &s->window;

    if (in->at[0].rank < 3 || in->at[0].rank > 5
        || !begin_pool(is, in, in->at[0].rank - 2, s))
        return false;
    for (int32_t i = 0; i < w->axes; i++) {
        w->kernel[i] = w->stride[i] = w->in[i];
        w->out[i] = 1;
    }
    return end_pool(s);
}
