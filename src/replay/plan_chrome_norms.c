/* SPDX-License-Identifier: Apache-2.0 */
/* Norms, softmax and attention: what folds an axis, by "Concrete Inputs". */
#include <string.h>
#include "replay/plan_chrome_layers.h"

/* ---- norms and softmax --------------------------------------------------------------- */

enum { NORMED, GAIN, SHIFT, MEAN, VARIANCE, TRAINS };

static bool put_like(erg_signature *s)
{
    erg_signature_tensor y = s->tensors[0];

    erg_layer_lay_like(&y, &s->tensors[0]);
    return erg_layer_put_out(s, &y) && erg_plan_flop_each(s, &y);
}

static bool put_parameters(const erg_layer *is, const erg_chrome_inputs *in, int last,
                           erg_signature *s)
{
    for (int i = GAIN; i <= last; i++)
        if (is->at[i] != ERG_NO_PLACE && erg_inputs_has(in, (size_t)is->at[i])
            && !erg_layer_put(s, &in->at[is->at[i]]))
            return false;
    return true;
}

/* The axes that are folded are the last ones: as many as "normalized_shape" has. */
bool erg_layer_norm(const erg_layer *is, const erg_chrome_inputs *in, erg_signature *s)
{
    const size_t x = (size_t)is->at[NORMED], over = x + 1;
    int32_t folded = 0;

    if (!erg_inputs_has(in, x) || !erg_layer_put(s, &in->at[x])
        || !put_parameters(is, in, SHIFT, s))
        return false;
    if (s->input_count > 1)
        folded = s->tensors[1].rank;
    else if (over < in->count)
        folded = (int32_t)in->values[over].count;
    s->axis = s->tensors[0].rank - folded;
    return folded > 0 && s->axis >= 0 && put_like(s);
}

/* Running means are read only where nothing is learnt. */
bool erg_layer_batch_norm(const erg_layer *is, const erg_chrome_inputs *in,
                          erg_signature *s)
{
    const size_t x = (size_t)is->at[NORMED];
    int64_t trains = 0;

    s->axis = 1;
    return erg_inputs_has(in, x) && in->at[x].rank >= 2
        && (is->at[TRAINS] == ERG_NO_PLACE
            || erg_inputs_one(in, (size_t)is->at[TRAINS], &trains))
        && erg_layer_put(s, &in->at[x])
        && put_parameters(is, in, trains ? SHIFT : VARIANCE, s)
        && put_like(s);
}

bool erg_layer_group_norm(const erg_layer *is, const erg_chrome_inputs *in,
                          erg_signature *s)
{
    const size_t x = (size_t)is->at[NORMED];

    s->axis = 1;
    return erg_inputs_has(in, x) && in->at[x].rank >= 2 && erg_layer_put(s, &in->at[x])
        && put_parameters(is, in, SHIFT, s) && put_like(s);
}

enum { SOFTENED, ALONG, WIDENS };

bool erg_layer_softmax(const erg_layer *is, const erg_chrome_inputs *in, erg_signature *s)
{
    const size_t x = (size_t)is->at[SOFTENED];
    int64_t along, widens = 0;

    if (!erg_inputs_has(in, x) || !erg_layer_put(s, &in->at[x])
        || !erg_inputs_one(in, (size_t)is->at[ALONG], &along))
        return false;
    along += along < 0 ? in->at[x].rank : 0;
    s->axis = (int32_t)along;
    if (along < 0 || along >= in->at[x].rank || !put_like(s))
        return false;
    if (erg_inputs_one(in, (size_t)is->at[WIDENS], &widens) && widens)
        s->tensors[1].precision = ERG_FP32;
    return true;
}

/* ---- attention ----------------------------------------------------------------------- */

/* Which axis counts heads; queries are along the other of 1 and 2. */
enum { HEADS, CAUSAL, MASK };

/* Two products over each pair of query and key, and five operations of the softmax. What is
 * causal over a square is half of it, as graphs count it. */
static bool count_attention(erg_signature *s, int64_t width, bool is_causal)
{
    int64_t twice = is_causal && s->m == s->n ? 1 : 2;

    if (!erg_layer_times(&twice, (const int64_t[]){ s->batch, s->m, s->n }, 3)
        || __builtin_add_overflow(s->k, width, &width)
        || __builtin_mul_overflow(twice, width, &s->flop))
        return false;
    return twice < INT64_MAX / 5
        && !__builtin_add_overflow(s->flop, twice / 2 * 5, &s->flop);
}

bool erg_layer_attention(const erg_layer *is, const erg_chrome_inputs *in, erg_signature *s)
{
    const int heads = is->at[HEADS], queries = 3 - heads;
    const erg_signature_tensor *q = &in->at[0], *k = &in->at[1], *v = &in->at[2];
    const int mask = is->at[MASK];
    int64_t causal;

    for (size_t i = 0; i < 3; i++)
        if (!erg_inputs_has(in, i) || in->at[i].rank != 4 || !erg_layer_put(s, &in->at[i])
            || in->at[i].dims[0] != q->dims[0] || in->at[i].dims[heads] < 1
            || q->dims[heads] % in->at[i].dims[heads])
            return false;
    if (k->dims[3] != q->dims[3] || v->dims[queries] != k->dims[queries]
        || v->dims[heads] != k->dims[heads]
        || !erg_inputs_one(in, (size_t)is->at[CAUSAL], &causal)
        || (mask != ERG_NO_PLACE && erg_inputs_has(in, (size_t)mask)
            && !erg_layer_put(s, &in->at[mask])))
        return false;
    s->batch = 1;
    s->m = q->dims[queries];
    s->n = k->dims[queries];
    s->k = q->dims[3];
    erg_signature_tensor y = *q;
    y.dims[3] = v->dims[3];
    memset(y.strides, 0, sizeof(y.strides));
    return erg_layer_times(&s->batch, (const int64_t[]){ q->dims[0], q->dims[heads] }, 2)
        && count_attention(s, v->dims[3], causal != 0) && erg_layer_put_out(s, &y);
}
