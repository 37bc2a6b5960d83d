/* SPDX-License-Identifier: Apache-2.0 */
/* What no input of an ONNX graph reaches is no work of a run. */
#include "loaded.h"

static int32_t count_of(const erg_graph *graph, erg_op_kind kind)
{
    int32_t count = 0;

    for (int32_t i = 0; i < graph->operator_count; i++)
        count += graph->operators[i].kind == kind;
    return count;
}

static bool says_loaded(const erg_graph *graph, const char *how_many)
{
    for (int32_t i = 0; i < graph->note_count; i++)
        if (strstr(graph->notes[i], "computed when the model is loaded")
            && strncmp(graph->notes[i], how_many, strlen(how_many)) == 0)
            return true;
    return false;
}

/* x + (v * g): the product of two weights is made once, and is the one that is read. */
static net *scaled_weights(const char *op)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(20, 30));
    net_weight(n, "v", NET_FLOAT, NET_DIMS(20, 30));
    net_weight(n, "g", NET_FLOAT, NET_DIMS(20, 1));
    net_node(n, op, "v g", "w");
    net_node(n, "Add", "x w", "y");
    net_output(n, "y");
    return n;
}

static void what_is_made_of_weights_alone_costs_a_run_nothing(void)
{
    erg_graph *graph = loaded(scaled_weights("Mul"), NULL);

    CHECK(graph->operator_count == 1 && graph->operators[0].kind == ERG_OP_ADD);
    CHECK(graph->operators[0].weight_bytes == 20 * 30 * 4);
    CHECK(graph->flop == 20 * 30);
    CHECK(graph->coverage == 1);
    CHECK(says_loaded(graph, "1 operators"));
    erg_graph_free(graph);
}

static void chains_of_such_work_are_gone_whole(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(100));
    net_weight(n, "a", NET_FLOAT, NET_DIMS(100));
    net_node(n, "Exp", "a", "b");
    net_node(n, "Sqrt", "b", "c");
    net_node(n, "Mul", "c c", "d");
    net_node(n, "Mul", "x d", "y");
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->operator_count == 1);
    CHECK(says_loaded(graph, "3 operators"));
    erg_graph_free(graph);
}

static void what_an_input_reaches_stays(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(100));
    net_weight(n, "a", NET_FLOAT, NET_DIMS(100));
    net_node(n, "Mul", "x a", "b");
    net_node(n, "Exp", "b", "y");
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->operator_count == 2);
    CHECK(graph->note_count == 0);
    erg_graph_free(graph);
}

/* A runtime keeps weights as they are quantised, and dice are thrown in each run. */
static void numbers_by_chance_and_quantised_weights_are_work_of_each_run(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(100));
    net_weight(n, "a", NET_FLOAT, NET_DIMS(100));
    net_node(n, "RandomNormalLike", "a", "b");
    net_node(n, "Add", "x b", "y");
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->operator_count == 2);
    erg_graph_free(graph);

    graph = loaded(scaled_weights("DequantizeLinear"), NULL);
    CHECK(count_of(graph, ERG_OP_ADD) == 1 && graph->operator_count == 2);
    erg_graph_free(graph);
}

static void a_result_that_is_asked_for_is_work(void)
{
    net *n = scaled_weights("Mul");

    net_output(n, "w");
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->operator_count == 2);
    erg_graph_free(graph);
}

static void a_graph_without_inputs_is_all_work(void)
{
    net *n = net_new(17);

    net_weight(n, "a", NET_FLOAT, NET_DIMS(100));
    net_node(n, "Exp", "a", "b");
    net_node(n, "Sqrt", "b", "y");
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->operator_count == 2);
    erg_graph_free(graph);
}

int main(void)
{
    static const test tests[] = {
        TEST(what_is_made_of_weights_alone_costs_a_run_nothing),
        TEST(chains_of_such_work_are_gone_whole),
        TEST(what_an_input_reaches_stays),
        TEST(numbers_by_chance_and_quantised_weights_are_work_of_each_run),
        TEST(a_result_that_is_asked_for_is_work),
        TEST(a_graph_without_inputs_is_all_work),
    };
    return test_run(tests, ERG_COUNT(tests));
}
