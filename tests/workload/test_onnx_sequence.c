/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences whose tensors are known are bookkeeping; what is not known is declared. */
#include "loaded.h"

static void shapes_are(net *n, const char *const *names_and_shapes)
{
    erg_error err = { 0 };
    erg_onnx_model *model = net_infer(n, NULL, &err);

    if (!model)
        fail_msg("%s", err.text);
    for (; names_and_shapes[0]; names_and_shapes += 2)
        CHECK_TEXT(net_shape(model, names_and_shapes[0]), names_and_shapes[1]);
    net_free(n);
}

#define SHAPES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void a_tensor_of_a_sequence_is_itself(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(2, 3));
    net_input(n, "y", NET_DIMS(4, 5));
    net_list(n, "one", NET_LIST(1));
    net_list(n, "last", NET_LIST(-1));
    net_node(n, "SequenceConstruct", "x y", "s");
    net_node(n, "SequenceAt", "s one", "a");
    net_node(n, "SequenceInsert", "s x", "longer");     /* x y x */
    net_node(n, "SequenceInsert", "longer y last", "more"); /* x y y x */
    net_node(n, "SequenceErase", "more last", "less");  /* x y y */
    net_node(n, "SequenceAt", "less last", "b");
    net_node(n, "SequenceLength", "more", "count");
    net_node(n, "Relu", "b", "z");
    net_output(n, "z");
    shapes_are(n, SHAPES("a", "[4,5]", "b", "[4,5]", "z", "[4,5]", "count", "[]"));
}

static void a_tensor_cut_into_a_sequence_is_split(void)
{
    net *n = net_new(13);

    net_input(n, "x", NET_DIMS(7, 4));
    net_list(n, "sizes", NET_LIST(3, 4));
    net_list(n, "zero", NET_LIST(0));
    net_list(n, "one", NET_LIST(1));
    net_node(n, "SplitToSequence", "x sizes", "told");
    net_node(n, "SequenceAt", "told one", "a");
    net_int(n, net_node(n, "SplitToSequence", "x", "rows"), "keepdims", 0);
    net_node(n, "SequenceAt", "rows zero", "b");
    net_int(n, net_node(n, "ConcatFromSequence", "told", "c"), "axis", 0);
    Onnx__NodeProto *stack = net_node(n, "ConcatFromSequence", "rows", "d");
    net_int(n, stack, "axis", 1);
    net_int(n, stack, "new_axis", 1);
    net_output(n, "d");
    shapes_are(n, SHAPES("a", "[4,4]", "b", "[4]", "c", "[7,4]", "d", "[4,7]"));
}

/* torch.stack of two lengths: the shape of a Reshape. */
static void numbers_in_a_sequence_are_folded(void)
{
    net *n = net_new(13);

    net_input(n, "x", NET_DIMS(6, 4));
    net_list(n, "lengths", NET_LIST(3, 8));
    net_int(n, net_node(n, "SplitToSequence", "lengths", "s"), "keepdims", 0);
    Onnx__NodeProto *stack = net_node(n, "ConcatFromSequence", "s", "shape");
    net_int(n, stack, "axis", 0);
    net_int(n, stack, "new_axis", 1);
    net_node(n, "Reshape", "x shape", "y");
    net_output(n, "y");
    shapes_are(n, SHAPES("y", "[3,8]"));
}

static void sequences_cost_what_their_split_and_concat_cost(void)
{
    for (int i = 0; i < 2; i++) {
        net *n = net_new(13);
        net_input(n, "x", NET_DIMS(6, 4));
        net_list(n, "one", NET_LIST(1));
        net_node(n, "SplitToSequence", "x", "s");
        net_node(n, "SequenceAt", "s one", "a");
        net_node(n, "Relu", "a", "b");
        net_node(n, "SequenceConstruct", "b a", "t");
        net_int(n, net_node(n, "ConcatFromSequence", "t", "y"), "axis", 0);
        net_output(n, "y");
        erg_graph *graph =
            loaded(n, &(erg_graph_options){ .runtime = i ? ERG_FUSED : ERG_EAGER });
        CHECK_TEXT(kinds_of(graph), i ? "split relu concat" : "relu concat");
        CHECK(graph->coverage == 1.0);
        erg_graph_free(graph);
    }
}

static void a_sequence_may_be_what_a_graph_gives(void)
{
    net *n = net_new(13);

    net_input(n, "x", NET_DIMS(6, 4));
    net_node(n, "Relu", "x", "a");
    net_node(n, "SequenceConstruct", "a x", "s");
    net_output(n, "s");
    erg_graph *graph = loaded(n, NULL);
    CHECK_TEXT(kinds_of(graph), "relu");
    erg_graph_free(graph);
}

