/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of points: every name they use, rows that cannot be. */
#include "fit/read_points.h"

static void every_accepted_name_of_a_column_is_read(void)
{
    static const char *const clocks[] = { "sm_app_clock_mhz", "sm_clock_mhz", "freq_mhz" };
    static const char *const powers[] = { "power_w", "avg_power_w", "average_power",
                                          "mean_w" };
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
        "10,adam,cifar100,64,250,100\n11,sgd,cifar100,64,250,100\n"
        "12,adam,cifar100,64,200,90\n");

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
    erg_points *points = read_with(text, &(erg_points_options){ .other = "batch_size" },
                                   &err);

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
        TEST(what_is_printed_can_be_read_again),
        TEST(a_part_holds_one_application_or_all_others),
    };
    return test_run(tests, ERG_COUNT(tests));
}
