/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines over tables of features: what multiplies them is counted, trees are not. */
#include "loaded.h"

static net *table(const char *op, const char *in, const char *out,
                  Onnx__NodeProto **node)
{
    net *n = net_new(15);

    net_input(n, "x", NET_DIMS(5, 4));
    net_list(n, "picks", NET_LIST(0, 2));
    *node = net_node(n, op, in, out);
    (*node)->domain = "ai.onnx.ml";
    return n;
}

static void reals_of(net *n, Onnx__NodeProto *node, const char *name, size_t count)
{
    Onnx__AttributeProto *a = net_attribute(n, node, name);

    a->n_floats = count;
    a->floats = erg_arena_take(n->arena, (count + 1) * sizeof(float), NULL);
}

static const struct { const char *op, *in, *shape; } rows[] = {
    { "ArrayFeatureExtractor", "x picks", "[5,2]" }, { "Binarizer", "x", "[5,4]" },
    { "FeatureVectorizer", "x x", "[5,8]" },         { "Imputer", "x", "[5,4]" },
    { "LabelEncoder", "x", "[5,4]" },                { "Normalizer", "x", "[5,4]" },
    { "Scaler", "x", "[5,4]" },
};

static void passes_over_a_table_keep_their_promise(void)
{
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        Onnx__NodeProto *node;
        erg_error err = { 0 };
        net *n = table(rows[i].op, rows[i].in, "y", &node);
        net_output(n, "y");
        erg_onnx_model *model = net_infer(n, NULL, &err);
        CHECK_OK(model != NULL, err);
        CHECK_TEXT(net_shape(model, "y"), rows[i].shape);
        net_free(n);
    }
}

static void a_classifier_multiplies_and_scores_each_class(void)
{
    Onnx__NodeProto *node;
    net *n = table("LinearClassifier", "x", "label score", &node);

    reals_of(n, node, "coefficients", 12);
    net_ints(n, node, "classlabels_ints", NET_LIST(0, 1, 2));
    net_output(n, "score");
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->coverage == 1.0 && graph->macs == 5 * 4 * 3);
    CHECK(graph->operators[0].out_bytes == 5 * 8 + 5 * 3 * 4);
    erg_graph_free(graph);
    n = table("LinearRegressor", "x", "y", &node);
    reals_of(n, node, "coefficients", 8);
    net_int(n, node, "targets", 2);
    net_output(n, "y");
    graph = loaded(n, NULL);
    CHECK(graph->macs == 5 * 4 * 2 && graph->operators[0].out_bytes == 5 * 2 * 4);
    erg_graph_free(graph);
}

static void coefficients_that_do_not_fit_are_refused(void)
{
    Onnx__NodeProto *node;
    net *n = table("LinearRegressor", "x", "y", &node);

    reals_of(n, node, "coefficients", 3);
    net_output(n, "y");
    refused(n, NULL, "LinearRegressor", "4 columns");
    n = table("LinearClassifier", "x", "label score", &node);
    reals_of(n, node, "coefficients", 8);
    net_ints(n, node, "classlabels_ints", NET_LIST(0, 1, 2));
    net_output(n, "score");
    refused(n, NULL, "LinearClassifier", "4 columns");
}

static void trees_lower_coverage(void)
{
    Onnx__NodeProto *node;
    net *n = table("TreeEnsembleRegressor", "x", "y", &node);

    net_node(n, "Relu", "x", "z");
    net_output(n, "y");
    net_output(n, "z");
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->coverage == 0.5);
    erg_graph_free(graph);
}

int main(void)
{
    static const test tests[] = {
        TEST(passes_over_a_table_keep_their_promise),
        TEST(a_classifier_multiplies_and_scores_each_class),
        TEST(coefficients_that_do_not_fit_are_refused),
        TEST(trees_lower_coverage),
    };
    return test_run(tests, ERG_COUNT(tests));
}
