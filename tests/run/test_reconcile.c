/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates beside what was measured: runs by region, rows of a table by model. */
#include "erg/energy.h"
#include "erg/study.h"
#include "replay/replay.h"
#include "test.h"

static const erg_env env = { 0 };
static const erg_catalog catalog = { .data_dir = ERG_TEST_SOURCE "/data" };
static const char *const device[] = { "a100-pcie-40gb" };
static const erg_study small = { .workload = "zoo:resnet18", .hardware = device,
                                 .hardware_count = 1, .no_advice = true };

static double real(const erg_table *table, size_t row, const char *column)
{
    return erg_table_find(table, row, column).real;
}

/* Constant power from 0 to 10 s, one sample each 10 ms. */
static erg_trace *run_of(double power_w)
{
    erg_trace *trace = erg_trace_new(NULL);
    erg_device_info info = { .scope = ERG_SCOPE_BOARD, .name = "gpu:0", .driver = "nvml",
                             .uuid = "u", .host_id = "here" };
    erg_channel_info channel = { .device = erg_trace_add_device(trace, &info, NULL),
                                 .method = ERG_METHOD_INTEGRAL,
                                 .quantity = ERG_POWER,
                                 .scope = ERG_SCOPE_BOARD,
                                 .kind = ERG_INSTANT,
                                 .update_s = 0.01,
                                 .gain_u = 0.05,
                                 .name = "power",
                                 .unit = "W" };
    int at = erg_trace_add_channel(trace, &channel, NULL);

    for (int i = 0; i <= 1000; i++) {
        erg_sample sample = { .t_ns = i * 10 * ERG_NS_PER_MS, .value = power_w };
        CHECK(erg_trace_add_samples(trace, at, &sample, 1, NULL));
    }
    return trace;
}

static void add_region(erg_trace *trace, const char *name, double begin_s)
{
    erg_region region = { .begin_ns = erg_ns_from_s(begin_s),
                          .end_ns = erg_ns_from_s(begin_s + 2), .runs = NAN };
    snprintf(region.name, sizeof(region.name), "%s", name);
    CHECK(erg_trace_add_region(trace, &region, NULL));
}

static void a_region_is_held_to_the_workload_or_the_kernel_of_its_name(void)
{
    erg_error err = { 0 };
    bool passed;
    erg_result *result = erg_study_run(&env, &catalog, &small, &passed, &err);
    CHECK_OK(result, err);
    erg_trace *trace = run_of(100);
    add_region(trace, "forward", 1);
    add_region(trace, "forward", 4);
    add_region(trace, "conv1", 7);
    add_region(trace, "elsewhere", 9.5 - 2);
    CHECK_OK(erg_study_reconcile(result, trace, &err), err);
    const erg_table *table = erg_result_find(result, "reconciliation");
    const erg_table *summary = erg_result_find(result, "summary");
    const erg_table *parts = erg_result_find(result, "subgraphs");

    assert_int_equal(erg_table_row_count(table), 3);
    for (size_t i = 0; i < 3; i++) {
        const char *region = erg_table_find(table, i, "region").text;
        const char *matched = erg_table_find(table, i, "matched").text;
        if (strcmp(region, "forward") == 0) {
            assert_int_equal(erg_table_find(table, i, "count").integer, 2);
            CHECK_TEXT(matched, "workload");
            CHECK_NEAR(real(table, i, "estimated_j"), 2 * real(summary, 0, "energy_j"),
                       1e-12);
            CHECK_NEAR(real(table, i, "measured_j"), 400, 1);
            CHECK(real(table, i, "agreement_en") > 1);
        } else if (strcmp(region, "conv1") == 0) {
            CHECK_TEXT(matched, "kernel");
            CHECK_NEAR(real(table, i, "estimated_j"), real(parts, 0, "energy_j"), 1e-12);
        } else {
            CHECK(!matched && isnan(real(table, i, "estimated_j")));
        }
    }
    erg_trace_free(trace);
    erg_result_free(result);
}

