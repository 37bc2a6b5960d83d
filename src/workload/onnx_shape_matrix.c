/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of matrix work: Gemm, MatMul and its relatives, Einsum, recurrent layers. */
#include <string.h>
#include "workload/onnx_einsum.h"
#include "workload/onnx_shape.h"

enum {
    FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
    INT32 = ONNX__TENSOR_PROTO__DATA_TYPE__INT32
};

bool erg_onnx_give_gemm(erg_onnx_model *model, erg_onnx_node *node, int32_t at_b,
                        int32_t type)
{
    const erg_onnx_value *a = erg_onnx_need(model, node, 0, 2);
    const erg_onnx_value *b = a ? erg_onnx_need(model, node, at_b, 2) : NULL;
    bool turn_a = erg_onnx_int(node, "transA", 0) != 0;
    bool turn_b = erg_onnx_int(node, "transB", 0) != 0;

    if (!b)
        return false;
    if (a->rank != 2 || b->rank != 2 || a->dims[turn_a ? 0 : 1] != b->dims[turn_b ? 1 : 0])
        return erg_onnx_refuse(model, node, "these matrices do not multiply");
    int64_t dims[2] = { a->dims[turn_a ? 1 : 0], b->dims[turn_b ? 0 : 1] };
    return erg_onnx_give(model, node, 0, type, 2, dims);
}

bool erg_onnx_shape_gemm(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *a = erg_onnx_in(node, 0);

    return erg_onnx_give_gemm(model, node, 1, a ? a->type : FLOAT);
}

/* numpy's rules: a vector gets an axis and loses it again, leading axes broadcast. */
static bool matmul(erg_onnx_model *model, erg_onnx_node *node, int32_t at_b, int32_t type)
{
    const erg_onnx_value *a = erg_onnx_need(model, node, 0, 1);
    const erg_onnx_value *b = a ? erg_onnx_need(model, node, at_b, 1) : NULL;
    int64_t dims[ERG_ONNX_RANK + 2];
    int32_t rank = 0;

    if (!b)
        return false;
    int64_t inner = b->rank > 1 ? b->dims[b->rank - 2] : b->dims[0];
    if (a->dims[a->rank - 1] != inner)
        return erg_onnx_refuse(model, node, "these matrices do not multiply");
    if (!erg_onnx_broadcast(a->dims, a->rank > 2 ? a->rank - 2 : 0, dims, &rank)
        || !erg_onnx_broadcast(b->dims, b->rank > 2 ? b->rank - 2 : 0, dims, &rank))
        return erg_onnx_refuse(model, node, "the leading axes do not broadcast");
    if (a->rank > 1)
        dims[rank++] = a->dims[a->rank - 2];
    if (b->rank > 1)
        dims[rank++] = b->dims[b->rank - 1];
    return erg_onnx_give(model, node, 0, type ? type : a->type, rank, dims);
}

bool erg_onnx_shape_matmul(erg_onnx_model *model, erg_onnx_node *node)
{
    return matmul(model, node, 1, 0);
}

bool erg_onnx_shape_matmul_integer(erg_onnx_model *model, erg_onnx_node *node)
{
    bool is_scaled = strcmp(node->proto->op_type, "MatMulInteger") != 0;
    return matmul(model, node, 1, is_scaled ? FLOAT : INT32);
}

/* a, scale, zero, b, scale, zero, scale and zero of y. */
bool erg_onnx_shape_q_matmul(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *zero = erg_onnx_in(node, 7);
    return matmul(model, node, 3, zero ? zero->type : 0);
}

/* com.microsoft: x [.., K] by packed weights of N rows. */
bool erg_onnx_shape_matmul_bits(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 1);
    int64_t dims[ERG_ONNX_RANK], k = erg_onnx_int(node, "K", -1),
                                 n = erg_onnx_int(node, "N", -1);
    int64_t bits = erg_onnx_int(node, "bits", 4);

    if (!x)
        return false;
    if (n < 1 || k < 1 || x->dims[x->rank - 1] != k || bits < 1 || bits > 8
        || erg_onnx_int(node, "block_size", 32) < 1)
        return erg_onnx_refuse(model, node,
                               "its attributes K, N, bits and block_size do not fit");
    memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
    dims[x->rank - 1] = n;
    return erg_onnx_give(model, node, 0, x->type, x->rank, dims);
}

