/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes of ONNX Runtime's profile. Types and shapes of inputs and outputs are written, no
 * attributes: strides, pads and axes are not known, and where the shapes leave a choice
 * (is a square weight transposed?) none is made. FLOP of a convolution need no stride.
 */
#include <string.h>
#include "replay/plan_chrome_inputs.h"
#include "replay/plan_read.h"
#include "workload/onnx_graph.h"

/* [{"float":[1,3,224,224]}, ..] */
static bool tensors_of(const erg_chrome_text *text, erg_chrome_inputs *to)
{
    erg_error ignored = { 0 };
    json_t *list = text->count ? erg_json_parse("", text->at, text->count, &ignored) : NULL;

    *to = (erg_chrome_inputs){ 0 };
    for (size_t i = 0; json_is_array(list) && i < json_array_size(list)
         && to->count < ERG_CHROME_INPUTS; i++) {
        void *entry = json_object_iter(json_array_get(list, i));
        const char *type = entry ? json_object_iter_key(entry) : "";

        to->is_tensor[to->count] =
            entry && erg_plan_dims(json_object_iter_value(entry), &to->at[to->count])
            && erg_plan_precision(type, strlen(type), &to->at[to->count].precision);
        to->count++;
    }
    json_decref(list);
    return to->count > 0;
}

static bool are_alike(const erg_signature_tensor *a, const erg_signature_tensor *b)
{
    return a->rank == b->rank
        && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(*a->dims)) == 0;
}

/* alpha a b + c: which operand lies across is an attribute, and its shape tells where it is
 * not square. */
static const char *product_of(const erg_chrome_inputs *in, const erg_chrome_inputs *out)
{
    const erg_signature_tensor *a = &in->at[0], *b = &in->at[1], *y = &out->at[0];

    if (!erg_inputs_has(in, 0) || !erg_inputs_has(in, 1) || !erg_inputs_has(out, 0)
        || a->rank != 2 || b->rank != 2 || y->rank != 2 || a->dims[0] != y->dims[0]
        || a->dims[0] == a->dims[1] || b->dims[0] == b->dims[1])
        return "";
    return b->dims[0] == y->dims[1] ? "aten::linear" : "aten::mm";
}

static void count_convolution(erg_signature *s, const erg_chrome_inputs *in,
                              const erg_chrome_inputs *out)
{
    const erg_signature_tensor *weight = &in->at[1];

    if (!erg_inputs_has(in, 1) || !erg_inputs_has(out, 0) || weight->dims[0] < 1
        || __builtin_mul_overflow(2, erg_plan_elements(weight) / weight->dims[0], &s->flop)
        || __builtin_mul_overflow(s->flop, erg_plan_elements(&out->at[0]), &s->flop))
        s->flop = ERG_NONE;
}

static erg_op_kind kind_of(const char *op)
{
    const erg_onnx_rule *rule = erg_onnx_rule_find("", op);

    if (!rule)
        rule = erg_onnx_rule_find("com.microsoft", op);
    return rule ? rule->kind : ERG_OP_UNKNOWN;
}

void erg_plan_chrome_node(erg_replay_kernel *kernel, const erg_chrome_launch *launch)
{
    char op[64];
    erg_chrome_inputs in, out;
    erg_signature s;

    erg_chrome_put(&launch->node, op, sizeof(op));
    kernel->signature.op = kind_of(op);
    kernel->tier = erg_tier_of(op, kernel->signature.op);
    if (!tensors_of(&launch->node_inputs, &in) || !tensors_of(&launch->node_outputs, &out))
        return;
    if (kernel->signature.op == ERG_OP_CONV && strcmp(op, "Conv") == 0)
        count_convolution(&kernel->signature, &in, &out);
    if (!erg_plan_chrome_fill(kernel,
                              strcmp(op, "Gemm") == 0 ? product_of(&in, &out) : op, &in, &s)
        || !erg_inputs_has(&out, 0) || !are_alike(&s.tensors[s.input_count], &out.at[0]))
        return;
    kernel->signature = s;
    erg_replay_name_put(kernel->name, op, strlen(op));
}
