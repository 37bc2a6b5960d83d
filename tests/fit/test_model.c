/* SPDX-License-Identifier: Apache-2.0 */
/* A model predicts with bands, and its file gives back the same model or is refused. */
#include "fit/fit.h"
#include "test.h"

static const double fps[6] = { 0.1, 0.3, 0.5, 0.7, 0.2, 0.4 };
static const double drams[6] = { 0.8, 0.2, 0.5, 0.1, 0.6, 0.3 };

static erg_points *made(size_t applications)
{
    erg_points *points = erg_points_new(NULL);
    test_random random = { 4 };

    for (size_t a = 0; a < applications; a++) {
        erg_application app = { .retention = NAN, .retention_low = NAN,
                                .definition = ERG_ACTIVITY_HALF };
        erg_visit visit = { .setting = erg_knob_setting_none(), .fp_active = fps[a % 6],
                            .dram_active = drams[a % 6], .start_ns = INT64_MIN,
                            .temp_c = NAN };
        snprintf(app.name, sizeof(app.name), "app%zu", a);
        CHECK(erg_points_application(points, &app, &visit.application, NULL));
        for (double mhz = 1400; mhz >= 500; mhz -= 50) {
            double l = log1p(1400) - log1p(mhz);
            visit.setting.at[ERG_SM_CLOCK] = mhz * 1e6;
            visit.mean_w = (200 + 20 * (double)a) * exp(-1.1 * l - visit.fp_active * l * l)
                * (1 + 0.01 * test_normal(&random));
            visit.time_s = 20 * exp(0.5 * l + visit.fp_active * l)
                * (1 + 0.01 * test_normal(&random));
            visit.energy_j = visit.mean_w * visit.time_s;
            CHECK(erg_points_add(points, &visit, NULL));
        }
    }
    return points;
}

/* Those that are quick to train; trees in a file have tests of their own. */
static const char *const names[] = { "anchored", "fgcs", "fgcs_anchored", "fgcs_refit",
                                     "neighbours", "polynomial", "physical", NULL };

static erg_model *trained_on(const erg_points *points)
{
    erg_error err = { 0 };
    erg_validate_options options = { .models = names };
    erg_validation *validation = erg_fit_validate(points, NULL, &options, &err);
    erg_model *model = NULL;

    CHECK_OK(validation != NULL, err);
    for (size_t i = 0; names[i]; i++) {
        erg_model *one = erg_fit_train(erg_fit_find(names[i]), points, NULL, NULL);
        if (!model)
            model = one;
        else if (one)
            CHECK_OK(erg_model_join(model, one, &err), err);
        if (model != one)
            erg_model_free(one);
    }
    CHECK_OK(erg_model_calibrate(model, validation, &err), err);
    erg_validation_free(validation);
    return model;
}

static const erg_clock_point new_one = { 1400e6, 231.7, 18.3, NAN, NAN, 0.35, 0.4 };
static const erg_anchors anchors = { &new_one, 1, ERG_ACTIVITY_HALF };

static const char *in_folder(const char *name)
{
    static char path[ERG_PATH_MOST];
    snprintf(path, sizeof(path), "%s/%s", test_folder(), name);
    return path;
}

static void what_is_saved_predicts_the_same_when_loaded(void)
{
    const double clock_hz[3] = { 1400e6, 905e6, 500e6 };
    erg_error err = { 0 };
    erg_points *points = made(6);
    erg_model *model = trained_on(points);
    const char *path = in_folder("model.json");

    CHECK_OK(erg_model_save(model, path, &err), err);
    erg_model *again = erg_model_load(path, &err);
    CHECK_OK(again != NULL, err);
    CHECK(again->count == model->count);
    for (size_t i = 0; i < model->count; i++) {
        const erg_fit *fit = model->parts[i]->fit;
        erg_curve_point a[3], b[3];
        erg_curve_about about_a, about_b;
        if (fit->anchors_least > 1)
            continue;
        CHECK_OK(erg_model_predict_by(model, fit->name, &anchors, clock_hz, 3, a, &about_a,
                                      &err), err);
        CHECK_OK(erg_model_predict_by(again, fit->name, &anchors, clock_hz, 3, b, &about_b,
                                      &err), err);
        for (size_t k = 0; k < 3; k++) {
            CHECK(isnan(a[k].power_w) || fabs(b[k].power_w / a[k].power_w - 1) < 1e-10);
            CHECK(isnan(a[k].energy_low_j)
                  || fabs(b[k].energy_low_j / a[k].energy_low_j - 1) < 1e-10);
            CHECK(a[k].is_extrapolated == b[k].is_extrapolated);
        }
        CHECK(about_a.time == about_b.time && about_a.power == about_b.power);
    }
    erg_model_free(again);
    erg_model_free(model);
    erg_points_free(points);
}

static void bands_hold_the_curve_and_the_anchor_is_exact(void)
{
    const double clock_hz[2] = { 1400e6, 700e6 };
    erg_points *points = made(6);
    erg_model *model = trained_on(points);
    erg_curve_about about;
    erg_curve_point out[2];
    erg_error err = { 0 };

    CHECK_OK(erg_model_predict_by(model, "anchored", &anchors, clock_hz, 2, out, &about,
                                  &err), err);
    CHECK_NEAR(out[0].power_w / new_one.power_w, 1, 1e-9);
    CHECK_NEAR(out[0].time_s / new_one.time_s, 1, 1e-9);
    CHECK_NEAR(about.level, 0.80, 0);       /* six applications */
    CHECK(about.applications_needed == 19);
    double l = log1p(1400) - log1p(700);
    double power_w = 231.7 * exp(-1.1 * l - 0.35 * l * l);
    CHECK(out[1].power_low_w < power_w && power_w < out[1].power_high_w);
    CHECK_NEAR(out[1].energy_j, out[1].power_w * out[1].time_s, 1e-9);
    CHECK(out[1].energy_low_j < out[1].energy_j && out[1].energy_j < out[1].energy_high_j);
    erg_model_free(model);
    erg_points_free(points);
}

