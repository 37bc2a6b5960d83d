/* SPDX-License-Identifier: Apache-2.0 */
/* The zoo against what the papers' own code counts: exact integers. */
#include "erg/workload.h"
#include "test.h"

static const struct { const char *spec; int64_t parameters, macs; } oracles[] = {
    { "zoo:resnet18",  11689512,  1814073344 },
    { "zoo:resnet34",  21797672,  3663761408 },
    { "zoo:resnet50",  25557032,  4089184256 },
    { "zoo:resnet101", 44549160,  7801405440 },
    { "zoo:resnet152", 60192808, 11513626624 },
    { "zoo:mobilenet_v2",     3504872,   300774272 },
    { "zoo:vgg16",          138357544, 15470264320 },
    { "zoo:efficientnet_b0",  5288548,   385814752 },
    { "zoo:lstm",            16793600,  8589934592 },
    { "zoo:yolov8n",          3157200,  4371993600 },
    { "zoo:yolov8s",         11166560, 14301312000 },
    { "zoo:yolov8m",         25902640, 39468364800 },
};

static void parameters_and_macs_are_the_published_integers(void)
{
    for (size_t i = 0; i < sizeof(oracles) / sizeof(oracles[0]); i++) {
        erg_error err = { 0 };
        erg_graph *graph = erg_graph_load(oracles[i].spec, NULL, &err);
        if (!graph)
            fail_msg("%s: %s", oracles[i].spec, err.text);
        if (graph->parameters != oracles[i].parameters || graph->macs != oracles[i].macs)
            fail_msg("%s: %lld parameters, %lld macs", oracles[i].spec,
                     (long long)graph->parameters, (long long)graph->macs);
        erg_graph_free(graph);
    }
}

static void an_unknown_name_is_refused_with_where_to_look(void)
{
    erg_error err = { 0 };

    assert_null(erg_graph_load("zoo:nonesuch", NULL, &err));
    assert_int_equal(err.code, ERG_BAD_INPUT);
    assert_non_null(strstr(err.text, "erg zoo"));
}

/* What an exporter does: 20 norms vanish, each of their convolutions gains a bias. */
static void folding_leaves_one_biased_convolution_for_two_operators(void)
{
    const erg_graph_options fold = { .fold_batch_norm = true };
    erg_graph *plain = erg_graph_load("zoo:resnet18", NULL, NULL);
    erg_graph *folded = erg_graph_load("zoo:resnet18", &fold, NULL);

    assert_int_equal(plain->operator_count - folded->operator_count, 20);
    assert_int_equal(folded->operator_count, 48);
    assert_int_equal(folded->macs, plain->macs);
    for (int32_t i = 0; i < folded->operator_count; i++)
        if (folded->operators[i].kind == ERG_OP_CONV)
            assert_int_equal(folded->operators[i].input_count, 3);
    erg_graph_free(plain);
    erg_graph_free(folded);
}

/* Module graphs name dropout and stochastic depth; at inference they cost nothing. */
static void what_is_nothing_at_inference_moves_no_byte(void)
{
    erg_graph *graph = erg_graph_load("zoo:efficientnet_b0", NULL, NULL);
    int idle = 0, functions = 0;

    for (int32_t i = 0; i < graph->operator_count; i++) {
        const erg_operator *op = &graph->operators[i];
        functions += op->is_function;
        if (op->kind != ERG_OP_DROPOUT)
            continue;
        idle++;
        assert_int_equal(op->flop + op->in_bytes + op->out_bytes + op->weight_bytes, 0);
    }
    assert_int_equal(idle, 9 + 1);
    assert_int_equal(functions, 9 + 9 + 16);    /* stochastic depth, add, mul */
    erg_graph_free(graph);
}

/* Published to three digits without the means over bins of the boxes: 16 products for
 * each of 4 sides and 8400 places. */
