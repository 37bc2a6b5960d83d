/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes opened as an ONNX file, or refused. */
#ifndef ERG_TESTS_OPENED_H
#define ERG_TESTS_OPENED_H

#include "workload/onnx.h"
#include "model.h"

static inline Onnx__ModelProto *open_bytes(const char *bytes, size_t count,
                                           erg_onnx_file *file, erg_error *err)
{
    return erg_onnx_open(wire_file(bytes, count), file, err);
}

static inline Onnx__ModelProto *open_text(erg_text *bytes, erg_onnx_file *file)
{
    erg_error err = { 0 };

    CHECK_OK(open_bytes(bytes->data, bytes->count, file, &err) != NULL, err);
    erg_text_free(bytes);
    return file->model;
}

static inline void check_refused(erg_text *bytes, const char *why)
{
    erg_onnx_file file;
    erg_error err = { 0 };

    if (open_bytes(bytes->data, bytes->count, &file, &err))
        fail_msg("opened, where this was wanted: %s", why);
    if (!strstr(err.text, why) || !strstr(err.text, "model.onnx"))
        fail_msg("'%s' does not say '%s'", err.text, why);
    erg_text_free(bytes);
}

/* A graph of one node, whatever else it is given. */
static inline erg_text graph_of_one(void)
{
    erg_text graph = { 0 };

    model_node(&graph, GRAPH_NODE, "Relu", "x", "y", NULL);
    return graph;
}

#endif
