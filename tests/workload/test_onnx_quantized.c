/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised ONNX networks: as written, launch by launch, and as engines run them. */
#include "erg/study.h"
#include "loaded.h"

enum { NET_INT8 = 3, NET_FP8 = 17, NET_INT4 = 22, HALF = 10 };

static const erg_graph_options fused = { .batch = 1, .runtime = ERG_FUSED };

static bool says(const erg_graph *graph, const char *what)
{
    for (int32_t i = 0; i < graph->note_count; i++)
        if (strstr(graph->notes[i], what))
            return true;
    return false;
}

static const erg_operator *of_kind(const erg_graph *graph, erg_op_kind kind)
{
    for (int32_t i = 0; i < graph->operator_count; i++)
        if (graph->operators[i].kind == kind)
            return &graph->operators[i];
    return NULL;
}

static void scales_of(net *n, int32_t type)
{
    net_real(n, "s", 0.1f);
    net_weight(n, "z", type, 0, NULL);
}

/* The value, quantised and back, as NAME_d. */
static void there_and_back(net *n, const char *name)
{
    char in[40], q[40], both[60], back[40];

    snprintf(in, sizeof(in), "%s s z", name);
    snprintf(q, sizeof(q), "%s_q", name);
    snprintf(both, sizeof(both), "%s_q s z", name);
    snprintf(back, sizeof(back), "%s_d", name);
    net_node(n, "QuantizeLinear", in, q);
    net_node(n, "DequantizeLinear", both, back);
}

/* 8 channels of 6 x 6 to 4 of the same, their sum with what came before, relu: all
 * between QuantizeLinear and DequantizeLinear, as exporters write them. */
static net *residual(int32_t type)
{
    net *n = net_new(21);

    net_input(n, "x", NET_DIMS(1, 4, 6, 6));
    scales_of(n, type);
    net_weight(n, "w_q", type, NET_DIMS(4, 4, 1, 1));
    net_weight(n, "s4", NET_FLOAT, NET_DIMS(4));
    net_node(n, "DequantizeLinear", "w_q s4", "w");
    there_and_back(n, "x");
    net_node(n, "Conv", "x_d w", "c");
    there_and_back(n, "c");
    net_node(n, "Add", "c_d x_d", "a");
    net_node(n, "Relu", "a", "r");
    there_and_back(n, "r");
    net_output(n, "r_d");
    return n;
}

static void products_are_launched_as_they_are_written(void)
{
    erg_graph *graph = loaded(residual(NET_INT8), NULL);
    const erg_operator *conv = of_kind(graph, ERG_OP_CONV);

    CHECK_TEXT(kinds_of(graph), "quantize quantize quantize conv quantize quantize add "
                                "relu quantize quantize");
    CHECK(conv->precision == ERG_FP32 && conv->out_bytes == 4 * 36 * 4);
    CHECK(conv->in_bytes == (4 * 36 + 4 * 4) * 4 && conv->weight_bytes == 0);
    CHECK(says(graph, "1 products of quantised operands are counted as written, in fp32 "
                      "between 7 launches"));
    erg_graph_free(graph);
}

/* What comes in is real and is quantised by a pass, what goes out likewise. */
static void an_engine_runs_them_on_the_quantised_operands(void)
{
    erg_graph *graph = loaded(residual(NET_INT8), &fused);
    const erg_operator *conv = of_kind(graph, ERG_OP_CONV);
    const erg_operator *add = of_kind(graph, ERG_OP_ADD);
    const erg_operator *relu = of_kind(graph, ERG_OP_RELU);

    CHECK_TEXT(kinds_of(graph), "quantize conv add relu quantize");
    CHECK(conv->precision == ERG_INT8 && conv->macs == 4 * 4 * 36);
    CHECK(conv->in_bytes == 4 * 36 && conv->weight_bytes == 4 * 4);
    CHECK(conv->out_bytes == 4 * 36);
    CHECK(add->in_bytes == 2 * 4 * 36 && relu->out_bytes == 4 * 36);
    CHECK(says(graph, "1 products run on their quantised operands"));
    erg_graph_free(graph);
}

static void an_engine_runs_products_of_fp8_in_fp8(void)
{
    erg_graph *graph = loaded(residual(NET_FP8), &fused);

    CHECK(of_kind(graph, ERG_OP_CONV)->precision == ERG_FP8);
    erg_graph_free(graph);
}

