/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element by element on oneDNN, over one operand or two. A scale or a mask whose other
 * operand is no tensor of the graph is a linear map: it reads and writes the same bytes.
 */
#include "engine/onednn_inside.h"

static const struct map {
    erg_op_kind op;
    dnnl_alg_kind_t algorithm;
    float alpha, beta;
    bool is_cut; /* its result to 0..1, in the same pass */
} maps[] = {
    { ERG_OP_RELU, dnnl_eltwise_relu, 0, 0, false },
    { ERG_OP_CLIP, dnnl_eltwise_clip, 0, 6, false },
    { ERG_OP_SIGMOID, dnnl_eltwise_logistic, 0, 0, false },
    { ERG_OP_TANH, dnnl_eltwise_tanh, 0, 0, false },
    { ERG_OP_SILU, dnnl_eltwise_swish, 1, 0, false },
    { ERG_OP_GELU, dnnl_eltwise_gelu_erf, 0, 0, false },
    { ERG_OP_GELU_TANH, dnnl_eltwise_gelu_tanh, 0, 0, false },
    /* No map is the erf alone: x/2 (1 + erf(x / sqrt 2)) reads, writes and computes as
     * much. */
    { ERG_OP_ERF, dnnl_eltwise_gelu_erf, 0, 0, false },
    { ERG_OP_HARD_SWISH, dnnl_eltwise_hardswish, 0, 0, false },
    { ERG_OP_HARD_SIGMOID, dnnl_eltwise_linear, 1.0F / 6, 0.5F, true },
    { ERG_OP_COMPARE, dnnl_eltwise_relu, 0, 0, false },
    { ERG_OP_ABS, dnnl_eltwise_abs, 0, 0, false },
    { ERG_OP_SQRT, dnnl_eltwise_sqrt, 0, 0, false },
    { ERG_OP_EXP, dnnl_eltwise_exp, 0, 0, false },
    { ERG_OP_LOG, dnnl_eltwise_log, 0, 0, false },
    { ERG_OP_ADD, dnnl_eltwise_linear, 1, 0.5F, false },
    { ERG_OP_SUB, dnnl_eltwise_linear, 1, -0.5F, false },
    { ERG_OP_MUL, dnnl_eltwise_linear, 0.125F, 0, false },
    { ERG_OP_DIV, dnnl_eltwise_linear, 0.125F, 0, false },
    { ERG_OP_WHERE, dnnl_eltwise_linear, 1, 0, false },
    { ERG_OP_DROPOUT, dnnl_eltwise_linear, 1, 0, false },
    { ERG_OP_POW, dnnl_eltwise_pow, 1, 2, false },
    { ERG_OP_MAX, dnnl_eltwise_clip, -6, 6, false },
    { ERG_OP_MIN, dnnl_eltwise_clip, -6, 6, false },
};

static const struct pair {
    erg_op_kind op;
    dnnl_alg_kind_t algorithm;
    bool commutes;
} pairs[] = {
    { ERG_OP_ADD, dnnl_binary_add, true }, { ERG_OP_SUB, dnnl_binary_sub, false },
    { ERG_OP_MUL, dnnl_binary_mul, true }, { ERG_OP_DIV, dnnl_binary_div, false },
    { ERG_OP_MAX, dnnl_binary_max, true }, { ERG_OP_MIN, dnnl_binary_min, true },
    { ERG_OP_COMPARE, dnnl_binary_ge, false }, /* which of the six costs the same */
};

static bool one(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature *is = draft->signature;
    const struct map *map = maps;
    dnnl_eltwise_desc_t eltwise;

    while (map < maps + ERG_COUNT(maps) && map->op != is->op)
        map++;
    if (map == maps + ERG_COUNT(maps))
        return erg_fail(draft->err, ERG_UNSUPPORTED, "oneDNN: no %s of one operand",
                        erg_op_kinds[is->op].name);
    return erg_dnn_operand(draft, DNNL_ARG_SRC, 0, NULL)
           && erg_dnn_operand_like(draft, DNNL_ARG_DST, is->input_count,
                                   &draft->made->operands[0])
           && erg_dnn_ok(library,
                         library->eltwise(&eltwise, dnnl_forward_inference, map->algorithm,
                                          erg_dnn_desc(draft, DNNL_ARG_SRC), map->alpha,
                                          map->beta),
                         "a map", draft->err)
           && (map->is_cut ? erg_dnn_make_cut(draft, &eltwise, "a map")
                           : erg_dnn_make(draft, &eltwise, "a map"));
}

