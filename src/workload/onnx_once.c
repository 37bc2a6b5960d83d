/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no input reaches is the same in every run: a runtime computes it once, when it
 * loads the model (the constant folding of ONNX Runtime). Masks and tables of positions
 * that exporters write out as little graphs are no work of an inference.
 */
#include <string.h>
#include "workload/onnx_graph.h"

/* By chance: new in each run. Quantised weights stay so until they are read. */
static const char *const each_run[] = {
    "Bernoulli",        "DequantizeLinear", "Multinomial",   "QuantizeLinear",
    "RandomNormal",     "RandomNormalLike", "RandomUniform", "RandomUniformLike",
};

static bool is_once(const erg_onnx_node *node)
{
    if (!node->rule || node->is_taken || node->fused
        || node->rule->way != ERG_ONNX_OPERATOR)
        return false;
    for (size_t i = 0; i < ERG_COUNT(each_run); i++)
        if (strcmp(each_run[i], node->rule->op_type) == 0)
            return false;
    for (int32_t i = 0; i < node->out_count; i++)
        if (node->out[i] && (!node->out[i]->is_constant || node->out[i]->is_output))
            return false;
    return true;
}

/* Small ones are folded; what generators write for a weight is one already. */
static bool is_done(const erg_onnx_node *node)
{
    for (int32_t i = 0; i < node->out_count; i++)
        if (node->out[i] && !erg_onnx_is_folded(node->out[i])
            && node->out[i]->role != ERG_WEIGHT)
            return false;
    return true;
}

/* Made of weights, a result is one: they are not read themselves any more. */
static void keep_results(const erg_onnx_node *node)
{
    erg_role role = ERG_BUFFER;

    for (int32_t i = 0; i < node->in_count; i++)
        if (node->in[i] && node->in[i]->role == ERG_WEIGHT)
            role = ERG_WEIGHT;
    for (int32_t i = 0; i < node->out_count; i++)
        if (node->out[i])
            node->out[i]->role = role;
}

void erg_onnx_once(erg_onnx_model *model)
{
    /* Of a graph without inputs all is work. */
    for (int32_t i = 0; model->first_input && i < model->node_count; i++) {
        erg_onnx_node *node = &model->nodes[i];
        if (!is_once(node) || is_done(node))
            continue;
        node->is_once = true;
        keep_results(node);
        model->once_count++;
    }
}
