/* SPDX-License-Identifier: Apache-2.0 */
/* The published equations to the last digit, and the linear fits against references. */
#include "fit/fit.h"
#include "read_points.h"

/* One anchor of no particular application. */
static erg_clock_point anchor(double mhz, double power_w, double time_s, double fp,
                              double dram)
{
    return (erg_clock_point){ mhz * 1e6, power_w, time_s, NAN, NAN, fp, dram };
}

static double predict(const erg_fit *fit, erg_target target, const erg_clock_point *top,
                      double mhz)
{
    erg_error err = { 0 };
    double clock_hz = mhz * 1e6, out;
    erg_trained *trained = erg_fit_train_target(fit, target, &(erg_train){ .count = 0 },
                                                &err);
    erg_case of = { .anchors = { top, 1, ERG_ACTIVITY_UNKNOWN }, .clock_hz = &clock_hz,
                    .count = 1 };

    CHECK_OK(trained != NULL, err);
    CHECK_OK(erg_fit_predict_target(trained, &of, &out, NULL, &err), err);
    erg_trained_free(trained);
    return out;
}

/* Rows of numbers of a file of figures, its header left out. */
static size_t read_numbers(const char *name, double rows[][16], size_t most)
{
    FILE *file = fopen(test_data(name), "r");
    char line[1024];
    size_t count = 0;

    CHECK(file && fgets(line, sizeof(line), file));
    while (count < most && fgets(line, sizeof(line), file)) {
        char *at = line;
        for (size_t j = 0; j < 16 && *at && *at != '\n'; j++, at += *at == ',')
            rows[count][j] = strtod(at, &at);
        count++;
    }
    fclose(file);
    return count;
}

static void the_published_equations_give_their_golden_points(void)
{
    double rows[64][16];
    size_t count = read_numbers("dvfs/fgcs_golden_points.csv", rows, 64);

    CHECK(count == 40);
    for (size_t i = 0; i < count; i++) {
        erg_clock_point top = anchor(1380, NAN, rows[i][2], rows[i][0], rows[i][1]);
        double power = predict(&erg_fit_fgcs, ERG_TARGET_POWER, &top, rows[i][3]);
        double time = predict(&erg_fit_fgcs, ERG_TARGET_TIME, &top, rows[i][3]);
        CHECK_NEAR(log1p(power) / rows[i][4], 1, 1e-9);
        CHECK_NEAR(power / rows[i][5], 1, 1e-9);
        CHECK_NEAR(time / rows[i][6], 1, 1e-9);
        CHECK_NEAR(power * time / rows[i][7], 1, 1e-9);
    }
}

/* Faults of the published time that users are told of (specification 5.2). */
static void the_published_time_has_its_known_faults(void)
{
    erg_clock_point idle = anchor(1380, 100, 10, 0, 0);
    erg_clock_point third = anchor(1380, 100, 10, 0.3, 0),
                    half = anchor(1380, 100, 10, 0.5, 0);

    CHECK_NEAR(predict(&erg_fit_fgcs, ERG_TARGET_TIME, &idle, 1380), 10, 1e-4);
    CHECK_NEAR(predict(&erg_fit_fgcs, ERG_TARGET_TIME, &third, 1380) / 10, 1.46, 0.005);
    CHECK_NEAR(predict(&erg_fit_fgcs, ERG_TARGET_TIME, &half, 1380) / 10, 1.70, 0.005);
    CHECK_NEAR(predict(&erg_fit_fgcs, ERG_TARGET_TIME, &idle, 1410), 10.0437, 1e-4);
    CHECK_NEAR(predict(&erg_fit_fgcs, ERG_TARGET_TIME, &idle, 1785), 11.0989, 1e-4);
}

