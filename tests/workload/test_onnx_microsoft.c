/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of com.microsoft in exported language models: they read a part of what they
 * hold. */
#include "loaded.h"

static const erg_operator *only(const erg_graph *graph)
{
    CHECK(graph->operator_count == 1);
    return &graph->operators[0];
}

/* 4 tokens of 2 heads of 8: 4 rows of each table of 1000, not the tables. */
static void a_rotation_reads_rows_of_its_tables(void)
{
    for (int is_microsoft = 0; is_microsoft < 2; is_microsoft++) {
        net *n = net_new(23);
        net_input(n, "x", NET_DIMS(3, 4, 16));
        net_weight(n, "cos", NET_FLOAT, NET_DIMS(1000, 4));
        net_weight(n, "sin", NET_FLOAT, NET_DIMS(1000, 4));
        n->inputs[n->graph.n_input++] = net_value(n, "ids", NET_INT64, NET_DIMS(3, 4));
        Onnx__NodeProto *node =
            is_microsoft
                ? net_node(n, "com.microsoft:RotaryEmbedding", "x ids cos sin", "y")
                : net_node(n, "RotaryEmbedding", "x cos sin ids", "y");
        net_int(n, node, "num_heads", 2);
        net_output(n, "y");
        erg_graph *graph = loaded(n, NULL);
        const erg_operator *op = only(graph);
        CHECK(op->kind == ERG_OP_ROTARY && op->weight_bytes == 2 * 4 * 4 * 4);
        CHECK(op->in_bytes == 3 * 4 * 16 * 4 + 3 * 4 * 8);
        CHECK(graph->parameters == 0);
        erg_graph_free(graph);
    }
}

/* 4 heads of 8 over 2 of keys; room for 100 keys, of which 51 are there at the end. */
static erg_graph *group_query(int64_t tokens, int64_t total, int64_t window)
{
    net *n = net_new(17);

    net_input(n, "q", NET_DIMS(1, tokens, 32));
    net_input(n, "k", NET_DIMS(1, tokens, 16));
    net_input(n, "v", NET_DIMS(1, tokens, 16));
    net_input(n, "past_k", NET_DIMS(1, 2, 100, 8));
    net_input(n, "past_v", NET_DIMS(1, 2, 100, 8));
    n->inputs[n->graph.n_input++] = net_value(n, "ends", NET_INT64, NET_DIMS(1));
    net_list(n, "total", NET_LIST(total));
    net_weight(n, "cos", NET_FLOAT, NET_DIMS(1000, 4));
    net_weight(n, "sin", NET_FLOAT, NET_DIMS(1000, 4));
    Onnx__NodeProto *node =
        net_node(n, "com.microsoft:GroupQueryAttention",
                 "q k v past_k past_v ends total cos sin", "y next_k next_v");
    net_int(n, node, "num_heads", 4);
    net_int(n, node, "kv_num_heads", 2);
    net_int(n, node, "do_rotary", 1);
    if (window)
        net_int(n, node, "local_window_size", window);
    net_output(n, "y");
    return loaded(n, NULL);
}

static void a_cache_is_read_as_far_as_it_is_filled_and_gets_the_new_rows(void)
{
    enum { NUMBER = 4, HEADS = 4, GROUPS = 2, WIDTH = 8 };
    erg_graph *graph = group_query(1, 51, 0);
    const erg_operator *op = only(graph);
    int64_t row = (int64_t)GROUPS * WIDTH * NUMBER;

    CHECK(op->macs == 2 * HEADS * WIDTH * 51);
    CHECK(op->flop == 2 * op->macs + 5 * HEADS * 51 + 3 * (HEADS + GROUPS) * WIDTH);
    CHECK(op->in_bytes == HEADS * WIDTH * NUMBER + 2 * row + 2 * 50 * row);
    CHECK(op->out_bytes == HEADS * WIDTH * NUMBER + 2 * row);
    CHECK(op->weight_bytes == 2 * 4 * NUMBER && graph->parameters == 0);
    erg_graph_free(graph);
    graph = group_query(1, 51, 20);
    op = only(graph);
    CHECK(op->macs == 2 * HEADS * WIDTH * 20);
    CHECK(op->in_bytes == HEADS * WIDTH * NUMBER + 2 * row + 2 * 19 * row);
    erg_graph_free(graph);
    graph = group_query(7, 7, 0);       /* a prompt: nothing is cached yet */
    op = only(graph);
    CHECK(op->macs == 2 * HEADS * WIDTH * 7 * 7);
    CHECK(op->in_bytes == 7 * HEADS * WIDTH * NUMBER + 7 * 2 * row);
    CHECK(op->out_bytes == op->in_bytes);
    erg_graph_free(graph);
}

