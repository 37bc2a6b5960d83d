/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says it did: units of work, answers; kept, checked, and chosen by. */
#include <math.h>
#include <sqlite3.h>
#include "erg/choose.h"
#include "sweep/sweep_bench.h"
#include "simulated.h"

/* ---- the line ----------------------------------------------------------------------- */

static erg_bench_seen answer(const char *line)
{
    erg_bench_seen seen = { .time_s = 1 };
    erg_bench_take_answer(line, &seen);
    return seen;
}

static void a_runner_says_its_units_and_where_its_answers_lie(void)
{
    char path[300], line[400];
    snprintf(path, sizeof(path), "%s/out.jsonl", test_folder());
    test_write(path, "abc");
    snprintf(line, sizeof(line), "{\"units\":24,\"unit\":\"token\",\"outputs\":\"%s\"}",
             path);
    erg_bench_seen seen = answer(line);
    CHECK(seen.units == 24);
    CHECK_TEXT(seen.unit, "token");
    CHECK_TEXT(seen.output_hash, "ba7816bf8f01cfea");
}

static void other_lines_say_nothing(void)
{
    static const char *const lines[] = {
        "", "done", "{", "[1]", "{\"units\":\"many\"}", "{\"units\":0}", "{\"units\":-3}",
        "{\"outputs\":\"/nowhere/at/all\"}", "{\"outputs\":\"/\"}", "{\"outputs\":7}",
    };
    for (size_t i = 0; i < ERG_COUNT(lines); i++) {
        erg_bench_seen seen = answer(lines[i]);
        CHECK(seen.units == 0 && !*seen.output_hash);
    }
}

/* ---- kept --------------------------------------------------------------------------- */

static void units_come_back_from_the_file_and_make_joules_a_unit(void)
{
    const char *path = file_in(test_folder());
    erg_error err = { 0 };
    size_t count;
    erg_sweep_options options = plain("units=24", path);
    erg_points_free(sweep(&options));
    erg_points *points = erg_points_new(&err);
    CHECK_OK(erg_points_load(points, NULL, path, NULL, &err), err);
    erg_point *means = erg_points_means(points, &count, &err);
    CHECK(count == 7);
    for (size_t i = 0; i < count; i++) {
        CHECK(means[i].units == 24);
        CHECK_NEAR(means[i].energy_per_unit_j, means[i].energy_j / 24, 1e-9);
    }
    free(means);
    erg_points_free(points);
}

static void a_file_from_before_units_still_loads(void)
{
    const char *path = file_in(test_folder());
    erg_error err = { 0 };
    sqlite3 *db;
    erg_sweep_options options = plain("units=24", path);
    erg_points_free(sweep(&options));
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, "DROP TABLE work", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    erg_points *points = erg_points_new(&err);
    CHECK_OK(erg_points_load(points, NULL, path, NULL, &err), err);
    CHECK(erg_points_visits(points) > 0 && erg_points_visit_at(points, 0)->units == 0);
    erg_points_free(points);
}

/* ---- checked ------------------------------------------------------------------------ */

typedef struct made {
    erg_points *points;
    erg_error err;
} made;

static size_t add_application(made *of, const char *name)
{
    erg_application app = { .retention = NAN, .retention_low = NAN, .unit = "token" };
    size_t index;
    snprintf(app.name, sizeof(app.name), "%s", name);
    CHECK_OK(erg_points_application(of->points, &app, &index, &of->err), of->err);
    return index;
}

static void add_visit(made *of, size_t application, double mhz, const erg_visit *like)
{
    erg_visit visit = *like;
    visit.application = application;
    visit.setting = erg_knob_setting_none();
    visit.setting.at[ERG_SM_CLOCK] = 1e6 * mhz;
    visit.mean_w = visit.energy_j / visit.time_s;
    visit.peak_w = visit.temp_c = visit.fp_active = visit.dram_active = NAN;
    visit.start_ns = INT64_MIN;
    CHECK_OK(erg_points_add(of->points, &visit, &of->err), of->err);
}

