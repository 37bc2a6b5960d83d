/* SPDX-License-Identifier: Apache-2.0 */
/* A study as its tables: the columns of the contract, parts that add up, advice that
 * is the difference of two runs. */
#include "erg/report.h"
#include "estimate/study.h"
#include "studies.h"

/* fp16 and bf16, fp32 and tf32 share what they are counted by: nobody may see it. */
static void a_precision_reads_the_same_beside_its_twin_and_alone(void)
{
    static const char *const workloads[] = { "zoo:resnet18", "zoo:gpt2" };
    static const erg_precision pairs[][2] = { { ERG_FP32, ERG_TF32 },
                                              { ERG_BF16, ERG_FP16 } };
    static const char *const columns[] = { "energy_j", "latency_s", "compute_j", "memory_j",
                                           "bytes", "flop", "peak_memory_bytes" };

    for (size_t w = 0; w < ERG_COUNT(workloads); w++)
        for (size_t p = 0; p < ERG_COUNT(pairs); p++) {
            erg_study two = { .workload = workloads[w], .hardware = both,
                              .hardware_count = 1, .precisions = pairs[p],
                              .precision_count = 2, .no_advice = true,
                              .graph = { .phase = ERG_TRAIN, .seq = 64,
                                         .optimizer = ERG_OPTIMIZER_ADAMW } };
            erg_study alone = two;
            alone.precisions = &pairs[p][1];
            alone.precision_count = 1;
            erg_result *pair = study(&two, NULL), *one = study(&alone, NULL);
            const erg_table *beside = erg_result_find(pair, "summary");
            const erg_table *lone = erg_result_find(one, "summary");
            for (size_t c = 0; c < ERG_COUNT(columns); c++) {
                erg_cell a = erg_table_find(beside, 1, columns[c]);
                erg_cell b = erg_table_find(lone, 0, columns[c]);
                CHECK((a.real == b.real || isnan(a.real)) && a.integer == b.integer);
            }
            erg_result_free(pair);
            erg_result_free(one);
        }
}

/* Scripts read these names in these tables. */
static void columns_stand_as_promised(void)
{
    static const char *const summary[] = {
        "model", "hardware", "precision", "batch", "seq_len", "phase", "mode", "subgraphs",
        "coverage", "macs", "flop", "bytes", "latency_s", "latency_low_s", "latency_high_s",
        "energy_j", "energy_low_j", "energy_high_j", "compute_j", "memory_j", "static_j",
        "mean_w", "peak_w", "efficiency", "utilization", "wasted_j", "weights_bytes",
        "peak_memory_bytes", "marginal_j", "energy_per_inference_j", "throughput", "edp_js",
        "clock_hz", "capped", "grade", "boundary",
    };
    static const char *const subgraphs[] = {
        "hardware", "precision", "batch", "subgraph", "operators", "kind", "flop", "bytes",
        "latency_s", "bottleneck", "compute_j", "memory_j", "static_j", "energy_j",
        "efficiency", "wasted_j", "utilization", "fused", "in_bytes", "out_bytes",
        "weight_bytes", "energy_low_j", "energy_high_j", "why",
    };
    erg_result *result = study(&small, NULL);
    const erg_table *first = erg_result_find(result, "summary");
    const erg_table *second = erg_result_find(result, "subgraphs");

    for (size_t i = 0; i < ERG_COUNT(summary); i++)
        CHECK_TEXT(erg_table_column(first, i)->name, summary[i]);
    for (size_t i = 0; i < ERG_COUNT(subgraphs); i++)
        CHECK_TEXT(erg_table_column(second, i)->name, subgraphs[i]);
    CHECK(erg_result_find(result, "memory") && erg_result_find(result, "concurrency")
          && erg_result_find(result, "hints") && erg_result_find(result, "timeline"));
    erg_result_free(result);
}

static void the_three_terms_and_the_subgraphs_add_up(void)
{
    erg_result *result = study(&small, NULL);
    const erg_table *summary = erg_result_find(result, "summary");
    const erg_table *parts = erg_result_find(result, "subgraphs");
    double energy_j = 0, latency_s = 0, share = 0;
    int64_t flop = 0, bounds = 0;

    for (size_t i = 0; i < erg_table_row_count(parts); i++) {
        energy_j += real(parts, i, "energy_j");
        latency_s += real(parts, i, "latency_s");
        flop += erg_table_find(parts, i, "flop").integer;
        share += real(parts, i, "energy_j") / real(summary, 0, "energy_j");
    }
    double sum_j = real(summary, 0, "compute_j") + real(summary, 0, "memory_j")
                 + real(summary, 0, "static_j");
    CHECK_NEAR(sum_j / real(summary, 0, "energy_j"), 1, 1e-12);
    CHECK_NEAR(energy_j / real(summary, 0, "energy_j"), 1, 1e-12);
    CHECK_NEAR(latency_s / real(summary, 0, "latency_s"), 1, 1e-12);
    CHECK_NEAR(share, 1, 1e-12);
    assert_int_equal(flop, erg_table_find(summary, 0, "flop").integer);
    static const char *const classes[] = { "compute_bound", "bandwidth_bound", "balanced",
                                           "launch_bound" };
    for (size_t i = 0; i < ERG_COUNT(classes); i++)
        bounds += erg_table_find(summary, 0, classes[i]).integer;
    assert_int_equal(bounds, erg_table_row_count(parts));
    erg_result_free(result);
}

