/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators that ONNX writes as chains become one again: an exporter splits what a
 * framework runs as one kernel (SiLU, GELU, layer norm..). Each pattern is found from
 * its last node backwards; what lies between is read by nobody else.
 */
#include "workload/patterns.h"

/* ---- activations --------------------------------------------------------------- */

static const erg_onnx_rule silu = { .kind = ERG_OP_SILU, .op_type = "silu" };
static const erg_onnx_rule hard_swish = { .kind = ERG_OP_HARD_SWISH,
                                          .op_type = "hard_swish" };
static const erg_onnx_rule gelu = { .kind = ERG_OP_GELU, .op_type = "gelu" };
static const erg_onnx_rule gelu_tanh = { .kind = ERG_OP_GELU_TANH, .op_type = "gelu_tanh" };

/* x * sigmoid(x), x * hard_sigmoid(x). */
static bool gate(erg_onnx_model *model, erg_onnx_node *last)
{
    static const struct {
        const char *op_type;
        const erg_onnx_rule *as;
    } gates[] = {
        { "Sigmoid", &silu },
        { "HardSigmoid", &hard_swish },
    };

    for (int32_t i = 0; i < 4 && last->in_count == 2; i++) {
        erg_chain c = { .count = 0 };
        erg_onnx_value *x = last->in[i & 1], *other = last->in[1 - (i & 1)];
        const erg_onnx_node *sigmoid = erg_chain_inner(&c, other, gates[i / 2].op_type);
        if (sigmoid && sigmoid->in[0] == x && erg_chain_is_closed(&c, last))
            return erg_chain_become(model, last, &c, gates[i / 2].as,
                                    (erg_onnx_value *[]){ x, NULL });
    }
    return true;
}

/* x * clip(x + 3, 0, 6) / 6, in either order. */
static erg_onnx_value *shifted_clip(erg_chain *c, const erg_onnx_value *value)
{
    const erg_onnx_node *clip = erg_chain_inner(c, value, "Clip");
    const erg_onnx_node *add = clip ? erg_chain_inner(c, clip->in[0], "Add") : NULL;
    return add ? erg_chain_beside_number(add, 3) : NULL;
}

static bool clip_gate(erg_onnx_model *model, erg_onnx_node *last)
{
    bool ends_in_div = erg_chain_is_op(last, "Div");

    for (int32_t i = 0; i < 2 && last->in_count == 2; i++) {
        erg_chain c = { .count = 0 };
        erg_onnx_value *x = last->in[i], *other = last->in[1 - i];
        const erg_onnx_node *mul = last;
        if (ends_in_div) {
            mul = erg_chain_is_number(last->in[1], 6)
                      ? erg_chain_inner(&c, last->in[0], "Mul")
                      : NULL;
            if (!mul || mul->in_count != 2)
                return true;
            x = mul->in[i];
            other = mul->in[1 - i];
        } else {
            const erg_onnx_node *div = erg_chain_inner(&c, other, "Div");
            other = div && erg_chain_is_number(div->in[1], 6) ? div->in[0] : NULL;
        }
        if (x && shifted_clip(&c, other) == x && erg_chain_is_closed(&c, last))
            return erg_chain_become(model, last, &c, &hard_swish,
                                    (erg_onnx_value *[]){ x, NULL });
    }
    return true;
}

/* value = 1 + f(..): gives the node f. */
static const erg_onnx_node *one_plus(erg_chain *c, const erg_onnx_value *value,
                                     const char *f)
{
    const erg_onnx_node *add = erg_chain_inner(c, value, "Add");
    const erg_onnx_value *inside = add ? erg_chain_beside_number(add, 1) : NULL;
    return inside ? erg_chain_inner(c, inside, f) : NULL;
}

/* The argument of erf is x / sqrt 2, that of tanh .8 (x + .04 x^3), written in some way. */
static bool leads_to(erg_chain *c, const erg_onnx_value *value, const erg_onnx_value *x,
                     int depth)
{
    erg_onnx_node *node = value ? value->maker : NULL;

    if (value == x)
        return true;
    if (!value || value->is_constant)
        return value != NULL;
    if (depth == 0 || c->count == ERG_CHAIN || value->is_output
        || !(erg_chain_is_op(node, "Mul") || erg_chain_is_op(node, "Div")
             || erg_chain_is_op(node, "Add") || erg_chain_is_op(node, "Pow")))
        return false;
    for (int32_t i = 0; i < c->count; i++)
        if (c->nodes[i] == node)
            return true;
    c->nodes[c->count++] = node;
    for (int32_t i = 0; i < node->in_count; i++)
        if (!leads_to(c, node->in[i], x, depth - 1))
            return false;
    return true;
}

