/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From inferred nodes to operators of the builder. Tensors are made when an operator
 * first reads them, so that what only shapes were made of costs nothing.
 */
#include <string.h>
#include "workload/onnx_count.h"
#include "workload/onnx_quantized.h"

enum { LISTED = 64 };

typedef struct emission {
    erg_onnx_model *model;
    erg_builder *builder;
    bool has_odd_type;
    const char *unknown[LISTED]; /* operators nobody knows, and how many of each */
    int32_t unknown_count[LISTED], unknown_kinds;
    int32_t quantised, passes;  /* products of quantised operands; passes around them */
} emission;

/* ---- tensors ------------------------------------------------------------------ */

/* Counted, for its shape is known, but said: its width is a guess. */
static void odd_type_note(emission *e, const erg_onnx_value *value)
{
    bool is_text = value->type == ONNX__TENSOR_PROTO__DATA_TYPE__STRING;

    if (is_text || erg_onnx_type_bits(value->type) > 0 || (!value->type && value->maker))
        return;
    if (!e->has_odd_type)
        erg_build_note(e->builder,
                       "%.60s has the element type %d, which erg does not know: "
                       "such elements are counted as a byte",
                       value->name, (int)value->type);
    e->has_odd_type = true;
}

static bool is_eager(const emission *e)
{
    return e->model->options->runtime == ERG_EAGER;
}

/* A value of unknown shape counts no bytes: coverage says that something is missing. */
static int32_t tensor_of(emission *e, erg_onnx_value *value)
{
    static const int64_t none[1] = { 0 };
    bool has_shape = value->rank != ERG_ONNX_UNKNOWN;
    const erg_onnx_node *quantiser = is_eager(e) ? NULL : erg_onnx_quantiser(value);
    const erg_onnx_value *as = quantiser ? quantiser->out[0] : value;

    if (value->tensor < 0 && has_shape)
        odd_type_note(e, value);
    if (value->tensor < 0)
        value->tensor = erg_build_tensor(e->builder, value->role, value->name,
                                         has_shape ? value->rank : 1,
                                         has_shape ? value->dims : none,
                                         erg_onnx_stored_bits(as));
    return value->tensor;
}

static void view(emission *e, const erg_onnx_node *node)
{
    erg_onnx_value *x = node->in[0];

    for (int32_t i = 0; i < node->out_count; i++)
        if (node->out[i] && node->out[i]->rank == ERG_ONNX_UNKNOWN)
            node->out[i]->tensor = tensor_of(e, x);
        else if (node->out[i])
            node->out[i]->tensor = erg_build_view(e->builder, tensor_of(e, x),
                                                  node->out[i]->rank, node->out[i]->dims);
}

/* ---- how ------------------------------------------------------------------------ */

static bool is_done(const erg_onnx_node *node)
{
    bool is_host = node->rule && node->rule->way == ERG_ONNX_HOST;

    for (int32_t i = 0; !is_host && i < node->out_count; i++)
        if (node->out[i] && !erg_onnx_is_folded(node->out[i])
            && node->out[i]->role != ERG_WEIGHT)
            return false;
    return true;
}

/* One row or column by a number that is known: strides, no copy. */
static bool is_selection(const erg_onnx_node *node)
{
    return strcmp(node->rule->op_type, "Gather") == 0 && node->in[1]->ints
           && node->in[1]->elements == 1;
}

static bool trains(const erg_onnx_node *node)
{
    const erg_onnx_value *ratio = erg_onnx_in(node, 1), *mode = erg_onnx_in(node, 2);
    bool is_off = ratio && ratio->reals && ratio->elements == 1 && ratio->reals[0] == 0;
    return mode && !is_off && !(mode->ints && mode->elements == 1 && !mode->ints[0]);
}

/* A pass that its reader or its maker does on the way. */
static bool is_part_of_others(const emission *e, const erg_onnx_node *node,
                              const erg_onnx_value *x)
{
    const erg_onnx_value *whole = erg_onnx_viewed(x);
    const erg_tensor *made = erg_build_tensor_at(e->builder, whole->tensor);

    return erg_onnx_is_read_quantised(node)
           || (made && made->storage == whole->tensor && erg_onnx_quantiser(whole) == node);
}

/* Weights that a file holds as reals: an engine quantises them when it loads them. */
static bool is_quantised_before(emission *e, const erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_in(node, 0);
    erg_onnx_value *y = node->out[0];

    if (is_eager(e) || !erg_onnx_is_quantize(node) || !x || !x->is_constant || !y
        || y->is_output || y->rank == ERG_ONNX_UNKNOWN || !e->model->first_input)
        return false;
    y->tensor = erg_build_tensor(e->builder,
                                 x->role == ERG_WEIGHT ? ERG_WEIGHT : ERG_BUFFER, y->name,
                                 y->rank, y->dims, erg_onnx_stored_bits(y));
    return true;
}

