/* SPDX-License-Identifier: Apache-2.0 */
/* Small models made flat, and what their nodes read then. */
#ifndef ERG_TESTS_WORKLOAD_ONNX_FLAT_H
#define ERG_TESTS_WORKLOAD_ONNX_FLAT_H

#include "workload/onnx.h"
#include "model.h"

/* "Op(a b)->c" of each node, one a line; what is told apart by '#' gets its number cut. */
static inline char *listing(const Onnx__ModelProto *model)
{
    erg_text text = { 0 };

    for (size_t i = 0; i < model->graph->n_node; i++) {
        const Onnx__NodeProto *node = model->graph->node[i];
        erg_text_add(&text, "%s(", node->op_type);
        for (size_t k = 0; k < node->n_input; k++)
            erg_text_add(&text, "%s%s", k ? " " : "", node->input[k]);
        erg_text_add(&text, ")->");
        for (size_t k = 0; k < node->n_output; k++)
            erg_text_add(&text, "%s%s", k ? " " : "", node->output[k]);
        erg_text_add(&text, "\n");
    }
    return erg_text_take(&text);
}

static inline bool flatten(erg_text *model, const erg_graph_options *options,
                           erg_onnx_file *file,
                           erg_error *err)
{
    bool good = erg_onnx_open(wire_file(model->data, model->count), file, err)
        && erg_onnx_flatten(file, options, err);

    erg_text_free(model);
    return good;
}

static inline void check_flat(erg_text *graph, const char *want)
{
    erg_text model = model_of(graph);
    erg_onnx_file file;
    erg_error err = { 0 };

    CHECK_OK(flatten(&model, NULL, &file, &err), err);
    char *got = listing(file.model);
    CHECK_TEXT(got, want);
    free(got);
    erg_onnx_close(&file);
}

static inline void check_refused(erg_text *model, const char *why)
{
    erg_onnx_file file;
    erg_error err = { 0 };

    if (flatten(model, NULL, &file, &err))
        fail_msg("was flattened, where this was wanted: %s", why);
    if (!strstr(err.text, why) || !strstr(err.text, "model.onnx"))
        fail_msg("'%s' does not say '%s'", err.text, why);
    erg_onnx_close(&file);
}

/* ---- order ---------------------------------------------------------- */

static inline erg_graph *graph_of(erg_text *model, const erg_graph_options *options)
{
    erg_error err = { 0 };
    erg_graph *graph =
        erg_graph_load(wire_file(model->data, model->count), options, &err);

    CHECK_OK(graph != NULL, err);
    erg_text_free(model);
    return graph;
}

#endif