/* A region a layer: 20 of "conv" are one pass of ResNet-18, and 40 are two. */
static void regions_of_a_kind_are_its_launches(void)
{
    bool passed;
    erg_result *result = erg_study_run(&env, &catalog, &small, &passed, NULL);
    const erg_table *parts = erg_result_find(result, "subgraphs");
    double energy_j = 0, time_s = 0;
    int launches = 0;
    erg_trace *trace = run_of(100);

    for (size_t i = 0; i < erg_table_row_count(parts); i++)
        if (strcmp(erg_table_find(parts, i, "kind").text, "conv") == 0) {
            energy_j += real(parts, i, "energy_j");
            time_s += real(parts, i, "latency_s");
            launches++;
        }
    assert_int_equal(launches, 20);
    for (int i = 0; i < 2 * launches; i++)
        add_region(trace, "conv", 0.1 * i);
    CHECK(erg_study_reconcile(result, trace, NULL));
    const erg_table *table = erg_result_find(result, "reconciliation");
    CHECK_NEAR(real(table, 0, "estimated_j"), 2 * energy_j, 1e-12);
    CHECK_NEAR(real(table, 0, "estimated_s"), 2 * time_s, 1e-15);
    erg_trace_free(trace);
    erg_result_free(result);
}

/* A run of exactly the estimated energy agrees, with E_n = 0. */
static void what_was_estimated_rightly_agrees(void)
{
    bool passed;
    erg_result *result = erg_study_run(&env, &catalog, &small, &passed, NULL);
    double energy_j = real(erg_result_find(result, "summary"), 0, "energy_j");
    erg_trace *trace = run_of(energy_j / 10);

    CHECK(erg_study_reconcile(result, trace, NULL));
    const erg_table *table = erg_result_find(result, "reconciliation");
    CHECK_NEAR(real(table, 0, "ratio"), 1, 1e-6);
    CHECK_NEAR(real(table, 0, "agreement_en"), 0, 1e-4);
    assert_int_equal(erg_table_find(table, 0, "agrees").integer, 1);
    erg_trace_free(trace);
    erg_result_free(result);
}

static void rows_of_the_workload_are_set_beside_estimates(void)
{
    const char *path = test_file("rows.csv",
                                 "gpu,model,precision,batch,freq_mhz,time_ms,energy_j\n"
                                 "a100,ResNet-18,fp32,8,1410,5,1.5\n"
                                 "a100,resnet18,fp32,32,1410,20,3\n"
                                 "a100,vgg16,fp32,32,1410,20,3\n"
                                 "h100,resnet18,fp32,32,1410,20,3\n");
    erg_error err = { 0 };
    erg_result *result = erg_study_verify(&env, &catalog, &small, path, &err);
    CHECK_OK(result, err);
    const erg_table *rows = erg_result_find(result, "validation");
    const erg_table *groups = erg_result_find(result, "validation_groups");

    assert_int_equal(erg_table_row_count(rows), 2);
    double bias = 0;
    for (size_t i = 0; i < 2; i++) {
        CHECK_NEAR(real(rows, i, "latency_error"),
                   real(rows, i, "latency_s") / real(rows, i, "measured_s") - 1, 1e-12);
        bias += 0.5 * real(rows, i, "latency_error");
    }
    CHECK_TEXT(erg_table_find(groups, 0, "quantity").text, "latency");
    CHECK_TEXT(erg_table_find(groups, 0, "model").text, "all");
    assert_int_equal(erg_table_find(groups, 0, "rows").integer, 2);
    CHECK_NEAR(real(groups, 0, "bias"), bias, 1e-12);
    erg_result_free(result);
}

static void a_table_without_its_rows_is_refused(void)
{
    erg_error err = { 0 };
    const char *path =
        test_file("rows.csv", "model,precision,batch,time_ms\nvgg16,fp32,1,3\n");

    CHECK(!erg_study_verify(&env, &catalog, &small, path, &err));
    assert_int_equal(err.code, ERG_BAD_INPUT);
    path = test_file("rows.csv", "model,batch\nvgg16,1\n");
    CHECK(!erg_study_verify(&env, &catalog, &small, path, &err));
    assert_int_equal(err.code, ERG_BAD_INPUT);
}