/* What neighbours lay upon the anchored curve goes straight from one clock that was trained
 * on to the next. */
static void between_two_clocks_the_neighbours_lay_half_of_each_upon_the_curve(void)
{
    const double clock_hz[3] = { 900e6, 925e6, 950e6 };
    erg_points *points = made(6);
    erg_model *model = trained_on(points);
    erg_curve_point curve[3], by_neighbours[3];
    erg_curve_about about;
    erg_error err = { 0 };
    double laid[3];

    CHECK_OK(erg_model_predict_by(model, "anchored", &anchors, clock_hz, 3, curve, &about,
                                  &err), err);
    CHECK_OK(erg_model_predict_by(model, "neighbours", &anchors, clock_hz, 3, by_neighbours,
                                  &about, &err), err);
    for (size_t k = 0; k < 3; k++)
        laid[k] = log1p(by_neighbours[k].power_w) - log1p(curve[k].power_w);
    CHECK(fabs(laid[2] - laid[0]) > 1e-5);
    CHECK_NEAR(laid[1], (laid[0] + laid[2]) / 2, 1e-9);
    erg_model_free(model);
    erg_points_free(points);
}

static void too_few_applications_give_no_band(void)
{
    const double clock_hz = 700e6;
    erg_points *points = made(3);
    erg_model *model = trained_on(points);
    erg_curve_about about;
    erg_curve_point out;

    CHECK(erg_model_predict_by(model, "anchored", &anchors, &clock_hz, 1, &out,
                               &about, NULL));
    CHECK(out.power_w > 0 && isnan(out.power_low_w) && isnan(about.level));
    erg_model_free(model);
    erg_points_free(points);
}

static void a_clock_below_all_of_training_is_extrapolated(void)
{
    const double clock_hz[2] = { 700e6, 200e6 };
    erg_points *points = made(6);
    erg_model *model = trained_on(points);
    erg_curve_point out[2];

    CHECK(erg_model_predict_by(model, "anchored", &anchors, clock_hz, 2, out, NULL, NULL));
    CHECK(!out[0].is_extrapolated && out[1].is_extrapolated);
    erg_model_free(model);
    erg_points_free(points);
}

static void an_anchor_of_another_definition_or_none_is_refused(void)
{
    const double clock_hz = 700e6;
    const erg_anchors other = { &new_one, 1, ERG_ACTIVITY_ALL }, none = { NULL, 0, 0 };
    erg_points *points = made(6);
    erg_model *model = trained_on(points);
    erg_error err = { 0 };
    erg_curve_point out;

    CHECK(!erg_model_predict(model, &other, &clock_hz, 1, &out, &err));
    CHECK(err.code == ERG_REFUSED && strstr(err.text, "half") && strstr(err.text, "all"));
    CHECK(!erg_model_predict(model, &none, &clock_hz, 1, &out, &err));
    CHECK(err.code == ERG_NO_DATA && strstr(err.text, "anchor"));
    erg_model_free(model);
    erg_points_free(points);
}

static void a_damaged_file_is_refused_with_its_place(void)
{
    static const struct { const char *text, *says; } cases[] = {
        { "", "model.json:1" },
        { "{\"erg_model\": 1,", "model.json:1" },
        { "[]", "no model" },
        { "{\"erg_model\": 2}", "another version" },
        { "{\"erg_model\":1,\"definition\":\"most\"}", "definition" },
        { "{\"erg_model\":1,\"definition\":\"half\",\"parts\":[]}", "no part" },
        { "{\"erg_model\":1,\"definition\":\"half\",\"energy_scores\":{\"at\":[]},"
          "\"parts\":[{\"model\":\"oracle\",\"target\":\"power\"}]}", "oracle" },
        { "{\"erg_model\":1,\"definition\":\"half\",\"energy_scores\":{\"at\":[2,1]},"
          "\"parts\":[{}]}", "not sorted" },
        { "{\"erg_model\":1,\"definition\":\"half\",\"energy_scores\":{\"at\":[]},"
          "\"parts\":[{\"model\":\"anchored\",\"target\":\"power\",\"trained_on\":4,"
          "\"range\":[0,1],\"terms\":[{\"name\":\"L\"}]}]}", "anchored of power" },
    };
    const char *path = in_folder("model.json");

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        test_write(path, cases[i].text);
        CHECK(!erg_model_load(path, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, cases[i].says));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(what_is_saved_predicts_the_same_when_loaded),
        TEST(bands_hold_the_curve_and_the_anchor_is_exact),
        TEST(between_two_clocks_the_neighbours_lay_half_of_each_upon_the_curve),
        TEST(too_few_applications_give_no_band),
        TEST(a_clock_below_all_of_training_is_extrapolated),
        TEST(an_anchor_of_another_definition_or_none_is_refused),
        TEST(a_damaged_file_is_refused_with_its_place),
    };
    return test_run(tests, ERG_COUNT(tests));
}
