/* SPDX-License-Identifier: Apache-2.0 */
/* Whole studies: the joint recordings of others, which hold no coupling that could be seen,
 * and their figures. */
#include "erg/couple.h"
#include "math/stats.h"
#include "test.h"
#include "couple/couple_inside.h"

enum { SESSIONS = 3 };

static const char *const sessions[SESSIONS] = {
    "thermal/joint/reproducibility_test_1", "thermal/joint/reproducibility_test_2",
    "thermal/joint/workload_independence_gpu_inference",
};

typedef struct study {
    erg_monitor *monitor;
    erg_training *log;
    erg_joint joint;
} study;

static void open_logs(study *of, const char *name)
{
    erg_error err = { 0 };
    erg_couple_files files;
    char folder[400];

    *of = (study){ .log = NULL };
    snprintf(folder, sizeof(folder), "%s", test_data(name));
    CHECK_OK(erg_couple_find_files(folder, &files, &err), err);
    of->monitor = erg_monitor_load(files.monitor, NULL, &err);
    of->log = erg_training_load(files.training, NULL, &err);
    CHECK(of->monitor && of->log);
}

static void begin(study *of, const char *name, const erg_couple_options *options)
{
    erg_error err = { 0 };

    open_logs(of, name);
    of->joint = (erg_joint){ .monitor = of->monitor, .options = options, .edge_device = -1,
                             .result = erg_result_new("couple", NULL) };
    CHECK_OK(erg_joint_study(&of->joint, of->log, &err), err);
}

static void end(study *of)
{
    erg_result_free(of->joint.result);
    erg_joint_free(&of->joint);
    erg_training_free(of->log);
    erg_monitor_free(of->monitor);
}

static const erg_joint_pair *pair_of(const erg_joint *joint, const char *x, const char *y)
{
    for (size_t i = 0; i < joint->pair_count; i++)
        if (strcmp(joint->channels[joint->pairs[i].x].name, x) == 0
            && strcmp(joint->channels[joint->pairs[i].y].name, y) == 0)
            return &joint->pairs[i];
    fail_msg("a pair is there");
    return NULL;
}

/* ---- the joint recordings ----------------------------------------------------------- */

static double lag1(const erg_joint *joint, const erg_joint_channel *of)
{
    double out[2];

    CHECK(erg_acf(erg_joint_run(joint, of), erg_joint_n(joint), 1, out));
    return out[1];
}

static void grid_and_description_are_those_of_the_spec(void)
{
    static const char *const pairs[] = { "grad_norm:rle_smoothed" };
    static const double n[] = { 80, 79, 79 }, r[] = { 0.2570, 0.2191, -0.2097 },
        grad[] = { 0.872, 0.866, 0.853 }, smoothed[] = { 0.802, 0.884, 0.873 },
        raw[] = { -0.03, 0.21, 0.64 }, n_eff[] = { 38.8, 19.3, 50.2 },
        edge_s[] = { -0.04, -0.01, 0.06 }, placebo[] = { 0.597, -0.875, 0.386 };
    const erg_couple_options options = { .pairs = pairs, .pair_count = 1, .device = "gpu",
                                         .draws = 20 };

    for (size_t i = 0; i < SESSIONS; i++) {
        study of;
        begin(&of, sessions[i], &options);
        const erg_joint_pair *pair = pair_of(&of.joint, "grad_norm", "rle_smoothed");
        CHECK_NEAR(pair->test.n_both, n[i], 0);
        CHECK_NEAR(pair->test.r_zero, r[i], 5.1e-5);
        CHECK_NEAR(pair->test.n_eff, n_eff[i], 0.051);
        CHECK_NEAR(lag1(&of.joint, &of.joint.channels[pair->x]), grad[i], 6e-4);
        CHECK_NEAR(lag1(&of.joint, &of.joint.channels[pair->y]), smoothed[i], 6e-4);
        CHECK_NEAR(lag1(&of.joint, erg_joint_find(&of.joint, pair->device, "rle_raw")),
                   raw[i], 5.1e-3);
        bool found = false;
        for (size_t k = 0; k < pair->placebo_count; k++)
            if (pair->placebos[k].shift_s == 87) {
                CHECK_NEAR(pair->placebos[k].r, placebo[i], 6e-4);
                found = true;
            }
        CHECK(found && pair->hits[ERG_CHECK_PLACEBO_FAILS]);
        if (i == 0) {
            CHECK_NEAR(pair->test.ccf[2], 0.2799, 5.1e-5);
            CHECK_NEAR(pair->test.ccf[4], 0.2806, 5.1e-5);
        } else if (i == 1)
            CHECK_NEAR(pair->test.ccf[6], 0.2593, 5.1e-5);
        CHECK(of.joint.has_edges);
        CHECK_NEAR(of.joint.offset_s, edge_s[i], 5.1e-3);
        end(&of);
    }
}

