/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of points: every name they use, rows that cannot be, means, and the checks. */
#include "erg/points.h"
#include "test.h"

static char path[ERG_PATH_MOST];

static erg_points *read_with(const char *text, const erg_points_options *options,
                             erg_error *err)
{
    snprintf(path, sizeof(path), "%s/points.csv", test_folder());
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
    erg_points *points = erg_points_new(err);
    if (erg_points_read_csv(points, path, options, err))
        return points;
    erg_points_free(points);
    return NULL;
}

static erg_points *read_text(const char *text)
{
    erg_error err = { 0 };
    erg_points *points = read_with(text, NULL, &err);
    CHECK_OK(points != NULL, err);
    return points;
}

static erg_points *read_shared(const char *name)
{
    erg_error err = { 0 };
    erg_points *points = erg_points_new(&err);
    CHECK_OK(erg_points_read_csv(points, test_data(name), NULL, &err), err);
    return points;
}

/* Notes and rejections are seen as a reader sees them: in the tables. */
static erg_result *tables_of(const erg_points *points)
{
    erg_error err = { 0 };
    erg_result *result = erg_result_new("sweep", &err);
    CHECK_OK(erg_points_table(points, result, &err), err);
    return result;
}

static size_t notes_with(const erg_points *points, const char *word)
{
    erg_result *result = tables_of(points);
    size_t found = 0;
    for (size_t i = 0; i < erg_result_note_count(result); i++)
        found += strstr(erg_result_note_at(result, i), word) != NULL;
    erg_result_free(result);
    return found;
}

static void every_accepted_name_of_a_column_is_read(void)
{
    static const char *const clocks[] = { "sm_app_clock_mhz", "sm_clock_mhz", "freq_mhz" };
    static const char *const powers[] = { "power_w", "avg_power_w", "average_power", "mean_w" };
    static const char *const times[] = { "run_time_s", "time_s", "duration_s",
                                         "time_per_epoch", "time_ms" };
    for (size_t i = 0; i < 5; i++) {
        char text[200];
        snprintf(text, sizeof(text), "%s,%s,%s\n1380,200,4\n", clocks[i % 3], powers[i % 4],
                 times[i]);
        erg_points *points = read_text(text);
        const erg_visit *visit = erg_points_visit_at(points, 0);
        double time_s = strcmp(times[i], "time_ms") == 0 ? 0.004 : 4;
        CHECK_NEAR(visit->setting.at[ERG_SM_CLOCK], 1380e6, 1e-3);
        CHECK_NEAR(visit->time_s, time_s, 1e-12);
        CHECK_NEAR(visit->energy_j, 200 * time_s, 1e-9);
        CHECK(isnan(visit->fp_active) && isnan(visit->setting.at[ERG_POWER_LIMIT]));
        erg_points_free(points);
    }
}

static void names_are_read_in_any_case_and_in_other_units_of_their_kind(void)
{
    static const char *const texts[] = {
        "Time_s,Power_W,SM_Clock_MHz\n4,200,1380\n",
        "run_time_ms,power_mw,sm_clock_ghz\n4000,200000,1.38\n",
        "time_min,energy_mj,frequency_khz\n0.0666666666666667,800000,1380000\n",
    };
    for (size_t i = 0; i < ERG_COUNT(texts); i++) {
        erg_points *points = read_text(texts[i]);
        const erg_visit *visit = erg_points_visit_at(points, 0);
        CHECK_NEAR(visit->setting.at[ERG_SM_CLOCK], 1380e6, 1e-3);
        CHECK_NEAR(visit->time_s, 4, 1e-9);
        CHECK_NEAR(visit->mean_w, 200, 1e-9);
        CHECK_NEAR(visit->energy_j, 800, 1e-9);
        erg_points_free(points);
    }
}

