/* SPDX-License-Identifier: Apache-2.0 */
/* Operators as they come: written as one node, as a chain, packed. */
#include "loaded.h"

static void made_of(net *n, const char *kinds)
{
    erg_graph *graph = loaded(n, NULL);

    CHECK_TEXT(kinds_of(graph), kinds);
    erg_graph_free(graph);
}

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

/* From the left: what comes of the first two by the third; what nobody wants first. */
static void sums_of_several_are_counted_pair_by_pair(void)
{
    static const struct { const char *equation; int64_t macs, sums; } cases[] = {
        { "ij,jk,kl->il", 2 * 3 * 4 + 2 * 4 * 5, 0 },
        { "ij,jk,kl->j", 3 * 4 + 3 * 4, 2 * 3 + 4 * 5 },    /* sums over i, over l */
        { "ij,jk,kl->ijkl", 2 * 3 * 4 + 2 * 3 * 4 * 5, 0 },
        { "ij,jk,kl->", 3 * 4 + 4, 2 * 3 + 4 * 5 },
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        net *n = net_new(13);
        net_input(n, "a", NET_DIMS(2, 3));
        net_input(n, "b", NET_DIMS(3, 4));
        net_input(n, "c", NET_DIMS(4, 5));
        net_word(n, net_node(n, "Einsum", "a b c", "y"), "equation", cases[i].equation);
        net_output(n, "y");
        erg_graph *graph = loaded(n, NULL);
        assert_int_equal(graph->macs, cases[i].macs);
        assert_int_equal(graph->flop, 2 * cases[i].macs + cases[i].sums);
        erg_graph_free(graph);
    }
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
    CHECK(graph->parameters == 32 * 64);
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
        TEST(activations_are_found_however_they_are_written),
        TEST(norms_are_found_however_they_are_written),
        TEST(a_chain_that_others_read_stays_apart),
        TEST(an_lstm_counts_its_steps_and_gates),
        TEST(sums_of_products_have_a_matrix_form),
        TEST(sums_of_several_are_counted_pair_by_pair),
        TEST(an_embedding_reads_rows_and_not_the_table),
        TEST(packed_weights_keep_their_bytes),
        TEST(one_operator_attention_counts_both_products),
        TEST(attention_over_keys_of_no_axes_is_refused),
        TEST(eager_slices_are_free_and_fused_ones_move),
    };
    return test_run(tests, ERG_COUNT(tests));
}
