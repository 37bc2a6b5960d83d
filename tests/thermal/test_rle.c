/* SPDX-License-Identifier: Apache-2.0 */
/* Every dialect against what its own program logged, and worked rows. */
#include <stdlib.h>
#include <string.h>
#include "erg/rle.h"
#include "test.h"

static const char *const sessions[] = {
    "thermal/joint/reproducibility_test_1/rle_data_20251028_195412.csv",
    "thermal/joint/reproducibility_test_2/rle_data_20251028_195722.csv",
    "thermal/joint/workload_independence_gpu_inference/rle_data_20251028_200822.csv",
};

static const erg_table *table_of(const erg_result *result, const char *name)
{
    const erg_table *table = erg_result_find(result, name);
    CHECK(table != NULL);
    return table;
}

static int64_t whole(const erg_result *result, size_t row, const char *column)
{
    return erg_table_find(table_of(result, "summary"), row, column).integer;
}

static erg_result *run(const char *path, const erg_rle_options *options, erg_monitor **log)
{
    erg_error err = { 0 };
    *log = erg_monitor_load(test_data(path), NULL, &err);
    CHECK(*log != NULL);
    erg_result *result = erg_rle_run(*log, options, &err);
    CHECK(result != NULL);
    return result;
}

typedef struct logged_column { erg_monitor_value value; const char *column; } logged_column;

static double real_or_truth(erg_cell cell, bool is_truth)
{
    return is_truth ? (double)cell.integer : cell.real;
}

/* The largest difference between what was logged and what we reckon. */
static double worst(const erg_result *result, const erg_monitor_device *device,
                    const logged_column *column, size_t first, bool relative)
{
    const erg_table *table = table_of(result, "rle");
    double most = 0;
    size_t at = 0;

    for (size_t i = 0; i < erg_table_row_count(table); i++) {
        if (strcmp(erg_table_find(table, i, "device").text, device->name) != 0)
            continue;
        double was = device->rows[at].value[column->value];
        double off = fabs(real_or_truth(erg_table_find(table, i, column->column),
                                        column->value == ERG_MONITOR_COLLAPSE) - was);
        if (at++ >= first)
            most = fmax(most, relative && was != 0 ? off / fabs(was) : off);
    }
    CHECK(at == device->count);
    return most;
}

static void the_enhanced_dialect_equals_its_three_logs(void)
{
    static const logged_column columns[] = {
        { ERG_MONITOR_RLE_RAW, "rle_raw" }, { ERG_MONITOR_RLE_SMOOTHED, "rle_smoothed" },
        { ERG_MONITOR_E_TH, "e_th" }, { ERG_MONITOR_E_PW, "e_pw" },
        { ERG_MONITOR_SUSTAIN_S, "t_sustain_s" }, { ERG_MONITOR_PEAK, "rolling_peak" },
        { ERG_MONITOR_COLLAPSE, "collapse" },
    };
    static const int collapses[3][2] = { { 35, 58 }, { 47, 52 }, { 49, 51 } };

    for (size_t s = 0; s < ERG_COUNT(sessions); s++) {
        erg_monitor *log;
        erg_result *result = run(sessions[s], &(erg_rle_options){ .dialect = "enhanced" },
                                 &log);
        for (size_t d = 0; d < erg_monitor_devices(log); d++) {
            const erg_monitor_device *device = erg_monitor_device_at(log, d);
            CHECK(device->count == 180);
            for (size_t c = 0; c < ERG_COUNT(columns); c++)
                CHECK_NEAR(worst(result, device, &columns[c], 0, false), 0, 1e-12);
            CHECK(whole(result, d, "collapses")
                  == collapses[s][strcmp(device->name, "gpu") != 0]);
        }
        erg_result_free(result);
        erg_monitor_free(log);
    }
}

