/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of points: means of their visits, and the checks of what should not count. */
#include "fit/read_points.h"

/* 10.1 10.4 9.9 10.2 10.3: 10.18 +- 0.238839 (specification 7). */
static void means_come_with_their_t_interval(void)
{
    erg_points *points = read_text("freq_mhz,time_s,power_w,temp_c\n1380,10.1,100,50\n"
        "1380,10.4,100,\n1365,10,100,\n1380,9.9,100,\n1380,10.2,100,60\n1380,10.3,100,\n");
    size_t count;
    erg_error err = { 0 };
    erg_point *means = erg_points_means(points, &count, &err);

    CHECK_OK(means != NULL, err);
    CHECK(count == 2 && means[0].visits == 5 && means[1].visits == 1);
    CHECK_NEAR(means[0].time_s, 10.18, 1e-12);
    CHECK_NEAR(means[0].time_high_s - means[0].time_s, 0.238839, 1e-6);
    CHECK_NEAR(means[0].energy_low_j, 1018 - 23.8839, 1e-3);
    CHECK_NEAR(means[0].temp_c, 55, 1e-12);
    CHECK(isnan(means[1].time_low_s));
    free(means);
    erg_points_free(points);
}

/* In order, reversed, and with the repetitions apart. */
static void means_are_the_same_however_their_rows_are_listed(void)
{
    static const char *const lists[] = {
        "freq_mhz,time_s,power_w\n1380,10,100\n1380,11,100\n1365,12,99\n1350,14,98\n",
        "freq_mhz,time_s,power_w\n1350,14,98\n1365,12,99\n1380,11,100\n1380,10,100\n",
        "freq_mhz,time_s,power_w\n1380,10,100\n1350,14,98\n1380,11,100\n1365,12,99\n",
    };
    static const double times_s[] = { 10.5, 12, 14 };

    for (size_t i = 0; i < ERG_COUNT(lists); i++) {
        erg_points *points = read_text(lists[i]);
        size_t count;
        erg_point *means = erg_points_means(points, &count, NULL);
        CHECK(means && count == ERG_COUNT(times_s));
        for (size_t k = 0; k < count; k++)
            CHECK(means[k].time_s == times_s[k] && means[k].visits == (k == 0 ? 2 : 1));
        free(means);
        erg_points_free(points);
    }
}

static void a_run_that_held_a_download_is_left_out_of_means(void)
{
    erg_points *points = read_text("freq_mhz,time_s,power_w\n1380,91,57\n1380,10,100\n"
                                   "1365,10,100\n1350,10.2,99\n300,44,40\n");
    size_t count;
    erg_point *means = erg_points_means(points, &count, NULL);

    CHECK(erg_points_visit_at(points, 0)->state == ERG_VISIT_CONTAMINATED);
    CHECK_NEAR(means[0].time_s, 10, 1e-12);
    CHECK(means[0].visits == 1 && means[0].dropped == 1);
    /* 300 MHz is 4.6 times below the top: that much slower is no fault. */
    CHECK(means[3].state == ERG_VISIT_OK);
    CHECK(notes_with(points, "CONTAMINATED: 1 visits") == 1);
    free(means);
    erg_points_free(points);
}

static void warm_up_that_looks_like_an_effect_is_told(void)
{
    erg_points *points = read_text("freq_mhz,time_s,power_w\n1380,10,100\n1200,9.8,90\n"
                                   "1000,9.5,80\n800,9.4,70\n600,9.3,60\n");
    CHECK(notes_with(points, "TIME_AGAINST_CLOCK") == 1);
    CHECK(notes_with(points, "TWO_LEVELS") == 0);
    erg_points_free(points);
}

static void one_bad_point_on_a_smooth_curve_is_an_outlier(void)
{
    erg_text text = { 0 };
    test_random random = { 3 };

    erg_text_add(&text, "freq_mhz,time_s,power_w\n");
    for (int mhz = 500; mhz <= 1400; mhz += 25)
        erg_text_add(&text, "%d,%.6f,100\n", mhz,
                     (4 + 6000.0 / mhz) * (mhz == 900 ? 1.08 : 1)
                     * (1 + 0.002 * test_normal(&random)));
    erg_points *points = read_text(text.data);
    CHECK(notes_with(points, "OUTLIER: ") == 1);
    CHECK(notes_with(points, "most at 900 MHz (+8") + notes_with(points, "900 MHz (+7")
          == 1);
    erg_text_free(&text);
    erg_points_free(points);
}

