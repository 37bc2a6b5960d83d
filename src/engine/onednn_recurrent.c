/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSTM and GRU on oneDNN: x [steps, samples, width], then weights of the input and of what
 * comes back, then biases, as PyTorch and ONNX hold them. The library wants its weights as
 * [width, gate, cell]: as many numbers in another order, which is done once when a model is
 * loaded. A GRU resets behind its product, as PyTorch's and cuDNN's do.
 */
#include "engine/onednn_inside.h"

typedef struct cells {
    int64_t steps, samples, width, hidden, ways, gates;
    int64_t biases; /* of each cell, or 0 */
} cells;

static bool sizes_of(const dnn_draft *draft, cells *out)
{
    const erg_signature *is = draft->signature;
    const erg_signature_tensor *x = &is->tensors[0], *back = &is->tensors[2];
    bool is_lstm = is->op == ERG_OP_LSTM;

    if (is->input_count < 3 || x->rank != 3 || back->rank < 2 || back->rank > 3)
        return false;
    *out = (cells){ x->dims[0],
                    x->dims[1],
                    x->dims[2],
                    back->dims[back->rank - 1],
                    back->rank == 3 ? back->dims[0] : 1,
                    is_lstm ? 4 : 3,
                    4 };
    const int64_t each = out->ways * out->gates * out->hidden;
    if (is->input_count < 4 || is->tensors[3].rank > 2
        || erg_dnn_elements(&is->tensors[3]) < out->ways * out->biases * out->hidden)
        out->biases = 0;
    return each > 0 && out->ways <= 2 && erg_dnn_elements(back) == each * out->hidden
           && erg_dnn_elements(&is->tensors[1]) == each * out->width
           && erg_dnn_elements(erg_dnn_output(is))
                  == out->steps * out->samples * out->ways * out->hidden;
}

static bool operands(dnn_draft *draft, const cells *c)
{
    const dnn_shape x = { 3, { c->steps, c->samples, c->width } };
    const dnn_shape weights = { 5, { 1, c->ways, c->width, c->gates, c->hidden } };
    const dnn_shape back = { 5, { 1, c->ways, c->hidden, c->gates, c->hidden } };
    const dnn_shape bias = { 4, { 1, c->ways, c->biases, c->hidden } };
    const dnn_shape y = { 3, { c->steps, c->samples, c->ways * c->hidden } };

    return erg_dnn_operand(draft, DNNL_ARG_SRC_LAYER, 0, &x)
           && erg_dnn_operand(draft, DNNL_ARG_WEIGHTS_LAYER, 1, &weights)
           && erg_dnn_operand(draft, DNNL_ARG_WEIGHTS_ITER, 2, &back)
           && (c->biases == 0 || erg_dnn_operand(draft, DNNL_ARG_BIAS, 3, &bias))
           && erg_dnn_operand(draft, DNNL_ARG_DST_LAYER, draft->signature->input_count, &y);
}

static dnnl_status_t describe(const dnn_draft *draft, const cells *c, dnnl_rnn_desc_t *out)
{
    const dnn_library *library = &draft->session->library;
    const dnnl_rnn_direction_t ways =
        c->ways == 2 ? dnnl_bidirectional_concat : dnnl_unidirectional_left2right;
    const dnnl_memory_desc_t *x = erg_dnn_desc(draft, DNNL_ARG_SRC_LAYER);
    const dnnl_memory_desc_t *weights = erg_dnn_desc(draft, DNNL_ARG_WEIGHTS_LAYER);
    const dnnl_memory_desc_t *back = erg_dnn_desc(draft, DNNL_ARG_WEIGHTS_ITER);
    const dnnl_memory_desc_t *bias = erg_dnn_desc(draft, DNNL_ARG_BIAS);
    const dnnl_memory_desc_t *y = erg_dnn_desc(draft, DNNL_ARG_DST_LAYER);

    return draft->signature->op == ERG_OP_LSTM
               ? library->lstm(out, dnnl_forward_inference, ways, x, NULL, NULL, weights,
                               back, bias, y, NULL, NULL, dnnl_rnn_flags_undef)
               : library->gru(out, dnnl_forward_inference, ways, x, NULL, weights, back,
                              bias, y, NULL, dnnl_rnn_flags_undef);
}

static bool recurrent(dnn_draft *draft)
{
    dnnl_rnn_desc_t description;
    cells c;

    if (!sizes_of(draft, &c))
        return erg_fail(draft->err, ERG_UNSUPPORTED, "oneDNN: no %s of these shapes",
                        erg_op_kinds[draft->signature->op].name);
    return operands(draft, &c)
           && erg_dnn_ok(&draft->session->library, describe(draft, &c, &description),
                         "a recurrent layer", draft->err)
           && erg_dnn_make(draft, &description, "a recurrent layer");
}

const dnn_operator erg_dnn_recurrent[] = {
    { ERG_OP_LSTM, recurrent, DNN_INPUTS_DENSE },
    { ERG_OP_GRU, recurrent, DNN_INPUTS_DENSE },
    { ERG_OP_UNKNOWN, NULL, DNN_ANYHOW },
};