/* 8 experts of 16 x 32 and 32 x 16, 2 a token: of one token 2 are read, of many all. */
static void experts_that_nobody_asks_are_not_read(void)
{
    static const struct { int64_t tokens, read; } rows[] = { { 1, 2 }, { 400, 8 } };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        net *n = net_new(17);
        net_input(n, "x", NET_DIMS(rows[i].tokens, 16));
        net_input(n, "router", NET_DIMS(rows[i].tokens, 8));
        net_weight(n, "w1", NET_FLOAT, NET_DIMS(8, 32, 16));
        net_weight(n, "b1", NET_FLOAT, NET_DIMS(8, 32));
        net_weight(n, "w2", NET_FLOAT, NET_DIMS(8, 16, 32));
        net_int(n, net_node(n, "com.microsoft:MoE", "x router w1 b1 w2", "y"), "k", 2);
        net_output(n, "y");
        erg_graph *graph = loaded(n, NULL);
        const erg_operator *op = only(graph);
        CHECK(op->macs == rows[i].tokens * 2 * 2 * 16 * 32);
        CHECK(op->weight_bytes == rows[i].read * 4 * (2 * 16 * 32 + 32));
        CHECK(graph->weights_bytes == 8 * 4 * (2 * 16 * 32 + 32));
        erg_graph_free(graph);
    }
}

/* Two weights of 4 bits a byte. */
static void packed_experts_multiply_what_they_hold(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(1, 16));
    net_input(n, "router", NET_DIMS(1, 8));
    net_weight(n, "w1", NET_UINT8, NET_DIMS(8, 32, 8));
    net_weight(n, "s1", NET_FLOAT, NET_DIMS(8, 32));
    net_weight(n, "w2", NET_UINT8, NET_DIMS(8, 16, 16));
    net_weight(n, "s2", NET_FLOAT, NET_DIMS(8, 16));
    net_int(n, net_node(n, "com.microsoft:QMoE", "x router w1 s1 - w2 s2", "y"), "k", 2);
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    const erg_operator *op = only(graph);
    CHECK(op->macs == 2 * 2 * 16 * 32);
    CHECK(op->weight_bytes == 2 * (2 * 16 * 16 + 4 * (32 + 16)));
    erg_graph_free(graph);
}

static void more_choices_than_experts_are_refused(void)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(1, 16));
    net_input(n, "router", NET_DIMS(1, 8));
    net_weight(n, "w1", NET_FLOAT, NET_DIMS(8, 32, 16));
    net_int(n, net_node(n, "com.microsoft:MoE", "x router w1", "y"), "k", 9);
    net_output(n, "y");
    refused(n, NULL, "MoE", "8 experts");
}

static void packed_rows_of_an_embedding_are_picked(void)
{
    net *n = net_new(17);

    n->inputs[n->graph.n_input++] = net_value(n, "ids", NET_INT64, NET_DIMS(2, 3));
    net_weight(n, "table", NET_UINT8, NET_DIMS(1000, 16));
    net_weight(n, "scales", NET_FLOAT, NET_DIMS(1000, 1));
    net_int(n, net_node(n, "com.microsoft:GatherBlockQuantized", "table ids scales", "y"),
            "block_size", 32);
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    const erg_operator *op = only(graph);
    CHECK(op->kind == ERG_OP_EMBEDDING && op->weight_bytes == 0);
    CHECK(op->out_bytes == 2 * 3 * 32 * 4);
    CHECK(op->in_bytes >= 2 * 3 * (16 + 8) && op->in_bytes <= 2 * 3 * (16 + 8) + 8);
    erg_graph_free(graph);
}

static const struct { const char *op, *in, *shape; int attribute; } shapes[] = {
    { "com.microsoft:BiasAdd", "x b x", "[2,6,8]", 0 },
    { "com.microsoft:BiasSplitGelu", "x b", "[2,6,4]", 0 },
    { "com.microsoft:QLinearConcat", "s z x s z x s z", "[2,12,8]", 1 },
    { "com.microsoft:MultiHeadAttention", "x kv", "[2,6,8]", 2 },
};

static void rows_of_the_table_keep_their_promise(void)
{
    for (size_t i = 0; i < ERG_COUNT(shapes); i++) {
        net *n = net_new(17);
        erg_error err = { 0 };
        net_input(n, "x", NET_DIMS(2, 6, 8));
        net_input(n, "kv", NET_DIMS(2, 5, 2, 2, 4));
        net_weight(n, "b", NET_FLOAT, NET_DIMS(8));
        net_real(n, "s", 0.5f);
        net_real(n, "z", 0);
        Onnx__NodeProto *node = net_node(n, shapes[i].op, shapes[i].in, "y");
        if (shapes[i].attribute)
            net_int(n, node, shapes[i].attribute == 1 ? "axis" : "num_heads",
                    shapes[i].attribute);
        net_output(n, "y");
        erg_onnx_model *model = net_infer(n, NULL, &err);
        CHECK_OK(model != NULL, err);
        CHECK_TEXT(net_shape(model, "y"), shapes[i].shape);
        net_free(n);
    }
}

