/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention, RMS norm and rotary embedding in parts: products, sums, a softmax, a mean.
 *
 *   Unknown  Heads of attention are taken as matrices that lie apart, those that share keys
 *            and values as neighbours. What is causal is computed in full. How wide a head
 *            is that turns is not in a signature: the last axis turns as one, which reads,
 *            writes and computes as much.
 */
#include <math.h>
#include "engine/onednn_parts.h"

static erg_signature_tensor matrices(int64_t batch, int64_t rows, int64_t columns,
                                     erg_precision precision)
{
    return (erg_signature_tensor){ .rank = 3,
                                   .dims = { batch, rows, columns },
                                   .precision = precision };
}

static erg_signature part_of(erg_op_kind op, int inputs, erg_precision precision)
{
    return (erg_signature){
        .op = op,
        .shape_known = true,
        .input_count = inputs,
        .output_count = 1,
        .axis = -1,
        .alpha = 1,
        .precision = precision,
    };
}

/* ---- attention ------------------------------------------------------------------- */

/* Queries of all heads that share keys and values are one matrix. */
typedef struct sizes {
    int64_t groups;             /* of heads with keys of their own */
    int64_t queries, keys, depth, width;
    erg_precision precision;
} sizes;

static bool sizes_of(const erg_signature *is, sizes *out)
{
    int64_t key = is->n * is->k, groups;

    if (is->input_count < 3 || is->input_count > 4 || is->m < 1 || key < 1
        || erg_dnn_elements(&is->tensors[0]) != is->batch * is->m * is->k)
        return false;
    groups = erg_dnn_elements(&is->tensors[1]) / key;
    if (groups < 1 || is->batch % groups
        || erg_dnn_elements(&is->tensors[1]) != groups * key)
        return false;
    *out = (sizes){ groups, is->batch / groups * is->m, is->n, is->k,
                    erg_dnn_elements(&is->tensors[2]) / (groups * is->n),
                    is->tensors[0].precision };
    return out->width > 0
           && erg_dnn_elements(&is->tensors[2]) == groups * is->n * out->width
           && erg_dnn_elements(erg_dnn_output(is)) == is->batch * is->m * out->width;
}

static erg_signature product_of(const sizes *by, int64_t n, int64_t k)
{
    erg_signature product = part_of(ERG_OP_MATMUL, 2, by->precision);

    product.batch = by->groups;
    product.m = by->queries;
    product.n = n;
    product.k = k;
    product.tensors[0] = matrices(by->groups, by->queries, k, by->precision);
    product.tensors[1] = matrices(by->groups, k, n, by->precision);
    product.tensors[2] = matrices(by->groups, by->queries, n, by->precision);
    return product;
}

/* Added to the scores: [.., queries, keys], 1 where it is the same for all. */
static bool add_mask(dnn_making *to, const sizes *by)
{
    const erg_signature *is = to->whole;
    const erg_signature_tensor *mask = &is->tensors[3], *q = &is->tensors[0];
    erg_signature sum = part_of(ERG_OP_ADD, 2, by->precision);
    int64_t first = q->rank == 4 && q->dims[0] > 0 && is->batch % q->dims[0] == 0
                        ? q->dims[0]
                        : 1;
    erg_signature_tensor scores = { .rank = 4,
                                    .precision = by->precision,
                                    .dims = { first, is->batch / first, is->m, is->n } };
    dnn_shape stretched = erg_dnn_stretched(mask, 4);

    sum.tensors[0] = sum.tensors[1] = sum.tensors[2] = scores;
    for (int i = 0; i < 4; i++) {
        if (mask->rank > 4 || mask->precision != by->precision
            || (stretched.dims[i] != 1 && stretched.dims[i] != scores.dims[i]))
            return erg_fail(to->err, ERG_UNSUPPORTED,
                            "oneDNN: no mask of this shape and type");
        sum.tensors[1].dims[i] = stretched.dims[i];
    }
    return erg_dnn_add_part(
        to, &sum, (dnn_place[DNN_PLACES]){ { DNN_OWN, 0 }, { 3, 0 }, { DNN_OWN, 0 } });
}