static void scales_are_no_parameters(void)
{
    for (int i = 0; i < 2; i++) {
        erg_graph *graph = loaded(residual(NET_INT8), i ? &fused : NULL);
        CHECK(graph->parameters == 4 * 4);
        erg_graph_free(graph);
    }
}

/* Who else reads the real tensor gets it, and the pass is one. */
static void a_tensor_that_is_read_as_it_is_stays_real(void)
{
    net *n = residual(NET_INT8);

    net_node(n, "Exp", "a", "e");
    net_output(n, "e");
    net_node(n, "Abs", "c", "b");
    net_output(n, "b");
    erg_graph *graph = loaded(n, &fused);
    CHECK(of_kind(graph, ERG_OP_CONV)->out_bytes == 4 * 36 * 4);
    CHECK(of_kind(graph, ERG_OP_CONV)->precision == ERG_INT8);
    CHECK(of_kind(graph, ERG_OP_RELU)->in_bytes == 4 * 36 * 4);
    CHECK_TEXT(kinds_of(graph), "quantize conv quantize add relu quantize exp abs");
    erg_graph_free(graph);
}

/* 32 x 64 in 4 bits, a scale of 16 bits for 32 of them; the product is one of reals. */
static void weights_alone_are_read_as_they_lie_with_the_scales_of_their_blocks(void)
{
    net *n = net_new(21);

    net_input(n, "x", NET_DIMS(5, 32));
    net_weight(n, "w_q", NET_INT4, NET_DIMS(32, 64));
    net_weight(n, "w_s", HALF, NET_DIMS(1, 64));
    Onnx__NodeProto *node = net_node(n, "DequantizeLinear", "w_q w_s", "w");
    net_int(n, node, "block_size", 32);
    net_node(n, "MatMul", "x w", "y");
    net_output(n, "y");
    erg_graph_options half = { .batch = 5, .runtime = ERG_GRAPH, .precision = ERG_FP16 };
    erg_graph *graph = loaded(n, &half);
    const erg_operator *product = &graph->operators[0];
    CHECK(graph->operator_count == 1 && product->kind == ERG_OP_LINEAR);
    CHECK(product->precision == ERG_FP16 && product->flop == 2 * 5 * 32 * 64);
    CHECK(product->weight_bytes == 32 * 64 / 2 + 64 * 2);
    CHECK(graph->parameters == 32 * 64 && graph->note_count == 0);
    erg_graph_free(graph);
}

/* Turned weights are turned before the run. */
static void a_product_with_turned_quantised_weights_is_one_of_bytes(void)
{
    net *n = net_new(21);

    net_input(n, "x", NET_DIMS(5, 32));
    scales_of(n, NET_INT8);
    net_weight(n, "w_q", NET_INT8, NET_DIMS(64, 32));
    net_node(n, "DequantizeLinear", "w_q s z", "w");
    Onnx__NodeProto *node = net_node(n, "Transpose", "w", "t");
    net_ints(n, node, "perm", NET_LIST(1, 0));
    there_and_back(n, "x");
    net_node(n, "MatMul", "x_d t", "y");
    net_output(n, "y");
    erg_graph *graph = loaded(n, &fused);
    const erg_operator *product = of_kind(graph, ERG_OP_LINEAR);
    CHECK_TEXT(kinds_of(graph), "quantize linear");
    CHECK(product->precision == ERG_INT8 && product->weight_bytes == 64 * 32);
    CHECK(product->in_bytes == 5 * 32 && product->out_bytes == 5 * 64 * 4);
    erg_graph_free(graph);
}

/* As training that knows of it exports them: reals, and the passes behind. */
static void weights_that_are_written_as_reals_are_quantised_before_the_run(void)
{
    for (int is_fused = 0; is_fused < 2; is_fused++) {
        net *n = net_new(21);
        net_input(n, "x", NET_DIMS(5, 32));
        scales_of(n, NET_INT8);
        net_weight(n, "w", NET_FLOAT, NET_DIMS(32, 64));
        there_and_back(n, "w");
        there_and_back(n, "x");
        net_node(n, "MatMul", "x_d w_d", "y");
        net_output(n, "y");
        erg_graph *graph = loaded(n, is_fused ? &fused : NULL);
        const erg_operator *product = of_kind(graph, ERG_OP_LINEAR);
        CHECK_TEXT(kinds_of(graph),
                   is_fused ? "quantize linear"
                            : "quantize quantize quantize quantize linear");
        CHECK(product->precision == (is_fused ? ERG_INT8 : ERG_FP32));
        CHECK(!is_fused || product->weight_bytes == 32 * 64);
        CHECK(graph->parameters == 32 * 64);
        erg_graph_free(graph);
    }
}

