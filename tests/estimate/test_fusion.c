/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strategies of fusion, each against its known answer: no fusion by the graph itself,
 * the old chains against compat mode, which grows its own, and against the figures
 * that were carried over (branes-ai/graphs, MIT).
 */
#include "estimate/compat.h"
#include "studies.h"

static const struct { const char *spec; int chains; } networks[] = {
    { "zoo:resnet18", 32 },
    { "zoo:mobilenet_v2", 66 },
    { "zoo:resnet50", 73 },
    { "zoo:efficientnet_b0", 71 },
};

static erg_graph *load(const char *spec)
{
    erg_error err = { 0 };
    erg_graph *graph = erg_graph_load(spec, NULL, &err);

    if (!graph)
        fail_msg("%s: %s", spec, err.text);
    return graph;
}

static bool moves_something(const erg_operator *op)
{
    return op && op->flop + op->in_bytes + op->out_bytes + op->weight_bytes > 0;
}

/* Does the subgraph hold the chain's operators, all and in order? Flattens are none. */
static bool holds_chain(const erg_subgraph *s, const erg_graph *graph,
                        const erg_compat *compat, const erg_compat_chain *chain)
{
    int32_t found = 0;

    for (int32_t i = 0; i < chain->node_count; i++) {
        const erg_operator *op = compat->nodes[chain->nodes[i]].op;
        if (op
            && (found == s->operator_count
                || &graph->operators[s->operators[found++]] != op))
            return false;
    }
    return found == s->operator_count;
}

static void the_old_chains_are_those_of_compat_mode(void)
{
    for (size_t n = 0; n < ERG_COUNT(networks); n++) {
        erg_graph *graph = load(networks[n].spec);
        erg_hardware *old = erg_hardware_load(NULL, &catalog, "compat-gpu-a100", NULL);
        erg_compat *compat = erg_compat_new(graph, old, NULL);
        erg_partition *cut = erg_graph_partition(graph, ERG_FUSION_COMPAT, NULL);
        int32_t at = 0;

        assert_int_equal(compat->fusion.chain_count, networks[n].chains);
        for (int32_t i = 0; i < compat->fusion.chain_count; i++) {
            const erg_compat_chain *chain = &compat->fusion.chains[i];
            bool moves = false;
            for (int32_t j = 0; j < chain->node_count; j++)
                moves = moves || moves_something(compat->nodes[chain->nodes[j]].op);
            if (!moves)
                continue;
            CHECK(at < cut->subgraph_count);
            CHECK(holds_chain(&cut->subgraphs[at++], graph, compat, chain));
        }
        CHECK(at == cut->subgraph_count);
        erg_partition_free(cut);
        erg_compat_free(compat);
        erg_hardware_free(old);
        erg_graph_free(graph);
    }
}

/* By hand, of a ResNet-18: stem, pool and fc alone or in one chain; in each block
 * conv+norm+ReLU, conv+norm, add+ReLU; three shortcuts of conv+norm. */
static void a_resnet18_is_cut_as_by_hand(void)
{
    static const struct { erg_fusion fusion; int32_t launches; } rows[] = {
        { ERG_FUSION_AUTO, 68 },
        { ERG_FUSION_NONE, 68 },
        { ERG_FUSION_COMPAT, 1 + 1 + 8 * 3 + 3 + 1 + 1 },
        { ERG_FUSION_RUNTIME, 1 + 1 + 8 * 3 + 3 + 1 + 1 },
    };
    erg_graph *graph = load("zoo:resnet18");

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_partition *cut = erg_graph_partition(graph, rows[i].fusion, NULL);
        erg_partition *apart = erg_graph_partition(graph, ERG_FUSION_NONE, NULL);
        CHECK(cut->subgraph_count == rows[i].launches);
        CHECK(cut->external_bytes + cut->internal_bytes == apart->external_bytes);
        erg_partition_free(apart);
        erg_partition_free(cut);
    }
    erg_graph_free(graph);
}

static size_t row_of(const erg_table *table, const char *fusion)
{
    for (size_t i = 0; i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "fusion").text, fusion) == 0)
            return i;
    fail_msg("no row %s", fusion);
    return 0;
}

static void strategies_are_set_beside_the_first(void)
{
    static const erg_fusion all[] = { ERG_FUSION_NONE, ERG_FUSION_RUNTIME,
                                      ERG_FUSION_COMPAT };
    erg_study what = small;
    what.fusions = all;
    what.fusion_count = ERG_COUNT(all);
    what.estimate.runtime = ERG_FUSED;
    erg_result *result = study(&what, NULL);
    const erg_table *table = erg_result_find(result, "strategies");
    const erg_table *summary = erg_result_find(result, "summary");

    assert_int_equal(erg_table_row_count(table), 3);
    CHECK_TEXT(erg_table_find(summary, 0, "fusion").text, "none");
    CHECK(real(table, 0, "energy_ratio") == 1 && real(table, 0, "latency_ratio") == 1);
    CHECK(real(table, 0, "energy_j") == real(summary, 0, "energy_j"));
    for (size_t i = 1; i < 3; i++) {
        CHECK(real(table, i, "energy_ratio") < 1 && real(table, i, "latency_ratio") < 1);
        CHECK(real(table, i, "reduction") > 0.1 && real(table, i, "reduction") < 0.9);
    }
    /* Alone it is the same row. */
    what.fusions = &all[1];
    what.fusion_count = 1;
    erg_result *alone = study(&what, NULL);
    assert_null(erg_result_find(alone, "strategies"));
    CHECK(real(erg_result_find(alone, "summary"), 0, "energy_j")
          == real(table, row_of(table, "runtime"), "energy_j"));
    erg_result_free(alone);
    erg_result_free(result);
}

/* Rows that were measured one operator a launch say less of another cut. */
static void another_cut_than_the_rows_had_is_not_calibrated(void)
{
    static const erg_fusion fused[] = { ERG_FUSION_RUNTIME };
    static const erg_precision bf16[] = { ERG_BF16 };
    erg_study what = small;
    what.precisions = bf16;
    what.precision_count = 1;
    what.estimate.clock_hz = 900e6;
    erg_result *as_measured = study(&what, NULL);
    what.fusions = fused;
    what.fusion_count = 1;
    erg_result *cut = study(&what, NULL);

    CHECK_TEXT(erg_table_find(erg_result_find(as_measured, "summary"), 0, "grade").text,
               "calibrated");
    CHECK_TEXT(erg_table_find(erg_result_find(cut, "summary"), 0, "grade").text,
               "interpolated");
    erg_result_free(as_measured);
    erg_result_free(cut);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_old_chains_are_those_of_compat_mode),
        TEST(a_resnet18_is_cut_as_by_hand),
        TEST(strategies_are_set_beside_the_first),
        TEST(another_cut_than_the_rows_had_is_not_calibrated),
    };
    return test_run(tests, ERG_COUNT(tests));
}
