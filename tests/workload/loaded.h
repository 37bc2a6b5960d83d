/* SPDX-License-Identifier: Apache-2.0 */
/* A made ONNX network, loaded or refused. */
#ifndef ERG_TESTS_LOADED_H
#define ERG_TESTS_LOADED_H

#include "net.h"

static inline erg_graph *loaded(net *n, const erg_graph_options *options)
{
    erg_error err = { 0 };
    erg_graph *graph = net_load(n, options, &err);

    if (!graph)
        fail_msg("%s", err.text);
    net_free(n);
    return graph;
}

static inline void refused(net *n, const erg_graph_options *options, const char *a,
                           const char *b)
{
    erg_error err = { 0 };

    assert_null(net_load(n, options, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    if (!strstr(err.text, a) || !strstr(err.text, b))
        fail_msg("neither %s nor %s in: %s", a, b, err.text);
    net_free(n);
}

/* The kinds in order, "conv relu". */
static inline const char *kinds_of(const erg_graph *graph)
{
    static char text[400];
    size_t used = 0;

    text[0] = '\0';
    for (int32_t i = 0; i < graph->operator_count && used < sizeof(text); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
                                 erg_op_kinds[graph->operators[i].kind].name);
    return text;
}

#endif
