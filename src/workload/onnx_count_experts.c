/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Costs of what reads a part of its tables: experts that are hit, rows of a rotation,
 * packed rows of an embedding. Rules: docs/counting.md.
 */
#include <math.h>
#include <string.h>
#include "workload/count.h"
#include "workload/onnx_count.h"

static bool too_large(erg_onnx_model *model, erg_onnx_node *node)
{
    return erg_onnx_refuse(model, node, "its cost is larger than a count can hold");
}

int64_t erg_onnx_bytes(const erg_onnx_model *model, const erg_onnx_value *value)
{
    int bits = erg_onnx_is_real(value->type)
                   ? erg_precision_bits(model->options->precision)
                   : erg_onnx_type_bits(value->type);
    int64_t all = value->rank == ERG_ONNX_UNKNOWN ? 0 : value->elements;

    if (!erg_count_times(&all, bits > 0 ? bits : 8))
        return -1;
    return all / 8 + (all % 8 != 0);
}

/* ---- rotations ------------------------------------------------------------------ */

/* Sines and cosines: [positions, d / 2], read by rows, or one a token, all read. */
bool erg_onnx_is_rotation(const erg_onnx_node *node, int32_t i)
{
    const char *op = node->proto->op_type, *domain = node->proto->domain;
    bool is_onnx = !domain || strcmp(domain, "com.microsoft") != 0;
    int32_t first = strcmp(op, "GroupQueryAttention") == 0 ? 7
                    : strcmp(op, "RotaryEmbedding") != 0   ? -9
                    : is_onnx                              ? 1
                                                           : 2;
    const erg_onnx_value *x = erg_onnx_in(node, i);

    return (i == first || i == first + 1) && x && x->rank == 2;
}

int64_t erg_onnx_rotation_bytes(const erg_onnx_model *model, const erg_onnx_node *node,
                                int64_t tokens)
{
    int64_t all = 0;

    for (int32_t i = 1; i < node->in_count; i++) {
        const erg_onnx_value *x = node->in[i];
        if (!erg_onnx_is_rotation(node, i) || x->dims[0] < 1)
            continue;
        int64_t row = erg_onnx_bytes(model, x) / x->dims[0];
        if (!erg_count_times(&row, tokens < x->dims[0] ? tokens : x->dims[0])
            || !erg_count_plus(&all, row))
            return -1;
    }
    return all;
}

/* x [B,S,H] or [B,heads,S,d]: a token's row is the same for all heads and sequences. */
bool erg_onnx_count_rotary(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    const erg_onnx_value *x = node->in[0];
    int64_t tokens = x->rank == 4 ? x->dims[2] : x->rank > 1 ? x->dims[1] : 1;
    int64_t bytes = erg_onnx_rotation_bytes(model, node, tokens);
    bool is_stored = true;

    for (int32_t i = 1; i < node->in_count; i++)
        is_stored &= !erg_onnx_is_rotation(node, i) || node->in[i]->is_constant;
    if (bytes < 0)
        return too_large(model, node);
    if (is_stored && bytes)
        cost->spec.weight_bytes = bytes;
    return true;
}

/* ---- packed rows -------------------------------------------------------------------- */

bool erg_onnx_count_gather_blocks(erg_onnx_model *model, erg_onnx_node *node,
                                  erg_onnx_cost *cost)
{
    int64_t bytes = node->out[0]->elements, bits = erg_onnx_int(node, "bits", 4);

    if (!erg_count_times(&bytes, bits)
        || !erg_count_plus(&bytes, 8 * erg_onnx_bytes(model, node->in[1])))
        return too_large(model, node);
    cost->spec.gathers = true;
    cost->spec.in_bytes = bytes ? bytes / 8 + 1 : -1;
    cost->spec.weight_bytes = -1;
    return true;
}

/* ---- mixtures ----------------------------------------------------------------------- */

typedef struct mixture {
    int64_t rows, experts, active; /* active: of the experts, those that get rows */
    int64_t macs, bytes;
} mixture;

/* Of E experts, T tokens with k each hit E (1 - (1 - k / E)^T). */
static int64_t active_of(int64_t experts, int64_t chosen, int64_t rows)
{
    double all = (double)experts;
    int64_t hit = llround(all * (1 - pow(1 - (double)chosen / all, (double)rows)));

    return hit < chosen ? chosen : hit;
}

/* x [.., H], router, then matrices [E, ..] and biases; those of experts nobody asks are
 * not read. Packed ones (QMoE) hold 8 / bits weights a byte. */
bool erg_onnx_count_moe(erg_onnx_model *model, erg_onnx_node *node, erg_onnx_cost *cost)
{
    bool is_packed = strcmp(node->proto->op_type, "QMoE") == 0;
    const erg_onnx_value *x = node->in[0];
    int64_t width = x->dims[x->rank - 1], chosen = erg_onnx_int(node, "k", 1);
    int64_t bits = is_packed ? erg_onnx_int(node, "expert_weight_bits", 4) : 8;
    mixture all = { .rows = width ? x->elements / width : 0,
                    .experts = node->in[2]->dims[0] };

    if (all.experts < 1 || chosen < 1 || chosen > all.experts || bits < 1 || bits > 8)
        return erg_onnx_refuse(model, node, "its k does not fit its %lld experts",
                               (long long)all.experts);
    all.active = active_of(all.experts, chosen, all.rows);
    for (int32_t i = 2; i < node->in_count; i++) {
        const erg_onnx_value *w = node->in[i];
        bool is_matrix = is_packed ? i % 3 == 2 && i < 9 : i % 2 == 0 && i < 8;
        if (!w || w->rank < 1 || w->dims[0] != all.experts)
            continue;
        int64_t one = w->elements / all.experts, bytes = erg_onnx_bytes(model, w);
        bytes = bytes / all.experts;
        if (!erg_count_times(&bytes, all.active) || !erg_count_plus(&all.bytes, bytes))
            return too_large(model, node);
        if (is_matrix
            && (!erg_count_times(&one, is_packed ? 8 / bits : 1)
                || !erg_count_times(&one, all.rows) || !erg_count_times(&one, chosen)
                || !erg_count_plus(&all.macs, one)))
            return too_large(model, node);
    }
    cost->spec.flop = all.macs;
    if (!erg_count_times(&cost->spec.flop, 2))
        return too_large(model, node);
    cost->spec.macs = all.macs ? all.macs : -1;
    cost->spec.flop = all.macs ? cost->spec.flop : -1;
    cost->spec.weight_bytes = all.bytes ? all.bytes : -1;
    return true;
}
