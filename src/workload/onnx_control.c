/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loop and Scan without control: a body as often as it runs. Unrolled steps are exact
 * (values may grow from step to step); weights and constants of a body are there once,
 * and read in each step.
 */
#include <string.h>
#include "workload/onnx_flat.h"
#include "workload/onnx_graph.h"

/* A Loop or a Scan on its way through its steps. */
typedef struct unrolling {
    const Onnx__NodeProto *node;
    const Onnx__GraphProto *graph;
    Onnx__NodeProto **constants, **rest;    /* of the graph: made once, made in each step */
    size_t constant_count, rest_count;
    int64_t trips;
    const char *length;     /* the dimension that its steps are, if that has no value */
    size_t states, gathered, stacked;       /* carried on, cut into steps, put together */
    size_t first_state, first_out; /* of the body's inputs and outputs; of a Loop 2 and 1 */
    const int64_t *gather_axes, *stack_axes;        /* NULL: all 0 */
    const char **carried;           /* final names of the states before the next step */
    Onnx__NodeProto **stacks;       /* one Concat for each value put together */
} unrolling;

static const char *op_of(const Onnx__NodeProto *node)
{
    bool is_onnx =
        !node->domain || !node->domain[0] || strcmp(node->domain, "ai.onnx") == 0;
    return is_onnx ? node->op_type : "";
}

/* Before opset 9 Scan had a batch and lengths of its own: it stays what it is. */
bool erg_onnx_is_control(const erg_onnx_flat *flat, const Onnx__NodeProto *node)
{
    const char *op = op_of(node);

    return strcmp(op, "If") == 0 || strcmp(op, "Loop") == 0
        || (strcmp(op, "Scan") == 0 && flat->opset >= 9);
}

/* ---- a step ---------------------------------------------------------- */

static bool axis_add(erg_onnx_flat *flat, Onnx__NodeProto *node, int64_t value)
{
    Onnx__AttributeProto *axis = erg_onnx_flat_take(flat, sizeof(*axis));

    node->attribute = erg_onnx_flat_take(flat, sizeof(Onnx__AttributeProto *));
    if (!axis || !node->attribute)
        return false;
    onnx__attribute_proto__init(axis);
    axis->name = "axis";
    axis->has_type = axis->has_i = true;
    axis->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    axis->i = value;
    node->attribute[0] = axis;
    node->n_attribute = 1;
    return true;
}

static Onnx__NodeProto *gather_add(erg_onnx_flat *flat, unrolling *loop, size_t which,
                                   const char *from, const Onnx__TensorProto *index)
{
    Onnx__NodeProto *node = erg_onnx_flat_add(flat, "Gather", 2, 1);

    if (!node || !axis_add(flat, node, loop->gather_axes ? loop->gather_axes[which] : 0))
        return NULL;
    node->input[0] = (char *)(uintptr_t)from;
    node->input[1] = index->name;
    node->output[0] = erg_onnx_flat_text(flat, "%s[%lld]", from, (long long)++flat->bodies);
    return node->output[0] ? node : NULL;
}

static bool input_bind(erg_onnx_flat *flat, erg_onnx_body *body, const unrolling *loop,
                       size_t input, const char *final, const Onnx__TensorProto *number)
{
    const char *name = loop->graph->input[input]->name;
    erg_onnx_name known = { .what = number, .index = ERG_ONNX_TENSOR };

    return erg_onnx_body_bind(flat, body, name ? name : "", final, number ? &known : NULL);
}

static bool inputs_bind(erg_onnx_flat *flat, const erg_onnx_body *around,
                        erg_onnx_body *body, unrolling *loop, int64_t step)
{
    Onnx__TensorProto *index =
        erg_onnx_flat_number(flat, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, 0, step);
    bool good = index != NULL;

    if (good && loop->first_state == 2) {
        Onnx__TensorProto *yes =
            erg_onnx_flat_number(flat, ONNX__TENSOR_PROTO__DATA_TYPE__BOOL, 0, 1);
        good = yes && input_bind(flat, body, loop, 0, index->name, index)
            && input_bind(flat, body, loop, 1, yes->name, yes);
    }
    for (size_t i = 0; good && i < loop->states; i++)
        good = input_bind(flat, body, loop, loop->first_state + i, loop->carried[i], NULL);
    for (size_t i = 0; good && i < loop->gathered; i++) {
        const char *from = erg_onnx_body_final(around, loop->node->input[loop->states + i]);
        Onnx__NodeProto *slice = gather_add(flat, loop, i, from, index);
        good =
            slice && input_bind(flat, body, loop, loop->states + i, slice->output[0], NULL);
    }
    return good;
}

