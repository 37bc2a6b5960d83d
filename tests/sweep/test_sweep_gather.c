/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of a job array on several nodes, made on simulated work whose truth is known. */
#include <math.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include "math/clock_law.h"
#include "simulated.h"

enum { BLOCKS = 6 };

static const char *block_path(const char *folder, int block)
{
    static char path[400];
    snprintf(path, sizeof(path), "%s/block-%d.erg", folder, block);
    return path;
}

static void change(const char *path, const char *sql)
{
    sqlite3 *db;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

/* Every other block is of a node that takes 2 % longer and draws 1 % more. */
static const char *blocks_asked(erg_sweep_options options)
{
    const char *folder = test_folder();

    for (int block = 0; block < BLOCKS; block++) {
        options.output = block_path(folder, block);
        options.repeat = BLOCKS;
        options.only_block = block + 1;
        erg_points_free(sweep(&options));
        change(block_path(folder, block),
               block % 2 ? "UPDATE application SET node = 'slow'"
                         : "UPDATE application SET node = 'fast'");
        if (block % 2)
            change(block_path(folder, block),
                   "UPDATE visit SET time_s = 1.02 * time_s, mean_w = 1.01 * mean_w,"
                   " energy_j = 1.02 * 1.01 * energy_j");
    }
    return folder;
}

static const char *blocks_on_two_nodes(void)
{
    return blocks_asked(plain("noise=0.2%", NULL));
}

static erg_points *gather(const char *folder, const char *output, erg_error *err)
{
    erg_points *points = erg_points_new(err);
    if (erg_sweep_gather(NULL, folder, output, points, err))
        return points;
    erg_points_free(points);
    return NULL;
}

static void what_a_node_takes_longer_is_taken_off(void)
{
    static const erg_clock_law law = { .p0_w = 60, .c_w = 140, .xk = 0.86, .vm = 0.92,
                                       .tm_s = 0.4, .tc_s = 0.6, .q = 1.5 };
    erg_error err = { 0 };
    char note[300];
    size_t count, both = 0;
    erg_points *points = gather(blocks_on_two_nodes(), NULL, &err);

    CHECK_OK(points, err);
    double told =
        strtod(note_of(points, "NODE_OFFSET: slow took ", note, sizeof(note)) + 23, NULL);
    CHECK_NEAR(told, 1, 0.15);      /* against the mean of both: half of 2 % */
    double sums[2] = { 0 }, numbers[2] = { 0 };
    for (size_t i = 0; i < erg_points_visits(points); i++) {
        const erg_visit *visit = erg_points_visit_at(points, i);
        double x = visit->setting.at[ERG_SM_CLOCK] / 1410e6;
        sums[visit->block % 2] += log(visit->time_s / erg_clock_law_s(&law, x));
        numbers[visit->block % 2]++;
        both++;
    }
    CHECK(both == (size_t)BLOCKS * 9);
    CHECK_NEAR(sums[1] / numbers[1], sums[0] / numbers[0], 0.003);
    erg_point *means = erg_points_means(points, &count, &err);
    for (size_t i = 0; i < count; i++) {
        double x = means[i].setting.at[ERG_SM_CLOCK] / 1410e6;
        CHECK_NEAR(means[i].time_s / erg_clock_law_s(&law, x), 1.01, 0.003);
        CHECK_NEAR(means[i].mean_w / erg_clock_law_w(&law, x), 1.005, 0.003);
    }
    free(means);
    erg_points_free(points);
}

/* ---- what only all blocks can do ----------------------------------------------------- */

/* Blocks of a node come one after the other; the fast one slows down by 12 % by its end. */
static const char *blocks_of_a_node_that_warms(bool asked)
{
    erg_sweep_options options = plain("noise=0.1%", NULL);
    options.drift_correct = asked;
    const char *folder = blocks_asked(options);

    for (int block = 0; block < BLOCKS; block++) {
        char sql[400];
        snprintf(sql, sizeof(sql), "UPDATE visit SET start_ns = %d * 100000000000 +"
                 " start_ns - (SELECT min(start_ns) FROM visit)", block / 2);
        change(block_path(folder, block), sql);
        if (block % 2 == 0)
            change(block_path(folder, block),
                   "UPDATE visit SET time_s = time_s * (1 + 0.12 * start_ns / 3e11),"
                   " energy_j = energy_j * (1 + 0.12 * start_ns / 3e11)");
    }
    return folder;
}

/* The greatest distance of ln T from the truth over all visits, off its mean. */
static double scatter_of(const erg_points *points)
{
    static const erg_clock_law law = { .p0_w = 60, .c_w = 140, .xk = 0.86, .vm = 0.92,
                                       .tm_s = 0.4, .tc_s = 0.6, .q = 1.5 };
    size_t count = erg_points_visits(points);
    double sum = 0, worst = 0;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < count; i++) {
            const erg_visit *visit = erg_points_visit_at(points, i);
            double x = visit->setting.at[ERG_SM_CLOCK] / 1410e6;
            double off = log(visit->time_s / erg_clock_law_s(&law, x));
            if (pass == 0)
                sum += off / (double)count;
            else
                worst = fmax(worst, fabs(off - sum));
        }
    return worst;
}