static void anchored_at_the_top_the_published_time_is_the_measured_one(void)
{
    static const struct { double fp, mhz, time_s; } known[] = {
        { 0.3, 510, 22.4585 }, { 0.3, 1000, 10.8499 }, { 0.3, 1380, 10 },
        { 1, 510, 31.8175 }, { 1, 1000, 12.2102 }, { 1, 1380, 10 },
    };
    for (size_t i = 0; i < ERG_COUNT(known); i++) {
        erg_clock_point top = anchor(1380, 100, 10, known[i].fp, 0);
        CHECK_NEAR(predict(&erg_fit_fgcs_anchored, ERG_TARGET_TIME, &top, known[i].mhz),
                   known[i].time_s, 5e-5);
    }
}

static erg_trained *train_on(const erg_points *points, const erg_fit *fit,
                             erg_target target)
{
    erg_error err = { 0 };
    erg_fit_curves curves;

    CHECK_OK(erg_fit_curves_make(&curves, points, &err), err);
    erg_train in = { curves.at, curves.count, curves.groups, curves.definition, NULL };
    erg_trained *trained = erg_fit_train_target(fit, target, &in, &err);
    CHECK_OK(trained != NULL, err);
    erg_fit_curves_free(&curves);
    return trained;
}

static void check_terms(const erg_trained *trained, const double known[], size_t count,
                        size_t first)
{
    CHECK(trained->term_count >= first + count);
    for (size_t i = 0; i < count; i++)
        CHECK_NEAR(trained->terms[first + i].value, known[i], 1e-5);
}

static void coefficients_of_sixteen_applications_are_the_reference_ones(void)
{
    static const double power[] = { -1.208322, -0.480745, 0.337559, 0.439406,
                                    -1.173670, 0.441128 };
    static const double time[] = { 0.311453, 0.341414, -0.323919, 0.396724,
                                   0.259665, 0.395205 };
    static const double refit[] = { 0.002714, 0.762395, 0.481289, 0.634925 };
    erg_points *points = read_shared("dvfs/gv100_apps.csv");
    erg_trained *of_power = train_on(points, &erg_fit_anchored, ERG_TARGET_POWER);
    erg_trained *of_time = train_on(points, &erg_fit_anchored, ERG_TARGET_TIME);
    erg_trained *published = train_on(points, &erg_fit_fgcs_refit, ERG_TARGET_POWER);

    check_terms(of_power, power, 6, 0);
    check_terms(of_time, time, 6, 0);
    check_terms(published, refit, 4, 0);
    erg_trained_free(of_power);
    erg_trained_free(of_time);
    erg_trained_free(published);
    erg_points_free(points);
}

/* dgemm and stream, the two programs that the published power came from. */
static void two_programs_alone_give_the_published_memory_term(void)
{
    static const double known[] = { -0.857727, 0.845255, 0.144788, 0.741963 };
    erg_points *points = read_shared("dvfs/gv100_apps.csv"), *two = erg_points_new(NULL);

    for (size_t i = 0; i < erg_points_visits(points); i++) {
        erg_visit visit = *erg_points_visit_at(points, i);
        const erg_application *app = erg_points_application_at(points, visit.application);
        if (strcmp(app->name, "dgemm") != 0 && strcmp(app->name, "stream") != 0)
            continue;
        CHECK(erg_points_application(two, app, &visit.application, NULL));
        CHECK(erg_points_add(two, &visit, NULL));
    }
    erg_trained *trained = train_on(two, &erg_fit_fgcs_refit, ERG_TARGET_POWER);
    check_terms(trained, known, 4, 0);
    erg_trained_free(trained);
    erg_points_free(points);
    erg_points_free(two);
}

