/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns, continued: layer and RMS norms, attention, batch norm folded into the
 * convolution before it.
 */
#include <string.h>
#include "workload/onnx_count.h"
#include "workload/patterns.h"

static const erg_onnx_rule layer_norm = { .kind = ERG_OP_LAYER_NORM,
                                          .op_type = "layer_norm" };
static const erg_onnx_rule rms_norm = { .kind = ERG_OP_RMS_NORM, .op_type = "rms_norm" };
static const erg_onnx_rule attention = { .kind = ERG_OP_ATTENTION,
                                         .op_type = "attention",
                                         .count = erg_onnx_count_sdpa };

/* value = d * d; gives d. */
static erg_onnx_value *squared(erg_chain *c, const erg_onnx_value *value)
{
    const erg_onnx_node *power = erg_chain_inner(c, value, "Pow");

    if (power)
        return erg_chain_is_number(power->in[1], 2) ? power->in[0] : NULL;
    const erg_onnx_node *product = erg_chain_inner(c, value, "Mul");
    return product && product->in_count == 2 && product->in[0] == product->in[1]
               ? product->in[0]
               : NULL;
}

/* value = sqrt(mean(d * d) + epsilon); gives d. */
static erg_onnx_value *deviation_of(erg_chain *c, const erg_onnx_value *value)
{
    const erg_onnx_node *root = erg_chain_inner(c, value, "Sqrt");
    const erg_onnx_node *add = root ? erg_chain_inner(c, root->in[0], "Add") : NULL;

    for (int32_t i = 0; add && add->in_count == 2 && i < 2; i++) {
        if (add->in[i]->elements != 1 || !add->in[i]->is_constant)
            continue;
        const erg_onnx_node *mean = erg_chain_inner(c, add->in[1 - i], "ReduceMean");
        return mean ? squared(c, mean->in[0]) : NULL;
    }
    return NULL;
}

/* value = x - mean(x); gives x. */
static erg_onnx_value *centred(erg_chain *c, const erg_onnx_value *value)
{
    const erg_onnx_node *sub = erg_chain_inner(c, value, "Sub");
    const erg_onnx_node *mean = sub ? erg_chain_inner(c, sub->in[1], "ReduceMean") : NULL;
    return mean && mean->in[0] == sub->in[0] ? sub->in[0] : NULL;
}

/* Weight and bias follow: last becomes the node that applies them. */
static erg_onnx_value *applied(erg_chain *c, erg_onnx_node **last, const char *op_type)
{
    erg_onnx_value *made = (*last)->out[0];
    erg_onnx_node *next = made->uses == 1 && !made->is_output ? made->reader : NULL;

    if (!erg_chain_is_op(next, op_type) || c->count == ERG_CHAIN)
        return NULL;
    erg_onnx_value *other = erg_chain_beside(next, made);
    if (!other || !other->is_constant || other->elements > made->elements
        || (other->elements != 1 && other->role != ERG_WEIGHT))
        return NULL;
    c->nodes[c->count++] = *last;
    *last = next;
    return other;
}

static bool norm_end(erg_onnx_model *model, erg_onnx_node *last, erg_chain *c,
                     erg_onnx_value *x, bool is_rms)
{
    if (!erg_chain_is_closed(c, last))
        return true;
    erg_onnx_value *weight = applied(c, &last, "Mul");
    erg_onnx_value *bias = weight && !is_rms ? applied(c, &last, "Add") : NULL;
    return erg_chain_become(model, last, c, is_rms ? &rms_norm : &layer_norm,
                            (erg_onnx_value *[]){ x, weight, bias, NULL });
}

/* (x - mean) / sqrt(..) is a layer norm, x / sqrt(..) an RMS norm. */
bool erg_pattern_norm(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_chain c = { .count = 0 };
    erg_onnx_value *top = node->in[0], *d = deviation_of(&c, node->in[1]);

    if (!d)
        return true;
    int32_t before = c.count;
    erg_onnx_value *x = centred(&c, top);
    /* Some exporters subtract twice: once for the square, once for the quotient. */
    if (x && (d == top || centred(&c, d) == x))
        return norm_end(model, node, &c, x, false);
    c.count = before;
    return d == top ? norm_end(model, node, &c, d, true) : true;
}

