/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group and instance norms in two parts: rows of a group's numbers are normalised as a
 * layer norm does, then gain and shift of each channel are put on, as by a batch norm whose
 * mean is 0 and whose variance is 1.
 *
 *   Unknown  How many groups there are is not in a signature: 32, as of diffusion models,
 *            or one where channels do not go into 32. It reads, writes and computes as
 *            much.
 *   Source   Wu and He, "Group Normalization" (2018).
 */
#include "engine/onednn_parts.h"

static const int64_t usual_groups = 32;
static const float epsilon = 1e-5F; /* the library's batch norm is given the same */

static int64_t groups_of(const erg_signature *is)
{
    int64_t channels = is->tensors[0].dims[1];

    return is->op == ERG_OP_INSTANCE_NORM      ? channels
           : channels % usual_groups == 0 ? usual_groups
                                          : 1;
}

static bool has_channels(const erg_signature *is)
{
    const erg_signature_tensor *x = &is->tensors[0];
    int64_t all = erg_dnn_elements(x);

    if (x->rank < 2 || all < 1 || x->precision != ERG_FP32
        || (is->input_count != 1 && is->input_count != 3) || is->output_count != 1
        || erg_dnn_elements(erg_dnn_output(is)) != all)
        return false;
    for (int i = 1; i < is->input_count; i++)
        if (is->tensors[i].rank != 1 || is->tensors[i].dims[0] != x->dims[1])
            return false;
    return true;
}

static bool normalise(dnn_making *to)
{
    const erg_signature *is = to->whole;
    const erg_signature_tensor *x = &is->tensors[0];
    int64_t rows = x->dims[0] * groups_of(is);
    erg_signature norm = { .op = ERG_OP_LAYER_NORM,
                           .shape_known = true,
                           .input_count = 1,
                           .output_count = 1,
                           .axis = 1,
                           .precision = ERG_FP32 };

    norm.tensors[0] = norm.tensors[1] =
        (erg_signature_tensor){ .rank = 2,
                                .precision = ERG_FP32,
                                .dims = { rows, erg_dnn_elements(x) / rows } };
    return erg_dnn_add_part(to, &norm,
                            (dnn_place[DNN_PLACES]){ { 0, 0 }, { is->input_count, 0 } });
}

/* Means of 0 and variances of 1 lie in memory of its own, one behind the other. */
static bool put_on(dnn_making *to)
{
    const erg_signature *is = to->whole;
    const erg_signature_tensor *x = &is->tensors[0];
    int64_t channels = x->dims[1], all = erg_dnn_elements(x);
    const dnn_place out = { is->input_count, 0 }, means = { DNN_OWN, 0 };
    const dnn_place variances = { DNN_OWN, (size_t)channels * sizeof(float) };
    erg_signature scale = { .op = ERG_OP_BATCH_NORM,
                            .shape_known = true,
                            .input_count = 5,
                            .output_count = 1,
                            .axis = 1,
                            .precision = ERG_FP32 };

    if (!erg_dnn_own_memory(to, 2 * channels, ERG_FP32))
        return false;
    float *ones = (float *)erg_dnn_own(to->to) + channels;
    for (int64_t i = 0; i < channels; i++)
        ones[i] = 1 - epsilon;
    scale.tensors[0] = scale.tensors[5] = (erg_signature_tensor){
        .rank = 4,
        .precision = ERG_FP32,
        .dims = { x->dims[0], channels, all / (x->dims[0] * channels), 1 }
    };
    for (int i = 1; i < 5; i++)
        scale.tensors[i] = is->tensors[1];
    return erg_dnn_add_part(
        to, &scale,
        (dnn_place[DNN_PLACES]){ out, { 1, 0 }, { 2, 0 }, means, variances, out });
}

bool erg_dnn_group_norm(dnn_making *to)
{
    if (!has_channels(to->whole))
        return erg_fail(to->err, ERG_UNSUPPORTED,
                        "oneDNN: a group norm of [n, channels, ..] in fp32, with gain and "
                        "shift of each channel or without");
    return normalise(to) && (to->whole->input_count == 1 || put_on(to));
}