static void a_row_for_each_hardware_precision_and_batch(void)
{
    erg_result *result = study(&wide, NULL);
    const erg_table *summary = erg_result_find(result, "summary");
    const erg_table *comparison = erg_result_find(result, "comparison");

    assert_int_equal(erg_table_row_count(summary), 8);
    assert_int_equal(erg_table_row_count(comparison), 8);
    CHECK_NEAR(real(comparison, 0, "saving"), 0, 1e-12);
    for (size_t i = 0; i < 8; i++) {
        double batch = (double)erg_table_find(summary, i, "batch").integer;
        CHECK_NEAR(real(summary, i, "energy_per_inference_j") * batch
                       / real(summary, i, "energy_j"), 1, 1e-12);
        CHECK(real(summary, i, "energy_low_j") < real(summary, i, "energy_j"));
        CHECK(real(summary, i, "confidence") >= 0.3 && real(summary, i, "confidence") <= 1);
    }
    erg_result_free(result);
}

static void limits_are_checked_row_by_row(void)
{
    erg_study what = wide;
    bool passed;
    erg_result *result = study(&wide, NULL);
    double least_s = INFINITY, most_s = 0;
    for (size_t i = 0; i < 8; i++) {
        double latency_s = real(erg_result_find(result, "summary"), i, "latency_s");
        least_s = fmin(least_s, latency_s);
        most_s = fmax(most_s, latency_s);
    }
    erg_result_free(result);

    static const struct { double share; const char *state; bool passed; } cases[] = {
        { 0.9, "fail", false }, { 1.0, "partial", false }, { 2.0, "pass", true },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        what.limits.latency_s = cases[i].passed ? most_s : cases[i].share * least_s;
        result = study(&what, &passed);
        const erg_table *checks = erg_result_find(result, "checks");
        assert_int_equal(erg_table_row_count(checks), 9);
        CHECK_TEXT(erg_table_find(checks, 8, "state").text, cases[i].state);
        assert_int_equal(passed, cases[i].passed);
        erg_result_free(result);
    }
}

static void an_explanation_adds_up_to_the_difference(void)
{
    erg_study what = wide;
    what.explain = "a100-pcie-40gb/fp32/1,t4/fp16/8";
    erg_result *result = study(&what, NULL);
    const erg_table *parts = erg_result_find(result, "explain");
    const erg_table *summary = erg_result_find(result, "summary");
    size_t last = erg_table_row_count(parts) - 1;
    double difference_j = real(summary, 7, "energy_j") - real(summary, 0, "energy_j");
    double sum_j = 0;

    for (size_t i = 0; i < last; i++)
        sum_j += real(parts, i, "energy_j");
    CHECK_NEAR(sum_j, difference_j, 1e-12);
    CHECK_NEAR(real(parts, last, "energy_j"), difference_j, 1e-12);
    erg_result_free(result);
}

/* Of rows that the host holds up, latency and idle power differ by a last digit. */
static void what_is_the_same_in_both_explains_nothing(void)
{
    erg_study what = wide;
    int same = 0;
    what.explain = "3,1";
    erg_result *result = study(&what, NULL);
    const erg_table *parts = erg_result_find(result, "explain");
    for (size_t i = 0; i + 1 < erg_table_row_count(parts); i++) {
        double a = real(parts, i, "value_a"), share = real(parts, i, "share");
        bool alike = fabs(a - real(parts, i, "value_b")) <= 1e-9 * fabs(a);
        same += alike;
        CHECK(!alike || (share == 0 && !signbit(share)));
    }
    CHECK(same > 2);
    erg_result_free(result);
}