/* A reference every ten minutes, slower by 3 % over the sweep; other points drift alike. */
static erg_points *drifting(double by, test_random *random)
{
    erg_points *points = erg_points_new(NULL);
    erg_application app = { .name = "a" };
    size_t index;

    CHECK(erg_points_application(points, &app, &index, NULL));
    for (int i = 0; i < 60; i++) {
        erg_visit visit = { .setting = erg_knob_setting_none(), .fp_active = NAN,
                            .start_ns = 1700000000LL * ERG_NS_PER_S
                            + i * 60 * ERG_NS_PER_S };
        double slow = 1 + by * i / 59.0;
        visit.setting.at[ERG_SM_CLOCK] = i % 5 ? 1000e6 : 1400e6;
        visit.time_s = (i % 5 ? 12 : 10) * slow * (1 + 0.002 * test_normal(random));
        visit.mean_w = visit.peak_w = 200;
        visit.energy_j = 200 * visit.time_s;
        CHECK(erg_points_add(points, &visit, NULL));
    }
    CHECK(erg_points_check(points, NULL));
    return points;
}

static void drift_is_found_and_divided_out(void)
{
    test_random random = { 5 };
    erg_points *steady = drifting(0, &random), *points = drifting(0.03, &random);

    CHECK(notes_with(steady, "DRIFT") == 0);
    CHECK(notes_with(points, "DRIFT: over the sweep the reference of a moved by +3.") +
          notes_with(points, "DRIFT: over the sweep the reference of a moved by +2.") == 1);
    CHECK(erg_points_correct_drift(points, NULL));
    double first = erg_points_visit_at(points, 0)->time_s;
    double last = erg_points_visit_at(points, 55)->time_s;
    CHECK_NEAR(last / first, 1, 0.012);
    CHECK(erg_points_check(points, NULL));
    CHECK(notes_with(points, "DRIFT: ") == 0);
    erg_points_free(steady);
    erg_points_free(points);
}

/* Specification 3.5 and 6.5. */
static void the_a100_configurations_show_their_two_levels_and_no_other(void)
{
    erg_points *points = read_shared("dvfs/a100_pcie_40gb.csv");

    CHECK(erg_points_applications(points) == 12 && erg_points_visits(points) == 132);
    CHECK(notes_with(points, "ENERGY_MISMATCH") == 0);
    CHECK(notes_with(points, "TWO_LEVELS") == 3);
    CHECK(notes_with(points, "TWO_LEVELS: dvfs/bertmodel_large/bf16/8/128") == 1);
    CHECK(notes_with(points, "TWO_LEVELS: dvfs/gpt2model_gpt2/bf16/8/128") == 2);
    erg_points_free(points);
}

static void contaminated_visits_of_a_campaign_are_those_known(void)
{
    static const struct { const char *name; size_t dropped; } known[] = {
        { "A100/llama", 0 }, { "A100/stablediffusion", 2 }, { "A100/vit", 8 },
        { "A100/whisper", 2 }, { "V100/llama", 0 }, { "V100/stablediffusion", 1 },
        { "V100/vit", 4 }, { "V100/whisper", 3 },
    };
    erg_points *points = read_shared("dvfs/runs_v100_a100.csv");

    CHECK(erg_points_applications(points) == 8);
    CHECK(notes_with(points, "ENERGY_MISMATCH") == 1);
    for (size_t i = 0; i < ERG_COUNT(known); i++) {
        size_t dropped = 0;
        for (size_t k = 0; k < erg_points_visits(points); k++) {
            const erg_visit *visit = erg_points_visit_at(points, k);
            const char *name = erg_points_application_at(points, visit->application)->name;
            dropped += strcmp(name, known[i].name) == 0 && visit->state != ERG_VISIT_OK;
        }
        CHECK(dropped == known[i].dropped);
    }
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(means_come_with_their_t_interval),
        TEST(means_are_the_same_however_their_rows_are_listed),
        TEST(a_run_that_held_a_download_is_left_out_of_means),
        TEST(warm_up_that_looks_like_an_effect_is_told),
        TEST(one_bad_point_on_a_smooth_curve_is_an_outlier),
        TEST(drift_is_found_and_divided_out),
        TEST(the_a100_configurations_show_their_two_levels_and_no_other),
        TEST(contaminated_visits_of_a_campaign_are_those_known),
    };
    return test_run(tests, ERG_COUNT(tests));
}