static void answers_that_differ_between_clocks_are_unstable(void)
{
    made of = { .points = erg_points_new(NULL) };
    size_t steady = add_application(&of, "steady"), loose = add_application(&of, "loose");
    for (int i = 0; i < 4; i++) {
        erg_visit visit = { .time_s = 1 + i, .energy_j = 100, .units = 8,
                            .output_hash = "aa" };
        add_visit(&of, steady, 1400 - 100 * i, &visit);
        if (i == 2)
            strcpy(visit.output_hash, "bb");
        add_visit(&of, loose, 1400 - 100 * i, &visit);
    }
    CHECK_OK(erg_points_check(of.points, &of.err), of.err);
    CHECK(has_note(of.points, "UNSTABLE_OUTPUT: of 4 runs of loose 1 answered otherwise"));
    CHECK(!has_note(of.points, "UNSTABLE_OUTPUT: of 4 runs of steady"));
    CHECK(!has_note(of.points, "UNITS_VARY"));
    erg_points_free(of.points);
}

static void work_that_varies_is_told(void)
{
    made of = { .points = erg_points_new(NULL) };
    size_t app = add_application(&of, "early");
    for (int i = 0; i < 3; i++)
        add_visit(&of, app, 1400,
                  &(erg_visit){ .time_s = 1, .energy_j = 100, .units = 8 - i });
    CHECK_OK(erg_points_check(of.points, &of.err), of.err);
    CHECK(has_note(of.points, "UNITS_VARY: runs of early did 6 to 8 units"));
    erg_points_free(of.points);
}

/* ---- chosen by ---------------------------------------------------------------------- */

/* Batch 8 costs more joules a run, and fewer a token. */
static void batches(made *of)
{
    size_t one = add_application(of, "batch=1"), eight = add_application(of, "batch=8");
    for (int mhz = 1000; mhz <= 1400; mhz += 200) {
        add_visit(of, one, mhz,
                  &(erg_visit){ .time_s = 1400.0 / mhz, .energy_j = 100 + mhz / 10.,
                                .units = 10 });
        add_visit(of, eight, mhz, &(erg_visit){ .time_s = 5600.0 / mhz,
                                                .energy_j = 400 + mhz / 10., .units = 80 });
    }
}

static erg_choice choose(made *of, bool variants, double throughput_hz)
{
    erg_wish wish = erg_wish_default();
    erg_choice choice;
    wish.objective = "energy";
    wish.variants = variants;
    wish.throughput_hz = throughput_hz;
    CHECK_OK(erg_choose(of->points, &wish, &choice, &of->err), of->err);
    return choice;
}

static void variants_that_do_different_amounts_are_compared_by_a_unit(void)
{
    made of = { .points = erg_points_new(NULL) };
    batches(&of);
    erg_choice choice = choose(&of, true, NAN);
    const erg_option *best = &choice.options[choice.picks[0].chosen];
    CHECK_TEXT(erg_points_application_at(of.points, best->application)->name, "batch=8");
    CHECK_NEAR(best->energy_j, 500.0 / 80, 1e-9);
    CHECK_NEAR(best->energy_per_unit_j, 500.0 / 80, 1e-9);
    CHECK(choice.picks[0].flags & ERG_PER_UNIT);
    erg_choice_free(&choice);
    erg_visit_state kept = erg_points_visit_at(of.points, 0)->state;
    CHECK(kept == ERG_VISIT_OK && erg_points_visit_at(of.points, 0)->units == 10);
    erg_points_visit_edit(of.points, 0)->units = 0;     /* one is not told: by the run */
    choice = choose(&of, true, NAN);
    best = &choice.options[choice.picks[0].chosen];
    CHECK_TEXT(erg_points_application_at(of.points, best->application)->name, "batch=1");
    CHECK(!(choice.picks[0].flags & ERG_PER_UNIT));
    erg_choice_free(&choice);
    erg_points_free(of.points);
}

static void a_throughput_is_of_units(void)
{
    made of = { .points = erg_points_new(NULL) };
    batches(&of);
    erg_choice choice = choose(&of, false, 18); /* 80 tokens in 4.7 s are 17.1 a second */
    CHECK(choice.pick_count == 2 && choice.picks[0].chosen == ERG_NO_OPTION);
    CHECK_NEAR(choice.options[choice.picks[1].chosen].setting.at[ERG_SM_CLOCK], 1400e6, 1);
    erg_choice_free(&choice);
    erg_points_free(of.points);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_runner_says_its_units_and_where_its_answers_lie),
        TEST(other_lines_say_nothing),
        TEST(units_come_back_from_the_file_and_make_joules_a_unit),
        TEST(a_file_from_before_units_still_loads),
        TEST(answers_that_differ_between_clocks_are_unstable),
        TEST(work_that_varies_is_told),
        TEST(variants_that_do_different_amounts_are_compared_by_a_unit),
        TEST(a_throughput_is_of_units),
    };
    return test_run(tests, ERG_COUNT(tests));
}
