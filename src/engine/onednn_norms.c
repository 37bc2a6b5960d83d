/* SPDX-License-Identifier: Apache-2.0 */
/* Norms, softmax, pools and reductions on oneDNN: what folds an axis. */
#include "engine/onednn_inside.h"

static const float epsilon = 1e-5F;

static bool softmax(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature *is = draft->signature;
    int axis = is->axis < 0 ? is->tensors[0].rank - 1 : is->axis;
    dnnl_softmax_v2_desc_t description;

    return erg_dnn_operand(draft, DNNL_ARG_SRC, 0, NULL)
           && erg_dnn_operand_like(draft, DNNL_ARG_DST, is->input_count,
                                   &draft->made->operands[0])
           && erg_dnn_ok(library,
                         library->softmax(&description, dnnl_forward_inference,
                                          dnnl_softmax_accurate,
                                          erg_dnn_desc(draft, DNNL_ARG_SRC),
                                          erg_dnn_desc(draft, DNNL_ARG_DST), axis),
                         "softmax", draft->err)
           && erg_dnn_make(draft, &description, "softmax");
}

/* Parameters behind the operand: gain, shift, and of a batch norm mean and variance. */
static bool parameters(dnn_draft *draft, unsigned *flags)
{
    static const struct {
        int argument;
        unsigned flag;
    } places[] = {
        { DNNL_ARG_SCALE, dnnl_use_scale },
        { DNNL_ARG_SHIFT, dnnl_use_shift },
        { DNNL_ARG_MEAN, dnnl_use_global_stats },
        { DNNL_ARG_VARIANCE, dnnl_use_global_stats },
    };
    const erg_signature *is = draft->signature;

    for (int i = 1; i < is->input_count; i++) {
        if (i > (int)ERG_COUNT(places) || is->tensors[i].rank != 1)
            return erg_fail(draft->err, ERG_UNSUPPORTED,
                            "oneDNN: a norm of such parameters");
        if (!erg_dnn_operand(draft, places[i - 1].argument, i, NULL))
            return false;
        *flags |= places[i - 1].flag;
    }
    return true;
}

static bool layer_norm(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature *is = draft->signature;
    dnnl_layer_normalization_desc_t norm;
    unsigned flags = 0;

    if (is->input_count > 3)
        return erg_fail(draft->err, ERG_UNSUPPORTED,
                        "oneDNN: a layer norm of %d parameters", (int)is->input_count - 1);
    return erg_dnn_operand(draft, DNNL_ARG_SRC, 0, NULL) && parameters(draft, &flags)
           && erg_dnn_operand_like(draft, DNNL_ARG_DST, is->input_count,
                                   &draft->made->operands[0])
           && erg_dnn_ok(library,
                         library->layer_norm(&norm, dnnl_forward_inference,
                                             erg_dnn_desc(draft, DNNL_ARG_SRC), NULL,
                                             epsilon, flags),
                         "a layer norm", draft->err)
           && erg_dnn_make(draft, &norm, "a layer norm");
}

static bool batch_norm(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature *is = draft->signature;
    dnnl_batch_normalization_desc_t norm;
    unsigned flags = 0;

    if (is->input_count != 5)
        return erg_fail(draft->err, ERG_UNSUPPORTED,
                        "oneDNN: a batch norm without gain, shift, mean and variance");
    return erg_dnn_operand(draft, DNNL_ARG_SRC, 0, NULL) && parameters(draft, &flags)
           && erg_dnn_operand_like(draft, DNNL_ARG_DST, is->input_count,
                                   &draft->made->operands[0])
           && erg_dnn_ok(library,
                         library->batch_norm(&norm, dnnl_forward_inference,
                                             erg_dnn_desc(draft, DNNL_ARG_SRC), epsilon,
                                             flags),
                         "a batch norm", draft->err)
           && erg_dnn_make(draft, &norm, "a batch norm");
}

