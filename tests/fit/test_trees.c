/* SPDX-License-Identifier: Apache-2.0 */
/* Forest and boosted: XGBoost's own figures, a model file without the library, a sweep. */
#include "fit/boosted.h"
#include "fit/fit.h"
#include "test.h"

enum { ROWS = 400, FEATURES = 4 };

typedef struct lesson {
    float features[ROWS][FEATURES], targets[ROWS], own[ROWS];
    char *json;
    erg_forest forest;
} lesson;

/* As the two kinds have it: many deep trees in one round,
 * or many rounds of shallow ones. */
static const erg_boost_options kinds[] = {
    { .rounds = 1, .parallel = 40, .depth = 12, .rate = 1, .row_share = 0.632,
      .feature_share = 1, .node_share = 0.67, .child_weight = 1, .is_exact = true,
      .is_free = true, .base = 0.37, .seed = 42 },
    { .rounds = 60, .depth = 4, .rate = 0.1, .row_share = 0.8, .feature_share = 0.8,
      .child_weight = 1, .is_exact = true, .base = -0.2, .seed = 42 },
};

/* Skips without the library. */
static lesson *learn(const erg_boost_options *options)
{
    lesson *of = calloc(1, sizeof(*of));
    test_random random = { 5 };
    erg_error err = { 0 };

    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < FEATURES; j++)
            of->features[i][j] = (float)test_uniform(&random);
        of->targets[i] = of->features[i][0] * of->features[i][1]
            + (of->features[i][2] > 0.6f);
    }
    erg_boost_rows rows = { of->features[0], of->targets, ROWS, FEATURES, of->own,
                            &of->json };
    if (!erg_boost(&rows, options, &of->forest, &err)) {
        free(of);
        if (err.code == ERG_UNSUPPORTED)
            SKIP(err.text);
        CHECK_TEXT(err.text, "");
    }
    return of;
}

static void forget(lesson *of)
{
    erg_forest_free(&of->forest);
    free(of->json);
    free(of);
}

static float sum_of(const erg_forest *forest, const float features[FEATURES])
{
    uint32_t keys[ERG_TREE_KEYS];

    erg_tree_row(features, FEATURES, keys);
    return erg_forest_sum(forest, keys);
}

static void our_sums_are_those_of_xgboost(void)
{
    for (size_t k = 0; k < ERG_COUNT(kinds); k++) {
        lesson *of = learn(&kinds[k]);
        for (int i = 0; i < ROWS; i++)
            CHECK(sum_of(&of->forest, of->features[i]) == of->own[i]);
        forget(of);
    }
}

/* Three rows in ten read e times too much: squares follow them, relative errors do not. */
/* Trees of one feature that tells nothing. */
static erg_forest grown_on(float targets[], const erg_boost_options *options)
{
    float features[ROWS];
    erg_boost_rows rows = { .features = features, .targets = targets, .count = ROWS,
                            .feature_count = 1 };
    erg_forest forest;
    erg_error err = { 0 };

    for (int i = 0; i < ROWS; i++)
        features[i] = (float)(i % 7);
    bool good = erg_boost(&rows, options, &forest, &err);
    if (!good && err.code == ERG_UNSUPPORTED)
        SKIP(err.text);
    CHECK_OK(good, err);
    return forest;
}

static double learnt_beside_jumps(bool is_relative)
{
    const erg_boost_options options = { .rounds = 40, .depth = 2, .rate = 0.3,
        .row_share = 1, .feature_share = 1, .child_weight = 1, .seed = 1,
        .is_relative = is_relative };
    const float zero = 0;
    float targets[ROWS];
    uint32_t keys[ERG_TREE_KEYS];

    for (int i = 0; i < ROWS; i++)
        targets[i] = i % 10 < 3 ? 1 : 0;
    erg_forest forest = grown_on(targets, &options);
    erg_tree_row(&zero, 1, keys);
    double learnt = (double)erg_forest_sum(&forest, keys);
    erg_forest_free(&forest);
    return learnt;
}

static void readings_that_jump_do_not_pull_the_relative_error(void)
{
    CHECK_NEAR(learnt_beside_jumps(false), 0.3, 0.05);
    CHECK_NEAR(learnt_beside_jumps(true), 0, 0.05);
}