static void the_v1_dialect_equals_its_log_once_history_is_full(void)
{
    static const struct {
        logged_column column;
        double within;
        bool relative;
    } columns[] = {
        { { ERG_MONITOR_E_TH, "e_th" }, 1e-6, false },
        { { ERG_MONITOR_SUSTAIN_S, "t_sustain_s" }, 0.0501, false },
        { { ERG_MONITOR_RLE_SMOOTHED, "rle_smoothed" }, 3e-4, true },
        { { ERG_MONITOR_RLE_RAW, "rle_raw" }, 4e-4, true },
        { { ERG_MONITOR_E_PW, "e_pw" }, 3e-4, true },
        { { ERG_MONITOR_RLE_NORM, "rle_norm" }, 2e-4, true },
    };
    erg_monitor *log;
    erg_result *result = run("thermal/rle_20251028_08.csv",
                             &(erg_rle_options){ .dialect = "v1", .device = "gpu" }, &log);
    const erg_monitor_device *gpu = erg_monitor_find(log, "gpu");

    CHECK(gpu->count == 2160 && whole(result, 0, "restarts") == 1);
    for (size_t c = 0; c < ERG_COUNT(columns); c++)
        CHECK_NEAR(worst(result, gpu, &columns[c].column, 13, columns[c].relative), 0,
                   columns[c].within);
    CHECK(whole(result, 0, "collapses") == 0);
    erg_result_free(result);
    erg_monitor_free(log);
}

/* After the gap at row 1202 the program began anew:
 * no peak for 60 s, then one of its own. */
static void a_restart_forgets_the_peak(void)
{
    erg_monitor *log;
    erg_result *result = run("thermal/rle_20251028_08.csv",
                             &(erg_rle_options){ .dialect = "v1", .device = "gpu" }, &log);
    const erg_monitor_device *gpu = erg_monitor_find(log, "gpu");
    const erg_table *table = table_of(result, "rle");

    for (size_t i = 1202; i < gpu->count; i++) {
        double was = gpu->rows[i].value[ERG_MONITOR_PEAK];
        CHECK_NEAR(erg_table_find(table, i, "rolling_peak").real, was, 4e-4 * was + 1e-6);
    }
    CHECK(erg_table_find(table, 1201, "rolling_peak").real > 2);
    CHECK(erg_table_find(table, 1261, "rolling_peak").real == 0);
    erg_result_free(result);
    erg_monitor_free(log);
}

static void detectors_find_on_the_logged_columns_what_they_found(void)
{
    static const struct { const char *name; int64_t count; } found[] = {
        { "v1", 0 }, { "v0", 881 }, { "v2", 232 },
    };
    for (size_t i = 0; i < ERG_COUNT(found); i++) {
        erg_monitor *log;
        erg_rle_options options = { .dialect = "v1", .device = "gpu", .logged = true,
                                    .collapse = found[i].name };
        erg_result *result = run("thermal/rle_20251028_08.csv", &options, &log);
        CHECK(whole(result, 0, "collapses") == found[i].count);
        erg_result_free(result);
        erg_monitor_free(log);
    }
}