/* Every point that is left out is beaten by one that is in. */
static void nothing_on_the_front_is_beaten(void)
{
    erg_study what = wide;
    what.pareto = "energy,latency";
    erg_result *result = study(&what, NULL);
    const erg_table *front = erg_result_find(result, "front");
    const erg_table *summary = erg_result_find(result, "summary");
    size_t count = erg_table_row_count(front);

    for (size_t i = 0; i < erg_table_row_count(summary); i++) {
        bool is_met = false;
        for (size_t j = 0; j < count; j++)
            is_met = is_met
                || (strcmp(erg_table_find(front, j, "state").text, "front") == 0
                    && real(front, j, "energy_per_inference_j")
                           <= real(summary, i, "energy_per_inference_j")
                    && real(front, j, "latency_s") <= real(summary, i, "latency_s"));
        CHECK(is_met);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            if (strcmp(erg_table_find(front, i, "state").text, "front") == 0)
                CHECK(!(real(front, j, "energy_per_inference_j")
                            < real(front, i, "energy_per_inference_j")
                        && real(front, j, "latency_s") < real(front, i, "latency_s")));
    erg_result_free(result);
}

static void accuracies_that_say_nothing_are_refused(void)
{
    static const struct { const char *text, *says; } bad[] = {
        { "", "is empty" },
        { "workload,accuracy\nresnet18,1\n", "no column precision" },
        { "workload,precision,accuracy\nresnet18,fp32,high\n", "no number: 'high'" },
        { "workload,precision,accuracy\nresnet18,fp99,1\n", "'fp99' is no precision" },
        { "workload,precision,accuracy\nresnet18,fp32,1\nresnet18,fp32,2\n", "two rows" },
    };
    char path[ERG_PATH_MOST + 16];
    erg_study what = small;

    snprintf(path, sizeof(path), "%s/accuracy.csv", test_folder());
    what.accuracy_path = path;
    for (size_t i = 0; i < 2 * ERG_COUNT(bad); i++) {
        what.pareto = i < ERG_COUNT(bad) ? "energy,accuracy" : NULL;
        erg_error err = { 0 };
        bool passed;
        const char *says = bad[i % ERG_COUNT(bad)].says;
        test_write(path, bad[i % ERG_COUNT(bad)].text);
        CHECK(!erg_study_run(&(erg_env){ 0 }, &catalog, &what, &passed, &err));
        if (err.code != ERG_BAD_INPUT || !strstr(err.text, says))
            fail_msg("'%s' does not say %s", err.text, says);
    }
}

static void the_batch_is_the_best_that_keeps_the_limits(void)
{
    erg_study what = small;
    what.tune = ERG_GOAL_ENERGY;
    what.limits.latency_s = 10e-3;
    erg_result *result = study(&what, NULL);
    const erg_table *ladder = erg_result_find(result, "batches");
    double chosen_j = NAN;

    for (size_t i = 0; i < erg_table_row_count(ladder); i++)
        if (erg_table_find(ladder, i, "chosen").integer == 1)
            chosen_j = real(ladder, i, "energy_per_inference_j");
    for (size_t i = 0; i < erg_table_row_count(ladder); i++) {
        assert_int_equal(erg_table_find(ladder, i, "keeps_limits").integer,
                         real(ladder, i, "latency_s") <= 10e-3);
        if (erg_table_find(ladder, i, "keeps_limits").integer == 1)
            CHECK(real(ladder, i, "energy_per_inference_j") >= chosen_j);
    }
    erg_result_free(result);
}

static void what_a_device_cannot_is_a_row_of_unknowns_and_a_note(void)
{
    static const char *const mixed[] = { "a100-pcie-40gb", "compat-gpu-a100" };
    erg_study what = small;
    what.hardware = mixed;
    what.hardware_count = 2;
    erg_result *result = study(&what, NULL);

    CHECK(isnan(real(erg_result_find(result, "summary"), 1, "energy_j")));
    CHECK(erg_result_note_count(result) > 0);
    erg_result_free(result);
}

static void what_does_not_fit_a_device_is_noted(void)
{
    static const char *const t4 = "t4";
    static const int64_t sizes[] = { 1, 1 << 14 };

    for (size_t i = 0; i < ERG_COUNT(sizes); i++) {
        erg_result *result = study(&(erg_study){ .workload = "zoo:resnet18",
            .hardware = &t4, .hardware_count = 1, .batches = &sizes[i], .batch_count = 1,
            .no_advice = true }, NULL);
        const erg_table *memory = erg_result_find(result, "memory");
        bool fits = strstr(erg_result_note_at(result, 0), "does not fit the 16 GB") == NULL;
        CHECK(fits == (i == 0) && erg_table_find(memory, 0, "fits_device").integer == fits);
        erg_result_free(result);
    }
}

static void a_precision_that_falls_back_to_fp32_is_noted(void)
{
    static const char *const volta[] = { "v100-sxm2-32gb" };
    static const erg_precision in[] = { ERG_BF16, ERG_FP16 };
    for (size_t i = 0; i < ERG_COUNT(in); i++) {
        erg_study what = small;
        bool noted = false;
        what.hardware = volta;
        what.precisions = &in[i];
        what.precision_count = 1;
        erg_result *result = study(&what, NULL);
        for (size_t k = 0; k < erg_result_note_count(result); k++)
            noted = noted || strstr(erg_result_note_at(result, k), "has no unit for bf16");
        CHECK(noted == (in[i] == ERG_BF16));
        erg_result_free(result);
    }
}

static void compat_mode_is_labelled_and_keeps_its_total(void)
{
    static const char *const machine[] = { "compat-gpu-a100" };
    erg_study what = small;
    what.hardware = machine;
    what.estimate.mode = ERG_COMPAT;
    erg_result *result = study(&what, NULL);
    const erg_table *summary = erg_result_find(result, "summary");

    CHECK_NEAR(real(summary, 0, "energy_j"), 0.205228, 1e-6);
    CHECK_TEXT(erg_table_find(summary, 0, "grade").text, "not physical");
    CHECK_TEXT(erg_table_find(summary, 0, "mode").text, "compat");
    assert_int_equal(erg_table_find(summary, 0, "peak_memory_bytes").integer, 57636512);
    erg_result_free(result);
}

static size_t rows_of(const erg_result *result, const char *name)
{
    const erg_table *table = erg_result_find(result, name);
    return table ? erg_table_row_count(table) : 0;
}

/* Its hints are the old sentences; physical mode has neither parts nor chains. */
static void compat_mode_adds_its_hints_parts_and_chains(void)
{
    static const char *const machine[] = { "compat-gpu-a100" };
    erg_study what = small;
    erg_result *physical = study(&what, NULL);

    what.hardware = machine;
    what.estimate.mode = ERG_COMPAT;
    erg_result *result = study(&what, NULL);
    const erg_table *hints = erg_result_find(result, "hints");
    const erg_table *parts = erg_result_find(result, "parts");
    const erg_table *fusion = erg_result_find(result, "fusion");

    assert_int_equal(rows_of(result, "hints"), 6);
    CHECK_NEAR(real(hints, 0, "energy_saving_j"), 0.131186, 1e-6);
    CHECK(isnan(real(hints, 3, "energy_saving_j")));
    CHECK(real(hints, 3, "memory_change_bytes") < -18.5 * (1 << 20));
    CHECK_TEXT(erg_table_find(hints, 0, "condition").text,
               "compat mode: the formulas of 2025-10-28, not physical");
    assert_int_equal(rows_of(result, "parts"), 68);
    assert_int_equal(erg_table_find(parts, 0, "threads").integer, 200704);
    assert_int_equal(rows_of(result, "fusion"), 32);
    CHECK_TEXT(erg_table_find(fusion, 0, "pattern").text, "Conv2d_BatchNorm2d_ReLU");
    assert_int_equal(rows_of(physical, "parts") + rows_of(physical, "fusion"), 0);
    erg_result_free(physical);
    erg_result_free(result);
}

static void the_same_study_gives_the_same_bytes(void)
{
    char *first = NULL, *second = NULL;
    size_t first_size, second_size;
    erg_study what = wide;
    what.sort = "energy_j";

    for (int round = 0; round < 2; round++) {
        FILE *out = open_memstream(round ? &second : &first,
                                   round ? &second_size : &first_size);
        erg_result *result = study(&what, NULL);
        CHECK(erg_write(result, "json", NULL, out, NULL));
        fclose(out);
        const erg_table *summary = erg_result_find(result, "summary");
        for (size_t i = 1; i < 8; i++)
            CHECK(real(summary, i, "energy_j") >= real(summary, i - 1, "energy_j"));
        erg_result_free(result);
    }
    assert_int_equal(first_size, second_size);
    assert_memory_equal(first, second, first_size);
    free(first);
    free(second);
}

int main(void)
{
    static const test tests[] = {
        TEST(columns_stand_as_promised),
        TEST(a_precision_reads_the_same_beside_its_twin_and_alone),
        TEST(the_three_terms_and_the_subgraphs_add_up),
        TEST(a_row_for_each_hardware_precision_and_batch),
        TEST(limits_are_checked_row_by_row),
        TEST(an_explanation_adds_up_to_the_difference),
        TEST(what_is_the_same_in_both_explains_nothing),
        TEST(nothing_on_the_front_is_beaten),
        TEST(accuracies_that_say_nothing_are_refused),
        TEST(the_batch_is_the_best_that_keeps_the_limits),
        TEST(what_a_device_cannot_is_a_row_of_unknowns_and_a_note),
        TEST(what_does_not_fit_a_device_is_noted),
        TEST(a_precision_that_falls_back_to_fp32_is_noted),
        TEST(compat_mode_is_labelled_and_keeps_its_total),
        TEST(compat_mode_adds_its_hints_parts_and_chains),
        TEST(the_same_study_gives_the_same_bytes),
    };
    return test_run(tests, ERG_COUNT(tests));
}
