/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies and names: the ground that inlining and unrolling stand on. */
#include <string.h>
#include "workload/onnx_flat.h"

/* ---- limits and memory -------------------------------------------------------- */

bool erg_onnx_flat_refuse(erg_onnx_flat *flat, const Onnx__NodeProto *node,
                          const char *format, ...)
{
    char what[120];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return erg_fail(flat->err, ERG_BAD_INPUT, "%.70s: node '%.40s' (%.24s): %s",
                    flat->file->path, node->name ? node->name : "", node->op_type, what);
}

void *erg_onnx_flat_take(erg_onnx_flat *flat, size_t bytes)
{
    flat->bytes += (int64_t)bytes;
    if (flat->bytes > ERG_ONNX_FLAT_BYTES) {
        erg_fail(flat->err, ERG_BAD_INPUT,
                 "%.100s: needs more than %d MiB once it is unrolled", flat->file->path,
                 (int)(ERG_ONNX_FLAT_BYTES >> 20));
        return NULL;
    }
    return erg_arena_take(flat->file->arena, bytes, flat->err);
}

bool erg_onnx_flat_step(erg_onnx_flat *flat, const Onnx__NodeProto *node)
{
    return flat->steps++ < ERG_ONNX_FLAT_NODES
        || erg_onnx_flat_refuse(flat, node, "more than %d nodes once all is unrolled",
                                ERG_ONNX_FLAT_NODES);
}

char *erg_onnx_flat_text(erg_onnx_flat *flat, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int count = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = count < 0 ? NULL : erg_onnx_flat_take(flat, (size_t)count + 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)count + 1, format, arguments);
    va_end(arguments);
    return text;
}

/* ---- the flat graph ---------------------------------------------------------- */

Onnx__NodeProto *erg_onnx_flat_add(erg_onnx_flat *flat, const char *op_type, size_t inputs,
                                   size_t outputs)
{
    Onnx__NodeProto *node = erg_onnx_flat_take(flat, sizeof(*node));

    if (!node || !erg_grow((void **)&flat->nodes, &flat->node_capacity, flat->node_count,
                           sizeof(Onnx__NodeProto *), flat->err))
        return NULL;
    onnx__node_proto__init(node);
    node->op_type = erg_onnx_flat_text(flat, "%s", op_type);
    node->input = erg_onnx_flat_take(flat, inputs * sizeof(char *));
    node->output = erg_onnx_flat_take(flat, outputs * sizeof(char *));
    node->n_input = inputs;
    node->n_output = outputs;
    if (!node->op_type || !node->input || !node->output || !erg_onnx_flat_step(flat, node))
        return NULL;
    return flat->nodes[flat->node_count++] = node;
}

static bool initializer_add(erg_onnx_flat *flat, Onnx__TensorProto *tensor)
{
    if (!erg_grow((void **)&flat->initializers, &flat->initializer_capacity,
                  flat->initializer_count, sizeof(Onnx__TensorProto *), flat->err))
        return false;
    flat->initializers[flat->initializer_count++] = tensor;
    return true;
}

Onnx__TensorProto *erg_onnx_flat_number(erg_onnx_flat *flat, int32_t data_type, size_t rank,
                                        int64_t value)
{
    bool is_int64 = data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    Onnx__TensorProto *tensor = erg_onnx_flat_take(flat, sizeof(*tensor));
    int64_t *numbers = erg_onnx_flat_take(flat, 2 * sizeof(*numbers));
    int32_t *narrow = erg_onnx_flat_take(flat, sizeof(*narrow));

    if (!tensor || !numbers || !narrow)
        return NULL;
    onnx__tensor_proto__init(tensor);
    tensor->name = erg_onnx_flat_text(flat, "#%lld=%lld", (long long)++flat->bodies,
                                      (long long)value);
    tensor->has_data_type = true;
    tensor->data_type = data_type;
    tensor->n_dims = rank;
    tensor->dims = numbers;
    numbers[0] = 1;
    numbers[1] = value;
    narrow[0] = (int32_t)value;
    tensor->n_int64_data = is_int64;
    tensor->int64_data = numbers + 1;
    tensor->n_int32_data = !is_int64;
    tensor->int32_data = narrow;
    return tensor->name && initializer_add(flat, tensor) ? tensor : NULL;
}

/* ---- bodies ---------------------------------------------------------- */

bool erg_onnx_body_begin(erg_onnx_flat *flat, erg_onnx_body *body,
                         const erg_onnx_body *caller, const char *label, int64_t step)
{
    *body = (erg_onnx_body){
        .around = caller,
        .caller = caller,
        .function = caller->function,
        .call = caller->call,
        .names = { .arena = flat->file->arena },
        .functions = caller->functions,
        .number = ++flat->bodies,
    };
    body->prefix = step < 0
        ? erg_onnx_flat_text(flat, "%.200s%.60s/", caller->prefix, label)
        : erg_onnx_flat_text(flat, "%.200s[%lld]/", caller->prefix, (long long)step);
    return body->prefix != NULL;
}

