/* SPDX-License-Identifier: Apache-2.0 */
/* The operators of a graph that is being built: their lists, names and counts. */
#include <string.h>
#include "workload/build_inside.h"
#include "workload/count.h"

int32_t erg_builder_needs(const erg_builder *builder, const erg_operator *op,
                          int32_t *needs)
{
    int32_t count = 0;

    for (int32_t i = 0; i < op->input_count; i++) {
        int32_t producer = builder->tensors[op->inputs[i]].producer;
        bool is_new = producer >= 0;
        for (int32_t j = 0; is_new && j < count; j++)
            is_new = needs[j] != producer;
        if (is_new)
            needs[count++] = producer;
    }
    return count;
}

static bool lists_are_known(erg_builder *builder, const erg_op_spec *spec)
{
    for (int32_t i = 0; i < spec->input_count; i++)
        if (!erg_builder_knows(builder, spec->inputs[i]))
            return false;
    for (int32_t i = 0; i < spec->output_count; i++)
        if (!erg_builder_knows(builder, spec->outputs[i]))
            return false;
    return !erg_build_failed(builder);
}

/* memcpy of nothing may not come from NULL. */
static void copy(void *to, const void *from, size_t bytes)
{
    if (bytes)
        memcpy(to, from, bytes);
}

static bool operator_fill(erg_builder *builder, const erg_op_spec *spec, erg_operator *op)
{
    *op = (erg_operator){
        .kind = spec->kind,
        .is_function = spec->is_function,
        .precision = spec->precision == ERG_PRECISIONS ? builder->options.precision
                                                       : spec->precision,
        .input_count = spec->input_count,
        .output_count = spec->output_count,
    };
    /* One piece holds inputs, outputs, needs and the name: graphs have many operators. */
    size_t in = (size_t)spec->input_count, out = (size_t)spec->output_count;
    size_t scope = strlen(builder->scope), name = strlen(spec->name) + 1;
    size_t bytes = (2 * in + out) * sizeof(int32_t) + scope + name;
    int32_t *lists = erg_builder_take(builder, NULL, bytes);
    op->window = spec->window
        ? erg_builder_take(builder, spec->window, sizeof(*spec->window)) : NULL;
    if (erg_build_failed(builder))
        return false;
    char *text = (char *)(lists + 2 * in + out);
    copy(lists, spec->inputs, in * sizeof(*lists));
    copy(lists + in, spec->outputs, out * sizeof(*lists));
    copy(text, builder->scope, scope);
    copy(text + scope, spec->name, name);
    op->inputs = lists;
    op->outputs = lists + in;
    op->name = text;
    op->needs = lists + in + out;
    op->need_count = erg_builder_needs(builder, op, lists + in + out);
    return true;
}

int32_t erg_build_operator(erg_builder *builder, const erg_op_spec *spec)
{
    erg_graph *graph = builder->graph;

    if (!lists_are_known(builder, spec)
        || !erg_builder_room(builder, (void **)&builder->operators,
                             &builder->operator_capacity, (size_t)graph->operator_count, 1,
                             sizeof(*builder->operators)))
        return -1;
    erg_operator *op = &builder->operators[graph->operator_count];
    if (!operator_fill(builder, spec, op))
        return -1;
    if (!erg_count_operator(builder->tensors, spec, op))
        return erg_build_refuse(builder,
                                "%s: the cost of %s is larger than a count can hold",
                                graph->name, spec->name);
    for (int32_t i = 0; i < op->output_count; i++) {
        erg_tensor *made = &builder->tensors[op->outputs[i]];
        made->producer = graph->operator_count;
        if (!made->name)
            made->name = op->name;
    }
    return graph->operator_count++;
}

void erg_build_as_function(erg_builder *builder, int32_t tensor)
{
    if (erg_builder_knows(builder, tensor) && builder->tensors[tensor].producer >= 0)
        builder->operators[builder->tensors[tensor].producer].is_function = true;
}

const erg_operator *erg_build_operator_at(const erg_builder *builder, int32_t op)
{
    bool exists = op >= 0 && op < builder->graph->operator_count;
    return exists ? &builder->operators[op] : NULL;
}

int32_t erg_build_operator_count(const erg_builder *builder)
{
    return builder->graph->operator_count;
}