/* x * (1 / sqrt(..)): how LLaMA writes its norm. */
bool erg_pattern_rms_norm(erg_onnx_model *model, erg_onnx_node *node)
{
    for (int32_t i = 0; i < 2 && node->in_count == 2; i++) {
        erg_chain c = { .count = 0 };
        erg_onnx_value *x = node->in[i], *factor = node->in[1 - i];
        const erg_onnx_node *turned = erg_chain_inner(&c, factor, "Reciprocal");
        const erg_onnx_value *root = turned ? turned->in[0] : NULL;
        if (!turned && (turned = erg_chain_inner(&c, factor, "Div")))
            root = erg_chain_is_number(turned->in[0], 1) ? turned->in[1] : NULL;
        if (root && deviation_of(&c, root) == x)
            return norm_end(model, node, &c, x, true);
    }
    return true;
}

/* ---- attention ---------------------------------------------------------------------- */

static erg_onnx_value *scores(erg_chain *c, erg_onnx_value *value, erg_onnx_value **mask)
{
    const erg_onnx_node *add = erg_chain_inner(c, value, "Add");

    if (add) { /* the mask is the side that is no product */
        int32_t side = add->in[0]->maker
                               && (erg_chain_is_op(add->in[0]->maker, "MatMul")
                                   || erg_chain_is_op(add->in[0]->maker, "Div")
                                   || erg_chain_is_op(add->in[0]->maker, "Mul"))
                           ? 0
                           : 1;
        *mask = add->in[1 - side];
        value = add->in[side];
    }
    const erg_onnx_node *scale = erg_chain_inner(c, value, "Div");
    scale = scale ? scale : erg_chain_inner(c, value, "Mul");
    if (scale && scale->in_count == 2)
        value = scale->in[0]->elements == 1 ? scale->in[1] : scale->in[0];
    return value;
}

/* softmax(q k / s + mask) v in one launch: the scores never reach memory. */
bool erg_pattern_attention(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_chain c = { .count = 0 };
    erg_onnx_value *value = node->in[0], *mask = NULL;
    const erg_onnx_node *dropout = erg_chain_inner(&c, value, "Dropout");
    const erg_onnx_node *softmax =
        erg_chain_inner(&c, dropout ? dropout->in[0] : value, "Softmax");

    value = softmax ? scores(&c, softmax->in[0], &mask) : NULL;
    const erg_onnx_node *product = value ? erg_chain_inner(&c, value, "MatMul") : NULL;
    if (!product || product->in[0]->rank < 2 || product->in[1]->rank < 2
        || node->in[1]->rank < 2 || product->in[1]->is_constant
        || !erg_chain_is_closed(&c, node))
        return true;
    return erg_chain_become(
        model, node, &c, &attention,
        (erg_onnx_value *[]){ product->in[0], product->in[1], node->in[1], mask, NULL });
}

/* ---- batch norm ------------------------------------------------------------------- */

/* Scale and shift go into weights and bias, as exporters for inference do. */
bool erg_pattern_fold_norm(erg_onnx_model *model, erg_onnx_node *node)
{
    erg_onnx_value *x = node->in[0];
    erg_onnx_node *conv = x->maker;

    if (!(erg_chain_is_op(conv, "Conv") || erg_chain_is_op(conv, "ConvTranspose"))
        || x->uses != 1 || x->is_output || !conv->in[1]->is_constant)
        return true;
    if (!erg_onnx_in(conv, 2)) {
        erg_onnx_value **in = erg_onnx_take(model, 3 * sizeof(erg_onnx_value *));
        erg_onnx_value *bias = erg_onnx_value_new(model, "folded bias");
        if (!in || !bias)
            return false;
        bias->role = ERG_WEIGHT;
        bias->rank = 1;
        bias->type = x->type;
        bias->dims = &x->dims[1];
        bias->elements = x->dims[1];
        bias->is_constant = true;
        memcpy(in, conv->in, 2 * sizeof(erg_onnx_value *));
        in[2] = bias;
        conv->in = in;
        conv->in_count = 3;
    }
    node->is_taken = true;
    conv->out[0] = node->out[0];
    conv->out[0]->maker = conv;
    return true;
}