static void no_pair_of_the_joint_recordings_can_be_decided(void)
{
    static const double p_raw[] = { 0.02, 0.37, 0.13 }, p_temp[] = { 0.99, 0.01, 0.07 },
                        p_power[] = { 0.01, 0.27, 0.16 };
    const erg_couple_options options = { .key = 7 };

    for (size_t i = 0; i < SESSIONS; i++) {
        study of;
        begin(&of, sessions[i], &options);
        CHECK(of.joint.pair_count >= 6);
        for (size_t k = 0; k < of.joint.pair_count; k++) {
            const erg_joint_pair *pair = &of.joint.pairs[k];
            CHECK(strncmp(pair->verdict,
                          "cannot be decided: DEVICE_MISMATCH, NO_EXCITATION", 49)
                  == 0);
            CHECK(pair->q_value >= 0.05);
        }
        CHECK_NEAR(pair_of(&of.joint, "grad_norm", "rle_raw")->test.p_value, p_raw[i],
                   0.03);
        CHECK_NEAR(pair_of(&of.joint, "grad_norm", "temp")->test.p_value, p_temp[i], 0.03);
        CHECK_NEAR(pair_of(&of.joint, "grad_norm", "power")->test.p_value, p_power[i],
                   0.03);
        CHECK(erg_joint_hits(&of.joint, ERG_CHECK_MIXED_REGIME, "gpu") == (i == 1));
        CHECK(erg_joint_hits(&of.joint, ERG_CHECK_PLACEHOLDER, "cpu"));
        CHECK(!erg_joint_hits(&of.joint, ERG_CHECK_CLOSED_FORM, "gpu"));
        CHECK(!erg_joint_hits(&of.joint, ERG_CHECK_STARVED, "gpu"));
        CHECK(!erg_joint_hits(&of.joint, ERG_CHECK_NOT_CONVERGING, ""));
        end(&of);
    }
}

/* The rows of a real board from 1262 s on, through which its fan is on. */
static erg_monitor *fan_on(erg_training **training)
{
    erg_error err = { 0 };
    erg_text text = { 0 };
    const char *path = test_data("thermal/rle_20251028_08.csv");
    erg_monitor *all = erg_monitor_load(path, NULL, &err);
    CHECK_OK(all != NULL, err);
    const erg_monitor_device *gpu = erg_monitor_find(all, "gpu");

    erg_text_add(&text, "timestamp,device,temp_c,power_w\n");
    for (size_t i = 0; i < gpu->count; i++) {
        const erg_monitor_row *row = &gpu->rows[i];
        double t_s = (double)(row->t_ns - gpu->rows[0].t_ns) / 1e9;
        if (t_s > 1262)
            erg_text_add(&text, "%.6f,gpu,%.2f,%.2f\n", 1761638400 + t_s,
                         row->value[ERG_MONITOR_TEMP_K] - 273.15,
                         row->value[ERG_MONITOR_POWER_W]);
    }
    erg_monitor_free(all);
    erg_monitor *log = erg_monitor_parse("board", text.data, text.count, NULL, &err);
    *training = erg_training_parse("board", text.data, text.count, NULL, &err);
    CHECK_OK(log && *training, err);
    erg_text_free(&text);
    return log;
}

/* Of the differences of successive rows: power against heat k rows later. */
static double differenced_r(const erg_monitor_device *of, int k)
{
    double dp[1000], dt[1000];
    size_t n = 0;

    for (size_t i = 2; i + 1 < of->count && n < ERG_COUNT(dp); i++, n++) {
        const erg_monitor_row *then = &of->rows[i], *heat = &of->rows[(int)i + k];
        dp[n] = then->value[ERG_MONITOR_POWER_W] - then[-1].value[ERG_MONITOR_POWER_W];
        dt[n] = heat->value[ERG_MONITOR_TEMP_K] - heat[-1].value[ERG_MONITOR_TEMP_K];
    }
    return erg_correlation(dp, dt, n);
}

static void heat_that_seems_to_lead_power_is_a_late_sensor(void)
{
    static const char *const pairs[] = { "power:temp" };
    erg_error err = { 0 };
    erg_training *training;
    erg_monitor *log = fan_on(&training);
    const erg_monitor_device *gpu = erg_monitor_find(log, "gpu");

    CHECK_NEAR(differenced_r(gpu, 0), 0.456, 0.01);
    CHECK_NEAR(differenced_r(gpu, -1), 0.308, 0.01);
    CHECK_NEAR(differenced_r(gpu, 1), -0.04, 0.01);
    erg_result *answer = erg_couple_study(
        log, training, &(erg_couple_options){ .pairs = pairs, .pair_count = 1 }, &err);
    CHECK_OK(answer != NULL, err);
    const erg_table *checks = erg_result_find(answer, "checks");
    bool is_flagged = false;
    for (size_t i = 0; i < erg_table_row_count(checks); i++)
        is_flagged |= strcmp(erg_table_find(checks, i, "check").text, "SENSOR_LAG") == 0
            && strcmp(erg_table_find(checks, i, "state").text, "flag") == 0;
    CHECK(is_flagged);
    const erg_table *verdict = erg_result_find(answer, "verdict");
    CHECK(erg_table_row_count(verdict) == 1);
    CHECK(!strstr(erg_table_find(verdict, 0, "verdict").text, "temp leads"));
    CHECK(!strstr(erg_table_find(verdict, 0, "evidence").text, "caused"));
    erg_result_free(answer);
    erg_training_free(training);
    erg_monitor_free(log);
}

static void one_log_alone_is_no_study(void)
{
    erg_error err = { 0 };
    erg_training *training;
    erg_monitor *log = fan_on(&training);

    CHECK(!erg_couple_study(log, NULL, NULL, &err) && err.code == ERG_BAD_INPUT);
    CHECK(!erg_couple_study(NULL, training, NULL, &err) && err.code == ERG_BAD_INPUT);
    erg_training_free(training);
    erg_monitor_free(log);
}

int main(void)
{
    static const test tests[] = {
        TEST(grid_and_description_are_those_of_the_spec),
        TEST(no_pair_of_the_joint_recordings_can_be_decided),
        TEST(heat_that_seems_to_lead_power_is_a_late_sensor),
        TEST(one_log_alone_is_no_study),
    };
    return test_run(tests, ERG_COUNT(tests));
}
