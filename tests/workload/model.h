/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX models written by hand: parts are texts that are emptied into what holds them. */
#ifndef ERG_TEST_MODEL_H
#define ERG_TEST_MODEL_H

#include "wire.h"

/* Numbers of fields, as in onnx.proto. */
enum {
    MODEL_IR = 1,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_FUNCTION = 25,
    GRAPH_NODE = 1,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP = 4,
    NODE_ATTRIBUTE = 5,
    NODE_DOMAIN = 7,
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_INT = 3,
    ATTRIBUTE_TENSOR = 5,
    ATTRIBUTE_GRAPH = 6,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_REF = 21,
    FUNCTION_NAME = 1,
    FUNCTION_INPUT = 4,
    FUNCTION_OUTPUT = 5,
    FUNCTION_NODE = 7,
    FUNCTION_DOMAIN = 10,
    FUNCTION_DEFAULT = 11,
    TENSOR_DIMS = 1,
    TENSOR_TYPE = 2,
    TENSOR_FLOATS = 4,
    TENSOR_INT32S = 5,
    TENSOR_STRINGS = 6,
    TENSOR_INT64S = 7,
    TENSOR_NAME = 8,
    TENSOR_RAW = 9,
    TENSOR_EXTERNAL = 13,
    TENSOR_LOCATION = 14,
    VALUE_NAME = 1,
    VALUE_TYPE = 2,
    OPSET_VERSION = 2
};

/* "a b" as two texts; "-" is an empty one, "" none at all. */
static inline void model_names(erg_text *to, uint32_t field, const char *names)
{
    char copy[400], *rest = copy;

    erg_text_put(copy, sizeof(copy), names);
    for (char *one; (one = strsep(&rest, " "));)
        if (*one)
            wire_text(to, field, strcmp(one, "-") == 0 ? "" : one);
}

/* A node into a graph (field GRAPH_NODE) or a function; attributes may be NULL. */
static inline void model_node(erg_text *to, uint32_t field, const char *op,
                              const char *inputs, const char *outputs, erg_text *attributes)
{
    erg_text node = { 0 };

    model_names(&node, NODE_INPUT, inputs);
    model_names(&node, NODE_OUTPUT, outputs);
    wire_text(&node, NODE_OP, op);
    if (attributes) {
        erg_text_add_bytes(&node, attributes->data, attributes->count);
        erg_text_free(attributes);
        *attributes = (erg_text){ 0 };
    }
    wire_part(to, field, &node);
}

static inline void model_int(erg_text *attributes, const char *name, int64_t value)
{
    erg_text one = { 0 };

    wire_text(&one, ATTRIBUTE_NAME, name);
    wire_number(&one, ATTRIBUTE_INT, (uint64_t)value);
    wire_part(attributes, NODE_ATTRIBUTE, &one);
}

static inline void model_body(erg_text *attributes, const char *name, erg_text *graph)
{
    erg_text one = { 0 };

    wire_text(&one, ATTRIBUTE_NAME, name);
    wire_part(&one, ATTRIBUTE_GRAPH, graph);
    wire_part(attributes, NODE_ATTRIBUTE, &one);
}

/* A float input or output whose axes are in the shape, which is taken. */
static inline void model_shaped(erg_text *graph, uint32_t field, const char *name,
                                erg_text *shape)
{
    erg_text value = { 0 }, type = { 0 }, tensor = { 0 };

    wire_number(&tensor, 1, 1);
    wire_part(&tensor, 2, shape);
    wire_part(&type, 1, &tensor);
    wire_text(&value, VALUE_NAME, name);
    wire_part(&value, VALUE_TYPE, &type);
    wire_part(graph, field, &value);
}

/* Of one axis. */
static inline void model_value(erg_text *graph, uint32_t field, const char *name,
                               int64_t length)
{
    erg_text shape = { 0 }, dim = { 0 };

    wire_number(&dim, 1, (uint64_t)length);
    wire_part(&shape, 1, &dim);
    model_shaped(graph, field, name, &shape);
}

/* A float matrix without its numbers, as an input (field GRAPH_INPUT) or an initializer. */
static inline void model_matrix(erg_text *graph, uint32_t field, const char *name,
                                int64_t rows, int64_t columns)
{
    erg_text tensor = { 0 }, shape = { 0 }, dim = { 0 };

    if (field == GRAPH_INITIALIZER) {
        wire_number(&tensor, TENSOR_DIMS, (uint64_t)rows);
        wire_number(&tensor, TENSOR_DIMS, (uint64_t)columns);
        wire_number(&tensor, TENSOR_TYPE, 1);
        wire_text(&tensor, TENSOR_NAME, name);
        wire_part(graph, field, &tensor);
        return;
    }
    wire_number(&dim, 1, (uint64_t)rows);
    wire_part(&shape, 1, &dim);
    wire_number(&dim, 1, (uint64_t)columns);
    wire_part(&shape, 1, &dim);
    model_shaped(graph, field, name, &shape);
}

/* An int64 scalar. */
static inline void model_number(erg_text *graph, const char *name, int64_t value)
{
    erg_text tensor = { 0 };

    wire_number(&tensor, TENSOR_TYPE, 7);
    wire_number(&tensor, TENSOR_INT64S, (uint64_t)value);
    wire_text(&tensor, TENSOR_NAME, name);
    wire_part(graph, GRAPH_INITIALIZER, &tensor);
}

/* IR 8, opset 17 over a graph, which is emptied. */
static inline erg_text model_of(erg_text *graph)
{
    erg_text model = { 0 }, opset = { 0 };

    wire_number(&model, MODEL_IR, 8);
    wire_number(&opset, OPSET_VERSION, 17);
    wire_part(&model, MODEL_OPSET, &opset);
    wire_part(&model, MODEL_GRAPH, graph);
    return model;
}

#endif
