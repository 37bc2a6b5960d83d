/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of ONNX nodes, found from their last node backwards. */
#include <math.h>
#include <string.h>
#include "workload/patterns.h"

bool erg_chain_is_op(const erg_onnx_node *node, const char *op_type)
{
    return node && !node->is_taken && !node->fused && node->rule && !node->rule->domain[0]
           && node->rule->op_type[0] == op_type[0]      /* most differ there */
           && strcmp(node->rule->op_type, op_type) == 0;
}

erg_onnx_node *erg_chain_inner(erg_chain *chain, const erg_onnx_value *value,
                               const char *op_type)
{
    erg_onnx_node *node = value ? value->maker : NULL;

    if (!erg_chain_is_op(node, op_type) || chain->count == ERG_CHAIN)
        return NULL;
    chain->nodes[chain->count++] = node;
    return node;
}

bool erg_chain_is_number(const erg_onnx_value *value, double number)
{
    return value && value->elements == 1
           && ((value->reals && fabs(value->reals[0] - number) <= 1e-3 * fabs(number))
               || (value->ints && (double)value->ints[0] == number));
}

/* The operand of a product or sum that is not this number; NULL: neither is it. */
erg_onnx_value *erg_chain_beside_number(const erg_onnx_node *node, double number)
{
    if (node->in_count != 2)
        return NULL;
    return erg_chain_is_number(node->in[1], number)   ? node->in[0]
           : erg_chain_is_number(node->in[0], number) ? node->in[1]
                                                      : NULL;
}

erg_onnx_value *erg_chain_beside(const erg_onnx_node *node, const erg_onnx_value *value)
{
    return node->in_count != 2    ? NULL
           : node->in[0] == value ? node->in[1]
           : node->in[1] == value ? node->in[0]
                                  : NULL;
}

bool erg_chain_is_closed(const erg_chain *c, const erg_onnx_node *last)
{
    for (int32_t i = 0; i < c->count; i++) {
        const erg_onnx_value *made = c->nodes[i]->out[0];
        int32_t inside = 0;
        for (int32_t j = 0; j <= c->count; j++) {
            const erg_onnx_node *reader = j < c->count ? c->nodes[j] : last;
            for (int32_t k = 0; k < reader->in_count; k++)
                inside += reader->in[k] == made;
        }
        if (made->is_output || inside != made->uses)
            return false;
    }
    return true;
}

bool erg_chain_become(erg_onnx_model *model, erg_onnx_node *last, const erg_chain *c,
                      const erg_onnx_rule *as, erg_onnx_value *const *inputs)
{
    int32_t count = 0;

    while (inputs[count])
        count++;
    erg_onnx_value **in = erg_onnx_take(model, (size_t)count * sizeof(erg_onnx_value *));
    if (!in)
        return false;
    memcpy(in, inputs, (size_t)count * sizeof(erg_onnx_value *));
    for (int32_t i = 0; i < c->count; i++)
        c->nodes[i]->is_taken = true;
    last->in = in;
    last->in_count = count;
    last->fused = as;
    return true;
}