/* A flat result is the same storage; one that is read as it is stays real. */
static void a_result_is_written_quantised_through_views(void)
{
    for (int is_read = 0; is_read < 2; is_read++) {
        net *n = net_new(21);
        net_input(n, "x", NET_DIMS(5, 2, 16));
        scales_of(n, NET_INT8);
        net_node(n, "Relu", "x", "r");
        net_node(n, "Flatten", "r", "f");
        net_node(n, "Identity", "f", "i");
        there_and_back(n, "i");
        net_node(n, "Exp", "i_d", "y");
        net_output(n, "y");
        if (is_read)
            net_output(n, "f");
        erg_graph *graph = loaded(n, &fused);
        CHECK_TEXT(kinds_of(graph), is_read ? "relu quantize exp" : "relu exp");
        CHECK(graph->operators[0].out_bytes == 5 * 32 * (is_read ? 4 : 1));
        CHECK(of_kind(graph, ERG_OP_EXP)->in_bytes == 5 * 32);
        erg_graph_free(graph);
    }
}

/* One channel in, one out: too thin for a matrix unit, and the bias is counted. */
static void a_quantised_convolution_keeps_its_window_and_its_bias(void)
{
    net *n = net_new(17);

    n->inputs[n->graph.n_input++] = net_value(n, "x", NET_INT8, NET_DIMS(1, 8, 6, 6));
    scales_of(n, NET_INT8);
    net_weight(n, "w", NET_INT8, NET_DIMS(8, 1, 3, 3));
    net_weight(n, "s8", NET_FLOAT, NET_DIMS(8));
    net_weight(n, "z8", NET_INT8, NET_DIMS(8));
    net_weight(n, "bias", 6, NET_DIMS(8));
    Onnx__NodeProto *node = net_node(n, "QLinearConv", "x s z w s8 z8 s z bias", "y");
    net_int(n, node, "group", 8);
    net_output(n, "y");
    erg_graph *graph = loaded(n, NULL);
    const erg_operator *conv = &graph->operators[0];
    CHECK(conv->precision == ERG_INT8 && conv->macs == 8 * 16 * 9);
    CHECK(conv->flop == 2 * conv->macs + 8 * 16);
    CHECK(conv->window && conv->window->groups == 8 && conv->window->kernel[0] == 3);
    CHECK(graph->parameters == 8 * 9);
    erg_graph_free(graph);
}

/* Eager: as it is written. Of a captured graph as of a fused run. */
static void an_estimate_of_a_runtime_that_fuses_is_of_bytes(void)
{
    static const char *const devices[] = { "l4" };
    const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };
    int64_t bytes[3];

    for (int runtime = ERG_EAGER; runtime <= ERG_GRAPH; runtime++) {
        char path[ERG_PATH_MOST];
        net *n = residual(NET_INT8);
        net_save(n, path);
        erg_study what = { .workload = path, .hardware = devices, .hardware_count = 1,
                           .estimate = { .runtime = (erg_runtime)runtime } };
        erg_error err = { 0 };
        bool passed;
        erg_result *result =
            erg_study_run(&(erg_env){ 0 }, &catalog, &what, &passed, &err);
        CHECK_OK(result, err);
        bytes[runtime] =
            erg_table_find(erg_result_find(result, "summary"), 0, "bytes").integer;
        erg_result_free(result);
        net_free(n);
    }
    CHECK(bytes[ERG_FUSED] == bytes[ERG_GRAPH] && 4 * bytes[ERG_FUSED] < bytes[ERG_EAGER]);
}

int main(void)
{
    static const test tests[] = {
        TEST(products_are_launched_as_they_are_written),
        TEST(an_engine_runs_them_on_the_quantised_operands),
        TEST(an_engine_runs_products_of_fp8_in_fp8),
        TEST(scales_are_no_parameters),
        TEST(a_tensor_that_is_read_as_it_is_stays_real),
        TEST(weights_alone_are_read_as_they_lie_with_the_scales_of_their_blocks),
        TEST(a_product_with_turned_quantised_weights_is_one_of_bytes),
        TEST(weights_that_are_written_as_reals_are_quantised_before_the_run),
        TEST(a_result_is_written_quantised_through_views),
        TEST(a_quantised_convolution_keeps_its_window_and_its_bias),
        TEST(an_estimate_of_a_runtime_that_fuses_is_of_bytes),
    };

    return test_run(tests, ERG_COUNT(tests));
}
