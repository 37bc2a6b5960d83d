/* SPDX-License-Identifier: Apache-2.0 */
/* Movement on oneDNN: copies, turns of axes, changes of layout and type are reorders. */
#include <string.h>
#include "engine/onednn_inside.h"

static bool reorder(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;

    return erg_dnn_ok(
        library,
        library->reorder(&draft->made->desc, erg_dnn_desc(draft, DNNL_ARG_FROM),
                         draft->session->engine, erg_dnn_desc(draft, DNNL_ARG_TO),
                         draft->session->engine, NULL),
        "a reorder", draft->err);
}

/* Axis of x behind each axis of y; the first that fits where two are as long. */
static bool permutation(const erg_signature_tensor *x, const erg_signature_tensor *y,
                        int axes[])
{
    bool used[ERG_SIGNATURE_RANK] = { false };

    for (int i = 0; i < y->rank; i++) {
        int j = 0;

        while (j < x->rank && (used[j] || x->dims[j] != y->dims[i]))
            j++;
        if (j == x->rank)
            return false;
        used[j] = true;
        axes[i] = j;
    }
    return x->rank == y->rank;
}

/* The output by the axes of the input: the same memory, other strides. */
static bool turn(dnn_draft *draft, const int axes[])
{
    const erg_signature *is = draft->signature;
    const erg_signature_tensor *y = erg_dnn_output(is);
    erg_signature_tensor as = is->tensors[0];
    int64_t stride = 1;

    as.precision = y->precision;
    as.layout[0] = '\0';
    for (int i = y->rank - 1; i >= 0; i--) {
        as.strides[axes[i]] = stride;
        stride *= y->dims[i];
    }
    return erg_dnn_operand_as(draft, DNNL_ARG_TO, is->input_count, &as) && reorder(draft);
}

/* Where the cut begins is not in a signature: it costs the same anywhere. */
static bool cut(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature *is = draft->signature;
    const erg_signature_tensor *y = erg_dnn_output(is);
    const dnnl_dims_t from = { 0 };
    dnnl_dims_t dims;
    dnn_operand *source = &draft->made->operands[0];
    dnnl_memory_desc_t whole = source->desc;

    erg_dnn_dims(y->dims, y->rank, dims);
    return erg_dnn_ok(library, library->desc_of_part(&source->desc, &whole, dims, from),
                      "a slice", draft->err)
           && erg_dnn_operand(draft, DNNL_ARG_TO, is->input_count, NULL) && reorder(draft);
}

static bool is_inside(const erg_signature_tensor *x, const erg_signature_tensor *y)
{
    for (int i = 0; i < x->rank; i++)
        if (x->rank != y->rank || y->dims[i] > x->dims[i])
            return false;
    return x->rank == y->rank;
}

static bool copy(dnn_draft *draft)
{
    const erg_signature *is = draft->signature;
    const erg_signature_tensor *x = &is->tensors[0], *y = erg_dnn_output(is);
    bool flat = erg_dnn_elements(x) == erg_dnn_elements(y);
    bool same = x->rank == y->rank && memcmp(x->dims, y->dims, sizeof(x->dims)) == 0;
    dnn_shape line = { 1, { erg_dnn_elements(x) } };
    int axes[ERG_SIGNATURE_RANK];

    if (is->output_count != 1)
        return erg_fail(draft->err, ERG_UNSUPPORTED, "oneDNN: a move into %d tensors",
                        (int)is->output_count);
    if (same)
        return erg_dnn_operand(draft, DNNL_ARG_FROM, 0, NULL)
               && erg_dnn_operand_like(draft, DNNL_ARG_TO, is->input_count,
                                       &draft->made->operands[0])
               && reorder(draft);
    if (flat && permutation(x, y, axes))
        return erg_dnn_operand(draft, DNNL_ARG_FROM, 0, NULL) && turn(draft, axes);
    if (flat && !x->layout[0])
        return erg_dnn_operand(draft, DNNL_ARG_FROM, 0, &line)
               && erg_dnn_operand(draft, DNNL_ARG_TO, is->input_count, &line)
               && reorder(draft);
    if (is_inside(x, y))
        return erg_dnn_operand(draft, DNNL_ARG_FROM, 0, NULL) && cut(draft);
    return erg_fail(draft->err, ERG_UNSUPPORTED, "oneDNN: no %s of these shapes",
                    erg_op_kinds[is->op].name);
}

static int joined_axis(const erg_signature *is)
{
    const erg_signature_tensor *y = erg_dnn_output(is);
    const dnn_shape x = erg_dnn_stretched(&is->tensors[0], y->rank);

    for (int i = 0; is->axis < 0 && i < y->rank; i++)
        if (x.dims[i] != y->dims[i])
            return i;
    return is->axis < 0 ? 0 : is->axis;
}

/* Like the first, but where it has fewer axes than the whole. */
static bool joined(dnn_draft *draft, int i)
{
    const erg_signature_tensor *is = &draft->signature->tensors[i];
    int rank = erg_dnn_output(draft->signature)->rank;
    dnn_shape shape = erg_dnn_stretched(is, rank);

    if (is->rank < rank)
        return erg_dnn_operand(draft, DNNL_ARG_MULTIPLE_SRC + i, i, &shape);
    return i == 0 ? erg_dnn_operand(draft, DNNL_ARG_MULTIPLE_SRC, 0, NULL)
                  : erg_dnn_operand_like(draft, DNNL_ARG_MULTIPLE_SRC + i, i,
                                         &draft->made->operands[0]);
}

static bool concat(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature *is = draft->signature;
    dnn_made *made = draft->made;
    dnnl_memory_desc_t sources[DNN_ARGS];
    int out = is->input_count;

    for (int i = 0; i < is->input_count; i++) {
        if (!joined(draft, i))
            return false;
        sources[i] = made->operands[i].desc;
    }
    return erg_dnn_operand_like(draft, DNNL_ARG_DST, out, &made->operands[0])
           && erg_dnn_ok(library,
                         library->concat(&made->desc, erg_dnn_desc(draft, DNNL_ARG_DST),
                                         is->input_count, joined_axis(is), sources, NULL,
                                         draft->session->engine),
                         "a concatenation", draft->err);
}

const dnn_operator erg_dnn_moves[] = {
    { ERG_OP_COPY, copy, DNN_ANYHOW },
    { ERG_OP_CAST, copy, DNN_ANYHOW },
    { ERG_OP_SLICE, copy, DNN_INPUTS_DENSE },
    { ERG_OP_CONCAT, concat, DNN_ANYHOW },
    { ERG_OP_UNKNOWN, NULL, DNN_ANYHOW },
};