/* softmax(q k' / sqrt(width) + mask) v, as in "Attention is all you need", 3.2.1. */
bool erg_dnn_attention(dnn_making *to)
{
    const erg_signature *is = to->whole;
    const dnn_place own = { DNN_OWN, 0 };
    sizes by;

    if (!sizes_of(is, &by))
        return erg_fail(to->err, ERG_UNSUPPORTED,
                        "oneDNN: no attention of these shapes: it has queries, keys, "
                        "values and at most a mask, and heads that share keys evenly");
    erg_signature scores = product_of(&by, by.keys, by.depth);
    erg_signature shares = part_of(ERG_OP_SOFTMAX, 1, by.precision);
    erg_signature context = product_of(&by, by.width, by.keys);
    scores.transpose_b = true;
    scores.alpha = 1 / sqrt((double)by.depth);
    scores.tensors[1] = matrices(by.groups, by.keys, by.depth, by.precision);
    shares.axis = 2;
    shares.tensors[0] = shares.tensors[1] = scores.tensors[2];
    return erg_dnn_own_memory(to, by.groups * by.queries * by.keys, by.precision)
           && erg_dnn_add_part(to, &scores,
                               (dnn_place[DNN_PLACES]){ { 0, 0 }, { 1, 0 }, own })
           && (is->input_count == 3 || add_mask(to, &by))
           && erg_dnn_add_part(to, &shares, (dnn_place[DNN_PLACES]){ own, own })
           && erg_dnn_add_part(
               to, &context,
               (dnn_place[DNN_PLACES]){ own, { 2, 0 }, { is->input_count, 0 } });
}

/* ---- RMS norm -------------------------------------------------------------------- */

static erg_signature pair_of(erg_op_kind op, const erg_signature_tensor *x,
                             const erg_signature_tensor *by)
{
    erg_signature pair = part_of(op, 2, x->precision);

    pair.tensors[0] = pair.tensors[2] = *x;
    pair.tensors[1] = *by;
    return pair;
}

/* x / sqrt(mean(x^2)) and the gain (Zhang and Sennrich 2019); what keeps a row of zeros
 * from being divided by 0 costs nothing and is left out. */
static bool normalise(dnn_making *to, const erg_signature_tensor *x, int out)
{
    erg_signature_tensor row = { .rank = 2, .precision = x->precision,
                                 .dims = { x->dims[0], 1 } };
    size_t squares =
        (size_t)(x->dims[0] * x->dims[1] * erg_precision_bits(x->precision)) / 8;
    const dnn_place own = { DNN_OWN, 0 }, means = { DNN_OWN, squares };
    erg_signature square = pair_of(ERG_OP_MUL, x, x);
    erg_signature divide = pair_of(ERG_OP_DIV, x, &row);
    erg_signature mean = part_of(ERG_OP_REDUCE, 1, x->precision);
    erg_signature root = part_of(ERG_OP_SQRT, 1, x->precision);

    mean.axis = 1;
    mean.tensors[0] = *x;
    mean.tensors[1] = root.tensors[0] = root.tensors[1] = row;
    return erg_dnn_own_memory(to, x->dims[0] * (x->dims[1] + 1), x->precision)
           && erg_dnn_add_part(to, &square,
                               (dnn_place[DNN_PLACES]){ { 0, 0 }, { 0, 0 }, own })
           && erg_dnn_add_part(to, &mean, (dnn_place[DNN_PLACES]){ own, means })
           && erg_dnn_add_part(to, &root, (dnn_place[DNN_PLACES]){ means, means })
           && erg_dnn_add_part(to, &divide,
                               (dnn_place[DNN_PLACES]){ { 0, 0 }, means, { out, 0 } });
}

bool erg_dnn_rms_norm(dnn_making *to)
{
    const erg_signature *is = to->whole;
    const erg_signature_tensor *x = &is->tensors[0], *gain = &is->tensors[1];
    int64_t all = erg_dnn_elements(x), width = x->rank > 0 ? x->dims[x->rank - 1] : 0;
    const dnn_place out = { is->input_count, 0 };

    if (width < 2 || all < 1 || is->input_count > 2
        || erg_dnn_elements(erg_dnn_output(is)) != all
        || (is->input_count == 2 && (gain->rank != 1 || gain->dims[0] != width)))
        return erg_fail(to->err, ERG_UNSUPPORTED,
                        "oneDNN: an RMS norm over the last axis, with at most a gain");
    erg_signature_tensor rows = { .rank = 2, .precision = x->precision,
                                  .dims = { all / width, width } };
    erg_signature scale = pair_of(ERG_OP_MUL, &rows, gain);
    return normalise(to, &rows, is->input_count)
           && (is->input_count == 1
               || erg_dnn_add_part(to, &scale,
                                   (dnn_place[DNN_PLACES]){ out, { 1, 0 }, out }));
}

