/* SPDX-License-Identifier: Apache-2.0 */
/* The physical model among the kinds of models: what it learns, and how it is judged. */
#include "erg/fit.h"
#include "math/clock_law.h"
#include "test.h"

static const erg_clock_law usual = { .p0_w = 60, .c_w = 140, .tm_s = 0.4, .tc_s = 0.6,
                                     .q = 1.5, .xk = 0.86, .vm = 0.92 };

/* One application of a truth at `clocks` clocks up to 1500 MHz. */
static void add_truth(erg_points *points, const char *name, double p0_w, int clocks)
{
    erg_application app = { .retention = NAN, .retention_low = NAN };
    erg_clock_law law = usual;
    size_t index;
    erg_error err = { 0 };

    law.p0_w = p0_w;
    erg_text_put(app.name, sizeof(app.name), name);
    CHECK_OK(erg_points_application(points, &app, &index, &err), err);
    for (int i = 0; i < clocks; i++) {
        double x = 1 - 0.6 * i / clocks, power = erg_clock_law_w(&law, x);
        double time = erg_clock_law_s(&law, x);
        erg_visit visit = { .application = index, .setting = erg_knob_setting_none(),
                            .time_s = time, .energy_j = power * time, .mean_w = power,
                            .peak_w = NAN, .temp_c = NAN, .fp_active = NAN,
                            .dram_active = NAN };
        visit.setting.at[ERG_SM_CLOCK] = 1500e6 * x;
        CHECK_OK(erg_points_add(points, &visit, &err), err);
    }
}

static void knee_of(const erg_points *points, const erg_model *source, double *xk,
                    double *vm)
{
    erg_fit_options options = { .source = source };
    erg_error err = { 0 };
    erg_model *model = erg_fit_train(erg_fit_find("physical"), points, &options, &err);

    CHECK_OK(model != NULL, err);
    CHECK(erg_model_knee(model, xk, vm));
    erg_model_free(model);
}

/* Three applications at five clocks say where the knee is; fewer take another's. */
static void a_knee_is_learned_from_three_applications_only(void)
{
    erg_points *three = erg_points_new(NULL), *two = erg_points_new(NULL);
    double xk, vm;
    erg_error err = { 0 };

    add_truth(three, "a", 40, 40);
    add_truth(three, "b", 60, 40);
    add_truth(three, "c", 90, 40);
    add_truth(two, "a", 40, 40);
    add_truth(two, "b", 60, 40);
    add_truth(two, "c", 90, 4);
    knee_of(three, NULL, &xk, &vm);
    CHECK_NEAR(xk, 0.86, 1e-9);
    CHECK_NEAR(vm, 0.92, 1e-9);
    knee_of(two, NULL, &xk, &vm);
    CHECK_NEAR(xk, 0.80, 1e-9);
    CHECK_NEAR(vm, 0.85, 1e-9);
    erg_model *source = erg_fit_train(erg_fit_find("physical"), three, NULL, &err);
    CHECK_OK(source != NULL, err);
    knee_of(two, source, &xk, &vm);
    CHECK_NEAR(xk, 0.86, 1e-9);
    CHECK_NEAR(vm, 0.92, 1e-9);
    erg_model_free(source);
    erg_points_free(three);
    erg_points_free(two);
}

static void a_truth_is_predicted_from_three_of_its_clocks(void)
{
    erg_points *points = erg_points_new(NULL);
    erg_anchors anchors;
    erg_curve_point out[3];
    double clocks[3] = { 650e6, 900e6, 1200e6 };
    erg_error err = { 0 };

    add_truth(points, "a", 40, 40);
    add_truth(points, "b", 60, 40);
    add_truth(points, "c", 90, 40);
    erg_model *model = erg_fit_train(erg_fit_find("physical"), points, NULL, &err);
    erg_clock_point *rows = erg_anchors_take(points, 1, 3, &anchors, &err);
    CHECK_OK(model && rows, err);
    CHECK_OK(erg_model_predict(model, &anchors, clocks, 3, out, &err), err);
    for (size_t i = 0; i < 3; i++) {
        CHECK_NEAR(out[i].power_w / erg_clock_law_w(&usual, clocks[i] / 1500e6), 1, 0.003);
        CHECK_NEAR(out[i].time_s / erg_clock_law_s(&usual, clocks[i] / 1500e6), 1, 0.01);
        CHECK(out[i].power_low_w < out[i].power_w && out[i].power_w < out[i].power_high_w);
        CHECK(out[i].time_low_s < out[i].time_s && out[i].time_s < out[i].time_high_s);
    }
    anchors.count = 1;
    CHECK(!erg_model_predict(model, &anchors, clocks, 3, out, &err));
    CHECK(err.code == ERG_NO_DATA && strstr(err.text, "2 measured clocks"));
    free(rows);
    erg_model_free(model);
    erg_points_free(points);
}

static const erg_fit_score *score_of(const erg_validation *of, erg_target target)
{
    for (size_t i = 0; i < erg_validation_count(of); i++)
        if (erg_validation_at(of, i)->target == target)
            return erg_validation_at(of, i);
    return NULL;
}

static void sixteen_programs_are_judged_as_the_spec_says(void)
{
    static const struct { int anchors; double power, time; } want[] = {
        { 3, 2.02, 2.02 }, { 5, 1.44, 1.29 },
    };
    const char *const models[] = { "physical", NULL };
    erg_points *points = erg_points_new(NULL);
    erg_error err = { 0 };

    CHECK_OK(erg_points_read_csv(points, test_data("dvfs/gv100_apps.csv"), NULL, &err),
             err);
    for (size_t i = 0; i < ERG_COUNT(want); i++) {
        erg_validate_options options = { .models = models, .anchors = want[i].anchors };
        erg_validation *validation = erg_fit_validate(points, NULL, &options, &err);
        CHECK_OK(validation != NULL, err);
        CHECK_NEAR(100 * score_of(validation, ERG_TARGET_POWER)->mape, want[i].power, 0.05);
        CHECK_NEAR(100 * score_of(validation, ERG_TARGET_TIME)->mape, want[i].time, 0.05);
        CHECK(score_of(validation, ERG_TARGET_POWER)->groups == 16);
        erg_validation_free(validation);
    }
    erg_points_free(points);
}

static void one_clock_alone_teaches_nothing(void)
{
    erg_points *points = erg_points_new(NULL);
    erg_validate_options options = { .anchors = 1 };
    erg_error err = { 0 };

    add_truth(points, "a", 40, 1);
    add_truth(points, "b", 60, 1);
    CHECK(!erg_fit_validate(points, NULL, &options, &err));
    CHECK(err.code == ERG_NO_DATA && strstr(err.text, "one SM clock"));
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_knee_is_learned_from_three_applications_only),
        TEST(a_truth_is_predicted_from_three_of_its_clocks),
        TEST(sixteen_programs_are_judged_as_the_spec_says),
        TEST(one_clock_alone_teaches_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