/* Names outside for what a step makes: in the last step the states leave the loop. */
static char **step_finals(erg_onnx_flat *flat, const unrolling *loop, char *const *outside,
                          int64_t step)
{
    size_t count = loop->states + loop->stacked;
    char **names = erg_onnx_flat_take(flat, (loop->first_out + count + 1) * sizeof(*names));
    bool good = names != NULL;

    if (good && loop->first_out)
        names[0] = "";              /* whether to go on: nobody asks */
    for (size_t i = 0; good && i < count; i++) {
        bool is_last = i < loop->states && step + 1 == loop->trips && outside[i][0];
        names[loop->first_out + i] = is_last ? outside[i]
            : erg_onnx_flat_text(flat, "#%lld", (long long)++flat->bodies);
        good = names[loop->first_out + i] != NULL;
    }
    return good ? names : NULL;
}

/* A slice of what is put together gets its new axis. */
static bool stack_put(erg_onnx_flat *flat, const unrolling *loop, size_t which,
                      int64_t step, char *made)
{
    Onnx__TensorProto *axis =
        erg_onnx_flat_number(flat, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, 1,
                             loop->stack_axes ? loop->stack_axes[which] : 0);
    Onnx__NodeProto *node = axis ? erg_onnx_flat_add(flat, "Unsqueeze", 2, 1) : NULL;

    if (!node)
        return false;
    node->input[0] = made;
    node->input[1] = axis->name;
    node->output[0] = erg_onnx_flat_text(flat, "#%lld", (long long)++flat->bodies);
    loop->stacks[which]->input[step] = node->output[0];
    return node->output[0] != NULL;
}

static bool step_expand(erg_onnx_flat *flat, const erg_onnx_body *around,
                        const erg_onnx_body *weights, unrolling *loop, int64_t step)
{
    erg_onnx_body body;
    char *const *outside =
        erg_onnx_flat_finals(flat, around, loop->node, loop->states + loop->stacked);
    erg_onnx_ends ends = { .count = loop->graph->n_output };

    if (!outside || !erg_onnx_flat_step(flat, loop->node)
        || !erg_onnx_body_begin(flat, &body, weights, "", step)
        || !inputs_bind(flat, around, &body, loop, step))
        return false;
    ends.within = erg_onnx_flat_outputs(flat, loop->graph);
    ends.without = step_finals(flat, loop, outside, step);
    if (!ends.within || !ends.without
        || !erg_onnx_body_expand(flat, &body, loop->rest, loop->rest_count, ends))
        return false;
    for (size_t i = 0; i < loop->states; i++)
        loop->carried[i] = ends.without[loop->first_out + i];
    for (size_t i = 0; i < loop->stacked; i++)
        if (loop->stacks[i]
            && !stack_put(flat, loop, i, step,
                          ends.without[loop->first_out + loop->states + i]))
            return false;
    return true;
}

/* ---- Loop and Scan ---------------------------------------------------------- */

/* Steps as --dim trip=N; -1: not given. */
static int64_t trips_given(const erg_onnx_flat *flat)
{
    for (size_t i = 0; flat->options && i < flat->options->dim_count; i++)
        if (strcmp(flat->options->dims[i].name, "trip") == 0)
            return flat->options->dims[i].value;
    return -1;
}

static bool trips_set(erg_onnx_flat *flat, unrolling *loop, int64_t known)
{
    loop->trips = known >= 0 ? known : trips_given(flat);
    if (loop->trips < 0)
        return erg_onnx_flat_refuse(flat, loop->node,
                                    "how many steps it takes is no constant; "
                                    "give --dim %.60s=N",
                                    loop->length ? loop->length : "trip");
    return loop->trips <= ERG_ONNX_FLAT_NODES
           || erg_onnx_flat_refuse(flat, loop->node,
                                   "%lld steps: more than %d nodes once unrolled",
                                   (long long)loop->trips, ERG_ONNX_FLAT_NODES);
}

