/* SPDX-License-Identifier: Apache-2.0 */
/* Stages and paths of shapes whose answer is plain. */
#include "by_hand.h"
#include "estimate/concurrency.h"
#include "estimate/latency.h"

static erg_graph *chain(int length)
{
    erg_builder *builder = erg_build_begin("chain", "test", NULL, NULL);
    int32_t x = by_hand_tensor(builder, ERG_INPUT, 512);

    for (int i = 0; i < length; i++)
        x = by_hand_op(builder, ERG_OP_COPY, &x, 1, 512);
    erg_build_output(builder, x);
    return erg_build_end(builder, NULL);
}

static erg_graph *fan(int width)
{
    erg_builder *builder = erg_build_begin("fan", "test", NULL, NULL);
    int32_t x = by_hand_tensor(builder, ERG_INPUT, 512);
    int32_t root = by_hand_op(builder, ERG_OP_COPY, &x, 1, 512), y = -1;

    for (int i = 0; i < width; i++)
        y = by_hand_op(builder, ERG_OP_RELU, &root, 1, 512);
    erg_build_output(builder, y);
    return erg_build_end(builder, NULL);
}

static void a_chain_is_one_wide_and_all_of_it_critical(void)
{
    static by_hand made;
    const double latency_s[5] = { 1, 2, 3, 4, 5 };
    erg_concurrency found;

    by_hand_partition(&made, chain(5));
    CHECK(erg_concurrency_of(&made.partition, latency_s, 100, &found, NULL));
    assert_int_equal(found.stages, 5);
    assert_int_equal(found.widest_stage, 1);
    assert_int_equal(found.independent, 0);
    CHECK_NEAR(found.critical_s, 15, 0);
    CHECK_NEAR(found.parallelism, 1, 0);
    CHECK_NEAR(found.units_wanted, 2, 0);       /* 512 threads in blocks of 256 */
    CHECK_NEAR(found.efficiency, 0.02, 1e-12);
    CHECK_TEXT(erg_limit_name(found.limit), "graph");
    erg_graph_free(made.graph);
}

static void a_fan_of_n_is_n_wide(void)
{
    static by_hand made;
    const double latency_s[9] = { 2, 1, 1, 1, 1, 1, 1, 1, 3 };
    erg_concurrency found;

    by_hand_partition(&made, fan(8));
    CHECK(erg_concurrency_of(&made.partition, latency_s, 0, &found, NULL));
    assert_int_equal(found.stages, 2);
    assert_int_equal(found.widest_stage, 8);
    assert_int_equal(found.independent, 8);
    assert_int_equal(found.sequential, 1);
    CHECK_NEAR(found.critical_s, 5, 0);         /* the root and the slow one */
    CHECK_NEAR(found.parallelism, 12.0 / 5, 1e-12);
    assert_int_equal(found.critical_flop, 512); /* a copy has none, a relu 1 an element */
    erg_graph_free(made.graph);
}

static void without_latencies_the_paths_in_time_are_unknown(void)
{
    static by_hand made;
    erg_concurrency found;

    by_hand_partition(&made, fan(3));
    CHECK(erg_concurrency_of(&made.partition, NULL, 8, &found, NULL));
    CHECK(isnan(found.critical_s) && isnan(found.parallelism));
    assert_int_equal(found.widest_stage, 3);
    erg_graph_free(made.graph);
}

/* Residual edges through additions are kept: about two operators in three wait for one. */
static void a_residual_network_is_nearly_sequential(void)
{
    static by_hand made;
    erg_concurrency found;

    by_hand_partition(&made, erg_graph_load("zoo:resnet18", NULL, NULL));
    CHECK(erg_concurrency_of(&made.partition, NULL, 108, &found, NULL));
    CHECK(found.stages >= 50 && found.stages <= 69);
    assert_int_equal(found.widest_stage, 2);    /* a block and its downsampling */
    erg_graph_free(made.graph);
}

static void a_wave_that_is_one_block_too_long_costs_half(void)
{
    CHECK_NEAR(erg_wave_efficiency(256 * 108, 108), 1, 0);
    CHECK_NEAR(erg_wave_efficiency(256 * 109, 108), 109.0 / 216, 1e-12);
    CHECK_NEAR(erg_units_wanted(256 * 1000, 108), 108, 0);
    CHECK_NEAR(erg_units_wanted(1, 108), 1, 0);
}

/* ---- streams ----------------------------------------------------------------------- */

/* Each launch alone: a body at a share of the memory's bandwidth, no launch time. */
static double on_streams(const erg_partition *partition, int streams, double memory_share,
                         const double *seconds)
{
    const erg_hardware gpu = { .kind = ERG_GPU, .units = 100 };
    const erg_timing timing = { .partition = partition, .hardware = &gpu,
                                .streams = streams };
    erg_latency alone[BY_HAND_MOST] = { 0 };

    for (int32_t s = 0; s < partition->subgraph_count; s++)
        alone[s] = (erg_latency){ .compute_s = seconds[s], .total_s = seconds[s],
                                  .memory_s = memory_share * seconds[s] };
    return erg_latency_streams(&timing, alone);
}