static void detectors_cost_what_is_published_and_the_means_over_bins(void)
{
    static const struct { const char *spec; double gmacs; } rows[] = {
        { "zoo:yolov8n", 4.371 }, { "zoo:yolov8s", 14.301 }, { "zoo:yolov8m", 39.468 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_graph *graph = erg_graph_load(rows[i].spec, NULL, NULL);
        CHECK_NEAR(1e-9 * (double)(graph->macs - 16 * 4 * 8400), rows[i].gmacs, 5e-4);
        erg_graph_free(graph);
    }
}

/* Published: 339 G without the products of attention (Kim et al. 2023, BK-SDM, table 1). */
static void unets_have_the_published_parameters_and_products(void)
{
    static const struct { const char *spec; int64_t parameters; } rows[] = {
        { "zoo:sd15_unet",  859520964 },
        { "zoo:sd21_unet",  865910724 },
        { "zoo:sdxl_unet", 2567463684 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_graph *graph = erg_graph_load(rows[i].spec, NULL, NULL);
        int64_t products = 0;
        assert_non_null(graph);
        assert_int_equal(graph->parameters, rows[i].parameters);
        for (int32_t j = 0; i == 0 && j < graph->operator_count; j++)
            if (graph->operators[j].kind != ERG_OP_MATMUL)
                products += graph->operators[j].macs;
        if (i == 0)
            CHECK_NEAR(1e-9 * (double)products, 339, 0.5);
        erg_graph_free(graph);
    }
}

/* Self attention over n places costs 2 n^2 C, cross attention 2 n 77 C; sd15 has
 * 2 + 3 blocks of n = 64^2, 32^2, 16^2 and one of 8^2 in the middle. */
static void attention_of_a_unet_is_what_its_places_say(void)
{
    erg_graph *graph = erg_graph_load("zoo:sd15_unet", NULL, NULL);
    int64_t want = 2LL * 64 * (64 + 77) * 1280, got = 0;

    for (int level = 0; level < 3; level++) {
        int64_t places = (int64_t)(64 >> level) * (64 >> level);
        want += 5 * 2 * places * (places + 77) * (320LL << level);
    }
    for (int32_t i = 0; i < graph->operator_count; i++)
        if (graph->operators[i].kind == ERG_OP_MATMUL)
            got += graph->operators[i].macs;
    assert_int_equal(got, want);
    erg_graph_free(graph);
}

/* Cells wait for the step before: nothing is spared by a longer sequence, and each
 * step reads the recurrent weights anew. */
static void an_lstm_runs_its_steps_in_sequence(void)
{
    const erg_graph_options options = { .seq = 7, .batch = 3 };
    erg_graph *graph = erg_graph_load("zoo:lstm", &options, NULL);
    const erg_operator *op = &graph->operators[1];
    int64_t h = 1024;

    assert_int_equal(graph->operator_count, 2);
    assert_int_equal(op->steps, 7);
    assert_int_equal(op->flop, 7 * 3 * (8 * h * (h + h) + 9 * h));
    assert_int_equal(op->weight_bytes, 4 * (7 * 4 * h * h + 4 * h * h + 8 * h));
    assert_int_equal(op->in_bytes + op->out_bytes, 4 * 2 * 7 * 3 * h);
    erg_graph_free(graph);
}

static void a_network_of_images_has_no_decode_phase(void)
{
    static const char *const names[] = { "resnet18", "mobilenet_v2", "vgg16", "yolov8n",
                                         "efficientnet_b0", "sd15_unet", "vit_base" };
    const erg_graph_options options = { .phase = ERG_DECODE };

    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        char spec[40];
        erg_error err = { 0 };
        snprintf(spec, sizeof(spec), "zoo:%s", names[i]);
        assert_null(erg_graph_load(spec, &options, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "no decode phase"));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(parameters_and_macs_are_the_published_integers),
        TEST(folding_leaves_one_biased_convolution_for_two_operators),
        TEST(what_is_nothing_at_inference_moves_no_byte),
        TEST(detectors_cost_what_is_published_and_the_means_over_bins),
        TEST(unets_have_the_published_parameters_and_products),
        TEST(attention_of_a_unet_is_what_its_places_say),
        TEST(an_lstm_runs_its_steps_in_sequence),
        TEST(a_network_of_images_has_no_decode_phase),
        TEST(an_unknown_name_is_refused_with_where_to_look),
    };
    return test_run(tests, ERG_COUNT(tests));
}
