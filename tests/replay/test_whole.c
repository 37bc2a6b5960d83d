/* SPDX-License-Identifier: Apache-2.0 */
/* A fixture worked out by hand: its figures and its files. */
#include "erg/replay.h"
#include "replay/replay.h"
#include "test.h"

static erg_replay *load(double steps)
{
    static const char *const names[] = { "replay/piep_full_model_timing.json",
                                         "replay/piep_isolated_kernels_timing.json",
                                         "replay/piep_gpu_power_20260206_183216.csv",
                                         "replay/piep_kernel_signatures.json" };
    char paths[ERG_COUNT(names)][ERG_PATH_MOST];
    const char *files[ERG_COUNT(names)];
    erg_error err = { 0 };

    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s", test_data(names[i]));
        files[i] = paths[i];
    }
    erg_replay_source source = { .files = files,
                                 .file_count = ERG_COUNT(names),
                                 .steps = steps };
    erg_replay *replay = erg_replay_load(&source, &err);
    CHECK_OK(replay != NULL, err);
    return replay;
}

static erg_result *put_together(erg_replay *replay, double base_w)
{
    erg_error err = { 0 };
    bool agrees = true;
    erg_recompose_options options = { .base_w = base_w };
    erg_result *result = erg_replay_recompose(replay, &options, &agrees, &err);

    CHECK_OK(result != NULL, err);
    CHECK(!agrees);
    CHECK_TEXT(erg_table_find(erg_result_find(result, "totals"), 0, "verdict").text,
               "refused");
    return result;
}

static double total(const erg_result *result, const char *column)
{
    return erg_table_find(erg_result_find(result, "totals"), 0, column).real;
}

static double tier_j(const erg_result *result, size_t row, const char *column)
{
    return erg_table_find(erg_result_find(result, "tiers"), row, column).real;
}

static void the_repaired_runs_with_the_base_of_locked_clocks(void)
{
    erg_replay *replay = load(25);
    erg_result *result = put_together(replay, 57.6);

    CHECK_NEAR(tier_j(result, 0, "dynamic_j"), 0.002786, 5e-7);
    CHECK_NEAR(tier_j(result, 1, "dynamic_j"), 0.057944, 5e-7);
    CHECK_NEAR(tier_j(result, 2, "dynamic_j"), 0.057121, 5e-7);
    CHECK_NEAR(total(result, "dynamic_j"), 0.117851, 5e-7);
    CHECK_NEAR(total(result, "base_j"), 0.673030, 5e-7);
    CHECK_NEAR(total(result, "predicted_j"), 0.790882, 5e-7);
    CHECK_NEAR(total(result, "energy_ratio"), 0.326, 5e-4);
    CHECK_NEAR(total(result, "measured_j"), 2.424561479, 1e-8);
    CHECK_NEAR(total(result, "predicted_s"), 81113.13954905188e-6 / 25, 1e-9);
    CHECK_NEAR(total(result, "time_error"), 6.941913026652566 / 25 - 1, 1e-9);
    CHECK(total(result, "agreement_en") > 1);
    CHECK_NEAR(total(result, "measured_updates"), 406, 2);  /* as its report counts them */
    CHECK(tier_j(result, 1, "updates") > 10);
    const char *codes =
        erg_table_find(erg_result_find(result, "totals"), 0, "refused_by").text;
    CHECK_TEXT(codes, "RUNS_MISMATCH, COUNT_UNIT, SHAPES_LOST");
    erg_result_free(result);
    erg_replay_free(replay);
}

static void the_repaired_runs_with_the_base_of_deep_idle(void)
{
    erg_replay *replay = load(25);
    erg_result *result = put_together(replay, 9.64);

    CHECK_NEAR(total(result, "predicted_j"), 0.386178, 5e-7);
    CHECK_NEAR(total(result, "energy_ratio"), 0.159, 5e-4);
    erg_result_free(result);
    erg_replay_free(replay);
}

/* 100,000 runs in tier 3 stand nowhere: 53 windows say so. */
static void gross_joules_by_the_runs_that_the_windows_show(void)
{
    erg_replay *replay = load(25);
    erg_result *result = put_together(replay, 57.6);
    size_t limited = 0;

    for (size_t i = 0; i < replay->kernel_count; i++)
        limited += replay->kernels[i].runs_used == 100000;
    CHECK(limited == 53);
    CHECK_NEAR(total(result, "gross_j"), 0.304832805, 1e-9);
    CHECK_NEAR(25 * tier_j(result, 0, "gross_j"), 0.237547951, 1e-9);
    CHECK_NEAR(25 * tier_j(result, 1, "gross_j"), 2.758676716, 1e-9);
    CHECK_NEAR(25 * tier_j(result, 2, "gross_j"), 4.624595465, 1e-9);
    erg_result_free(result);
    erg_replay_free(replay);
}

static void without_a_base_there_is_no_sum_of_energy(void)
{
    erg_replay *replay = load(25);
    erg_result *result = put_together(replay, 0);

    CHECK(isnan(total(result, "predicted_j")) && isnan(total(result, "energy_error")));
    erg_result_free(result);
    erg_replay_free(replay);
}

static void without_steps_there_is_no_sum_at_all(void)
{
    erg_replay *replay = load(0);
    erg_error err = { 0 };
    bool agrees = true;

    CHECK(!erg_replay_recompose(replay, &(erg_recompose_options){ 0 }, &agrees, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "--steps"));
    erg_replay_free(replay);
}

static bool warns_of(const erg_result *result, const char *words)
{
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        if (strstr(erg_result_note_at(result, i), words))
            return true;
    return false;
}

/* By time the matrix products have 28 % of the joules: their power is in none of it. */
static void joules_by_time_alone_come_with_what_the_tiers_drew(void)
{
    erg_replay *replay = load(25);
    erg_error err = { 0 };
    bool agrees = true;
    erg_recompose_options options = { .base_w = 57.6, .time_share = true };
    erg_result *result = erg_replay_recompose(replay, &options, &agrees, &err);
    static const double times_us[] = { 2914.652, 22705.544, 55492.943 };

    CHECK_OK(result != NULL, err);
    for (size_t i = 0; i < ERG_COUNT(times_us); i++) {
        erg_cell method = erg_table_find(erg_result_find(result, "tiers"), i, "method");
        CHECK_NEAR(tier_j(result, i, "energy_j"), times_us[i] / 81113.13955 * 2.424561479,
                   1e-7);
        CHECK_TEXT(method.text, "time_share");
    }
    CHECK(warns_of(result, "memory 81.5 W, gemm 166.0 W, other 82.3 W"));
    CHECK(isnan(total(result, "predicted_j")) && isnan(total(result, "agreement_en")));
    CHECK(isnan(total(result, "energy_error")));
    erg_result_free(result);
    erg_replay_free(replay);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_repaired_runs_with_the_base_of_locked_clocks),
        TEST(the_repaired_runs_with_the_base_of_deep_idle),
        TEST(gross_joules_by_the_runs_that_the_windows_show),
        TEST(without_a_base_there_is_no_sum_of_energy),
        TEST(joules_by_time_alone_come_with_what_the_tiers_drew),
        TEST(without_steps_there_is_no_sum_at_all),
    };
    return test_run(tests, ERG_COUNT(tests));
}