/* A Loop of "as often as it takes" has the largest number there is. */
static int64_t loop_trips(const erg_onnx_body *around, const Onnx__NodeProto *node)
{
    int64_t most, go_on;

    if (erg_onnx_body_number(around, node->input[1], &go_on) && !go_on)
        return 0;
    bool is_known = erg_onnx_body_number(around, node->input[0], &most) && most < INT32_MAX;
    return !is_known ? -1 : most < 0 ? 0 : most;
}

static int64_t dim_of(const erg_onnx_flat *flat, const Onnx__ValueInfoProto *info,
                      int64_t axis, const char **unbound)
{
    const Onnx__TypeProto *type = info->type;
    const Onnx__TensorShapeProto *shape = type
        && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && type->tensor_type
        ? type->tensor_type->shape : NULL;
    int64_t rank = shape ? (int64_t)shape->n_dim : 0;

    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis >= rank)
        return -1;
    const Onnx__TensorShapeProto__Dimension *dim = shape->dim[axis];
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
        return dim->dim_value;
    if (!flat->options
        || dim->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
        return -1;
    flat->file->is_unrolled_by_option = true;
    int64_t length = erg_onnx_length(flat->options, dim->dim_param);
    *unbound = length < 0 && *dim->dim_param ? dim->dim_param : NULL;
    return length;
}

/* The length of what is cut into steps, where the file declares it. */
static int64_t scan_trips(const erg_onnx_flat *flat, const erg_onnx_body *around,
                          unrolling *loop)
{
    const Onnx__GraphProto *graph = flat->file->model->graph;
    const char *name = erg_onnx_body_final(around, loop->node->input[loop->states]);
    int64_t axis = loop->gather_axes ? loop->gather_axes[0] : 0, found = -1;

    for (size_t i = 0; i < graph->n_input && found < 0; i++)
        if (graph->input[i]->name && strcmp(graph->input[i]->name, name) == 0)
            found = dim_of(flat, graph->input[i], axis, &loop->length);
    for (size_t i = 0; i < graph->n_value_info && found < 0; i++)
        if (graph->value_info[i]->name && strcmp(graph->value_info[i]->name, name) == 0)
            found = dim_of(flat, graph->value_info[i], axis, &loop->length);
    return found;
}

static const int64_t *axes_of(const Onnx__NodeProto *node, const char *name, size_t count)
{
    const Onnx__AttributeProto *axes = erg_onnx_attribute(node, name);
    return axes && axes->n_ints >= count ? axes->ints : NULL;
}

static bool form_set(erg_onnx_flat *flat, const erg_onnx_body *around, unrolling *loop)
{
    const Onnx__NodeProto *node = loop->node;
    const Onnx__AttributeProto *gathered = erg_onnx_attribute(node, "num_scan_inputs");
    bool is_loop = strcmp(node->op_type, "Loop") == 0;

    loop->graph = erg_onnx_graph_of(node, "body");
    loop->gathered = !is_loop && gathered && gathered->i > 0 ? (size_t)gathered->i : 0;
    loop->first_state = is_loop ? 2 : 0;
    loop->first_out = is_loop ? 1 : 0;
    size_t outside = loop->first_state + loop->gathered;
    bool good = loop->graph && loop->graph->n_input == node->n_input
                && node->n_input >= outside && (is_loop || loop->gathered);
    loop->states = good ? node->n_input - outside : 0;
    good = good && loop->graph->n_output >= loop->first_out + loop->states
        && node->n_output <= loop->graph->n_output - loop->first_out;
    if (!good)
        return erg_onnx_flat_refuse(flat, node, "inputs and outputs do not fit its body");
    loop->stacked = loop->graph->n_output - loop->first_out - loop->states;
    loop->gather_axes = axes_of(node, "scan_input_axes", loop->gathered);
    loop->stack_axes = axes_of(node, "scan_output_axes", loop->stacked);
    return trips_set(flat, loop, is_loop ? loop_trips(around, node)
                                         : scan_trips(flat, around, loop));
}