/* The output of a global pool may have lost its axes of 1. */
static dnn_shape pooled(const erg_signature *is, const erg_window *window)
{
    dnn_shape shape = { is->tensors[0].rank,
                        { is->tensors[0].dims[0], is->tensors[0].dims[1] } };

    for (int i = 2; i < shape.rank; i++)
        shape.dims[i] = is->op == ERG_OP_GLOBAL_POOL ? 1 : window->out[i - 2];
    return shape;
}

static erg_window global(const erg_signature_tensor *x)
{
    erg_window window = { .axes = x->rank - 2 };

    for (int i = 0; i < window.axes && i < 3; i++) {
        window.kernel[i] = x->dims[i + 2];
        window.stride[i] = window.dilation[i] = window.out[i] = 1;
    }
    return window;
}

/* A pool that rounds its output up reads past the end: to the library that is padding. */
static void pads_of(const erg_signature *is, const erg_window *by, const dnn_shape *out,
                    dnnl_dims_t end)
{
    erg_dnn_dims(by->pad_end, by->axes, end);
    for (int i = 0; i < by->axes; i++) {
        int64_t reach = (out->dims[i + 2] - 1) * by->stride[i]
                        + by->dilation[i] * (by->kernel[i] - 1) + 1;
        int64_t past = reach - by->pad_begin[i] - is->tensors[0].dims[i + 2];
        end[i] = past > end[i] ? past : end[i];
    }
}

static bool pool(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature *is = draft->signature;
    bool whole = is->op == ERG_OP_GLOBAL_POOL;
    erg_window window = whole ? global(&is->tensors[0]) : is->window;
    dnn_shape shape = pooled(is, &window);
    dnnl_dims_t dilation = { 0 }, kernel, stride, begin, end;
    dnnl_pooling_v2_desc_t description;

    if (window.axes < 1 || window.axes > 3 || is->tensors[0].rank != window.axes + 2)
        return erg_fail(draft->err, ERG_UNSUPPORTED, "oneDNN: a pool without a window");
    erg_dnn_dims(window.kernel, window.axes, kernel);
    erg_dnn_dims(window.stride, window.axes, stride);
    erg_dnn_dims(window.pad_begin, window.axes, begin);
    pads_of(is, &window, &shape, end);
    for (int i = 0; i < window.axes; i++)
        dilation[i] = window.dilation[i] - 1;
    return erg_dnn_operand(draft, DNNL_ARG_SRC, 0, NULL)
           && erg_dnn_operand_any(draft, DNNL_ARG_DST, is->input_count, &shape)
           && erg_dnn_ok(library,
                         library->pooling(&description, dnnl_forward_inference,
                                          is->op == ERG_OP_MAX_POOL
                                              ? dnnl_pooling_max
                                              : dnnl_pooling_avg_exclude_padding,
                                          erg_dnn_desc(draft, DNNL_ARG_SRC),
                                          erg_dnn_desc(draft, DNNL_ARG_DST), stride, kernel,
                                          dilation, begin, end),
                         "a pool", draft->err)
           && erg_dnn_make(draft, &description, "a pool");
}

/* Over five channels, as AlexNet and GoogLeNet have it: a signature does not tell. */
static bool local_response(dnn_draft *draft)
{
    enum { CHANNELS = 5 };
    const dnn_library *library = &draft->session->library;
    dnnl_lrn_desc_t description;

    return erg_dnn_operand(draft, DNNL_ARG_SRC, 0, NULL)
           && erg_dnn_operand_like(draft, DNNL_ARG_DST, draft->signature->input_count,
                                   &draft->made->operands[0])
           && erg_dnn_ok(library,
                         library->local_response(
                             &description, dnnl_forward_inference, dnnl_lrn_across_channels,
                             erg_dnn_desc(draft, DNNL_ARG_SRC), CHANNELS, 1e-4F, 0.75F, 1),
                         "a local response norm", draft->err)
           && erg_dnn_make(draft, &description, "a local response norm");
}