/* Points whose truth is the anchored form itself; scale: of all times. */
static erg_points *made(size_t applications, bool has_activity, double scale)
{
    erg_points *points = erg_points_new(NULL);
    test_random random = { 9 };

    for (size_t a = 0; a < applications; a++) {
        erg_application app = { .retention = NAN, .retention_low = NAN };
        double fp = test_uniform(&random), dram = test_uniform(&random);
        erg_visit visit = { .setting = erg_knob_setting_none(), .fp_active = NAN,
                            .dram_active = NAN, .start_ns = INT64_MIN, .temp_c = NAN };
        snprintf(app.name, sizeof(app.name), "app%zu", a);
        CHECK(erg_points_application(points, &app, &visit.application, NULL));
        for (double mhz = 1400; mhz >= 500; mhz -= 50) {
            double l = log1p(1400) - log1p(mhz);
            visit.setting.at[ERG_SM_CLOCK] = mhz * 1e6;
            visit.mean_w = 301 * exp(-1.2 * l - 0.4 * fp * l + 0.3 * dram * l) - 1;
            visit.time_s = (21 * exp(0.3 * l + 0.3 * fp * l) - 1) * scale;
            visit.energy_j = visit.mean_w * visit.time_s;
            visit.fp_active = has_activity ? fp : NAN;
            visit.dram_active = has_activity ? dram : NAN;
            CHECK(erg_points_add(points, &visit, NULL));
        }
    }
    return points;
}

static void the_form_itself_comes_back(void)
{
    static const double power[] = { -1.2, -0.4, 0.3, 0 }, time[] = { 0.3, 0.3, 0, 0 };
    erg_points *points = made(8, true, 1);
    erg_trained *of_power = train_on(points, &erg_fit_anchored, ERG_TARGET_POWER);
    erg_trained *of_time = train_on(points, &erg_fit_anchored, ERG_TARGET_TIME);

    check_terms(of_power, power, 4, 0);
    check_terms(of_time, time, 4, 0);
    erg_trained_free(of_power);
    erg_trained_free(of_time);
    erg_points_free(points);
}

static void times_below_a_second_are_not_lost_in_one_plus_time(void)
{
    static const double time[] = { 0.3, 0.3, 0, 0 };
    erg_points *points = made(8, true, 1e-3);
    erg_trained *of_time = train_on(points, &erg_fit_anchored, ERG_TARGET_TIME);

    check_terms(of_time, time, 4, 0);
    erg_trained_free(of_time);
    erg_points_free(points);
}

static void without_activities_or_with_few_applications_there_are_fewer_terms(void)
{
    erg_points *bare = made(8, false, 1), *few = made(3, true, 1);
    erg_trained *of_bare = train_on(bare, &erg_fit_anchored, ERG_TARGET_POWER);
    erg_trained *of_few = train_on(few, &erg_fit_anchored, ERG_TARGET_POWER);

    CHECK(of_bare->term_count == 2);
    CHECK(!isnan(erg_trained_value(of_bare, "bare L^2")));
    CHECK(of_few->term_count == 1);
    CHECK(erg_trained_value(of_few, "bare L") < -0.5);
    erg_trained_free(of_bare);
    erg_trained_free(of_few);
    erg_points_free(bare);
    erg_points_free(few);
}

static void a_constant_column_and_a_single_clock_have_an_answer(void)
{
    erg_points *points = made(6, true, 1), *one = erg_points_new(NULL);
    size_t index;

    for (size_t i = 0; i < erg_points_visits(points); i++) {
        erg_visit *visit = erg_points_visit_edit(points, i);
        visit->fp_active = 0.5;
        visit->dram_active = 0;
        if (visit->setting.at[ERG_SM_CLOCK] < 1399e6)
            continue;
        CHECK(erg_points_application(one,
                                     erg_points_application_at(points, visit->application),
                                     &index, NULL));
        CHECK(erg_points_add(one, visit, NULL));
    }
    erg_trained *constant = train_on(points, &erg_fit_anchored, ERG_TARGET_POWER);
    erg_trained *single = train_on(one, &erg_fit_anchored, ERG_TARGET_POWER);
    for (size_t i = 0; i < constant->term_count; i++)
        CHECK(fabs(constant->terms[i].value) < 10);
    for (size_t i = 0; i < single->term_count; i++)
        CHECK_NEAR(single->terms[i].value, 0, 1e-9);
    erg_trained_free(constant);
    erg_trained_free(single);
    erg_points_free(points);
    erg_points_free(one);
}

