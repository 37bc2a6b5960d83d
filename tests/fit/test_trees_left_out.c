/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen applications left out in turn, by trees: the reference results of XGBoost 1.7.4
 * with its tolerance of 0.3 points. Long: sixteen forests are grown. */
#include "fit/fit.h"
#include "test.h"

enum { CLOCKS_MOST = 128 };

/* Mean error of an application by what all others trained; its anchor is not scored. */
static double error_left_out(const erg_fit *fit, erg_target target,
                             const erg_fit_curves *all, size_t left_out)
{
    const erg_fit_curve *curve = &all->at[left_out];
    erg_fit_curve others[32];
    double clock_hz[CLOCKS_MOST], value[CLOCKS_MOST], sum = 0;
    erg_train in = { .curves = others, .groups = all->groups - 1 };
    erg_case of = { .anchors = { curve->at, 1, ERG_ACTIVITY_UNKNOWN }, .clock_hz = clock_hz,
                    .count = curve->count };
    erg_error err = { 0 };

    for (size_t i = 0; i < all->count; i++)
        if (i != left_out)
            others[in.count++] = all->at[i];
    for (size_t i = 0; i < curve->count; i++)
        clock_hz[i] = curve->at[i].clock_hz;
    erg_trained *trained = erg_fit_train_target(fit, target, &in, &err);
    CHECK_OK(trained && erg_fit_predict_target(trained, &of, value, NULL, &err), err);
    for (size_t i = 1; i < curve->count; i++)
        sum += fabs(value[i] / erg_clock_point_value(&curve->at[i], target) - 1);
    erg_trained_free(trained);
    return 100 * sum / (double)(curve->count - 1);
}

/* Skips where there is no XGBoost. */
static void check_library(const erg_fit_curves *all)
{
    erg_train in = { all->at, all->count, all->groups, ERG_ACTIVITY_UNKNOWN, NULL };
    erg_error err = { 0 };
    erg_trained *probe = erg_fit_train_target(erg_fit_find("boosted"), ERG_TARGET_TIME,
                                              &in, &err);

    if (!probe && err.code == ERG_UNSUPPORTED)
        SKIP(err.text);
    CHECK_OK(probe != NULL, err);
    erg_trained_free(probe);
}

static void trees_left_out_give_the_reference_errors(void)
{
    static const struct {
        const char *name;
        erg_target target;
        double mean, most;
    } want[] = {
        { "forest", ERG_TARGET_POWER, 7.30, 16.1 },
        { "boosted", ERG_TARGET_TIME, 9.24, 24.6 },
    };
    erg_points *points = erg_points_new(NULL);
    erg_fit_curves all;
    erg_error err = { 0 };

    CHECK_OK(erg_points_read_csv(points, test_data("dvfs/gv100_apps.csv"), NULL, &err),
             err);
    CHECK_OK(erg_fit_curves_make(&all, points, &err), err);
    CHECK(all.count == 16);
    check_library(&all);
    for (size_t w = 0; w < ERG_COUNT(want); w++) {
        double mean = 0, most = 0;
        for (size_t a = 0; a < 16; a++) {
            double one = error_left_out(erg_fit_find(want[w].name),
                                        want[w].target, &all, a);
            mean += one / 16;
            most = fmax(most, one);
        }
        print_message("# %s: %.2f, most %.2f\n", want[w].name, mean, most);
        CHECK_NEAR(mean, want[w].mean, 0.3);
        CHECK_NEAR(most, want[w].most, 1);
    }
    erg_fit_curves_free(&all);
    erg_points_free(points);
}

/* Five applications whose power and time follow the clock alone. */
static void tuned_trees_learn_what_is_there(void)
{
    const double clock_hz = 1080e6;
    erg_fit_options options = { .tune = true };
    erg_anchors anchors;
    double predicted;
    erg_fit_curves all;
    erg_points *points = erg_points_new(NULL);
    erg_error err = { 0 };

    for (int a = 0; a < 5; a++) {
        erg_application app = { .retention = NAN, .retention_low = NAN };
        size_t at;
        snprintf(app.name, sizeof(app.name), "app%d", a);
        CHECK_OK(erg_points_application(points, &app, &at, &err), err);
        for (int i = 0; i < 8; i++) {
            double x = 1 - 0.07 * i, power = (100 + 10 * a) * (0.3 + 0.7 * x);
            erg_visit visit = { .application = at, .setting = erg_knob_setting_none(),
                                .time_s = 1 / x, .energy_j = power / x, .mean_w = power,
                                .peak_w = NAN, .temp_c = NAN, .fp_active = 0.1 * a,
                                .dram_active = 0.5 };
            visit.setting.at[ERG_SM_CLOCK] = round(1500 * x) * 1e6;
            CHECK_OK(erg_points_add(points, &visit, &err), err);
        }
    }
    CHECK_OK(erg_fit_curves_make(&all, points, &err), err);
    check_library(&all);
    erg_train in = { all.at, all.count, all.groups, ERG_ACTIVITY_UNKNOWN, &options };
    erg_trained *trained =
        erg_fit_train_target(erg_fit_find("boosted"), ERG_TARGET_POWER, &in, &err);
    erg_clock_point *rows = erg_anchors_take(points, 2, 1, &anchors, &err);
    CHECK_OK(trained && rows, err);
    erg_case of = { .anchors = anchors, .clock_hz = &clock_hz, .count = 1 };
    CHECK_OK(erg_fit_predict_target(trained, &of, &predicted, NULL, &err), err);
    CHECK_NEAR(predicted / (120 * (0.3 + 0.7 * clock_hz / 1500e6)), 1, 0.05);
    free(rows);
    erg_trained_free(trained);
    erg_fit_curves_free(&all);
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(tuned_trees_learn_what_is_there),
        TEST(trees_left_out_give_the_reference_errors),
    };
    return test_run(tests, ERG_COUNT(tests));
}
