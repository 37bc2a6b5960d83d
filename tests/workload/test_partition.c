/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting a graph: every operator once, bytes of the outside once. */
#include "erg/workload.h"
#include "test.h"

static erg_graph *load(const char *spec, bool fold)
{
    erg_error err = { 0 };
    erg_graph *graph = erg_graph_load(spec, &(erg_graph_options){ .fold_batch_norm = fold },
                                      &err);
    if (!graph)
        fail_msg("%s: %s", spec, err.text);
    return graph;
}

static const char *const networks[] = { "zoo:resnet50", "zoo:mobilenet_v2", "zoo:vgg16",
                                        "zoo:efficientnet_b0" };

/* Dropout in inference. */
static int32_t idle_operators(const erg_graph *graph)
{
    int32_t count = 0;

    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        count += op->flop + op->in_bytes + op->out_bytes + op->weight_bytes == 0;
    }
    return count;
}

static void check_cut(const erg_graph *graph, const erg_partition *cut)
{
    int32_t *owner = malloc((size_t)graph->operator_count * sizeof(*owner));
    int32_t seen = 0;
    int64_t flop = 0;

    for (int32_t i = 0; i < graph->operator_count; i++)
        owner[i] = -1;
    for (int32_t i = 0; i < cut->subgraph_count; i++) {
        const erg_subgraph *s = &cut->subgraphs[i];
        flop += s->flop;
        for (int32_t j = 0; j < s->operator_count; j++, seen++) {
            CHECK(owner[s->operators[j]] < 0);
            owner[s->operators[j]] = i;
        }
        for (int32_t j = 0; j < s->need_count; j++)
            CHECK(s->needs[j] < i);             /* an order that can be run */
    }
    CHECK(flop == graph->flop);
    CHECK(seen == graph->operator_count - idle_operators(graph));
    free(owner);
}

static void every_operator_runs_once_in_an_order_that_can_be_run(void)
{
    for (size_t i = 0; i < ERG_COUNT(networks); i++) {
        erg_graph *graph = load(networks[i], false);
        erg_partition *apart = erg_graph_partition(graph, ERG_FUSION_NONE, NULL);
        erg_partition *fused = erg_graph_partition(graph, ERG_FUSION_RUNTIME, NULL);
        check_cut(graph, apart);
        check_cut(graph, fused);
        CHECK(apart->internal_bytes == 0);
        CHECK(fused->subgraph_count < apart->subgraph_count);
        /* What fusion saves is the difference, to the byte. */
        CHECK(fused->external_bytes + fused->internal_bytes == apart->external_bytes);
        erg_partition_free(apart);
        erg_partition_free(fused);
        erg_graph_free(graph);
    }
}

/* Folded: each block is conv+relu, conv+add+relu; the shortcut's conv stays alone. */
static void a_folded_resnet18_runs_in_22_launches(void)
{
    erg_graph *graph = load("zoo:resnet18", true);
    erg_partition *cut = erg_graph_partition(graph, ERG_FUSION_RUNTIME, NULL);

    CHECK(cut->subgraph_count == 1 + 1 + 8 * 2 + 3 + 1 + 1); /* stem, pool, .., pool, fc */
    CHECK_TEXT(cut->subgraphs[0].pattern, "conv_relu");
    CHECK_TEXT(cut->subgraphs[3].pattern, "conv_add_relu");
    erg_partition_free(cut);
    erg_graph_free(graph);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_operator_runs_once_in_an_order_that_can_be_run),
        TEST(a_folded_resnet18_runs_in_22_launches),
    };
    return test_run(tests, ERG_COUNT(tests));
}
