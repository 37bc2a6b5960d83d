/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader of ONNX makes of small graphs: folding, names, patterns, costs. */
#include "net.h"

static erg_graph *loaded(net *n, const erg_graph_options *options)
{
    erg_error err = { 0 };
    erg_graph *graph = net_load(n, options, &err);

    if (!graph)
        fail_msg("%s", err.text);
    net_free(n);
    return graph;
}

static void refused(net *n, const erg_graph_options *options, const char *a, const char *b)
{
    erg_error err = { 0 };

    assert_null(net_load(n, options, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    if (!strstr(err.text, a) || !strstr(err.text, b))
        fail_msg("neither %s nor %s in: %s", a, b, err.text);
    net_free(n);
}

static bool has_note(const erg_graph *graph, const char *text)
{
    for (int32_t i = 0; i < graph->note_count; i++)
        if (strstr(graph->notes[i], text))
            return true;
    return false;
}

/* The kinds in order, "conv relu". */
static const char *kinds_of(const erg_graph *graph)
{
    static char text[400];
    size_t used = 0;

    text[0] = '\0';
    for (int32_t i = 0; i < graph->operator_count && used < sizeof(text); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
                                 erg_op_kinds[graph->operators[i].kind].name);
    return text;
}

static void made_of(net *n, const char *kinds)
{
    erg_graph *graph = loaded(n, NULL);

    CHECK_TEXT(kinds_of(graph), kinds);
    erg_graph_free(graph);
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

static void an_unbound_dimension_is_named(void)
{
    refused(named_dims(), NULL, "C", "--dim");
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

/* ---- what nobody knows ----------------------------------------------------------------- */

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

/* ---- patterns ---------------------------------------------------------------------- */

static net *chain_of(const char *const *nodes, size_t count)
{
    net *n = net_new(13);

    net_input(n, "x", NET_DIMS(2, 8));
    net_real(n, "half", 0.5f);
    net_real(n, "one", 1);
    net_real(n, "two", 2);
    net_real(n, "three", 3);
    net_real(n, "six", 6);
    net_real(n, "root2", 1.41421356f);
    net_real(n, "root2pi", 0.7978845608f);
    net_real(n, "c", 0.044715f);
    net_real(n, "epsilon", 1e-6f);
    net_weight(n, "w", NET_FLOAT, NET_DIMS(8));
    net_weight(n, "b", NET_FLOAT, NET_DIMS(8));
    for (size_t i = 0; i < count; i++) {
        char copy[80], *rest = copy;
        erg_text_put(copy, sizeof(copy), nodes[i]);
        const char *op = strsep(&rest, "|"), *in = strsep(&rest, "|");
        Onnx__NodeProto *node = net_node(n, op, in, rest);
        if (strcmp(op, "ReduceMean") == 0)
            net_ints(n, node, "axes", NET_LIST(-1));
    }
    net_output(n, "y");
    return n;
}

#define CHAIN(...)                                                                         \
    chain_of((const char *const[]){ __VA_ARGS__ },                                         \
             sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void activations_are_found_however_they_are_written(void)
{
    made_of(CHAIN("Sigmoid|x|s", "Mul|s x|y"), "silu");
    made_of(CHAIN("HardSigmoid|x|s", "Mul|x s|y"), "hard_swish");
    made_of(CHAIN("Add|x three|a", "Clip|a|k", "Mul|x k|m", "Div|m six|y"), "hard_swish");
    made_of(CHAIN("Add|x three|a", "Clip|a|k", "Div|k six|d", "Mul|x d|y"), "hard_swish");
    made_of(CHAIN("Div|x root2|d", "Erf|d|e", "Add|e one|a", "Mul|x a|m", "Mul|m half|y"),
            "gelu");
    made_of(CHAIN("Mul|x half|h", "Div|x root2|d", "Erf|d|e", "Add|e one|a", "Mul|h a|y"),
            "gelu");
    made_of(CHAIN("Div|x root2|d", "Erf|d|e", "Add|one e|a", "Mul|a half|h", "Mul|x h|y"),
            "gelu");
    made_of(CHAIN("Pow|x three|p", "Mul|p c|q", "Add|x q|r", "Mul|r root2pi|t", "Tanh|t|u",
                  "Add|u one|v", "Mul|x half|h", "Mul|h v|y"),
            "gelu_tanh");
}

static void norms_are_found_however_they_are_written(void)
{
    made_of(CHAIN("ReduceMean|x|m", "Sub|x m|d", "Pow|d two|q", "ReduceMean|q|v",
                  "Add|v epsilon|e", "Sqrt|e|s", "Div|d s|n", "Mul|n w|o", "Add|o b|y"),
            "layer_norm");
    made_of(CHAIN("ReduceMean|x|m", "Sub|x m|d", "Mul|d d|q", "ReduceMean|q|v",
                  "Add|epsilon v|e", "Sqrt|e|s", "Div|d s|y"),
            "layer_norm");
    made_of(CHAIN("Pow|x two|q", "ReduceMean|q|v", "Add|v epsilon|e", "Sqrt|e|s",
                  "Div|one s|r", "Mul|x r|n", "Mul|w n|y"),
            "rms_norm");
    made_of(
        CHAIN("Pow|x two|q", "ReduceMean|q|v", "Add|v epsilon|e", "Sqrt|e|s", "Div|x s|y"),
        "rms_norm");
}

/* The square is read outside: then it must be made, and nothing is one operator. */
static void a_chain_that_others_read_stays_apart(void)
{
    made_of(CHAIN("Sigmoid|x|s", "Mul|s x|m", "Add|m s|y"), "sigmoid mul add");
    made_of(CHAIN("Pow|x two|q", "ReduceMean|q|v", "Add|v epsilon|e", "Sqrt|e|s",
                  "Div|x s|n", "Add|n q|y"),
            "pow reduce add sqrt div add");
}

/* ---- costs ----------------------------------------------------------------------- */

static const erg_operator *only(const erg_graph *graph)
{
    CHECK(graph->operator_count == 1);
    return &graph->operators[0];
}

static void an_lstm_counts_its_steps_and_gates(void)
{
    net *n = net_new(14);

    net_input(n, "x", NET_DIMS(7, 3, 16));
    net_weight(n, "w", NET_FLOAT, NET_DIMS(2, 80, 16));
    net_weight(n, "r", NET_FLOAT, NET_DIMS(2, 80, 20));
    net_int(n, net_node(n, "LSTM", "x w r", "- h"), "hidden_size", 20);
    net_output(n, "h");
    erg_graph *graph = loaded(n, NULL);
    const erg_operator *op = only(graph);
    CHECK(op->macs == INT64_C(2) * 7 * 3 * 4 * 20 * (16 + 20));
    CHECK(op->flop == 2 * op->macs + INT64_C(2) * 7 * 3 * 9 * 20);
    CHECK(op->steps == 7);
    erg_graph_free(graph);
}

static void sums_of_products_have_a_matrix_form(void)
{
    net *n = net_new(13);

    net_input(n, "a", NET_DIMS(2, 3, 5, 7));
    net_input(n, "b", NET_DIMS(2, 3, 11, 7));
    net_word(n, net_node(n, "Einsum", "a b", "y"), "equation", "bhid,bhjd->bhij");
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    const erg_operator *op = only(graph);
    CHECK(op->batch == 6 && op->m == 5 && op->n == 11 && op->k == 7);
    CHECK(op->macs == 6 * 5 * 11 * 7);
    erg_graph_free(graph);
}

/* Rows read and written; not the table of 1000. */
static void an_embedding_reads_rows_and_not_the_table(void)
{
    net *n = net_new(13);

    n->inputs[n->graph.n_input++] = net_value(n, "ids", NET_INT64, NET_DIMS(2, 4));
    net_weight(n, "table", NET_FLOAT, NET_DIMS(1000, 16));
    net_node(n, "Gather", "table ids", "y");
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    const erg_operator *op = only(graph);
    CHECK(op->kind == ERG_OP_EMBEDDING && op->weight_bytes == 0);
    CHECK(op->in_bytes == 2 * 4 * 16 * 4 + 2 * 4 * 8 && op->out_bytes == 2 * 4 * 16 * 4);
    CHECK(graph->parameters == 16000);
    erg_graph_free(graph);
}

static void packed_weights_keep_their_bytes(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(3, 64));
    net_weight(n, "q", NET_UINT8,
               NET_DIMS(32, 2, 16)); /* 32 rows, 2 blocks of 32 x 4 bit */
    net_weight(n, "scales", NET_FLOAT, NET_DIMS(64));
    Onnx__NodeProto *node = net_node(n, "com.microsoft:MatMulNBits", "x q scales", "y");
    net_int(n, node, "K", 64);
    net_int(n, node, "N", 32);
    net_int(n, node, "bits", 4);
    net_int(n, node, "block_size", 32);
    net_output(n, "y");
    erg_graph *graph = loaded(n, &(erg_graph_options){ .precision = ERG_FP16 });
    const erg_operator *op = only(graph);
    CHECK(op->macs == 3 * 64 * 32);
    CHECK(op->weight_bytes == 32 * 2 * 16 + 64 * 2); /* N K / 2 + scales N K/32 x 2 */
    erg_graph_free(graph);
}

static void one_operator_attention_counts_both_products(void)
{
    net *n = net_new(17);

    net_input(n, "q", NET_DIMS(2, 10, 64));
    net_input(n, "k", NET_DIMS(2, 12, 64));
    net_input(n, "v", NET_DIMS(2, 12, 64));
    net_int(n, net_node(n, "com.microsoft:MultiHeadAttention", "q k v", "y"), "num_heads",
            8);
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    const erg_operator *op = only(graph);
    CHECK(op->macs == 2 * 2 * 8 * 10 * 12 * 8);
    CHECK(op->flop == 2 * op->macs + 5 * 2 * 8 * 10 * 12);
    erg_graph_free(graph);
}

/* Found by fuzzing: a key of no axes was read as if it had two. */
static void attention_over_keys_of_no_axes_is_refused(void)
{
    net *n = net_new(17);

    net_input(n, "q", NET_DIMS(2, 10, 64));
    net_input(n, "k", 0, NULL);
    net_int(n, net_node(n, "com.microsoft:MultiHeadAttention", "q k", "y"), "num_heads", 8);
    net_output(n, "y");
    refused(n, NULL, "MultiHeadAttention", "heads do not fit");
}

static void eager_slices_are_free_and_fused_ones_move(void)
{
    for (int i = 0; i < 2; i++) {
        net *n = net_new(17);
        net_input(n, "x", NET_DIMS(4, 6));
        net_int(n, net_node(n, "Split", "x", "a b"), "axis", 1);
        net_node(n, "Transpose", "a", "t");
        net_node(n, "Add", "t t", "y");
        net_output(n, "y");
        erg_graph *graph =
            loaded(n, &(erg_graph_options){ .runtime = i ? ERG_FUSED : ERG_EAGER });
        CHECK_TEXT(kinds_of(graph), i ? "split copy add" : "add");
        erg_graph_free(graph);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(every_row_of_the_table_is_found),
        TEST(named_dimensions_are_bound_by_option_and_batch),
        TEST(an_unbound_dimension_is_named),
        TEST(an_input_that_is_an_initializer_is_a_weight),
        TEST(a_batch_into_a_fixed_reshape_is_refused),
        TEST(a_graph_that_loses_the_batch_is_refused),
        TEST(shapes_written_as_graphs_cost_nothing),
        TEST(sums_of_shapes_are_calculated),
        TEST(an_unknown_operator_lowers_the_coverage_and_is_named),
        TEST(a_shape_that_only_it_knows_is_an_error_unless_declared),
        TEST(activations_are_found_however_they_are_written),
        TEST(norms_are_found_however_they_are_written),
        TEST(a_chain_that_others_read_stays_apart),
        TEST(an_lstm_counts_its_steps_and_gates),
        TEST(sums_of_products_have_a_matrix_form),
        TEST(an_embedding_reads_rows_and_not_the_table),
        TEST(packed_weights_keep_their_bytes),
        TEST(one_operator_attention_counts_both_products),
        TEST(attention_over_keys_of_no_axes_is_refused),
        TEST(eager_slices_are_free_and_fused_ones_move),
    };
    return test_run(tests, ERG_COUNT(tests));
}