static void the_core_dialect_equals_its_reference_columns(void)
{
    static const logged_column columns[] = {
        { ERG_MONITOR_RLE_RAW, "rle_raw" }, { ERG_MONITOR_RLE_SMOOTHED, "rle_smoothed" },
        { ERG_MONITOR_E_TH, "e_th" }, { ERG_MONITOR_E_PW, "e_pw" },
        { ERG_MONITOR_LOAD, "load" }, { ERG_MONITOR_SUSTAIN_S, "t_sustain_s" },
        { ERG_MONITOR_PEAK, "rolling_peak" },
    };
    erg_monitor *log;
    erg_rle_options options = { .dialect = "core", .setup = { .rated_w = 200,
                                                              .limit_k = 83 + 273.15 } };
    erg_error err = { 0 };

    log = erg_monitor_load(test_data("thermal/rle_core_on_pc08_gpu.csv"), NULL, &err);
    CHECK(log != NULL);
    /* The columns know nothing of the gap in the log: histories run on. */
    const erg_monitor_device *device = erg_monitor_device_at(log, 0);
    erg_rle_state *state = calloc(1, sizeof(*state));
    erg_rle *out = calloc(device->count, sizeof(*out));
    erg_collapse_input *in = calloc(device->count, sizeof(*in));
    bool *hits = calloc(device->count, sizeof(*hits));
    double *peaks = calloc(device->count, sizeof(*peaks)), sum = 0, off[7] = { 0 };

    state->setup = options.setup;
    for (size_t i = 0; i < device->count; i++) {
        const double *value = device->rows[i].value;
        erg_rle_step(erg_rle_dialect_find("core"), state,
                     &(erg_rle_input){ .dt_s = 1, .use = value[ERG_MONITOR_USE],
                                       .temp_k = value[ERG_MONITOR_TEMP_K],
                                       .power_w = value[ERG_MONITOR_POWER_W],
                                       .voltage_v = NAN, .current_a = NAN }, &out[i]);
        in[i] = (erg_collapse_input){ .smoothed = out[i].smoothed, .raw = out[i].raw,
                                      .use = value[ERG_MONITOR_USE], .load = out[i].load,
                                      .temp_k = value[ERG_MONITOR_TEMP_K], .peak = NAN,
                                      .sustain_s = out[i].sustain_s, .limit_k = 356.15 };
        sum += out[i].raw;
    }
    erg_collapse_find("core")->mark(in, device->count, hits, peaks);
    for (size_t i = 0; i < device->count; i++) {
        const double ours[] = { out[i].raw, out[i].smoothed, out[i].e_th, out[i].e_pw,
                                out[i].load, out[i].sustain_s, peaks[i] };
        for (size_t c = 0; c < ERG_COUNT(columns); c++) {
            double was = device->rows[i].value[columns[c].value];
            off[c] = fmax(off[c], fabs(ours[c] - was) / fmax(fabs(was), 1e-3));
        }
        CHECK(!hits[i]);
    }
    for (size_t c = 0; c < ERG_COUNT(columns); c++)
        CHECK_NEAR(off[c], 0, 1e-9);
    CHECK_NEAR(sum / (double)device->count, 1.346176, 1e-6);
    CHECK(peaks[3] == 0);
    CHECK_NEAR(peaks[4], 0.28534659, 1e-8);
    free(peaks); free(hits); free(in); free(out); free(state);
    erg_monitor_free(log);
}

static void worked_rows_of_enhanced_mobile_and_harness(void)
{
    erg_rle_state *state = calloc(1, sizeof(*state));
    erg_rle out;
    static const double uses[] = { 0.4, 0.5, 0.6 };

    snprintf(state->setup.device, sizeof(state->setup.device), "gpu");
    for (int i = 0; i < 2; i++)
        erg_rle_step(erg_rle_dialect_find("enhanced"), state,
                     &(erg_rle_input){ .dt_s = i, .use = 0.31, .temp_k = 329.15 }, &out);
    CHECK_NEAR(out.stability, 0.325301, 5e-7);
    CHECK_NEAR(out.e_th, 0.324760, 5e-7);
    CHECK_NEAR(out.e_pw, 0.3875, 1e-12);
    CHECK_NEAR(out.raw, 0.125844, 5e-7);

    *state = (erg_rle_state){ .samples = 0 };
    for (int i = 0; i < 12; i++)
        erg_rle_step(erg_rle_dialect_find("mobile"), state,
                     &(erg_rle_input){ .dt_s = 1, .use = uses[i % 3], .temp_k = 313.15,
                                       .power_w = 5, .voltage_v = NAN,
                                       .current_a = NAN }, &out);
    CHECK_NEAR(out.raw, 0.0613986, 5e-8);
    CHECK_NEAR(out.smoothed, 0.2509931, 5e-8);

    *state = (erg_rle_state){ .samples = 0 };
    erg_rle_step(erg_rle_dialect_find("harness"), state,
                 &(erg_rle_input){ .use = 0.5, .temp_k = 333.15, .power_w = 80 }, &out);
    CHECK_NEAR(out.raw, 0.125, 1e-12);
    free(state);
}

