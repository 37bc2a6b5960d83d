/* SPDX-License-Identifier: Apache-2.0 */
/* The graphs of a study and how they are cut, each made once for all rows and hints. */
#include <string.h>
#include "estimate/study.h"

/* Precisions of one width: shapes, counts and bytes are the same. */
static const erg_precision twins[][2] = { { ERG_FP32, ERG_TF32 }, { ERG_FP16, ERG_BF16 } };

static bool are_twins(erg_precision a, erg_precision b)
{
    for (size_t i = 0; i < ERG_COUNT(twins); i++)
        if ((twins[i][0] == a && twins[i][1] == b)
            || (twins[i][0] == b && twins[i][1] == a))
            return true;
    return false;
}

/* The same tensors under operators of another precision; an optimizer has its own. */
static erg_graph *relabel(erg_arena *arena, const erg_graph *from, erg_precision precision,
                          erg_error *err)
{
    size_t bytes = (size_t)from->operator_count * sizeof(*from->operators);
    erg_graph *graph = erg_arena_take(arena, sizeof(*graph), err);
    erg_operator *operators = graph ? erg_arena_take(arena, bytes + 1, err) : NULL;

    if (!operators)
        return NULL;
    memcpy(operators, from->operators, bytes);
    for (int32_t i = 0; i < from->operator_count; i++)
        if (operators[i].precision == from->precision
            && operators[i].kind != ERG_OP_OPTIMIZER)
            operators[i].precision = precision;
    *graph = *from;
    graph->precision = precision;
    graph->operators = operators;
    return graph;
}

static erg_graph *load(erg_desk *desk, const erg_graph_options *options, erg_error *err)
{
    if (!desk->source)
        desk->source = erg_source_open(desk->study->workload, err);
    return desk->source ? erg_source_read(desk->source, options, err) : NULL;
}

static erg_study_graph *find(erg_desk *desk, const erg_graph_options *options, bool twin)
{
    for (erg_study_graph *one = desk->graphs; one; one = one->next)
        if (one->batch == options->batch && one->runtime == options->runtime
            && (twin ? are_twins(one->precision, options->precision)
                     : one->precision == options->precision))
            return one;
    return NULL;
}

/* Attention is what a captured graph launches otherwise, and it holds a softmax. ONNX
 * has views besides that cost nothing in eager runs. */
static bool knows_runtime(const erg_graph *graph)
{
    if (strcmp(graph->reader, "onnx") == 0)
        return true;
    for (int32_t i = 0; i < graph->operator_count; i++)
        if (graph->operators[i].kind == ERG_OP_SOFTMAX
            || graph->operators[i].kind == ERG_OP_ATTENTION)
            return true;
    return false;
}

static erg_study_graph *find_any_runtime(erg_desk *desk, const erg_graph_options *options)
{
    erg_graph_options eager = *options;

    eager.runtime = ERG_EAGER;
    erg_study_graph *one = find(desk, &eager, false);
    return one && !knows_runtime(one->graph) ? one : NULL;
}

/* A run that fuses reads and writes quantised tensors: then it has other bytes. */
static bool holds_quantised(const erg_graph *graph)
{
    for (int32_t i = 0; i < graph->operator_count; i++)
        if (graph->operators[i].kind == ERG_OP_QUANTIZE)
            return true;
    return false;
}

static erg_study_graph *find_or_load(erg_desk *desk, const erg_graph_options *options,
                                     erg_error *err)
{
    erg_study_graph *found = find(desk, options, false);
    if (!found && options->runtime == ERG_GRAPH)
        found = find_any_runtime(desk, options);
    if (found)
        return found;
    erg_study_graph *made = erg_arena_take(desk->arena, sizeof(*made), err);
    if (!made)
        return NULL;
    erg_study_graph *twin = find(desk, options, true);
    *made = (erg_study_graph){ .next = desk->graphs, .batch = options->batch,
                               .precision = options->precision,
                               .runtime = options->runtime,
                               .is_twin = twin != NULL, .twin = twin };
    made->graph = twin ? relabel(desk->arena, twin->graph, options->precision, err)
                       : load(desk, options, err);
    if (!made->graph)
        return NULL;
    desk->graphs = made;
    return made;
}

erg_study_graph *erg_desk_find(erg_desk *desk, const erg_variant *setting, erg_error *err)
{
    erg_graph_options options = desk->study->graph;
    erg_runtime runtime = setting->options.runtime;
    /* Attention is one operator only where the runtime makes it so. */
    bool by_runtime = options.attention == ERG_ATTENTION_AUTO;

    options.batch = setting->batch;
    options.precision = setting->precision;
    options.runtime = by_runtime && runtime == ERG_GRAPH ? ERG_GRAPH : ERG_EAGER;
    erg_study_graph *found = find_or_load(desk, &options, err);
    if (!found || runtime == options.runtime || !holds_quantised(found->graph))
        return found;
    options.runtime = runtime;
    return find_or_load(desk, &options, err);
}

const erg_partition *erg_desk_cut(erg_study_graph *of, erg_fusion fusion, erg_error *err)
{
    erg_partition **cut = &of->cut[fusion];

    if (of->twin && !*cut) {
        const erg_partition *whole = erg_desk_cut(of->twin, fusion, err);
        if (!whole)
            return NULL;
        of->shared[fusion] = *whole;
        of->shared[fusion].graph = of->graph;
        of->shared[fusion].inside = NULL;
        *cut = &of->shared[fusion];
    }
    if (!*cut)
        *cut = erg_graph_partition(of->graph, fusion, err);
    return *cut;
}

static void drop(erg_study_graph **at)
{
    erg_study_graph *one = *at;

    for (size_t i = 0; i < ERG_COUNT(one->cut); i++)
        erg_partition_free(one->cut[i]);
    if (!one->is_twin)
        erg_graph_free(one->graph);
    *at = one->next;
}

void erg_desk_drop(erg_desk *desk, const erg_study_graph *down_to)
{
    while (desk->graphs != down_to)
        drop(&desk->graphs);
}

void erg_desk_forget(erg_desk *desk, const erg_graph *graph)
{
    erg_study_graph **at = &desk->graphs;

    while (*at && (*at)->graph != graph)
        at = &(*at)->next;
    if (*at)
        drop(at);
}

void erg_desk_end(erg_desk *desk)
{
    erg_desk_drop(desk, NULL);
    erg_source_close(desk->source);
}