/* Constants apart from the rest, room for what is carried and put together. */
/* Constants are made once, the rest in each step. */
static void nodes_part(unrolling *loop)
{
    const Onnx__GraphProto *graph = loop->graph;

    for (size_t i = 0; i < graph->n_node; i++) {
        Onnx__NodeProto *node = graph->node[i];
        if (node->op_type && strcmp(node->op_type, "Constant") == 0)
            loop->constants[loop->constant_count++] = node;
        else
            loop->rest[loop->rest_count++] = node;
    }
}

/* A value that is put together from all steps: one Concat, where anybody reads it. */
static bool stack_begin(erg_onnx_flat *flat, const erg_onnx_body *around, unrolling *loop,
                        size_t which)
{
    size_t output = loop->states + which;
    const char *name = output < loop->node->n_output ? loop->node->output[output] : "";

    if (!name[0])
        return true;
    if (!loop->trips)
        return erg_onnx_flat_refuse(flat, loop->node, "it takes no step and makes '%.40s'",
                                    name);
    Onnx__NodeProto *stack = erg_onnx_flat_add(flat, "Concat", (size_t)loop->trips, 1);
    if (!stack || !axis_add(flat, stack, loop->stack_axes ? loop->stack_axes[which] : 0))
        return false;
    stack->output[0] = (char *)(uintptr_t)erg_onnx_body_final(around, name);
    loop->stacks[which] = stack;
    return true;
}

static bool loop_begin(erg_onnx_flat *flat, const erg_onnx_body *around, unrolling *loop)
{
    size_t nodes = loop->graph->n_node + 1;

    loop->constants = erg_onnx_flat_take(flat, nodes * sizeof(Onnx__NodeProto *));
    loop->rest = erg_onnx_flat_take(flat, nodes * sizeof(Onnx__NodeProto *));
    loop->carried = erg_onnx_flat_take(flat, (loop->states + 1) * sizeof(char *));
    loop->stacks =
        erg_onnx_flat_take(flat, (loop->stacked + 1) * sizeof(Onnx__NodeProto *));
    if (!loop->constants || !loop->rest || !loop->carried || !loop->stacks)
        return false;
    nodes_part(loop);
    for (size_t i = 0; i < loop->states; i++)
        loop->carried[i] =
            erg_onnx_body_final(around, loop->node->input[loop->first_state + i]);
    for (size_t i = 0; i < loop->stacked; i++)
        if (!stack_begin(flat, around, loop, i))
            return false;
    return true;
}

/* Without a step the states leave as they came. */
static bool states_hand_on(erg_onnx_flat *flat, const erg_onnx_body *around,
                           const unrolling *loop)
{
    for (size_t i = 0; i < loop->states && i < loop->node->n_output; i++) {
        if (!loop->node->output[i][0])
            continue;
        Onnx__NodeProto *node = erg_onnx_flat_add(flat, "Identity", 1, 1);
        if (!node)
            return false;
        node->input[0] = (char *)(uintptr_t)loop->carried[i];
        node->output[0] =
            (char *)(uintptr_t)erg_onnx_body_final(around, loop->node->output[i]);
    }
    return true;
}

static bool loop_expand(erg_onnx_flat *flat, const erg_onnx_body *around,
                        const Onnx__NodeProto *node)
{
    unrolling loop = { .node = node };
    erg_onnx_body weights;

    if (!form_set(flat, around, &loop) || !loop_begin(flat, around, &loop)
        || !erg_onnx_body_begin(flat, &weights, around, erg_onnx_label(node), -1)
        || !erg_onnx_body_weights(flat, &weights, loop.graph)
        || !erg_onnx_body_expand(flat, &weights, loop.constants, loop.constant_count,
                                 (erg_onnx_ends){ 0 }))
        return false;
    for (int64_t step = 0; step < loop.trips; step++)
        if (!step_expand(flat, around, &weights, &loop, step))
            return false;
    return loop.trips > 0 || states_hand_on(flat, around, &loop);
}

bool erg_onnx_control_expand(erg_onnx_flat *flat, const erg_onnx_body *body,
                             const Onnx__NodeProto *node)
{
    return strcmp(op_of(node), "If") == 0 ? erg_onnx_if_expand(flat, body, node)
                                          : loop_expand(flat, body, node);
}