/* Five in nine read e times as much as the rest: their median, but not that of 1 / P. */
static void rounds_begin_at_the_constant_of_least_relative_error(void)
{
    const erg_boost_options options = { .rounds = 1, .depth = 1, .rate = 1e-6,
        .row_share = 1, .feature_share = 1, .child_weight = 1, .base = NAN,
        .is_relative = true };
    float targets[ROWS];

    for (int i = 0; i < ROWS; i++)
        targets[i] = i % 9 < 5 ? -1 : -2;
    erg_forest forest = grown_on(targets, &options);
    CHECK_NEAR(forest.base, -2, 1e-6);
    erg_forest_free(&forest);
}

static void a_saved_model_is_read_without_the_library(void)
{
    lesson *of = learn(&kinds[0]);
    erg_forest again;
    erg_error err = { 0 };

    CHECK_OK(erg_boost_read(of->json, FEATURES, &again, &err), err);
    CHECK(again.tree_count == of->forest.tree_count && again.base == of->forest.base);
    for (int i = 0; i < ROWS; i++)
        CHECK(sum_of(&again, of->features[i]) == of->own[i]);
    erg_forest_free(&again);
    forget(of);
}

/* Cut short anywhere, or with a letter changed, it is refused or is a sound forest. */
static void a_damaged_model_is_refused_or_sound(void)
{
    lesson *of = learn(&kinds[1]);
    size_t length = strlen(of->json), refused = 0;
    test_random random = { 3 };
    erg_forest read;

    for (int round = 0; round < 40; round++) {
        char *broken = erg_text_copy(of->json);
        size_t at = (size_t)(test_uniform(&random) * (double)length);
        broken[at] = round % 2 ? '\0' : '9';
        if (erg_boost_read(broken, FEATURES, &read, NULL)) {
            (void)sum_of(&read, of->features[round]);
            erg_forest_free(&read);
        } else {
            refused++;
        }
        free(broken);
    }
    CHECK(refused >= 20);
    CHECK(!erg_boost_read("{}", FEATURES, &read, NULL));
    CHECK(!erg_boost_read("", FEATURES, &read, NULL));
    CHECK(!erg_boost_read(of->json, 1, &read, NULL));       /* features it does not have */
    forget(of);
}