/* ---- rotary embedding ------------------------------------------------------------ */

/* x cos + turn(x) sin, where turn swaps the halves of a row and negates the first (Su and
 * others 2021, equation 34). Rows are positions, again and again. */
typedef struct rotary {
    int64_t batch, positions, width;
    dnn_place cosines, sines, turned;   /* sines: the first half negated */
} rotary;

static void fill_tables(const rotary *by, float *to)
{
    float *sines = to + by->positions * by->width;
    int64_t half = by->width / 2;

    for (int64_t row = 0; row < by->positions; row++)
        for (int64_t i = 0; i < by->width; i++) {
            double power = -2.0 * (double)(i % half) / (double)by->width;
            double angle = (double)row * pow(1e4, power);
            to[row * by->width + i] = (float)cos(angle);
            sines[row * by->width + i] = (float)(i < half ? -sin(angle) : sin(angle));
        }
}

/* A half of each row into the other half of the turned one. */
static bool swap_half(dnn_making *to, const rotary *by, bool is_first)
{
    erg_signature copy = part_of(ERG_OP_COPY, 1, ERG_FP32);
    erg_signature_tensor half = { .rank = 2,
                                  .precision = ERG_FP32,
                                  .dims = { by->batch * by->positions, by->width / 2 },
                                  .strides = { by->width, 1 } };
    size_t bytes = (size_t)(by->width / 2) * sizeof(float);
    dnn_place into = by->turned;

    copy.tensors[0] = copy.tensors[1] = half;
    into.bytes += is_first ? bytes : 0;
    return erg_dnn_add_part(
        to, &copy, (dnn_place[DNN_PLACES]){ { 0, is_first ? 0 : bytes }, into });
}

static bool turn(dnn_making *to, const rotary *by)
{
    erg_signature_tensor x = matrices(by->batch, by->positions, by->width, ERG_FP32);
    erg_signature_tensor table = matrices(1, by->positions, by->width, ERG_FP32);
    erg_signature product = pair_of(ERG_OP_MUL, &x, &table);
    erg_signature sum = pair_of(ERG_OP_ADD, &x, &x);
    const dnn_place out = { to->whole->input_count, 0 };

    return swap_half(to, by, true) && swap_half(to, by, false)
           && erg_dnn_add_part(
               to, &product, (dnn_place[DNN_PLACES]){ by->turned, by->sines, by->turned })
           && erg_dnn_add_part(to, &product,
                               (dnn_place[DNN_PLACES]){ { 0, 0 }, by->cosines, out })
           && erg_dnn_add_part(to, &sum,
                               (dnn_place[DNN_PLACES]){ out, by->turned, out });
}

bool erg_dnn_rotary(dnn_making *to)
{
    const erg_signature *is = to->whole;
    const erg_signature_tensor *x = &is->tensors[0];
    int64_t all = erg_dnn_elements(x);
    bool is_matrix = x->rank >= 2 && x->dims[x->rank - 2] > 0 && x->dims[x->rank - 1] > 0;

    if (!is_matrix || x->dims[x->rank - 1] % 2 || all < 1 || is->input_count < 1
        || is->output_count != 1 || x->precision != ERG_FP32
        || erg_dnn_elements(erg_dnn_output(is)) != all)
        return erg_fail(to->err, ERG_UNSUPPORTED,
                        "oneDNN: a rotary embedding of rows of an even width, in fp32");
    rotary by = { .positions = x->dims[x->rank - 2], .width = x->dims[x->rank - 1] };
    size_t table = (size_t)(by.positions * by.width) * sizeof(float);
    by.batch = all / (by.positions * by.width);
    by.cosines = (dnn_place){ DNN_OWN, 0 };
    by.sines = (dnn_place){ DNN_OWN, table };
    by.turned = (dnn_place){ DNN_OWN, 2 * table };
    if (!erg_dnn_own_memory(to, 2 * by.positions * by.width + all, ERG_FP32))
        return false;
    fill_tables(&by, erg_dnn_own(to->to));
    return turn(to, &by);
}
