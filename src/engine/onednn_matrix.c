/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix work on oneDNN: inner products, products of two activations, convolutions. */
#include <string.h>
#include "engine/onednn_inside.h"

/* y [m,n] = x [m,k] w' + b, whatever axes m lies over. Weights [k,n] are of exporters. */
static bool inner_product(dnn_draft *draft)
{
    const erg_signature *is = draft->signature;
    const dnn_library *library = &draft->session->library;
    erg_signature turned = *is;
    erg_signature_tensor *weights = &turned.tensors[1];
    int64_t m = erg_dnn_elements(erg_dnn_output(is)) / (is->n > 0 ? is->n : 1);
    dnn_shape x = { 2, { m, is->k } }, y = { 2, { m, is->n } }, w = { 2, { is->n, is->k } };
    dnnl_inner_product_desc_t product;

    if (is->input_count < 2 || weights->rank != 2
        || erg_dnn_elements(&is->tensors[0]) != m * is->k
        || erg_dnn_elements(weights) != is->n * is->k)
        return erg_fail(draft->err, ERG_UNSUPPORTED,
                        "oneDNN: no linear layer of these shapes");
    if (weights->dims[0] == is->k && weights->dims[1] == is->n && is->k != is->n
        && !weights->layout[0]) {
        memcpy(weights->dims, w.dims, sizeof(w.dims));
        memcpy(weights->strides, (int64_t[]){ 1, is->n }, 2 * sizeof(int64_t));
        draft->signature = &turned;
    }
    bool good = erg_dnn_operand(draft, DNNL_ARG_SRC, 0, &x)
                && erg_dnn_operand_any(draft, DNNL_ARG_WEIGHTS, 1, NULL)
                && (is->input_count < 3 || erg_dnn_operand(draft, DNNL_ARG_BIAS, 2, NULL))
                && erg_dnn_operand(draft, DNNL_ARG_DST, is->input_count, &y);
    draft->signature = is;
    return good
           && erg_dnn_ok(library,
                         library->inner_product(&product, dnnl_forward_inference,
                                                erg_dnn_desc(draft, DNNL_ARG_SRC),
                                                erg_dnn_desc(draft, DNNL_ARG_WEIGHTS),
                                                erg_dnn_desc(draft, DNNL_ARG_BIAS),
                                                erg_dnn_desc(draft, DNNL_ARG_DST)),
                         "an inner product", draft->err)
           && erg_dnn_make(draft, &product, "an inner product");
}

/* One operand of a batched product as [batch, rows, columns]; turned: it lies across. */
static bool factor(dnn_draft *draft, int argument, int tensor, const int64_t size[2],
                   bool turned)
{
    const erg_signature_tensor *is = &draft->signature->tensors[tensor];
    int64_t of_one = size[0] * size[1],
            batch = of_one > 0 ? erg_dnn_elements(is) / of_one : 0;
    erg_signature_tensor as = { .rank = 3,
                                .dims = { batch, size[0], size[1] },
                                .precision = is->precision };

    if (is->layout[0] || batch * of_one != erg_dnn_elements(is) || batch < 1)
        return erg_fail(draft->err, ERG_UNSUPPORTED, "oneDNN: no product of these shapes");
    memcpy(as.strides, (int64_t[]){ of_one, turned ? 1 : size[1], turned ? size[0] : 1 },
           3 * sizeof(int64_t));
    return erg_dnn_operand_as(draft, argument, tensor, &as);
}