static bool second(dnn_draft *draft, int tensor, const dnn_operand *first)
{
    const erg_signature_tensor *is = &draft->signature->tensors[tensor];
    int rank = erg_dnn_output(draft->signature)->rank;
    dnn_shape shape = erg_dnn_stretched(is, rank);

    return is->rank == rank ? erg_dnn_operand_like(draft, DNNL_ARG_SRC_1, tensor, first)
                            : erg_dnn_operand(draft, DNNL_ARG_SRC_1, tensor, &shape);
}

static bool two(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const erg_signature *is = draft->signature;
    const struct pair *pair = pairs;
    dnnl_binary_desc_t binary;

    while (pair < pairs + ERG_COUNT(pairs) && pair->op != is->op)
        pair++;
    int64_t whole = erg_dnn_elements(erg_dnn_output(is));
    int first = erg_dnn_elements(&is->tensors[0]) == whole ? 0 : 1;
    if (pair == pairs + ERG_COUNT(pairs) || erg_dnn_elements(&is->tensors[first]) != whole
        || (first == 1 && !pair->commutes))
        return erg_fail(draft->err, ERG_UNSUPPORTED, "oneDNN: no %s of such operands",
                        erg_op_kinds[is->op].name);
    int rank = erg_dnn_output(is)->rank;
    dnn_shape shape = erg_dnn_stretched(&is->tensors[first], rank);
    bool is_short = is->tensors[first].rank < rank;
    return erg_dnn_operand(draft, DNNL_ARG_SRC_0, first, is_short ? &shape : NULL)
           && second(draft, 1 - first, &draft->made->operands[0])
           && erg_dnn_operand_like(draft, DNNL_ARG_DST, is->input_count,
                                   &draft->made->operands[0])
           && erg_dnn_ok(library,
                         library->binary(&binary, pair->algorithm,
                                         erg_dnn_desc(draft, DNNL_ARG_SRC_0),
                                         erg_dnn_desc(draft, DNNL_ARG_SRC_1),
                                         erg_dnn_desc(draft, DNNL_ARG_DST)),
                         "two operands", draft->err)
           && erg_dnn_make(draft, &binary, "two operands");
}

static bool map(dnn_draft *draft)
{
    return draft->signature->input_count == 2 ? two(draft) : one(draft);
}

const dnn_operator erg_dnn_maps[] = {
    { ERG_OP_RELU, map, DNN_ANYHOW },
    { ERG_OP_CLIP, one, DNN_ANYHOW },
    { ERG_OP_SIGMOID, map, DNN_ANYHOW },
    { ERG_OP_TANH, map, DNN_ANYHOW },
    { ERG_OP_SILU, map, DNN_ANYHOW },
    { ERG_OP_GELU, map, DNN_ANYHOW },
    { ERG_OP_GELU_TANH, map, DNN_ANYHOW },
    { ERG_OP_HARD_SWISH, map, DNN_ANYHOW },
    { ERG_OP_HARD_SIGMOID, one, DNN_ANYHOW },
    { ERG_OP_ERF, map, DNN_ANYHOW },
    { ERG_OP_COMPARE, map, DNN_ANYHOW },
    { ERG_OP_ABS, map, DNN_ANYHOW },
    { ERG_OP_SQRT, map, DNN_ANYHOW },
    { ERG_OP_EXP, map, DNN_ANYHOW },
    { ERG_OP_LOG, map, DNN_ANYHOW },
    { ERG_OP_ADD, map, DNN_ANYHOW },
    { ERG_OP_SUB, map, DNN_ANYHOW },
    { ERG_OP_MUL, map, DNN_ANYHOW },
    { ERG_OP_DIV, map, DNN_ANYHOW },
    { ERG_OP_POW, one, DNN_ANYHOW },
    { ERG_OP_MAX, map, DNN_ANYHOW },
    { ERG_OP_MIN, map, DNN_ANYHOW },
    { ERG_OP_WHERE, one, DNN_ANYHOW },
    { ERG_OP_DROPOUT, one, DNN_ANYHOW },
    { ERG_OP_UNKNOWN, NULL, DNN_ANYHOW },
};
