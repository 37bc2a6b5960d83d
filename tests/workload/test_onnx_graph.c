/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader of ONNX makes of small graphs: folding, names, patterns, costs. */
#include "loaded.h"

static bool has_note(const erg_graph *graph, const char *text)
{
    for (int32_t i = 0; i < graph->note_count; i++)
        if (strstr(graph->notes[i], text))
            return true;
    return false;
}

/* ---- the table ----------------------------------------------------------------- */

static void every_row_of_the_table_is_found(void)
{
    const erg_onnx_rule *rule;
    size_t count = 0;

    for (; (rule = erg_onnx_rule_at(count)); count++)
        CHECK(erg_onnx_rule_find(rule->domain, rule->op_type) == rule);
    CHECK(count > 190);
    assert_null(erg_onnx_rule_find("", "Nonesuch"));
    assert_null(erg_onnx_rule_find("com.acme", "Conv"));
}

/* ---- names and dimensions -------------------------------------------------------- */

static net *named_dims(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(-13, -2, 64)); /* N, C, 64 */
    net_weight(n, "w", NET_FLOAT, NET_DIMS(64, 32));
    net_node(n, "MatMul", "x w", "y");
    net_output(n, "y");
    return n;
}

static void named_dimensions_are_bound_by_option_and_batch(void)
{
    erg_dim c = { "C", 10 };
    erg_graph *graph = loaded(
        named_dims(), &(erg_graph_options){ .batch = 4, .dims = &c, .dim_count = 1 });

    CHECK(graph->macs == 4 * 10 * 64 * 32);
    CHECK(graph->operators[0].kind == ERG_OP_LINEAR && graph->operators[0].m == 40);
    CHECK(graph->operators[0].weight_bytes == 64 * 32 * 4);
    erg_graph_free(graph);
}

/* x [calculated, 64]: how many rows; -1: it is refused. */
static int64_t rows_of(const char *calculated, const erg_dim *dims, size_t count)
{
    erg_graph_options options = { .seq = 10, .dims = dims, .dim_count = count };
    net *n = net_new(17);
    erg_error err = { 0 };

    net_input(n, "x", NET_DIMS(-3, 64));
    net_input(n, "past", NET_DIMS(-2, 64));
    n->inputs[0]->type->tensor_type->shape->dim[0]->dim_param =
        erg_arena_text(n->arena, calculated, NULL);
    net_node(n, "Relu", "x", "y");
    net_output(n, "y");
    erg_graph *graph = net_load(n, &options, &err);
    int64_t rows = graph ? graph->operators[0].threads / 64 : -1;
    CHECK(graph || strstr(err.text, calculated) || strstr(err.text, "dimension"));
    erg_graph_free(graph);
    net_free(n);
    return rows;
}