/* By the nearest where the count of its operations is 0, else linear. */
static bool resize(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature *is = draft->signature;
    const erg_signature_tensor *x = &is->tensors[0], *y = erg_dnn_output(is);
    dnnl_resampling_desc_t description;

    if (x->rank < 3 || x->rank > 5 || y->rank != x->rank || y->dims[0] != x->dims[0]
        || y->dims[1] != x->dims[1])
        return erg_fail(draft->err, ERG_UNSUPPORTED, "oneDNN: no resize of these shapes");
    return erg_dnn_operand(draft, DNNL_ARG_SRC, 0, NULL)
           && erg_dnn_operand_any(draft, DNNL_ARG_DST, is->input_count, NULL)
           && erg_dnn_ok(library,
                         library->resampling(&description, dnnl_forward_inference,
                                             is->flop > 0 ? dnnl_resampling_linear
                                                          : dnnl_resampling_nearest,
                                             NULL, erg_dnn_desc(draft, DNNL_ARG_SRC),
                                             erg_dnn_desc(draft, DNNL_ARG_DST)),
                         "a resize", draft->err)
           && erg_dnn_make(draft, &description, "a resize");
}

/* Axes that the output has no more are 1 in the library's view of it. */
static bool reduced(const erg_signature *is, dnn_shape *out)
{
    const erg_signature_tensor *x = &is->tensors[0], *y = erg_dnn_output(is);
    int next = 0;

    out->rank = x->rank;
    for (int i = 0; i < x->rank; i++) {
        bool kept = next < y->rank && y->dims[next] == x->dims[i]
                    && (is->axis != i || y->rank == x->rank);

        out->dims[i] = kept ? x->dims[i] : 1;
        if (kept || (next < y->rank && y->dims[next] == 1 && y->rank == x->rank))
            next++;
    }
    int64_t elements = 1;
    for (int i = 0; i < out->rank; i++)
        elements *= out->dims[i];
    return elements == erg_dnn_elements(y) && elements < erg_dnn_elements(x);
}

static bool reduce(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature *is = draft->signature;
    dnnl_reduction_desc_t description;
    dnn_shape shape;

    if (!reduced(is, &shape))
        return erg_fail(draft->err, ERG_UNSUPPORTED,
                        "oneDNN: no reduction of these shapes");
    return erg_dnn_operand(draft, DNNL_ARG_SRC, 0, NULL)
           && erg_dnn_operand(draft, DNNL_ARG_DST, is->input_count, &shape)
           && erg_dnn_ok(library,
                         library->reduction(&description, dnnl_reduction_mean,
                                            erg_dnn_desc(draft, DNNL_ARG_SRC),
                                            erg_dnn_desc(draft, DNNL_ARG_DST), 0, 0),
                         "a reduction", draft->err)
           && erg_dnn_make(draft, &description, "a reduction");
}

const dnn_operator erg_dnn_norms[] = {
    { ERG_OP_SOFTMAX, softmax, DNN_INPUTS_DENSE },
    { ERG_OP_LAYER_NORM, layer_norm, DNN_INPUTS_DENSE },
    { ERG_OP_BATCH_NORM, batch_norm, DNN_ANYHOW },
    { ERG_OP_MAX_POOL, pool, DNN_ANYHOW },
    { ERG_OP_AVERAGE_POOL, pool, DNN_ANYHOW },
    { ERG_OP_GLOBAL_POOL, pool, DNN_ANYHOW },
    { ERG_OP_LRN, local_response, DNN_ANYHOW },
    { ERG_OP_RESIZE, resize, DNN_ANYHOW },
    { ERG_OP_REDUCE, reduce, DNN_INPUTS_DENSE },
    { ERG_OP_UNKNOWN, NULL, DNN_ANYHOW },
};