static void an_application_is_the_join_of_what_names_it(void)
{
    erg_points *points = read_text(
        "time_s,optimizer,dataset,batch_size,power_limit,average_power\n"
        "10,adam,cifar100,64,250,100\n11,sgd,cifar100,64,250,100\n12,adam,cifar100,64,200,90\n");

    CHECK(erg_points_applications(points) == 2);
    CHECK_TEXT(erg_points_application_at(points, 0)->name, "cifar100/64/adam");
    CHECK_TEXT(erg_points_application_at(points, 0)->settings,
               "dataset=cifar100,batch_size=64,optimizer=adam");
    CHECK_NEAR(erg_points_visit_at(points, 2)->setting.at[ERG_POWER_LIMIT], 200, 0);
    erg_points_free(points);
}

static void a_column_can_be_made_a_coordinate(void)
{
    erg_error err = { 0 };
    const char *text = "dataset,batch_size,power_limit,time_s,power_w\n"
        "squad,8,250,10,200\nsquad,16,250,8,220\n";
    erg_points *points = read_with(text, &(erg_points_options){ .other = "batch_size" }, &err);

    CHECK_OK(points != NULL, err);
    CHECK(erg_points_applications(points) == 1);
    CHECK_NEAR(erg_points_visit_at(points, 1)->setting.at[ERG_OTHER_SETTING], 16, 0);
    erg_result *result = tables_of(points);
    const erg_table *table = erg_result_find(result, "points");
    CHECK_NEAR(erg_table_find(table, 0, "batch_size").real, 16, 0);
    erg_result_free(result);
    erg_points_free(points);
    CHECK(!read_with(text, &(erg_points_options){ .other = "seq" }, &err));
    CHECK(strstr(err.text, "seq"));
}

static void rows_that_cannot_be_are_rejected_with_their_line(void)
{
    erg_points *points = read_text("freq_mhz,time_s,power_w\n1380,1,200\n1380,0,200\n"
                                   "1365,1,-5\n1350,x,200\n1335,1,\n1320,1,200");
    erg_result *result = tables_of(points);
    const erg_table *rejected = erg_result_find(result, "rejected");

    CHECK(erg_points_visits(points) == 2);
    CHECK(erg_table_row_count(rejected) == 4);
    CHECK(strstr(erg_table_find(rejected, 0, "reason").text, "points.csv:3: time"));
    CHECK(strstr(erg_table_find(rejected, 1, "reason").text, ":4: power"));
    CHECK(strstr(erg_table_find(rejected, 2, "reason").text, ":5: 'x' is no number"));
    CHECK(strstr(erg_table_find(rejected, 3, "reason").text, ":6: power"));
    CHECK_NEAR(erg_table_find(rejected, 1, "sm_clock_mhz").real, 1365, 0);
    erg_result_free(result);
    erg_points_free(points);
}

static void what_is_no_table_is_refused_with_a_sentence(void)
{
    static const struct { const char *text, *says; } cases[] = {
        { "", "empty" },
        { "freq_mhz,time_s,power_w\n", "no rows" },
        { "freq_mhz,power_w\n1,2\n", "no column of time" },
        { "freq_mhz,time_s\n1,2\n", "no column of power" },
        { "freq_mhz,time_s,power_w\n1380,0,1\n", "no row can be used" },
        { "freq_mhz,time_s,power_w,fp_active\n1380,1,1,45\n", "percent" },
        { "freq_mhz,time_s,power_w\n1.38,1,200\n1.41,1,210\n", "another unit" },
        { "freq_mhz,time_s,power_w\n1380000000,1,2\n", "another unit" },
        { "freq_mhz,time_s,power_w\nNaN,1,200\n", "not a number" },
        { "freq_mhz;time_s;power_w\n1380;1,5;200\n", "'1,5' is no number: write it" },
        { "model,freq_mhz,time_s,power_w\nllama, 7b,1380,1,200\n", "more cells" },
        { "core_clock,time_s,power_w\n1380,1,200\n", "what is core_clock?" },
        { "freq_mhz,time_s,power_w,freq_mhz\n1380,1,200,900\n", "two columns are called" },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        CHECK(!read_with(cases[i].text, NULL, &err));
        CHECK(strstr(err.text, cases[i].says));
    }
}