static void the_demo_of_the_first_dialect_collapses_once(void)
{
    double index[ERG_RLE_DEMO], temp_k[ERG_RLE_DEMO];
    size_t collapse;

    erg_rle_demo(index, temp_k, &collapse);
    CHECK_NEAR(index[0], 1.9545235, 5e-8);
    CHECK_NEAR(index[100], 0.7250205, 5e-8);
    CHECK_NEAR(index[299], 0.2571981, 5e-8);
    CHECK_NEAR(temp_k[100] - 273.15, 45.3025, 1e-6);
    CHECK_NEAR(temp_k[299] - 273.15, 64.834731, 1e-6);
    CHECK(collapse == 215);
}

/* Steady work, then a clock that halves while the part is at its limit and still rising. */
static void the_sound_detector_asks_for_work_lost_and_heat(void)
{
    enum { ROWS = 120 };
    erg_collapse_input in[ROWS];
    bool hits[ROWS];

    for (int heat = 0; heat < 3; heat++) { /* 0: none; 1: close to its limit; 2: said */
        size_t count = 0;
        for (int i = 0; i < ROWS; i++)
            in[i] = (erg_collapse_input){
                .time_s = i, .limit_k = 356, .work_per_j = i >= 60 && i < 90 ? 0.5 : 1,
                .temp_k = heat == 1 ? 346 + 0.1 * i : 320,
                .throttle = heat == 2 && i == 62 ? 0x04 : heat == 0 && i > 60 ? 1 : NAN };
        erg_collapse_find("sound")->mark(in, ROWS, hits, NULL);
        for (int i = 0; i < ROWS; i++)
            count += hits[i];
        CHECK(heat ? hits[67] && !hits[66] && !hits[98] : count == 0);
        if (heat)
            CHECK(count == 30);
    }
}

static void the_sound_index_has_no_unit_of_time_in_it(void)
{
    erg_rle_state *state = calloc(1, sizeof(*state));
    double raw[2] = { 0 };

    for (int scale = 1; scale <= 2; scale++) {
        erg_rle out;
        *state =
            (erg_rle_state){ .setup = { .device = "gpu", .ambient_k = 300, .rated_w = 200,
                                        .limit_k = 350, .reference_s = 60.0 * scale } };
        for (int i = 0; i < 10; i++)
            erg_rle_step(erg_rle_dialect_find("sound"), state,
                         &(erg_rle_input){ .dt_s = i ? scale : 0, .use = 0.5,
                                           .power_w = 100, .temp_k = 320 + 0.5 * i }, &out);
        raw[scale - 1] = out.raw;
    }
    CHECK(raw[0] > 0);
    CHECK_NEAR(raw[0], raw[1], 1e-12);
    free(state);
}

static void no_index_is_made_of_rows_of_two_programs(void)
{
    const char *path = test_data("thermal/rle_20251027_09_dirty_excerpt.csv");
    const erg_rle_options options = { .dialect = "v1", .device = "gpu" };

    for (int writer = 0; writer <= 2; writer++) {
        erg_error err = { 0 };
        erg_monitor *log =
            erg_monitor_load(path, &(erg_monitor_options){ .writer = writer }, &err);
        CHECK_OK(log != NULL, err);
        erg_result *result = erg_rle_run(log, &options, &err);
        CHECK((result != NULL) == (writer > 0));
        CHECK(result || (err.code == ERG_BAD_INPUT && strstr(err.text, "--writer 1 or 2")));
        erg_result_free(result);
        erg_monitor_free(log);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(the_enhanced_dialect_equals_its_three_logs),
        TEST(the_v1_dialect_equals_its_log_once_history_is_full),
        TEST(a_restart_forgets_the_peak),
        TEST(detectors_find_on_the_logged_columns_what_they_found),
        TEST(the_core_dialect_equals_its_reference_columns),
        TEST(worked_rows_of_enhanced_mobile_and_harness),
        TEST(the_demo_of_the_first_dialect_collapses_once),
        TEST(the_sound_detector_asks_for_work_lost_and_heat),
        TEST(the_sound_index_has_no_unit_of_time_in_it),
        TEST(no_index_is_made_of_rows_of_two_programs),
    };
    return test_run(tests, ERG_COUNT(tests));
}
