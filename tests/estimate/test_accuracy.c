/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few measured times, carried over as figures, so that no change makes estimates
 * worse unseen. All other rows: make accuracy.
 * Source: NeuSight (ASPLOS 2025, MIT), transformers_fp32.csv, eager inference.
 */
#include "erg/estimate.h"
#include "test.h"

static const struct {
    const char *device, *workload;
    int64_t seq, batch;
    double measured_s;
} figures[] = {
    { "a100-pcie-40gb", "zoo:bert_large",  512, 16, 0.3964752 },
    { "a100-pcie-40gb", "zoo:gpt2_large", 1024,  4, 0.5358211 },
    { "v100-pcie-32gb", "zoo:bert_large",  512,  8, 0.2574217 },
    { "v100-pcie-32gb", "zoo:gpt2_large", 1024,  8, 1.4676486 },
    { "p100-pcie-16gb", "zoo:bert_large",  512, 16, 0.9047215 },
    { "p100-pcie-16gb", "zoo:gpt2_large", 1024,  4, 1.3030049 },
    { "t4",             "zoo:bert_large",  512, 16, 1.4851851 },
    { "t4",             "zoo:gpt2_large", 1024,  8, 4.8225103 },
    { "mi100",          "zoo:bert_large",  512,  8, 0.1341120 },
};

typedef struct answer { double time_s, low_s, high_s; } answer;

static answer estimate(size_t i, erg_runtime runtime, bool calibrated)
{
    const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };
    erg_error err = { 0 };
    erg_hardware *hardware = erg_hardware_load(NULL, &catalog, figures[i].device, &err);
    erg_profile *profile = hardware
        ? erg_profile_load(calibrated ? &catalog : NULL, hardware, NULL, &err) : NULL;
    erg_graph *graph = erg_graph_load(figures[i].workload, &(erg_graph_options){
        .batch = figures[i].batch, .seq = figures[i].seq, .runtime = runtime }, &err);
    erg_estimation *run = profile && graph
        ? erg_estimate_run(graph, hardware, profile,
                           &(erg_estimate_options){ .runtime = runtime }, &err) : NULL;
    if (!run)
        fail_msg("%s on %s: %s", figures[i].workload, figures[i].device, err.text);
    answer got = { run->latency_s, run->latency_low_s, run->latency_high_s };
    erg_estimation_free(run);
    erg_graph_free(graph);
    erg_profile_free(profile);
    erg_hardware_free(hardware);
    return got;
}

static void measured_times_are_met_and_lie_in_the_interval(void)
{
    double sum = 0;

    for (size_t i = 0; i < ERG_COUNT(figures); i++) {
        answer got = estimate(i, ERG_EAGER, true);
        double error = fabs(got.time_s / figures[i].measured_s - 1);
        if (error > 0.12)
            fail_msg("%s on %s: %.1f %%", figures[i].workload, figures[i].device,
                     100 * error);
        CHECK(got.low_s <= figures[i].measured_s && figures[i].measured_s <= got.high_s);
        sum += error;
    }
    CHECK(sum / ERG_COUNT(figures) <= 0.05);
}

static void a_datasheet_alone_comes_near_with_a_wider_interval(void)
{
    for (size_t i = 0; i < ERG_COUNT(figures); i++) {
        answer got = estimate(i, ERG_EAGER, false), better = estimate(i, ERG_EAGER, true);
        CHECK(fabs(got.time_s / figures[i].measured_s - 1) <= 0.25);
        CHECK(got.high_s / got.low_s >= better.high_s / better.low_s);
        CHECK(got.low_s <= figures[i].measured_s && figures[i].measured_s <= got.high_s);
    }
}

/* Measured on one board: 0.871 and 0.891 of the eager time. */
static void fusion_saves_what_it_saved(void)
{
    CHECK_NEAR(estimate(0, ERG_FUSED, true).time_s / estimate(0, ERG_EAGER, true).time_s,
               0.871, 0.05);
    CHECK_NEAR(estimate(1, ERG_FUSED, true).time_s / estimate(1, ERG_EAGER, true).time_s,
               0.891, 0.05);
}

static double small_run(const char *device, erg_precision precision)
{
    const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };
    erg_error err = { 0 };
    erg_hardware *hardware = erg_hardware_load(NULL, &catalog, device, &err);
    erg_profile *profile =
        hardware ? erg_profile_load(&catalog, hardware, NULL, &err) : NULL;
    erg_graph *graph = erg_graph_load("zoo:gpt2", &(erg_graph_options){
        .batch = 1, .seq = 128, .precision = precision }, &err);
    erg_estimation *run = profile && graph
        ? erg_estimate_run(graph, hardware, profile, NULL, &err) : NULL;
    CHECK_OK(run != NULL, err);
    double time_s = run->latency_s;

    CHECK(run->host_bound);
    erg_estimation_free(run);
    erg_graph_free(graph);
    erg_profile_free(profile);
    erg_hardware_free(hardware);
    return time_s;
}

/* The host launches as fast, whatever the device then computes in. */
static void a_small_network_is_not_slower_in_fewer_bits(void)
{
    static const char *const devices[] = { "a100-pcie-40gb", "a10" };

    for (size_t i = 0; i < ERG_COUNT(devices); i++)
        CHECK_NEAR(small_run(devices[i], ERG_BF16) / small_run(devices[i], ERG_FP32), 1,
                   0.05);
}

int main(void)
{
    static const test tests[] = {
        TEST(measured_times_are_met_and_lie_in_the_interval),
        TEST(a_datasheet_alone_comes_near_with_a_wider_interval),
        TEST(fusion_saves_what_it_saved),
        TEST(a_small_network_is_not_slower_in_fewer_bits),
    };
    return test_run(tests, ERG_COUNT(tests));
}