static void energy_of_another_window_gives_way_to_power_times_time(void)
{
    erg_points *same = read_text("freq_mhz,time_s,power_w,energy_j\n1380,2,100,201\n");
    erg_points *off = read_text("freq_mhz,time_s,power_w,energy_j\n1380,2,100,201\n"
                                "1365,2,100,230\n");

    CHECK_NEAR(erg_points_visit_at(same, 0)->energy_j, 201, 1e-12);
    CHECK(notes_with(same, "ENERGY_MISMATCH") == 0);
    CHECK_NEAR(erg_points_visit_at(off, 0)->energy_j, 200, 1e-12);
    CHECK_NEAR(erg_points_visit_at(off, 1)->energy_listed_j, 230, 1e-12);
    CHECK(notes_with(off, "ENERGY_MISMATCH: in 1 of 2 rows") == 1);
    erg_points_free(same);
    erg_points_free(off);
}

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
        erg_text_add(&text, "%d,%.6f,100\n", mhz, (4 + 6000.0 / mhz) * (mhz == 900 ? 1.08 : 1)
                     * (1 + 0.002 * test_normal(&random)));
    erg_points *points = read_text(text.data);
    CHECK(notes_with(points, "OUTLIER: ") == 1);
    CHECK(notes_with(points, "most at 900 MHz (+8") + notes_with(points, "900 MHz (+7") == 1);
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
                            .start_ns = 1700000000LL * ERG_NS_PER_S + i * 60 * ERG_NS_PER_S };
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

static void what_is_printed_can_be_read_again(void)
{
    erg_points *points = read_text("application,freq_mhz,time_s,power_w,fp_active,batch\n"
        "a,1380,10,100,0.5,8\na,1380,11,100,0.6,8\na,690,17,60,0.4,8\n");
    erg_result *result = tables_of(points);
    const erg_table *table = erg_result_find(result, "points");

    CHECK(erg_table_row_count(table) == 2);
    CHECK_TEXT(erg_table_find(table, 0, "application").text, "a/8");
    CHECK_NEAR(erg_table_find(table, 1, "sm_clock_mhz").real, 690, 0);
    CHECK(erg_table_find(table, 0, "repeats").integer == 2);
    CHECK_TEXT(erg_table_find(table, 1, "state").text, "ok");
    CHECK(erg_table_row_count(erg_result_find(result, "visits")) == 3);
    erg_result_free(result);
    erg_points_free(points);
}

static void a_part_holds_one_application_or_all_others(void)
{
    erg_points *points = read_text("application,freq_mhz,time_s,power_w\na,1380,10,100\n"
                                   "b,1380,10,100\nb,690,12,70\nc,1380,9,90\n");
    erg_points *one = erg_points_part(points, 1, false, NULL);
    erg_points *rest = erg_points_part(points, 1, true, NULL);

    CHECK(erg_points_applications(one) == 1 && erg_points_visits(one) == 2);
    CHECK_TEXT(erg_points_application_at(one, 0)->name, "b");
    CHECK(erg_points_applications(rest) == 2 && erg_points_visits(rest) == 2);
    CHECK(erg_points_visit_at(rest, 1)->application == 1);
    erg_points_free(one);
    erg_points_free(rest);
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(every_accepted_name_of_a_column_is_read),
        TEST(names_are_read_in_any_case_and_in_other_units_of_their_kind),
        TEST(an_application_is_the_join_of_what_names_it),
        TEST(a_column_can_be_made_a_coordinate),
        TEST(rows_that_cannot_be_are_rejected_with_their_line),
        TEST(what_is_no_table_is_refused_with_a_sentence),
        TEST(energy_of_another_window_gives_way_to_power_times_time),
        TEST(means_come_with_their_t_interval),
        TEST(means_are_the_same_however_their_rows_are_listed),
        TEST(a_run_that_held_a_download_is_left_out_of_means),
        TEST(warm_up_that_looks_like_an_effect_is_told),
        TEST(one_bad_point_on_a_smooth_curve_is_an_outlier),
        TEST(drift_is_found_and_divided_out),
        TEST(the_a100_configurations_show_their_two_levels_and_no_other),
        TEST(contaminated_visits_of_a_campaign_are_those_known),
        TEST(what_is_printed_can_be_read_again),
        TEST(a_part_holds_one_application_or_all_others),
    };
    return test_run(tests, ERG_COUNT(tests));
}