static bool is_view(const emission *e, const erg_onnx_node *node)
{
    const erg_onnx_value *x = erg_onnx_in(node, 0);

    if (!x)
        return false;
    if (!is_eager(e) && is_part_of_others(e, node, x))
        return true;
    switch (node->rule->way) {
    case ERG_ONNX_VIEW:
        return node->rule->kind != ERG_OP_DROPOUT || !trains(node);
    case ERG_ONNX_FREE_IN_EAGER:
        return is_eager(e) || x->is_constant;
    case ERG_ONNX_TRANSPOSE: /* of a weight: done once, before the run */
        return x->is_constant || (is_eager(e) && !node->out[0]->needs_copy);
    case ERG_ONNX_OPERATOR:
        return is_eager(e) && is_selection(node);
    case ERG_ONNX_HOST:
        return false;
    }
    return false;
}

/* ---- operators ---------------------------------------------------------------------- */

static const char *name_of(const erg_onnx_node *node)
{
    const Onnx__NodeProto *proto = node->proto;

    if (proto->name && proto->name[0])
        return proto->name;
    for (size_t i = 0; i < proto->n_output; i++)
        if (proto->output[i][0])
            return proto->output[i];
    return proto->op_type;
}

/* A number known beforehand is an argument of the launch, no tensor it reads. */
static bool is_argument(const erg_onnx_value *value)
{
    return value->elements == 1 && value->role == ERG_BUFFER && erg_onnx_is_folded(value);
}

/* Indices of what is there; count is at most the length of values. */
static int32_t *list(emission *e, erg_onnx_value *const *values, int32_t count,
                     int32_t *found)
{
    int32_t *to = erg_onnx_take(e->model, 2 * (size_t)count * sizeof(*to));

    *found = 0;
    for (int32_t i = 0; to && i < count; i++)
        if (values[i] && (i == 0 || !is_argument(values[i])))
            to[(*found)++] = tensor_of(e, values[i]);
    return to;
}

/* Running mean and variance are no parameters, and stay fp32. */
static void statistics(emission *e, const erg_onnx_node *node)
{
    for (int32_t i = 3; i < node->in_count && i < 5; i++) {
        erg_onnx_value *x = node->in[i];
        if (x && x->is_constant && x->rank != ERG_ONNX_UNKNOWN && x->tensor < 0)
            x->tensor =
                erg_build_tensor(e->builder, ERG_BUFFER, x->name, x->rank, x->dims, 32);
    }
}

/* Tables of a rotation are made, and read by rows. */
static void rotations(emission *e, const erg_onnx_node *node)
{
    for (int32_t i = 1; i < node->in_count; i++)
        if (erg_onnx_is_rotation(node, i))
            erg_onnx_buffer(e->builder, node->in[i]);
}

static bool is_product(const erg_op_spec *spec)
{
    return spec->kind == ERG_OP_CONV || spec->kind == ERG_OP_CONV_TRANSPOSE
           || spec->kind == ERG_OP_LINEAR || spec->kind == ERG_OP_MATMUL;
}

/* A product of quantised operands: on them, or on the reals they stand for. */
static void by_operands(emission *e, const erg_onnx_node *node, erg_op_spec *spec)
{
    erg_precision precision;

    e->passes += erg_onnx_is_quantize(node) || erg_onnx_is_dequantize(node);
    if (!is_product(spec) || spec->precision != ERG_PRECISIONS
        || !erg_onnx_shared_precision(node, &precision))
        return;
    e->quantised++;
    if (!is_eager(e))
        spec->precision = precision;
}

/* The list has room for one beside each operand. */
static void block_scales(emission *e, const erg_onnx_node *node, const erg_op_spec *spec,
                         int32_t *list, int32_t *count)
{
    for (int32_t i = 0; !is_eager(e) && is_product(spec) && i < node->in_count; i++) {
        erg_onnx_value *of = node->in[i] ? erg_onnx_block_scales(node->in[i]) : NULL;
        if (!of)
            continue;
        erg_onnx_buffer(e->builder, of);
        list[(*count)++] = tensor_of(e, of);
    }
}

static bool operator(emission *e, erg_onnx_node *node, const erg_onnx_rule *rule)
{
    erg_onnx_cost cost = { .spec = { .kind = rule ? rule->kind : ERG_OP_UNKNOWN,
                                     .precision = ERG_PRECISIONS,
                                     .name = name_of(node) } };
    erg_op_spec *spec = &cost.spec;

    if (spec->kind == ERG_OP_BATCH_NORM)
        statistics(e, node);
    rotations(e, node);
    erg_onnx_unpack(e->builder, node);
    if (rule && rule->count && !rule->count(e->model, node, &cost))
        return false;
    by_operands(e, node, spec);
    spec->is_function = spec->kind == ERG_OP_ADD || spec->kind == ERG_OP_SUB
                        || spec->kind == ERG_OP_MUL || spec->kind == ERG_OP_DIV;
    int32_t *in = list(e, node->in, node->in_count, &spec->input_count);
    spec->outputs = list(e, node->out, node->out_count, &spec->output_count);
    if (!in || !spec->outputs)
        return false;
    block_scales(e, node, spec, in, &spec->input_count);
    spec->inputs = in;
    erg_build_operator(e->builder, spec);
    return true;
}