static const double ones[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static void streams_overlap_what_is_independent_and_small(void)
{
    static by_hand chained, fanned;

    by_hand_partition(&chained, chain(5));
    by_hand_partition(&fanned, fan(8));
    CHECK_NEAR(on_streams(&chained.partition, 4, 0, ones), 5, 1e-12);
    CHECK_NEAR(on_streams(&fanned.partition, 1, 0, ones), 9, 1e-12);
    CHECK_NEAR(on_streams(&fanned.partition, 4, 0, ones), 3, 1e-12);
    CHECK_NEAR(on_streams(&fanned.partition, 3, 0, ones), 4, 1e-12);    /* 3, 3 and 2 */
    CHECK_NEAR(on_streams(&fanned.partition, 100, 0, ones), 2, 1e-12);
    erg_graph_free(chained.graph);
    erg_graph_free(fanned.graph);
}

static void what_fills_the_memory_does_not_gain_by_streams(void)
{
    static by_hand fanned;

    by_hand_partition(&fanned, fan(8));
    CHECK_NEAR(on_streams(&fanned.partition, 4, 1, ones), 9, 1e-12);
    /* Half the bandwidth each: two at once are free, the root stands alone. */
    CHECK_NEAR(on_streams(&fanned.partition, 8, 0.5, ones), 1 + 8 * 0.5, 1e-12);
    erg_graph_free(fanned.graph);
}

/* Never under the critical path, nor under what the memory has to move. */
static void no_number_of_streams_beats_the_critical_path(void)
{
    test_random random = { 7 };
    static by_hand made;

    for (int round = 0; round < 200; round++) {
        double seconds[BY_HAND_MOST], sum = 0, share = test_uniform(&random);
        erg_concurrency found;
        by_hand_partition(&made, by_hand_random(&random, ERG_OP_ADD));
        for (int32_t s = 0; s < made.partition.subgraph_count; s++)
            sum += seconds[s] = 0.1 + test_uniform(&random);
        CHECK(erg_concurrency_of(&made.partition, seconds, 100, &found, NULL));
        for (int streams = 2; streams < 9; streams *= 2) {
            double t = on_streams(&made.partition, streams, share, seconds);
            CHECK(t >= found.critical_s * (1 - 1e-12) && t >= share * sum * (1 - 1e-12));
            CHECK(t <= sum * (1 + 1e-12) && t >= sum / streams * (1 - 1e-12));
        }
        erg_graph_free(made.graph);
    }
}

static erg_estimation *squeezed(erg_graph *graph, const erg_hardware *gpu,
                                const erg_profile *profile, int streams)
{
    const erg_estimate_options options = { .runtime = ERG_GRAPH, .streams = streams };

    return erg_estimate_run(graph, gpu, profile, &options, NULL);
}

static void streams_shorten_a_network_with_branches_and_keep_its_work(void)
{
    erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };
    erg_graph *graph = erg_graph_load("zoo:yolov8n", NULL, NULL);
    erg_hardware *gpu = erg_hardware_load(NULL, &catalog, "a100-pcie-40gb", NULL);
    erg_profile *profile = gpu ? erg_profile_load(&catalog, gpu, NULL, NULL) : NULL;
    assert_non_null(profile);
    erg_estimation *one = squeezed(graph, gpu, profile, 1);
    erg_estimation *four = squeezed(graph, gpu, profile, 4);

    CHECK(four->latency_s < 0.97 * one->latency_s);
    CHECK_NEAR(four->total.compute_j, one->total.compute_j, 1e-12);
    CHECK_NEAR(four->total.memory_j, one->total.memory_j, 1e-12);
    CHECK(four->total.static_j < one->total.static_j);
    CHECK(four->grade != ERG_CALIBRATED);
    erg_estimation_free(one);
    erg_estimation_free(four);
    erg_profile_free(profile);
    erg_hardware_free(gpu);
    erg_graph_free(graph);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_chain_is_one_wide_and_all_of_it_critical),
        TEST(a_fan_of_n_is_n_wide),
        TEST(without_latencies_the_paths_in_time_are_unknown),
        TEST(a_residual_network_is_nearly_sequential),
        TEST(a_wave_that_is_one_block_too_long_costs_half),
        TEST(streams_overlap_what_is_independent_and_small),
        TEST(what_fills_the_memory_does_not_gain_by_streams),
        TEST(no_number_of_streams_beats_the_critical_path),
        TEST(streams_shorten_a_network_with_branches_and_keep_its_work),
    };
    return test_run(tests, ERG_COUNT(tests));
}