static void the_anchor_is_given_back_to_the_last_digits(void)
{
    erg_points *points = made(6, true, 1);
    erg_trained *trained = train_on(points, &erg_fit_anchored, ERG_TARGET_POWER);
    erg_clock_point top = anchor(1380, 283.4571, 17.25, 0.4, 0.2);
    double clock_hz = 1380e6, out;
    erg_case of = { .anchors = { &top, 1, ERG_ACTIVITY_UNKNOWN }, .clock_hz = &clock_hz,
                    .count = 1 };

    CHECK(erg_fit_predict_target(trained, &of, &out, NULL, NULL));
    CHECK_NEAR(out / top.power_w, 1, 1e-15);
    erg_trained_free(trained);
    erg_points_free(points);
}

static void anchors_are_spread_from_the_highest_clock_to_the_lowest(void)
{
    erg_points *points = made(2, true, 1);
    erg_error err = { 0 };
    erg_anchors anchors;
    erg_clock_point *rows = erg_anchors_take(points, 1, 3, &anchors, &err);

    CHECK_OK(rows != NULL, err);
    CHECK(anchors.count == 3);
    CHECK_NEAR(rows[0].clock_hz, 1400e6, 1);
    CHECK_NEAR(rows[1].clock_hz, 950e6, 1);
    CHECK_NEAR(rows[2].clock_hz, 500e6, 1);
    free(rows);
    erg_points_free(points);
}

static void what_two_fits_need_is_trained_once(void)
{
    erg_points *points = read_shared("dvfs/gv100_apps.csv");
    erg_trained_pool pool = { .count = 0 };
    erg_fit_curves curves;
    erg_error err = { 0 };
    CHECK_OK(erg_fit_curves_make(&curves, points, &err), err);
    erg_train in = { .curves = curves.at, .count = curves.count, .groups = curves.groups,
                     .definition = curves.definition, .pool = &pool };
    const erg_fit *anchored = erg_fit_find("anchored"),
                  *ensemble = erg_fit_find("ensemble");

    erg_trained *alone = erg_fit_train_target(anchored, ERG_TARGET_POWER, &in, &err);
    erg_trained *joined = erg_fit_train_target(ensemble, ERG_TARGET_POWER, &in, &err);
    CHECK(alone && joined && joined->members[0] == alone);
    erg_trained *time = erg_fit_train_target(anchored, ERG_TARGET_TIME, &in, &err);
    CHECK(time && time != alone);
    erg_trained_free(alone);        /* the ensemble keeps it, and so does the pool */
    erg_trained_pool_empty(&pool);
    CHECK(joined->members[0]->term_count > 0);
    CHECK(pool.count == 0);
    erg_trained_free(joined);
    erg_trained_free(time);
    erg_fit_curves_free(&curves);
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_published_equations_give_their_golden_points),
        TEST(the_published_time_has_its_known_faults),
        TEST(anchored_at_the_top_the_published_time_is_the_measured_one),
        TEST(coefficients_of_sixteen_applications_are_the_reference_ones),
        TEST(two_programs_alone_give_the_published_memory_term),
        TEST(the_form_itself_comes_back),
        TEST(times_below_a_second_are_not_lost_in_one_plus_time),
        TEST(without_activities_or_with_few_applications_there_are_fewer_terms),
        TEST(a_constant_column_and_a_single_clock_have_an_answer),
        TEST(the_anchor_is_given_back_to_the_last_digits),
        TEST(anchors_are_spread_from_the_highest_clock_to_the_lowest),
        TEST(what_two_fits_need_is_trained_once),
    };
    return test_run(tests, ERG_COUNT(tests));
}