/* Values may be wider than keys; scores of 6 queries over 5 + 7 keys. */
static void attention_of_onnx_gives_its_cache_and_its_scores(void)
{
    net *n = net_new(23);
    erg_error err = { 0 };

    net_input(n, "q", NET_DIMS(2, 4, 6, 8));
    net_input(n, "k", NET_DIMS(2, 2, 7, 8));
    net_input(n, "v", NET_DIMS(2, 2, 7, 10));
    net_input(n, "past_k", NET_DIMS(2, 2, 5, 8));
    net_input(n, "past_v", NET_DIMS(2, 2, 5, 10));
    net_node(n, "Attention", "q k v - past_k past_v", "y next_k next_v scores");
    net_output(n, "y");
    erg_onnx_model *model = net_infer(n, NULL, &err);
    CHECK_OK(model != NULL, err);
    CHECK_TEXT(net_shape(model, "y"), "[2,4,6,10]");
    CHECK_TEXT(net_shape(model, "next_k"), "[2,2,12,8]");
    CHECK_TEXT(net_shape(model, "next_v"), "[2,2,12,10]");
    CHECK_TEXT(net_shape(model, "scores"), "[2,4,6,12]");
    net_free(n);
}

/* 4 heads of 8, a buffer of 128 tokens; past: how many of it are there, -1: not told. */
static erg_graph *shared_buffer(int64_t past, bool is_multi)
{
    net *n = net_new(17);

    net_input(n, "x", NET_DIMS(2, 1, 32));
    if (is_multi)
        for (int i = 0; i < 2; i++)
            net_input(n, i ? "past_v" : "past_k", NET_DIMS(2, 4, 128, 8));
    else
        net_input(n, "past", NET_DIMS(2, 2, 4, 128, 8));
    if (past < 0)
        n->inputs[n->graph.n_input++] = net_value(n, "length", NET_INT64, NET_DIMS(1));
    else
        net_list(n, "length", NET_LIST(past));
    net_weight(n, "w", NET_FLOAT, NET_DIMS(32, 96));
    Onnx__NodeProto *node = is_multi
        ? net_node(n, "com.microsoft:MultiHeadAttention",
                   "x x x - - - past_k past_v length", "y next_k next_v")
        : net_node(n, "com.microsoft:Attention", "x w - - past - length", "y next");
    net_int(n, node, "num_heads", 4);
    net_int(n, node, "past_present_share_buffer", 1);
    net_output(n, "y");
    return loaded(n, NULL);
}

static void a_buffer_of_fixed_length_is_read_as_far_as_it_is_filled(void)
{
    enum { BATCH = 2, HEADS = 4, WIDTH = 8, NUMBER = 4, X = BATCH * 32 };
    static const struct { int64_t past, keys; } cases[] = { { 19, 20 }, { -1, 128 } };

    for (int i = 0; i < 4; i++) {
        bool is_multi = i / 2;
        int64_t keys = cases[i % 2].keys, row = 2 * BATCH * HEADS * WIDTH * NUMBER;
        int64_t length = cases[i % 2].past < 0 ? 8 : 0;
        erg_graph *graph = shared_buffer(cases[i % 2].past, is_multi);
        const erg_operator *op = only(graph);
        int64_t products = is_multi ? 0 : X * 96;
        assert_int_equal(op->macs, products + 2 * BATCH * HEADS * WIDTH * keys);
        assert_int_equal(op->in_bytes, (is_multi ? 3 : 1) * X * NUMBER + length
                                           + (keys - 1) * row);
        assert_int_equal(op->out_bytes, X * NUMBER + row);
        assert_int_equal(op->weight_bytes, is_multi ? 0 : 32 * 96 * NUMBER);
        erg_graph_free(graph);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_rotation_reads_rows_of_its_tables),
        TEST(a_cache_is_read_as_far_as_it_is_filled_and_gets_the_new_rows),
        TEST(a_buffer_of_fixed_length_is_read_as_far_as_it_is_filled),
        TEST(experts_that_nobody_asks_are_not_read),
        TEST(packed_experts_multiply_what_they_hold),
        TEST(more_choices_than_experts_are_refused),
        TEST(packed_rows_of_an_embedding_are_picked),
        TEST(rows_of_the_table_keep_their_promise),
        TEST(attention_of_onnx_gives_its_cache_and_its_scores),
    };
    return test_run(tests, ERG_COUNT(tests));
}