/* com.microsoft: transA and transB turn the last two axes. */
bool erg_onnx_shape_fused_matmul(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_onnx_value turned[2], *kept[2];
    bool turn[2] = { erg_onnx_int(node, "transA", 0) != 0,
                     erg_onnx_int(node, "transB", 0) != 0 };

    for (int32_t i = 0; i < 2; i++) {
        const erg_onnx_value *x = erg_onnx_need(model, node, i, 1);
        int64_t *dims = x ? erg_onnx_take(model, (size_t)x->rank * sizeof(*dims)) : NULL;
        if (!dims)
            return false;
        memcpy(dims, x->dims, (size_t)x->rank * sizeof(*dims));
        if (turn[i] && x->rank > 1) {
            dims[x->rank - 1] = x->dims[x->rank - 2];
            dims[x->rank - 2] = x->dims[x->rank - 1];
        }
        turned[i] = *x;
        turned[i].dims = dims;
        kept[i] = node->in[i];
    }
    node->in[0] = &turned[0];
    node->in[1] = &turned[1];
    bool ok = matmul(model, node, 1, 0);
    node->in[0] = kept[0];
    node->in[1] = kept[1];
    return ok;
}

/* ---- Einsum -------------------------------------------------------------------- */

bool erg_onnx_shape_einsum(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_onnx_sum sum;

    for (int32_t i = 0; i < node->in_count; i++)
        if (!erg_onnx_need(model, node, i, 0))
            return false;
    if (node->in_count < 1 || !erg_onnx_sum_read(node, &sum))
        return erg_onnx_refuse(model, node, "its equation does not fit its inputs");
    return erg_onnx_give(model, node, 0, node->in[0]->type, sum.out_rank, sum.out_dims);
}

/* "..." is spelled with the letters 1, 2, .. from its right end: they broadcast. */
static int32_t term_spell(const char *term, size_t length, int32_t rank, uint8_t *to)
{
    int32_t letters = 0, count = 0;
    bool has_dots = false;

    for (size_t i = 0; i < length; i++)
        letters += term[i] != ' ' && term[i] != '.';
    for (size_t i = 0; i < length; i++) {
        if (term[i] == ' ')
            continue;
        if (term[i] != '.') {
            if (count < ERG_ONNX_RANK)
                to[count++] = (uint8_t)term[i] & 127;
            continue;
        }
        if (has_dots || i + 2 >= length || term[i + 1] != '.' || term[i + 2] != '.')
            return -1;
        has_dots = true;
        i += 2;
        for (int32_t left = rank - letters; left > 0 && count < ERG_ONNX_RANK; left--)
            to[count++] = (uint8_t)left;
    }
    return count == rank ? count : -1;
}

static bool operand_add(erg_onnx_sum *sum, const erg_onnx_value *x, const uint8_t *letters,
                        int32_t operand)
{
    for (int32_t i = 0; i < x->rank; i++) {
        int64_t *size = &sum->size[letters[i]];
        bool is_first = !sum->uses[letters[i]];
        if (!is_first && *size != x->dims[i] && *size != 1 && x->dims[i] != 1)
            return false;
        if (is_first || *size == 1)
            *size = x->dims[i];
        sum->in[letters[i]] |= (uint8_t)(1u << operand);
        sum->uses[letters[i]]++;
    }
    return true;
}