const erg_onnx_name *erg_onnx_body_find(const erg_onnx_body *body, const char *name)
{
    const erg_onnx_name *entry = NULL;

    for (; body && !entry; body = body->around)
        entry = erg_onnx_name_find(&body->names, name);
    return entry;
}

const char *erg_onnx_body_final(const erg_onnx_body *body, const char *name)
{
    const erg_onnx_name *entry = erg_onnx_body_find(body, name);
    return entry ? entry->final : name;
}

bool erg_onnx_body_bind(erg_onnx_flat *flat, erg_onnx_body *body, const char *name,
                        const char *final, const erg_onnx_name *known)
{
    erg_onnx_name *entry = erg_onnx_name_add(&body->names, name, flat->err);

    if (!entry)
        return false;
    entry->final = final;
    entry->what = known ? known->what : NULL;
    entry->index = known ? known->index : ERG_ONNX_BOUND;
    return true;
}

bool erg_onnx_body_weights(erg_onnx_flat *flat, erg_onnx_body *body,
                           const Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_initializer; i++) {
        Onnx__TensorProto *tensor = graph->initializer[i];
        const char *name = tensor->name ? tensor->name : "";
        Onnx__TensorProto *copy = tensor;
        if (body->number) {
            copy = erg_onnx_flat_take(flat, sizeof(*copy));
            if (!copy)
                return false;
            *copy = *tensor;
            copy->name = erg_onnx_flat_text(flat, "%s#%lld", name, (long long)body->number);
            if (!copy->name || !initializer_add(flat, copy))
                return false;
        }
        erg_onnx_name known = { .what = tensor, .index = ERG_ONNX_TENSOR };
        if (!erg_onnx_body_bind(flat, body, name, body->number ? copy->name : name, &known))
            return false;
    }
    return true;
}

/* ---- nodes with a body ---------------------------------------------------------- */

const char *erg_onnx_label(const Onnx__NodeProto *node)
{
    return node->name && node->name[0] ? node->name : node->op_type;
}

const Onnx__GraphProto *erg_onnx_graph_of(const Onnx__NodeProto *node, const char *name)
{
    const Onnx__AttributeProto *attribute = erg_onnx_attribute(node, name);
    return attribute ? attribute->g : NULL;
}

char **erg_onnx_flat_outputs(erg_onnx_flat *flat, const Onnx__GraphProto *graph)
{
    char **names = erg_onnx_flat_take(flat, (graph->n_output + 1) * sizeof(*names));

    for (size_t i = 0; names && i < graph->n_output; i++)
        names[i] = graph->output[i]->name ? graph->output[i]->name : "";
    return names;
}

char **erg_onnx_flat_finals(erg_onnx_flat *flat, const erg_onnx_body *body,
                            const Onnx__NodeProto *node, size_t count)
{
    char **names = erg_onnx_flat_take(flat, (count + 1) * sizeof(*names));

    for (size_t i = 0; names && i < count; i++)
        names[i] = i < node->n_output
            ? (char *)(uintptr_t)erg_onnx_body_final(body, node->output[i]) : "";
    return names;
}

/* ---- constants ---------------------------------------------------------- */

static bool constant_number(const Onnx__NodeProto *node, int64_t *out)
{
    const Onnx__AttributeProto *value = erg_onnx_attribute(node, "value");
    const Onnx__AttributeProto *whole = erg_onnx_attribute(node, "value_int");

    if (whole && whole->has_i) {
        *out = whole->i;
        return true;
    }
    return value && value->t && erg_onnx_ints(value->t, out, 1) == 1;
}

bool erg_onnx_body_number(const erg_onnx_body *body, const char *name, int64_t *out)
{
    const erg_onnx_name *entry = erg_onnx_body_find(body, name);

    /* Exporters put an Identity or a Cast in between, not a long chain. */
    for (int i = 0; entry && i < 8; i++) {
        if (entry->index == ERG_ONNX_TENSOR)
            return erg_onnx_ints(entry->what, out, 1) == 1;
        if (entry->index == ERG_ONNX_BOUND)
            return false;
        const Onnx__NodeProto *node = entry->what;
        if (strcmp(node->op_type, "Constant") == 0)
            return constant_number(node, out);
        if (node->n_input != 1
            || (strcmp(node->op_type, "Identity") != 0
                && strcmp(node->op_type, "Cast") != 0))
            return false;
        entry = erg_onnx_body_find(body, node->input[0]);
    }
    return false;
}
