/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions: the front of a million points in two and three figures, beside sorting them
 * with the C library; and a choice with its draws.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "decide/decide.h"
#include "math/random.h"

enum { ROWS = 1000000, ROUNDS = 5, CLOCKS = 117, VISITS = 5 };

typedef struct row { double figures[3]; } row;

static int by_figures(const void *left, const void *right)
{
    const row *a = left, *b = right;

    for (int i = 0; i < 3; i++)
        if (a->figures[i] < b->figures[i] || a->figures[i] > b->figures[i])
            return a->figures[i] < b->figures[i] ? -1 : 1;
    return 0;
}

/* Near a falling curve, so that a front is long and none is beaten cheaply. */
static double *points(size_t dims, double noise)
{
    erg_random random = { 7 };
    double *values = malloc(ROWS * dims * sizeof(*values));

    for (size_t i = 0; values && i < ROWS; i++) {
        double t = 1 + erg_random_uniform(&random), e = 100 / t;
        values[dims * i] = t * (1 + noise * erg_random_uniform(&random));
        values[dims * i + 1] = e * (1 + noise * erg_random_uniform(&random));
        if (dims == 3)
            values[dims * i + 2] = erg_random_uniform(&random);
    }
    return values;
}

static double front_s(const double *values, size_t dims, size_t *kept)
{
    bool *keep = malloc(ROWS * sizeof(*keep));
    double times[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        double begin = bench_now_s(CLOCK_PROCESS_CPUTIME_ID);
        if (!keep || !erg_pareto(values, ROWS, dims, keep, NULL))
            exit(1);
        times[round] = bench_now_s(CLOCK_PROCESS_CPUTIME_ID) - begin;
    }
    *kept = 0;
    for (size_t i = 0; i < ROWS; i++)
        *kept += keep[i];
    free(keep);
    return bench_median(times, ROUNDS);
}

static double sort_s(const double *values, size_t dims)
{
    row *rows = calloc(ROWS, sizeof(*rows));

    for (size_t i = 0; rows && i < ROWS; i++)
        for (size_t d = 0; d < dims; d++)
            rows[i].figures[d] = values[dims * i + d];
    double begin = bench_now_s(CLOCK_PROCESS_CPUTIME_ID);
    if (rows)
        qsort(rows, ROWS, sizeof(*rows), by_figures);
    double time = bench_now_s(CLOCK_PROCESS_CPUTIME_ID) - begin;
    free(rows);
    return time;
}

static void bench_front(size_t dims, double noise, const char *what)
{
    double *values = points(dims, noise);
    size_t kept;
    char name[80];

    if (!values)
        exit(1);
    double time = front_s(values, dims, &kept);
    snprintf(name, sizeof(name), "front of %zu figures, %s (%zu kept)", dims, what, kept);
    bench_print(&(bench_row){ .name = name, .unit = "s", .value = time,
                              .floor = sort_s(values, dims), .limit = 0.5, .n = ROUNDS });
    free(values);
}

static erg_points *sweep(size_t clocks, size_t visits)
{
    erg_application app = { .name = "bench", .retention = NAN, .retention_low = NAN };
    erg_points *made = erg_points_new(NULL);
    erg_random random = { 3 };
    erg_visit visit = { .setting = erg_knob_setting_none(), .block = -1, .place = -1,
                        .start_ns = INT64_MIN, .peak_w = NAN, .temp_c = NAN,
                        .energy_listed_j = NAN, .samples = NAN, .sm_clock_seen_hz = NAN,
                        .fp_active = NAN, .dram_active = NAN };

    if (!made || !erg_points_application(made, &app, &visit.application, NULL))
        exit(1);
    for (size_t i = 0; i < clocks * visits; i++) {
        double x = 1 - 0.6 * (double)(i / visits) / (double)clocks;
        visit.setting.at[ERG_SM_CLOCK] = 1.4e9 * x;
        visit.time_s = (0.4 + 0.6 / x) * (1 + 0.01 * erg_random_normal(&random));
        visit.mean_w = 60 + 190 * x * x * x;
        visit.energy_j = visit.mean_w * visit.time_s;
        if (!erg_points_add(made, &visit, NULL))
            exit(1);
    }
    return made;
}

static void bench_choice(const char *name, size_t clocks, size_t visits, double limit_s)
{
    erg_points *from = sweep(clocks, visits);
    erg_wish wish = erg_wish_default();
    double times[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        erg_choice choice;
        double begin = bench_now_s(CLOCK_PROCESS_CPUTIME_ID);
        if (!erg_choose(from, &wish, &choice, NULL))
            exit(1);
        times[round] = bench_now_s(CLOCK_PROCESS_CPUTIME_ID) - begin;
        erg_choice_free(&choice);
    }
    bench_print(&(bench_row){ .name = name,
                              .unit = "s",
                              .value = bench_median(times, ROUNDS),
                              .floor = NAN,
                              .limit = limit_s,
                              .n = ROUNDS });
    erg_points_free(from);
}

int main(void)
{
    bench_front(2, 0.3, "a band");
    bench_front(2, 0, "all on it");
    bench_front(3, 0.3, "a band");
    bench_front(3, 0, "nearly all on it");
    bench_choice("choice of 117 clocks x 5 visits, 2000 draws", CLOCKS, VISITS, NAN);
    bench_choice("choice of 1 million points", ROWS, 1, 1);
    return 0;
}