/* x (1 + f) half, with the half first, last or at x. */
static bool gelu_try(erg_onnx_model *model, erg_onnx_node *last, erg_onnx_value *x,
                     erg_onnx_value *other, bool is_halved)
{
    static const struct {
        const char *f;
        const erg_onnx_rule *as;
    } forms[] = {
        { "Erf", &gelu },
        { "Tanh", &gelu_tanh },
    };

    for (size_t i = 0; i < ERG_COUNT(forms); i++) {
        erg_chain c = { .count = 0 };
        const erg_onnx_node *f = NULL, *half = NULL;
        const erg_onnx_value *tail = other;
        erg_onnx_value *from = x;
        if (!is_halved && (half = erg_chain_inner(&c, x, "Mul"))
            && erg_chain_beside_number(half, 0.5)) {
            from = erg_chain_beside_number(half, 0.5); /* (x / 2) (1 + f) */
        } else if (!is_halved) {
            c.count = 0;
            half = erg_chain_inner(&c, other, "Mul"); /* x ((1 + f) / 2) */
            tail = half ? erg_chain_beside_number(half, 0.5) : NULL;
        }
        f = tail ? one_plus(&c, tail, forms[i].f) : NULL;
        if (f && leads_to(&c, f->in[0], from, 6) && erg_chain_is_closed(&c, last))
            return erg_chain_become(model, last, &c, forms[i].as,
                                    (erg_onnx_value *[]){ from, NULL });
    }
    return true;
}

static bool gelu_find(erg_onnx_model *model, erg_onnx_node *last)
{
    erg_onnx_value *whole = last->in_count == 2 ? erg_chain_beside_number(last, 0.5) : NULL;

    for (int32_t i = 0; i < 2 && last->in_count == 2 && !last->fused; i++)
        if (!gelu_try(model, last, last->in[i], last->in[1 - i], false))
            return false;
    erg_onnx_node *product =
        whole && whole->uses == 1 && erg_chain_is_op(whole->maker, "Mul") ? whole->maker
                                                                          : NULL;
    for (int32_t i = 0; product && product->in_count == 2 && i < 2 && !last->fused; i++) {
        /* (x (1 + f)) / 2: the product is found first, then its half joins */
        if (!gelu_try(model, product, product->in[i], product->in[1 - i], true))
            return false;
        if (product->fused)
            return erg_chain_become(model, last, &(erg_chain){ { product }, 1 },
                                    product->fused,
                                    (erg_onnx_value *[]){ product->in[0], NULL });
    }
    return true;
}

/* ---- the pass ------------------------------------------------------------------- */

static bool attention_if_flash(erg_onnx_model *model, erg_onnx_node *node)
{
    model->asks_attention = true;
    /* A plain run launches its parts one by one: then they stay apart. */
    return model->options->attention != ERG_ATTENTION_FLASH
           || erg_pattern_attention(model, node);
}

static bool fold_if_asked(erg_onnx_model *model, erg_onnx_node *node)
{
    return !model->options->fold_batch_norm || erg_pattern_fold_norm(model, node);
}

static const struct {
    const char *op_type;
    erg_pattern *find;
} patterns[] = {
    { "Mul", gate },
    { "Mul", clip_gate },
    { "Div", clip_gate },
    { "Mul", gelu_find },
    { "Div", erg_pattern_norm },
    { "Mul", erg_pattern_rms_norm },
    { "MatMul", attention_if_flash },
    { "BatchNormalization", fold_if_asked },
};

bool erg_onnx_patterns(erg_onnx_model *model)
{
    for (int32_t i = 0; i < model->node_count; i++)
        for (size_t j = 0; j < ERG_COUNT(patterns); j++)
            if (erg_chain_is_op(&model->nodes[i], patterns[j].op_type)
                && !erg_onnx_is_folded(model->nodes[i].out[0])
                && !patterns[j].find(model, &model->nodes[i]))
                return false;
    return true;
}