static bool result_add(erg_onnx_sum *sum, const char *term)
{
    uint8_t letters[ERG_ONNX_RANK];
    int32_t dots = 0, named = 0;

    if (!term) { /* implicit: what appears once, in order of the alphabet */
        for (int32_t c = 8; c > 0; c--)
            if (sum->in[c])
                letters[sum->out_rank++] = (uint8_t)c;
        for (int32_t c = 9; c < 128 && sum->out_rank < ERG_ONNX_RANK; c++)
            if (sum->uses[c] == 1)
                letters[sum->out_rank++] = (uint8_t)c;
    } else {
        for (int32_t c = 1; c < 9; c++)
            dots += sum->in[c] != 0;
        for (const char *at = term; *at; at++)
            named += *at != '.' && *at != ' ';
        int32_t rank = named + (strchr(term, '.') ? dots : 0);
        sum->out_rank =
            rank > ERG_ONNX_RANK ? -1 : term_spell(term, strlen(term), rank, letters);
    }
    for (int32_t i = 0; i < sum->out_rank; i++) {
        if (!sum->in[letters[i]])
            return false;
        sum->is_kept[letters[i]] = true;
        sum->out_dims[i] = sum->size[letters[i]];
    }
    return sum->out_rank >= 0;
}

bool erg_onnx_sum_read(const erg_onnx_node *node, erg_onnx_sum *sum)
{
    const Onnx__AttributeProto *a = erg_onnx_attribute(node->proto, "equation");
    char equation[128];

    *sum = (erg_onnx_sum){ 0 };
    if (!a || !a->has_s || a->s.len >= sizeof(equation) || node->in_count > 8)
        return false;
    equation[a->s.len] = '\0';
    if (a->s.len)       /* an empty text may have no bytes at all */
        memcpy(equation, a->s.data, a->s.len);
    char *result = strstr(equation, "->");
    if (result) {
        *result = '\0';
        result += 2;
    }
    const char *term = equation;
    for (int32_t i = 0; i < node->in_count; i++) {
        uint8_t letters[ERG_ONNX_RANK];
        size_t length = strcspn(term, ",");
        if (term_spell(term, length, node->in[i]->rank, letters) < 0
            || !operand_add(sum, node->in[i], letters, i)
            || (term[length] == ',') != (i + 1 < node->in_count))
            return false;
        term += length + 1;
    }
    return result_add(sum, result);
}

/* ---- recurrent layers ------------------------------------------------------------ */

static int64_t gates_of(const erg_onnx_node *node)
{
    bool is_plain = strcmp(node->proto->op_type, "RNN") == 0;
    return is_plain ? 1 : strcmp(node->proto->op_type, "GRU") == 0 ? 3 : 4;
}

/* x [S,B,i], w [dirs, gates h, i], r [dirs, gates h, h]. layout 1: batch first. */
bool erg_onnx_shape_recurrent(erg_onnx_model *model, erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_need(model, node, 0, 3);
    const erg_onnx_value *w = x ? erg_onnx_need(model, node, 1, 3) : NULL;
    const erg_onnx_value *r = w ? erg_onnx_need(model, node, 2, 3) : NULL;
    bool batch_first = erg_onnx_int(node, "layout", 0) != 0;

    if (!r)
        return false;
    if (x->rank != 3 || w->rank != 3 || r->rank != 3)
        return erg_onnx_refuse(model, node, "input and weights need three axes");
    if (w->dims[0] != r->dims[0] || w->dims[2] != x->dims[2]
        || w->dims[1] != gates_of(node) * r->dims[2] || r->dims[1] != w->dims[1])
        return erg_onnx_refuse(model, node,
                               "weights need axes [ways, %lld x width, input] and "
                               "[ways, %lld x width, width]",
                               (long long)gates_of(node), (long long)gates_of(node));
    int64_t steps = x->dims[batch_first ? 1 : 0], batch = x->dims[batch_first ? 0 : 1];
    int64_t ways = r->dims[0], width = r->dims[2];
    int64_t all[4] = { steps, ways, batch, width }, last[3] = { ways, batch, width };
    if (batch_first) {
        memcpy(all, (int64_t[]){ batch, steps, ways, width }, sizeof(all));
        memcpy(last, (int64_t[]){ batch, ways, width }, sizeof(last));
    }
    return erg_onnx_give(model, node, 0, x->type, 4, all)
           && erg_onnx_give(model, node, 1, x->type, 3, last)
           && erg_onnx_give(model, node, 2, x->type, 3, last);
}