/* ---- notes ---------------------------------------------------------------------- */

/* Named with its domain: "com.acme.Foo". */
static void unknown_add(emission *e, const Onnx__NodeProto *proto)
{
    bool has_domain = proto->domain && proto->domain[0];
    char name[80];
    int32_t i = 0;

    snprintf(name, sizeof(name), "%.40s%s%.38s", has_domain ? proto->domain : "",
             has_domain ? "." : "", proto->op_type);
    while (i < e->unknown_kinds && strcmp(e->unknown[i], name) != 0)
        i++;
    if (i == LISTED)
        return;
    if (i == e->unknown_kinds)
        e->unknown[e->unknown_kinds++] = erg_arena_text(e->model->arena, name, NULL);
    if (!e->unknown[i])
        e->unknown_kinds--;
    else
        e->unknown_count[i]++;
}

static void unknown_note(const emission *e)
{
    char names[400] = "";
    size_t used = 0;

    for (int32_t i = 0; i < e->unknown_kinds && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%.60s x%d",
                                 i ? ", " : "", e->unknown[i], e->unknown_count[i]);
    if (e->unknown_kinds)
        erg_build_note(e->builder, "operators without a cost rule: %s", names);
}

static void quantised_note(const emission *e)
{
    if (e->quantised && is_eager(e))
        erg_build_note(e->builder,
                       "%d products of quantised operands are counted as written, in %s "
                       "between %d launches of QuantizeLinear and DequantizeLinear: with "
                       "--runtime fused on the quantised operands, as engines do",
                       (int)e->quantised,
                       erg_precision_name(e->model->options->precision), (int)e->passes);
    else if (e->quantised)
        erg_build_note(e->builder,
                       "%d products run on their quantised operands: the QuantizeLinear "
                       "and DequantizeLinear beside them are part of them",
                       (int)e->quantised);
}

static void bound_note(const emission *e, const erg_onnx_node *node)
{
    static const char *const bounded[] = { "Compress", "NonMaxSuppression", "NonZero",
                                           "Unique" };

    for (size_t i = 0; i < ERG_COUNT(bounded); i++)
        if (strcmp(bounded[i], node->rule->op_type) == 0)
            erg_build_note(e->builder,
                           "%s: how many it finds depends on the data; counted as "
                           "the most there can be",
                           bounded[i]);
}

/* ---- the pass ---------------------------------------------------------------------- */

static bool node_emit(emission *e, erg_onnx_node *node)
{
    bool is_renamed_constant = node->rule && node->in_count && node->in[0]
                               && strcmp(node->rule->op_type, "Identity") == 0
                               && node->in[0]->is_constant
                               && node->in[0]->role != ERG_ACTIVATION;

    if (node->is_taken || node->is_once)
        return true;
    if (!node->rule) {
        unknown_add(e, node->proto);
        return operator(e, node, NULL);
    }
    /* Exporters store equal weights once and rename them: each is a parameter. */
    if (is_renamed_constant) {
        node->out[0]->role = node->in[0]->role;
        return true;
    }
    if (node->fused)
        return operator(e, node, node->fused);
    if (is_done(node) || is_quantised_before(e, node))
        return true;
    if (is_view(e, node)) {
        view(e, node);
        return true;
    }
    bound_note(e, node);
    return operator(e, node, node->rule);
}

bool erg_onnx_emit(erg_onnx_model *model, erg_builder *builder)
{
    emission e = { .model = model, .builder = builder };
    const Onnx__GraphProto *graph = model->proto->graph;

    for (erg_onnx_value *value = model->newest; value; value = value->older)
        value->tensor = -1;
    for (size_t i = 0; i < graph->n_input; i++) {
        erg_onnx_value *value = graph->input[i]->name
                                    ? erg_onnx_value_find(model, graph->input[i]->name)
                                    : NULL;
        if (value && value->role == ERG_INPUT)
            tensor_of(&e, value);
    }
    for (int32_t i = 0; i < model->node_count; i++)
        if (!node_emit(&e, &model->nodes[i]))
            return false;
    for (size_t i = 0; i < graph->n_output; i++) {
        erg_onnx_value *value = erg_onnx_value_find(model, graph->output[i]->name);
        for (int32_t k = 0; value && k < value->part_count; k++)
            erg_build_output(builder, tensor_of(&e, value->parts[k]));
        if (value && !value->is_list)
            erg_build_output(builder, tensor_of(&e, value));
    }
    unknown_note(&e);
    quantised_note(&e);
    if (model->once_count)
        erg_build_note(builder,
                       "%d operators depend on no input: computed when the model is "
                       "loaded, not in a run",
                       (int)model->once_count);
    return true;
}
