/* SPDX-License-Identifier: Apache-2.0 */
/* The drift that other kernels show: on a machine whose speed over time is known. */
#include <math.h>
#include "run/replay_others.h"
#include "test.h"

enum { KERNELS = 12, ROUNDS = 40, EARLY = 12, SPOILT = 3 };

static double speed_at(double at_s)
{
    return 1 + 0.08 * sin(at_s / 25);
}

static double time_of(size_t kernel)
{
    return 1e-3 * (double)(1 + kernel);
}

/* Rounds over all; one in three is done early, in another part of the drift. */
static void time_all(erg_time_blocks rows[], bool is_spoilt)
{
    erg_error err = { 0 };
    double now_s = 0;

    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t k = 0; k < KERNELS; k++) {
            if (k % 3 == 0 && round >= EARLY)
                continue;
            double own = k == SPOILT + 1 && is_spoilt && round > 20 ? 2 : 1;
            erg_time_block one = { now_s, own * speed_at(now_s) * time_of(k) };
            rows[k].kind = 7;
            CHECK_OK(erg_time_blocks_add(&rows[k], &one, &err), err);
            now_s += 0.25;
        }
}

static void let_go(erg_time_blocks rows[])
{
    for (size_t k = 0; k < KERNELS; k++)
        erg_time_blocks_free(&rows[k]);
}

static void the_machine_is_found_and_each_kernel_s_level(void)
{
    erg_time_blocks rows[KERNELS] = { 0 };
    erg_others others;
    erg_error err = { 0 };
    erg_drift drift;

    time_all(rows, false);
    CHECK_OK(erg_others_open(&others, rows, KERNELS, &err), err);
    CHECK_OK(erg_others_drift(&others, 1, &drift, &err), err);
    double unit = others.levels_s[0] / time_of(0);
    for (size_t k = 0; k < KERNELS; k++)
        CHECK(fabs(others.levels_s[k] / time_of(k) / unit - 1) < 0.01);
    for (size_t i = 0; i < rows[1].count; i++) {
        double at_s = rows[1].all[i].at_s;
        CHECK(fabs(erg_drift_at(&drift, at_s) * unit / speed_at(at_s) - 1) < 0.015);
    }
    erg_drift_free(&drift);
    erg_others_close(&others);
    let_go(rows);
}

/* What slows one kernel alone is not the machine's, nor taken off it. */
static void what_one_meets_alone_is_not_in_its_drift(void)
{
    erg_time_blocks rows[KERNELS] = { 0 };
    erg_others others;
    erg_error err = { 0 };
    erg_drift drift;

    time_all(rows, true);
    CHECK_OK(erg_others_open(&others, rows, KERNELS, &err), err);
    CHECK_OK(erg_others_drift(&others, SPOILT + 1, &drift, &err), err);
    for (size_t i = 0; i < drift.count; i++)
        CHECK(drift.points[i].time_s < 1.3);
    CHECK(drift.count + rows[SPOILT + 1].count == 4 * EARLY + 8 * ROUNDS);
    erg_drift_free(&drift);
    erg_others_close(&others);
    let_go(rows);
}

static void kinds_are_apart_and_who_is_alone_has_no_drift(void)
{
    erg_time_blocks rows[KERNELS] = { 0 };
    erg_others others;
    erg_error err = { 0 };
    erg_drift drift;

    time_all(rows, false);
    rows[5].kind = 1;
    CHECK_OK(erg_others_open(&others, rows, KERNELS, &err), err);
    CHECK_OK(erg_others_drift(&others, 5, &drift, &err), err);
    CHECK(drift.count == 0 && isnan(erg_drift_level(&drift, INFINITY)));
    erg_drift_free(&drift);
    CHECK_OK(erg_others_drift(&others, 4, &drift, &err), err);
    CHECK(drift.count == 4 * EARLY + 6 * ROUNDS);
    erg_drift_free(&drift);
    erg_others_close(&others);
    CHECK_OK(erg_others_open(&others, rows, 0, &err), err);
    erg_others_close(&others);
    let_go(rows);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_machine_is_found_and_each_kernel_s_level),
        TEST(what_one_meets_alone_is_not_in_its_drift),
        TEST(kinds_are_apart_and_who_is_alone_has_no_drift),
    };
    return test_run(tests, ERG_COUNT(tests));
}
