/* SPDX-License-Identifier: Apache-2.0 */
/* If: the branch its condition says, where that is a constant, else the costlier one. */
#include <string.h>
#include "workload/onnx_flat.h"

enum { WEIGHED_MOST = 1 << 24 };

static double elements_of(const Onnx__TensorProto *tensor)
{
    int64_t count = erg_onnx_elements(tensor);
    return count > 0 ? (double)count : 0;
}

/* Work is multiplication by weights; a node weighs 1 beside that. Shapes are not known
 * yet, so this is a first guess at which branch costs more. */
static double weight_of(erg_onnx_flat *flat, const erg_onnx_body *body,
                        const Onnx__GraphProto *graph)
{
    double sum = 0;

    flat->weighed += (int64_t)(graph->n_initializer + graph->n_node + 1);
    if (flat->weighed > WEIGHED_MOST)
        return sum;
    for (size_t i = 0; i < graph->n_initializer; i++)
        sum += elements_of(graph->initializer[i]);
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        sum += 1;
        for (size_t k = 0; k < node->n_input; k++) {
            const erg_onnx_name *entry = erg_onnx_body_find(body, node->input[k]);
            if (entry && entry->index == ERG_ONNX_TENSOR)
                sum += elements_of(entry->what);
        }
        for (size_t k = 0; k < node->n_attribute; k++)
            if (node->attribute[k]->g)
                sum += weight_of(flat, body, node->attribute[k]->g);
    }
    return sum;
}

/* Where the node is in the order of those met, itself added; -1: there are too many. In a
 * loop it is met in each step, and takes the same branch. */
static int32_t place_of(erg_onnx_flat *flat, const Onnx__NodeProto *node)
{
    int32_t *count = &flat->file->branches.count;

    for (int32_t i = 0; i < *count; i++)
        if (flat->ifs[i] == node)
            return i;
    if (*count == ERG_ONNX_BRANCHES)
        return -1;
    flat->ifs[*count] = node;
    return (*count)++;
}

static const Onnx__GraphProto *branch_choose(erg_onnx_flat *flat, const erg_onnx_body *body,
                                             const Onnx__NodeProto *node)
{
    const Onnx__GraphProto *yes = erg_onnx_graph_of(node, "then_branch");
    const Onnx__GraphProto *no = erg_onnx_graph_of(node, "else_branch");
    int64_t condition;

    if (!yes || !no || node->n_input != 1) {
        erg_onnx_flat_refuse(flat, node, "an If needs a condition and two branches");
        return NULL;
    }
    if (erg_onnx_body_number(body, node->input[0], &condition))
        return condition ? yes : no;
    int32_t at = place_of(flat, node);
    erg_onnx_branches *branches = &flat->file->branches;
    erg_onnx_branch wanted = at < 0 ? ERG_ONNX_BY_WEIGHT : branches->wanted[at];
    bool is_yes = wanted == ERG_ONNX_BY_WEIGHT
        ? weight_of(flat, body, yes) >= weight_of(flat, body, no) : wanted == ERG_ONNX_THEN;
    if (flat->weighed > WEIGHED_MOST) {
        erg_onnx_flat_refuse(flat, node, "too many branches to compare");
        return NULL;
    }
    if (at >= 0) {
        const char *name = erg_onnx_body_final(body, node->input[0]);
        const char **before = &branches->conditions[at];
        *before = !*before || strcmp(*before, name) == 0 ? name : "";
        branches->taken[at] = is_yes ? ERG_ONNX_THEN : ERG_ONNX_ELSE;
    }
    if (at >= 0 && branches->is_sure[at])
        return is_yes ? yes : no;
    erg_onnx_note(flat->file, "If %.80s: the %s branch is counted, the costlier one",
                  erg_onnx_label(node), is_yes ? "then" : "else");
    return is_yes ? yes : no;
}

bool erg_onnx_if_expand(erg_onnx_flat *flat, const erg_onnx_body *around,
                        const Onnx__NodeProto *node)
{
    const Onnx__GraphProto *graph = branch_choose(flat, around, node);
    erg_onnx_body body;

    if (!graph || !erg_onnx_body_begin(flat, &body, around, erg_onnx_label(node), -1))
        return false;
    if (graph->n_output != node->n_output)
        return erg_onnx_flat_refuse(flat, node,
                                    "a branch of %zu outputs where %zu are wanted",
                                    graph->n_output, node->n_output);
    erg_onnx_ends ends = { erg_onnx_flat_outputs(flat, graph),
                           erg_onnx_flat_finals(flat, around, node, node->n_output),
                           node->n_output };
    return ends.within && ends.without && erg_onnx_body_weights(flat, &body, graph)
        && erg_onnx_body_expand(flat, &body, graph->node, graph->n_node, ends);
}
