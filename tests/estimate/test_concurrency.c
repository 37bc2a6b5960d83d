/* SPDX-License-Identifier: Apache-2.0 */
/* Stages and paths of shapes whose answer is plain. */
#include "by_hand.h"
#include "estimate/concurrency.h"

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

int main(void)
{
    static const test tests[] = {
        TEST(a_chain_is_one_wide_and_all_of_it_critical),
        TEST(a_fan_of_n_is_n_wide),
        TEST(without_latencies_the_paths_in_time_are_unknown),
        TEST(a_residual_network_is_nearly_sequential),
        TEST(a_wave_that_is_one_block_too_long_costs_half),
    };
    return test_run(tests, ERG_COUNT(tests));
}