/* The lists shipped with the measured rows, joined by name. */
static void kernel_lists_of_a_folder_are_joined_by_name(void)
{
    char folder[512], rows[512];
    snprintf(folder, sizeof(folder), "%s", test_data("energy/workloads"));
    snprintf(rows, sizeof(rows), "%s", test_data("energy/measured.csv"));
    erg_study what = small;
    what.workload = folder;
    erg_result *result = erg_study_verify(&env, &catalog, &what, rows, NULL);

    assert_non_null(result);
    assert_int_equal(erg_table_row_count(erg_result_find(result, "validation")), 31);
    erg_result_free(result);
}

/* ---- a replay ----------------------------------------------------------------------- */

/* Each kernel at 1e11 FLOP/s plus 1 us, in hot state. */
static erg_replay *replay_of(const char *workload)
{
    erg_error err = { 0 };
    erg_replay *replay = erg_replay_new(&err);

    replay->plan =
        erg_replay_plan_load(&workload, 1, &(erg_replay_plan_options){ 0 }, &err);
    CHECK_OK(replay->plan != NULL, err);
    replay->steps = 1;
    for (size_t i = 0; i < replay->plan->kernel_count; i++) {
        const erg_replay_kernel *kernel = &replay->plan->kernels[i];
        erg_kernel_timing timing = erg_kernel_timing_unknown();
        timing.kernel = (int32_t)i;
        timing.state = ERG_STATE_HOT;
        timing.count = (double)kernel->count;
        timing.time_s = 1e-6 + 1e-11 * (double)kernel->signature.flop;
        erg_text_put(timing.name, sizeof(timing.name), kernel->name);
        CHECK(erg_replay_add(replay, &timing, &err));
    }
    return replay;
}

static void kernels_of_a_replay_are_joined_by_operator(void)
{
    erg_error err = { 0 };
    bool passed;
    erg_result *result = erg_study_run(&env, &catalog, &small, &passed, &err);
    erg_replay *replay = replay_of("zoo:resnet18");

    replay->whole.time_s = 0.05;
    CHECK_OK(erg_study_reconcile_replay(result, replay, &err), err);
    const erg_table *table = erg_result_find(result, "reconciliation");
    const erg_table *parts = erg_result_find(result, "subgraphs");
    double estimated_s = 0, all_s = 0;
    CHECK(erg_table_row_count(table) == 1 + replay->kernel_count);
    CHECK_TEXT(erg_table_find(table, 0, "matched").text, "workload");
    for (size_t i = 1; i < erg_table_row_count(table); i++) {
        CHECK_TEXT(erg_table_find(table, i, "matched").text, "kernel");
        CHECK_TEXT(erg_table_find(table, i, "track").text, "hot");
        CHECK_NEAR(real(table, i, "time_ratio"),
                   real(table, i, "estimated_s") / real(table, i, "measured_s"), 1e-12);
        estimated_s += real(table, i, "estimated_s");
    }
    for (size_t i = 0; i < erg_table_row_count(parts); i++)
        all_s += real(parts, i, "latency_s");
    CHECK_NEAR(estimated_s / all_s, 1, 1e-9);
    CHECK(strstr(erg_table_find(table, 1, "region").text, "1x3x224x224"));
    erg_replay_free(replay);
    erg_result_free(result);
}

static void a_replay_of_another_workload_finds_nothing(void)
{
    erg_error err = { 0 };
    bool passed;
    erg_result *result = erg_study_run(&env, &catalog, &small, &passed, &err);
    erg_replay *replay = replay_of("zoo:lstm");
    size_t notes = erg_result_note_count(result);

    CHECK_OK(erg_study_reconcile_replay(result, replay, &err), err);
    const erg_table *table = erg_result_find(result, "reconciliation");
    for (size_t i = 0; i < erg_table_row_count(table); i++)
        CHECK(!erg_table_find(table, i, "matched").text);
    CHECK(erg_result_note_count(result) == notes + 1);
    erg_replay_free(replay);
    erg_result_free(result);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_region_is_held_to_the_workload_or_the_kernel_of_its_name),
        TEST(what_was_estimated_rightly_agrees),
        TEST(regions_of_a_kind_are_its_launches),
        TEST(rows_of_the_workload_are_set_beside_estimates),
        TEST(a_table_without_its_rows_is_refused),
        TEST(kernel_lists_of_a_folder_are_joined_by_name),
        TEST(kernels_of_a_replay_are_joined_by_operator),
        TEST(a_replay_of_another_workload_finds_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