static void an_optional_value_is_there_or_not(void)
{
    net *n = net_new(18);

    net_input(n, "x", NET_DIMS(2, 3));
    net_node(n, "Optional", "x", "o");
    net_node(n, "OptionalGetElement", "o", "y");
    net_node(n, "OptionalHasElement", "o", "is_there");
    net_node(n, "Optional", "", "none");
    net_node(n, "OptionalHasElement", "none", "is_not");
    net_output(n, "y");
    erg_error err = { 0 };
    erg_onnx_model *model = net_infer(n, NULL, &err);
    CHECK_OK(model != NULL, err);
    CHECK_TEXT(net_shape(model, "y"), "[2,3]");
    CHECK(erg_onnx_value_find(model, "is_there")->ints[0] == 1);
    CHECK(erg_onnx_value_find(model, "is_not")->ints[0] == 0);
    net_free(n);
}

static net *odd(const char *op, const char *in, int64_t at)
{
    net *n = net_new(13);

    net_input(n, "x", NET_DIMS(6, 4));
    net_list(n, "at", NET_LIST(at));
    net_node(n, "SequenceConstruct", "x x", "s");
    net_node(n, op, in, "y");
    net_output(n, "y");
    return n;
}

static void places_and_sizes_that_do_not_fit_are_refused(void)
{
    refused(odd("SequenceAt", "s at", 2), NULL, "SequenceAt", "outside");
    refused(odd("SequenceErase", "s at", -3), NULL, "SequenceErase", "outside");
    refused(odd("SequenceInsert", "s x at", 3), NULL, "SequenceInsert", "outside");
    refused(odd("SplitToSequence", "x at", 5), NULL, "SplitToSequence", "do not fit");
    refused(odd("SplitToSequence", "x at", -6), NULL, "SplitToSequence", "do not fit");
}

/* A sequence that comes in: its length is open, what is read of it is unknown. */
static void a_sequence_of_unknown_tensors_lowers_coverage(void)
{
    net *n = net_new(13);

    net_input(n, "x", NET_DIMS(6, 4));
    net_input(n, "s", NET_DIMS(2));
    n->inputs[1]->type->value_case = ONNX__TYPE_PROTO__VALUE__NOT_SET;
    net_list(n, "at", NET_LIST(0));
    net_node(n, "SequenceInsert", "s x", "t");
    net_node(n, "SequenceErase", "t", "u");
    net_node(n, "SequenceLength", "u", "count");
    net_node(n, "SequenceAt", "u at", "y");
    net_node(n, "Relu", "x", "z");
    net_output(n, "y");
    net_output(n, "z");
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->coverage == 0.5);
    erg_graph_free(graph);
}

/* Where a shape hangs on data, one that is declared stands in; else it is refused. */
static net *late(bool is_declared, int64_t declared)
{
    net *n = net_new(13);

    net_input(n, "x", NET_DIMS(6, 4));
    n->inputs[n->graph.n_input++] = net_value(n, "shape", NET_INT64, NET_DIMS(2));
    net_node(n, "Reshape", "x shape", "y");
    net_node(n, "Relu", "y", "z");
    net_output(n, "z");
    if (is_declared) {
        static Onnx__ValueInfoProto *info[1];
        info[0] = net_value(n, "y", NET_FLOAT, 2, (int64_t[]){ 3, declared });
        n->graph.value_info = info;
        n->graph.n_value_info = 1;
    }
    return n;
}

static void a_declared_shape_stands_in_for_one_that_hangs_on_data(void)
{
    erg_graph *graph = loaded(late(true, 8), NULL);

    CHECK_TEXT(kinds_of(graph), "relu");
    CHECK(graph->coverage == 1.0);
    erg_graph_free(graph);
    refused(late(false, 0), NULL, "Reshape", "run time");
    refused(late(true, 7), NULL, "Reshape", "run time");
}

/* Nobody knows Foo: what reads it has the shape that is declared, and no FLOP. */
static void behind_an_unknown_operator_declared_shapes_stand_in(void)
{
    static Onnx__ValueInfoProto *info[1];
    net *n = net_new(13);

    net_input(n, "x", NET_DIMS(6, 4));
    net_node(n, "Foo", "x", "f");
    net_node(n, "MatMul", "f x", "y");
    net_node(n, "Relu", "y", "z");
    net_output(n, "z");
    info[0] = net_value(n, "y", NET_FLOAT, NET_DIMS(4, 4));
    n->graph.value_info = info;
    n->graph.n_value_info = 1;
    erg_graph *graph = loaded(n, NULL);
    CHECK_TEXT(kinds_of(graph), "unknown unknown relu");
    CHECK(graph->coverage < 0.5 && graph->macs == 0);
    erg_graph_free(graph);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_tensor_of_a_sequence_is_itself),
        TEST(a_tensor_cut_into_a_sequence_is_split),
        TEST(numbers_in_a_sequence_are_folded),
        TEST(sequences_cost_what_their_split_and_concat_cost),
        TEST(a_sequence_may_be_what_a_graph_gives),
        TEST(an_optional_value_is_there_or_not),
        TEST(places_and_sizes_that_do_not_fit_are_refused),
        TEST(a_sequence_of_unknown_tensors_lowers_coverage),
        TEST(a_declared_shape_stands_in_for_one_that_hangs_on_data),
        TEST(behind_an_unknown_operator_declared_shapes_stand_in),
    };
    return test_run(tests, ERG_COUNT(tests));
}