static void a_dimension_may_be_calculated_from_others(void)
{
    const erg_dim past = { "C", 5 };
    static const struct { const char *calculated; int64_t rows; } rows[] = {
        { "C + 1", 6 },           { "C + sequence_length", 15 }, { "2*C-3", 7 },
        { "(C + 2) * (C - 1)", 28 }, { "C//2", 2 },              { "(C+sequence)/4", 3 },
        { "C - 6", -1 },          { "C + unknown", -1 },         { "C +", -1 },
        { "(C", -1 },             { "C // 0", -1 },              { "C 1", -1 },
        { "C * 9223372036854775807", -1 },
        { "((((((((((((((((((C))))))))))))))))))", -1 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        if (rows_of(rows[i].calculated, &past, 1) != rows[i].rows)
            fail_msg("%s is %lld", rows[i].calculated,
                     (long long)rows_of(rows[i].calculated, &past, 1));
    /* The whole may be given, and a name that stands nowhere alone. */
    const erg_dim whole[] = { { "C", 5 }, { "C + 1", 9 } };
    CHECK(rows_of("C + 1", whole, 2) == 9);
    const erg_dim inner[] = { { "C", 5 }, { "s0", 4 } };
    CHECK(rows_of("C + s0", inner, 2) == 9);
}

/* Recurrent networks begin with the tokens: the batch comes second, whatever the length. */
static void a_batch_that_has_a_name_need_not_come_first(void)
{
    for (int64_t seq = 1; seq <= 9; seq += 8) {
        net *n = net_new(17);
        net_input(n, "x", NET_DIMS(-1, -13, 3));        /* B, which becomes seq_len; N */
        n->inputs[0]->type->tensor_type->shape->dim[0]->dim_param =
            erg_arena_text(n->arena, "seq_len", NULL);
        net_weight(n, "w", NET_FLOAT, NET_DIMS(3, 5));
        net_node(n, "MatMul", "x w", "y");
        net_output(n, "y");
        erg_graph *graph = loaded(n, &(erg_graph_options){ .batch = 2, .seq = seq });
        assert_int_equal(graph->macs, seq * 2 * 3 * 5);
        erg_graph_free(graph);
    }
}

static void a_phase_that_the_file_does_not_hold_is_told(void)
{
    static const erg_dim dims[] = { { "C", 5 } };
    erg_graph_options options = { .batch = 3, .dims = dims, .dim_count = 1 };
    erg_graph *whole = loaded(named_dims(), &options);
    options.phase = ERG_DECODE;
    erg_graph *graph = loaded(named_dims(), &options);

    CHECK(graph->flop == whole->flop && has_note(graph, "--phase decode changes nothing"));
    CHECK(!has_note(whole, "--phase"));
    erg_graph_free(whole);
    erg_graph_free(graph);
}

static void an_unbound_dimension_is_named(void)
{
    refused(named_dims(), NULL, "C", "--dim");
}

static void an_unbound_dimension_is_named_beside_one_that_holds_its_name(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(-3, 64));    /* D, which becomes past_C */
    net_input(n, "y", NET_DIMS(-2, 64));    /* C */
    net_input(n, "z", NET_DIMS(-2, 64));
    n->inputs[0]->type->tensor_type->shape->dim[0]->dim_param =
        erg_arena_text(n->arena, "past_C", NULL);
    net_node(n, "Concat", "x y z", "o");
    net_output(n, "o");
    refused(n, NULL, "no value: past_C, C;", "--dim");
}

static void a_dimension_that_the_graph_has_not_is_refused_with_those_it_has(void)
{
    const erg_dim dims[] = { { "C", 10 }, { "lenght", 7 } };
    const erg_graph_options options = { .dims = dims, .dim_count = 2 };
    erg_error err = { 0 };
    net *fixed = net_new(17);

    refused(named_dims(), &options, "no dimension lenght", "its inputs have N, C");
    net_input(fixed, "x", NET_DIMS(2, 64));
    net_node(fixed, "Relu", "x", "y");
    net_output(fixed, "y");
    refused(fixed, &options, "no dimension C", "its inputs name none");
    CHECK(!erg_graph_load("zoo:resnet18", &options, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "no dimension C") != NULL);
}

static void an_input_that_is_an_initializer_is_a_weight(void)
{
    net *n = net_new(8);

    net_input(n, "x", NET_DIMS(2, 3));
    net_input(n, "w", NET_DIMS(3, 5));
    net_weight(n, "w", NET_FLOAT, NET_DIMS(3, 5));
    net_node(n, "MatMul", "x w", "y");
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->parameters == 15);
    erg_graph_free(graph);
}

static void a_batch_into_a_fixed_reshape_is_refused(void)
{
    for (int64_t rows = -1; rows <= 1; rows += 2) {
        net *n = net_new(17);
        net_input(n, "x", NET_DIMS(1, 6));
        net_list(n, "shape", NET_LIST(rows, rows < 0 ? 3 : -1)); /* [-1,3] grows, [1,-1] */
        net_weight(n, "w", NET_FLOAT, rows < 0 ? 1 : 2, (int64_t[]){ rows < 0 ? 3 : 6, 3 });
        net_node(n, "Reshape", "x shape", "r");
        net_node(n, rows < 0 ? "Add" : "MatMul", "r w", "y");
        net_output(n, "y");
        if (rows > 0) {
            refused(n, &(erg_graph_options){ .batch = 4 }, "batch 4", "MatMul");
            continue;
        }
        erg_graph *graph = loaded(n, &(erg_graph_options){ .batch = 4 });
        CHECK(graph->flop == 24);
        erg_graph_free(graph);
    }
}

/* A product over the batch: sums would be right once and wrong by the batch. */
static void a_graph_that_loses_the_batch_is_refused(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(1, 6));
    net_ints(n, net_node(n, "ReduceMean", "x", "y"), "axes", NET_LIST(0));
    net_output(n, "y");
    refused(n, &(erg_graph_options){ .batch = 4 }, "batch 4", "ReduceMean");
}

/* ---- folding ----------------------------------------------------------------------- */