static bool product(dnn_draft *draft)
{
    const erg_signature *is = draft->signature;
    const dnn_library *library = &draft->session->library;
    int out = is->input_count;
    dnnl_matmul_desc_t matmul;

    /* Right operand without a batch: the rows of all matrices are one matrix. */
    bool flat = erg_dnn_elements(&is->tensors[1]) == is->k * is->n && !is->transpose_a;
    int64_t m = flat && is->n > 0 ? erg_dnn_elements(&is->tensors[out]) / is->n : is->m;
    if (is->input_count != 2)
        return erg_fail(draft->err, ERG_UNSUPPORTED, "oneDNN: a product of %d operands",
                        (int)is->input_count);
    return factor(draft, DNNL_ARG_SRC, 0, (int64_t[]){ m, is->k }, is->transpose_a)
           && factor(draft, DNNL_ARG_WEIGHTS, 1, (int64_t[]){ is->k, is->n },
                     is->transpose_b)
           && factor(draft, DNNL_ARG_DST, out, (int64_t[]){ m, is->n }, false)
           && erg_dnn_ok(library,
                         library->matmul(&matmul, erg_dnn_desc(draft, DNNL_ARG_SRC),
                                         erg_dnn_desc(draft, DNNL_ARG_WEIGHTS), NULL,
                                         erg_dnn_desc(draft, DNNL_ARG_DST)),
                         "a matrix product", draft->err)
           && erg_dnn_make_scaled(draft, &matmul, is->alpha, "a matrix product");
}

/* Weights of groups have an axis more: [g, oc/g, ic/g, ..]. */
static dnn_shape grouped(const erg_signature_tensor *weights, int64_t groups)
{
    dnn_shape shape = { weights->rank + 1, { groups, weights->dims[0] / groups } };

    for (int i = 1; i < weights->rank && i + 1 < ERG_SIGNATURE_RANK; i++)
        shape.dims[i + 1] = weights->dims[i];
    return shape;
}

static bool convolve(dnn_draft *draft, const erg_window *window)
{
    const dnn_library *library = &draft->session->library;
    dnnl_dims_t dilation = { 0 }, stride, begin, end;
    dnnl_convolution_desc_t convolution;

    erg_dnn_dims(window->stride, window->axes, stride);
    erg_dnn_dims(window->pad_begin, window->axes, begin);
    erg_dnn_dims(window->pad_end, window->axes, end);
    for (int i = 0; i < window->axes; i++)
        dilation[i] = window->dilation[i] - 1;
    return erg_dnn_ok(library,
                      library->convolution(
                          &convolution, dnnl_forward_inference, dnnl_convolution_direct,
                          erg_dnn_desc(draft, DNNL_ARG_SRC),
                          erg_dnn_desc(draft, DNNL_ARG_WEIGHTS),
                          erg_dnn_desc(draft, DNNL_ARG_BIAS),
                          erg_dnn_desc(draft, DNNL_ARG_DST), stride, dilation, begin, end),
                      "a convolution", draft->err)
           && erg_dnn_make(draft, &convolution, "a convolution");
}

/* An image of one pixel lies densely and channels last at once, and fast kernels ask for
 * the strides of the latter: by the others it falls to ref:any, much slower. */
static bool image(dnn_draft *draft, int argument, int tensor)
{
    const erg_signature_tensor *is = &draft->signature->tensors[tensor];
    erg_signature_tensor as = *is;

    if (draft->is_free || is->layout[0] || is->rank != 4 || is->dims[2] != 1
        || is->dims[3] != 1)
        return erg_dnn_operand_any(draft, argument, tensor, NULL);
    strcpy(as.layout, "acdb");
    return erg_dnn_operand_as(draft, argument, tensor, &as);
}

static bool convolution(dnn_draft *draft)
{
    const erg_signature *is = draft->signature;
    const erg_window *window = &is->window;

    if (window->axes < 1 || is->input_count < 2 || is->tensors[0].rank != window->axes + 2)
        return erg_fail(draft->err, ERG_UNSUPPORTED,
                        "oneDNN: a convolution without a window");
    /* A settled signature has the axis of groups already. */
    bool splits = window->groups > 1 && is->tensors[1].rank == window->axes + 2;
    dnn_shape shape = splits ? grouped(&is->tensors[1], window->groups) : (dnn_shape){ 0 };
    return image(draft, DNNL_ARG_SRC, 0)
           && erg_dnn_operand_any(draft, DNNL_ARG_WEIGHTS, 1, splits ? &shape : NULL)
           && (is->input_count < 3 || erg_dnn_operand(draft, DNNL_ARG_BIAS, 2, NULL))
           && image(draft, DNNL_ARG_DST, is->input_count)
           && convolve(draft, window);
}

/* ---- transposed convolutions ------------------------------------------------------- */

/* Weights of a graph are [ic, oc/g, ..]; the library's are [g, oc/g, ic/g, ..], here by the
 * strides of the former. Without groups the first axis is not there. */