static int rising(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static void a_sweep_of_one_feature_gives_the_sums_of_its_samples(void)
{
    enum { PLACES = 97 };
    lesson *of = learn(&kinds[0]);
    test_random random = { 17 };
    erg_flat_forest flat;
    erg_error err = { 0 };

    CHECK_OK(erg_forest_flatten(&of->forest, &flat, &err), err);

    for (size_t feature = 0; feature < FEATURES; feature++) {
        float row[FEATURES], values[PLACES], sums[PLACES];
        uint32_t keys[FEATURES], swept[PLACES];
        for (int j = 0; j < FEATURES; j++)
            row[j] = (float)test_uniform(&random);
        for (int i = 0; i < PLACES; i++)
            values[i] = i % 7 == 3
                ? values[i - 1] : (float)(1.4 * test_uniform(&random) - 0.2);
        qsort(values, PLACES, sizeof(*values), rising);
        erg_tree_keys(row, FEATURES, keys);
        erg_tree_keys(values, PLACES, swept);
        erg_flat_curve curve = { keys, swept, feature, PLACES };
        CHECK_OK(erg_flat_sweep(&flat, &curve, sums, &err), err);
        for (int i = 0; i < PLACES; i++) {
            row[feature] = values[i];
            CHECK(sums[i] == sum_of(&of->forest, row));
        }
        curve.count = 0;
        CHECK_OK(erg_flat_sweep(&flat, &curve, sums, &err), err);
    }
    erg_flat_free(&flat);
    forget(of);
}

/* ---- as kinds of models --------------------------------------------------- */

static void add_application(erg_points *points, int index)
{
    erg_application app = { .retention = NAN, .retention_low = NAN };
    size_t at;
    erg_error err = { 0 };

    snprintf(app.name, sizeof(app.name), "app%d", index);
    CHECK_OK(erg_points_application(points, &app, &at, &err), err);
    for (int i = 0; i < 20; i++) {
        double x = 1 - 0.03 * i, share = 0.1 * (index + 1),
               power = 50 + 100 * x * (1 + share);
        double time = 1 - share + share / x;
        erg_visit visit = { .application = at, .setting = erg_knob_setting_none(),
                            .time_s = 10 * time, .energy_j = 10 * power * time,
                            .mean_w = power, .peak_w = NAN, .temp_c = NAN,
                            .fp_active = share, .dram_active = 1 - share };
        visit.setting.at[ERG_SM_CLOCK] = round(1500 * x) * 1e6;
        CHECK_OK(erg_points_add(points, &visit, &err), err);
    }
}

static erg_model *train(const char *name, const erg_points *points)
{
    erg_error err = { 0 };
    erg_model *model = erg_fit_train(erg_fit_find(name), points, NULL, &err);

    if (!model && err.code == ERG_UNSUPPORTED)
        SKIP(err.text);
    CHECK_OK(model != NULL, err);
    return model;
}

static void what_was_learned_is_given_back_whatever_the_order_of_clocks(void)
{
    static const char *const names[] = { "forest", "boosted" };
    const double clocks[5] = { 1500e6, 825e6, 1320e6, 1095e6, 825e6 };
    erg_points *points = erg_points_new(NULL);
    erg_anchors anchors;
    erg_curve_point out[5];
    erg_error err = { 0 };

    for (int i = 0; i < 6; i++)
        add_application(points, i);
    for (size_t k = 0; k < ERG_COUNT(names); k++) {
        erg_model *model = train(names[k], points);
        erg_clock_point *rows = erg_anchors_take(points, 2, 1, &anchors, &err);
        CHECK_OK(rows && erg_model_predict(model, &anchors, clocks, 5, out, &err), err);
        for (int i = 0; i < 5; i++) {
            double x = clocks[i] / 1500e6;
            CHECK_NEAR(out[i].power_w / (50 + 130 * x), 1, 0.06);
            CHECK_NEAR(out[i].time_s / (10 * (0.7 + 0.3 / x)), 1, 0.06);
        }
        CHECK(out[1].power_w == out[4].power_w);
        free(rows);
        erg_model_free(model);
    }
    erg_points_free(points);
}

/* A model from a file has no live trees until it wakes; a damaged one does not wake. */
static void a_model_wakes_from_its_trees(void)
{
    const double clock_hz = 1e9;
    double before, after;
    erg_points *points = erg_points_new(NULL);
    erg_anchors anchors;
    erg_error err = { 0 };

    for (int i = 0; i < 4; i++)
        add_application(points, i);
    erg_model *model = train("boosted", points);
    erg_trained *part = model->parts[0];
    erg_clock_point *rows = erg_anchors_take(points, 1, 1, &anchors, &err);
    erg_case of = { .anchors = anchors, .clock_hz = &clock_hz, .count = 1 };
    CHECK_OK(erg_fit_predict_target(part, &of, &before, NULL, &err), err);
    part->fit->drop(part);
    CHECK(!erg_fit_predict_target(part, &of, &after, NULL, &err));
    CHECK_OK(part->fit->wake(part, &err), err);
    CHECK_OK(erg_fit_predict_target(part, &of, &after, NULL, &err), err);
    CHECK(before == after);
    part->fit->drop(part);
    part->booster[100] = '\0';
    CHECK(!part->fit->wake(part, &err) && !part->live);
    free(rows);
    erg_model_free(model);
    erg_points_free(points);
}

static void three_applications_are_too_few(void)
{
    erg_points *points = erg_points_new(NULL);
    erg_error err = { 0 };

    for (int i = 0; i < 3; i++)
        add_application(points, i);
    CHECK(!erg_fit_train(erg_fit_find("boosted"), points, NULL, &err));
    CHECK(err.code == ERG_NO_DATA);
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(our_sums_are_those_of_xgboost),
        TEST(readings_that_jump_do_not_pull_the_relative_error),
        TEST(rounds_begin_at_the_constant_of_least_relative_error),
        TEST(a_saved_model_is_read_without_the_library),
        TEST(a_damaged_model_is_refused_or_sound),
        TEST(a_sweep_of_one_feature_gives_the_sums_of_its_samples),
        TEST(what_was_learned_is_given_back_whatever_the_order_of_clocks),
        TEST(a_model_wakes_from_its_trees),
        TEST(three_applications_are_too_few),
    };
    return test_run(tests, ERG_COUNT(tests));
}