/* reshape(x, concat(shape(x)[:1], [-1])), as exporters write it. */
static void shapes_written_as_graphs_cost_nothing(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(2, 3, 4));
    net_list(n, "zero", NET_LIST(0));
    net_list(n, "one", NET_LIST(1));
    net_list(n, "open", NET_LIST(-1));
    net_node(n, "Shape", "x", "s");
    net_node(n, "Slice", "s zero one", "first");
    net_int(n, net_node(n, "Concat", "first open", "shape"), "axis", 0);
    net_node(n, "Reshape", "x shape", "r");
    net_node(n, "Relu", "r", "y");
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    CHECK_TEXT(kinds_of(graph), "relu");
    CHECK(graph->operators[0].flop == 24 && graph->operators[0].weight_bytes == 0);
    CHECK(graph->tensors[graph->operators[0].outputs[0]].rank == 2);
    erg_graph_free(graph);
}

static void sums_of_shapes_are_calculated(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(6, 10));
    net_list(n, "two", NET_LIST(2));
    net_list(n, "three", NET_LIST(3));
    net_node(n, "Shape", "x", "s");
    net_node(n, "Mul", "s two", "a");                         /* 12 20 */
    net_node(n, "Sub", "a three", "b");                       /* 9 17 */
    net_node(n, "Div", "b two", "c");                         /* 4 8 */
    net_node(n, "ReduceProd", "c", "d");                      /* 32, [1] */
    net_node(n, "Equal", "c two", "e");                       /* 0 0 */
    net_node(n, "Where", "e three c", "f");                   /* 4 8 */
    net_int(n, net_node(n, "Concat", "f d", "g"), "axis", 0); /* 4 8 32 */
    net_real(n, "v", 1);
    net_node(n, "Expand", "v g", "y");
    erg_error err = { 0 };
    erg_onnx_model *model = net_infer(n, NULL, &err);
    CHECK_OK(model != NULL, err);
    CHECK_TEXT(net_shape(model, "y"), "[4,8,32]");
    net_free(n);
}

/* ---- what nobody knows -------------------------------------------------------------- */

static net *strange(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(2, 3));
    net_node(n, "Relu", "x", "a");
    net_node(n, "Frobnicate", "a", "b");
    net_node(n, "Frobnicate", "a", "c");
    net_output(n, "b");
    return n;
}

static void an_unknown_operator_lowers_the_coverage_and_is_named(void)
{
    erg_graph *graph = loaded(strange(), NULL);

    CHECK_TEXT(kinds_of(graph), "relu unknown unknown");
    CHECK_NEAR(graph->coverage, 1.0 / 3, 1e-12);
    CHECK(has_note(graph, "Frobnicate x2"));
    CHECK(graph->flop == 6);
    erg_graph_free(graph);
}

static void a_shape_that_only_it_knows_is_an_error_unless_declared(void)
{
    net *n = strange();

    net_node(n, "Relu", "b", "y");
    refused(n, NULL, "(Relu)", "b of unknown shape");
    n = strange();
    net_node(n, "Relu", "b", "y");
    Onnx__ValueInfoProto *info = net_value(n, "b", NET_FLOAT, NET_DIMS(5, 7));
    n->graph.n_value_info = 1;
    n->graph.value_info = &info;
    erg_graph *graph = loaded(n, NULL);
    CHECK(graph->flop == 6 + 35);
    erg_graph_free(graph);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_row_of_the_table_is_found),
        TEST(named_dimensions_are_bound_by_option_and_batch),
        TEST(a_batch_that_has_a_name_need_not_come_first),
        TEST(a_dimension_may_be_calculated_from_others),
        TEST(a_phase_that_the_file_does_not_hold_is_told),
        TEST(an_unbound_dimension_is_named),
        TEST(an_unbound_dimension_is_named_beside_one_that_holds_its_name),
        TEST(a_dimension_that_the_graph_has_not_is_refused_with_those_it_has),
        TEST(an_input_that_is_an_initializer_is_a_weight),
        TEST(a_batch_into_a_fixed_reshape_is_refused),
        TEST(a_graph_that_loses_the_batch_is_refused),
        TEST(shapes_written_as_graphs_cost_nothing),
        TEST(sums_of_shapes_are_calculated),
        TEST(an_unknown_operator_lowers_the_coverage_and_is_named),
        TEST(a_shape_that_only_it_knows_is_an_error_unless_declared),
    };
    return test_run(tests, ERG_COUNT(tests));
}