static erg_signature_tensor across(const erg_signature_tensor *weights, int64_t groups)
{
    erg_signature_tensor as = { .precision = weights->precision };
    int64_t in = weights->dims[0] / groups, out = weights->dims[1], window = 1;
    int at = groups > 1;

    for (int i = weights->rank - 1; i >= 2; i--) {
        as.dims[at + i] = weights->dims[i];
        as.strides[at + i] = window;
        window *= weights->dims[i];
    }
    as.rank = weights->rank + at;
    as.dims[0] = groups;
    as.strides[0] = in * out * window;
    as.dims[at] = out;
    as.strides[at] = window;
    as.dims[at + 1] = in;
    as.strides[at + 1] = out * window;
    return as;
}

/* What an output padding adds is taken off the end. */
static void ends_of(const erg_signature *is, dnnl_dims_t end)
{
    const erg_window *by = &is->window;

    for (int i = 0; i < by->axes; i++)
        end[i] = (is->tensors[0].dims[i + 2] - 1) * by->stride[i]
               + by->dilation[i] * (by->kernel[i] - 1) + 1 - by->pad_begin[i]
               - erg_dnn_output(is)->dims[i + 2];
}

static bool spread(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_window *by = &draft->signature->window;
    dnnl_dims_t dilation = { 0 }, stride, begin, end = { 0 };
    dnnl_deconvolution_desc_t description;

    erg_dnn_dims(by->stride, by->axes, stride);
    erg_dnn_dims(by->pad_begin, by->axes, begin);
    ends_of(draft->signature, end);
    for (int i = 0; i < by->axes; i++)
        dilation[i] = by->dilation[i] - 1;
    return erg_dnn_ok(library,
                      library->deconvolution(
                          &description, dnnl_forward_inference, dnnl_deconvolution_direct,
                          erg_dnn_desc(draft, DNNL_ARG_SRC),
                          erg_dnn_desc(draft, DNNL_ARG_WEIGHTS),
                          erg_dnn_desc(draft, DNNL_ARG_BIAS),
                          erg_dnn_desc(draft, DNNL_ARG_DST), stride, dilation, begin, end),
                      "a transposed convolution", draft->err)
           && erg_dnn_make(draft, &description, "a transposed convolution");
}

static bool transposed(dnn_draft *draft)
{
    const erg_signature *is = draft->signature;
    const erg_signature_tensor *weights = &is->tensors[1];
    int64_t groups = is->window.groups > 1 ? is->window.groups : 1;
    int axes = is->window.axes;

    if (axes < 1 || is->input_count < 2 || is->tensors[0].rank != axes + 2
        || erg_dnn_output(is)->rank != axes + 2
        || (!weights->layout[0]
            && (weights->rank != axes + 2 || weights->dims[0] % groups != 0)))
        return erg_fail(draft->err, ERG_UNSUPPORTED,
                        "oneDNN: a transposed convolution without a window");
    /* Settled weights have the library's own axes. */
    erg_signature_tensor as = weights->layout[0] ? *weights : across(weights, groups);
    dnn_shape shape = { as.rank, { 0 } };
    memcpy(shape.dims, as.dims, sizeof(shape.dims));
    return image(draft, DNNL_ARG_SRC, 0)
           && (draft->is_free ? erg_dnn_operand_any(draft, DNNL_ARG_WEIGHTS, 1, &shape)
                              : erg_dnn_operand_as(draft, DNNL_ARG_WEIGHTS, 1, &as))
           && (is->input_count < 3 || erg_dnn_operand(draft, DNNL_ARG_BIAS, 2, NULL))
           && image(draft, DNNL_ARG_DST, is->input_count) && spread(draft);
}

const dnn_operator erg_dnn_matrix[] = {
    { ERG_OP_LINEAR, inner_product, DNN_INPUTS_DENSE },
    { ERG_OP_MATMUL, product, DNN_DENSE },
    { ERG_OP_CONV, convolution, DNN_ANYHOW },
    { ERG_OP_CONV_TRANSPOSE, transposed, DNN_ANYHOW },
    { ERG_OP_UNKNOWN, NULL, DNN_ANYHOW },
};
