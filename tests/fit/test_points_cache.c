/* SPDX-License-Identifier: Apache-2.0 */
/* Settings are refused where misses of the last-level cache rise. */
#include "erg/points.h"
#include "test.h"

static erg_points *read_rows(const char *rows)
{
    static const char head[] = "application,sm_clock_mhz,env:DEPTH,block,place,time_s,"
                               "energy_j,llc_misses\n";
    char path[ERG_PATH_MOST];
    erg_error err = { 0 };
    erg_points *points = erg_points_new(&err);
    snprintf(path, sizeof(path), "%s/points.csv", test_folder());
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(head, file) >= 0 && fputs(rows, file) >= 0 && fclose(file) == 0);
    CHECK_OK(erg_points_read_csv(points, path,
                                 &(erg_points_options){ .other = "env:DEPTH" }, &err), err);
    return points;
}

static size_t refused_at(const erg_points *points, double depth)
{
    size_t count = 0;
    for (size_t i = 0; i < erg_points_visits(points); i++) {
        const erg_visit *visit = erg_points_visit_at(points, i);
        count += visit->state == ERG_VISIT_CACHE_MISSES
            && visit->setting.at[ERG_OTHER_SETTING] == depth;
    }
    return count;
}

static bool is_noted(const erg_points *points, const char *what)
{
    for (size_t i = 0; i < erg_points_notes(points); i++)
        if (strncmp(erg_points_note_at(points, i), "CACHE_MISSES: ", 14) == 0
            && strstr(erg_points_note_at(points, i), what))
            return true;
    return false;
}

/* 4 % more is no rise, 6 % is; one wild visit moves no median. */
static void a_rise_above_5_percent_of_the_reference_is_refused(void)
{
    erg_points *points = read_rows("a,,1,0,0,2,20,1000\na,,4,0,1,1.8,19,1060\n"
                                   "a,,2,0,2,1.9,19,1040\na,,1,1,0,2,20,1000\n"
                                   "a,,2,1,1,1.9,19,1040\na,,4,1,2,1.8,19,1060\n"
                                   "a,,1,2,0,2,20,1300\na,,2,2,1,1.9,19,9000\n"
                                   "a,,4,2,2,1.8,19,1060\n");
    CHECK(refused_at(points, 1) == 0 && refused_at(points, 2) == 0);
    CHECK(refused_at(points, 4) == 3);
    CHECK(is_noted(points, "3 visits of a at env:DEPTH 4"));
    CHECK(is_noted(points, "6 % above"));
    size_t count;
    erg_error err = { 0 };
    erg_point *means = erg_points_means(points, &count, &err);
    CHECK_OK(means, err);
    for (size_t i = 0; i < count; i++)
        CHECK((means[i].state == ERG_VISIT_CACHE_MISSES)
              == (means[i].setting.at[ERG_OTHER_SETTING] == 4));
    free(means);
    /* Checked again nothing is told twice. */
    size_t notes = erg_points_notes(points);
    CHECK_OK(erg_points_check(points, &err), err);
    CHECK(erg_points_notes(points) == notes && refused_at(points, 4) == 3);
    erg_points_free(points);
}

static void each_clock_has_its_own_reference(void)
{
    erg_points *points = read_rows("a,1410,1,0,0,2,20,1000\na,1410,4,0,1,2,20,1040\n"
                                   "a,900,1,0,2,2,20,500\na,900,4,0,3,2,20,700\n"
                                   "b,1410,1,0,0,2,20,10\nb,1410,4,0,1,2,20,10\n");
    CHECK(refused_at(points, 4) == 1 && is_noted(points, "1 visits of a"));
    erg_points_free(points);
}

static void what_was_not_counted_is_not_refused(void)
{
    erg_points *points = read_rows("a,,1,0,0,2,20,\na,,4,0,1,2,20,9999\na,,2,0,2,2,20,\n");
    CHECK(refused_at(points, 4) == 0 && refused_at(points, 2) == 0);
    erg_points_free(points);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_rise_above_5_percent_of_the_reference_is_refused),
        TEST(each_clock_has_its_own_reference),
        TEST(what_was_not_counted_is_not_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