static void drift_is_divided_out_node_by_node_where_the_blocks_were_asked_to(void)
{
    erg_error err = { 0 };
    char path[400], note[300];

    erg_points *as_seen = gather(blocks_of_a_node_that_warms(false), NULL, &err);
    CHECK_OK(as_seen, err);
    CHECK(scatter_of(as_seen) > 0.03);
    CHECK(has_note(as_seen, "DRIFT"));
    erg_points_free(as_seen);
    const char *folder = blocks_of_a_node_that_warms(true);
    snprintf(path, sizeof(path), "%s/all.erg", folder);
    erg_points *points = gather(folder, path, &err);
    CHECK_OK(points, err);
    CHECK(scatter_of(points) < 0.012);
    CHECK(!has_note(points, "DRIFT"));
    CHECK(strstr(note_of(points, "drift of", note, sizeof(note)),
                 "drift of 1 of 2 applications was divided out, each on each of 2 nodes"));
    erg_points *again = erg_points_new(&err);
    CHECK_OK(erg_points_load(again, NULL, path, NULL, &err), err);
    CHECK_NEAR(scatter_of(again), scatter_of(points), 1e-12);   /* and not twice */
    erg_points_free(again);
    erg_points_free(points);
}

static void an_objective_of_the_blocks_is_chosen_by_once_they_are_joined(void)
{
    erg_sweep_options options = plain("noise=0.2%", NULL);
    erg_error err = { 0 };
    char joined[300], alone[300], path[400];

    options.objective = "energy";
    options.slowdown = 0.08;
    erg_points *points = gather(blocks_asked(options), NULL, &err);
    CHECK_OK(points, err);
    CHECK(erg_points_visits(points) == (size_t)BLOCKS * 9);
    note_of(points, "CHOICE", joined, sizeof(joined));
    erg_points_free(points);
    snprintf(path, sizeof(path), "%s", file_in(test_folder()));
    options.output = path;
    options.max_repeat = BLOCKS;
    points = sweep(&options);       /* the same one after the other, here */
    note_of(points, "CHOICE", alone, sizeof(alone));
    erg_points_free(points);
    CHECK(strncmp(joined, "CHOICE: energy of work is least at sm_clock ", 44) == 0);
    CHECK(strncmp(joined, alone, strcspn(alone, "M")) == 0);
    points = gather(blocks_on_two_nodes(), NULL, &err);
    CHECK(!has_note(points, "CHOICE"));
    erg_points_free(points);
}

static void an_objective_that_is_none_is_refused(void)
{
    const char *folder = blocks_on_two_nodes();
    erg_error err = { 0 };

    change(block_path(folder, 0), "INSERT INTO meta VALUES ('objective', 'beauty')");
    CHECK(!gather(folder, NULL, &err) && strstr(err.text, "'beauty'"));
    change(block_path(folder, 0), "UPDATE meta SET value = 'edp' WHERE key = 'objective'");
    change(block_path(folder, 0), "INSERT INTO meta VALUES ('slowdown', 'much')");
    CHECK(!gather(folder, NULL, &err) && strstr(err.text, "'much'"));
}

static void a_missing_block_is_named_and_a_double_one_refused(void)
{
    const char *folder = blocks_on_two_nodes();
    erg_error err = { 0 };
    char double_path[400];

    remove(block_path(folder, 3));
    erg_points *points = gather(folder, NULL, &err);
    CHECK_OK(points, err);
    CHECK(has_note(points, "MISSING: of 6 blocks 1 is not there: 3"));
    erg_points_free(points);
    remove(block_path(folder, 5));      /* the last one, too */
    points = gather(folder, NULL, &err);
    CHECK_OK(points, err);
    CHECK(has_note(points, "MISSING: of 6 blocks 2 are not there: 3, 5"));
    erg_points_free(points);
    snprintf(double_path, sizeof(double_path), "%s", block_path(folder, 9));
    CHECK(rename(block_path(folder, 2), double_path) == 0);
    change(double_path, "UPDATE visit SET block = 1");
    CHECK(!gather(folder, NULL, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "block 1 is there twice"));
}

static void other_gpus_are_not_joined(void)
{
    const char *folder = blocks_on_two_nodes();
    erg_error err = { 0 };

    change(block_path(folder, 4), "UPDATE device SET model = 'another'");
    CHECK(!gather(folder, NULL, &err) && err.code == ERG_BAD_INPUT);
    CHECK(strstr(err.text, "different GPU models"));
}

int main(void)
{
    static const test tests[] = {
        TEST(what_a_node_takes_longer_is_taken_off),
        TEST(drift_is_divided_out_node_by_node_where_the_blocks_were_asked_to),
        TEST(an_objective_of_the_blocks_is_chosen_by_once_they_are_joined),
        TEST(an_objective_that_is_none_is_refused),
        TEST(a_missing_block_is_named_and_a_double_one_refused),
        TEST(other_gpus_are_not_joined),
    };
    return test_run(tests, ERG_COUNT(tests));
}
