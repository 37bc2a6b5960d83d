/* SPDX-License-Identifier: Apache-2.0 */
/* Timing by a device's own clock: batches as it holds them, and none of the host's time. */
#include "test.h"
#include "run/replay_time.h"

typedef struct device {
    size_t holds, runs, readied;
    double clock_s;
} device;

enum { HOLDS = 48 };

static size_t ready(void *self, size_t count, erg_error *err)
{
    device *of = self;

    if (of->readied > 1000 && !erg_fail(err, ERG_UNSUPPORTED, "no more"))
        return 0;
    of->readied++;
    return of->holds = count > HOLDS ? count : HOLDS;
}

static bool run(void *self, size_t first, size_t count, erg_error *err)
{
    device *of = self;

    (void)first;
    (void)err;
    CHECK(count == of->holds);
    of->runs += count;
    of->clock_s = 3e-6 * (double)count;     /* the host waits for none of it */
    return true;
}

static double clock_s(const void *self) { return ((const device *)self)->clock_s; }

static const erg_time_rule rule = { .warmup = 10, .warmup_s = 1, .runs = 1000, .least_s = 0.01,
                                    .batch_s = 1e-3 };

static void a_kernel_is_as_long_as_its_device_says(void)
{
    device is = { 0 };
    erg_timed_work work = { run, &is, ready, clock_s };
    erg_timed timed;
    erg_error err = { 0 };
    double run_s = erg_time_warm(&(erg_env){ 0 }, &rule, &work, &err);

    CHECK_NEAR(run_s, 3e-6, 1e-15);
    is.runs = 0;
    CHECK_OK(erg_time_measure(&(erg_env){ 0 }, &rule, &work, run_s, &timed, &err), err);
    CHECK_NEAR(timed.mean_s, 3e-6, 1e-12);
    CHECK_NEAR(timed.min_s, timed.max_s, 1e-15);
    CHECK(timed.executed == (double)is.runs && timed.executed >= timed.requested);
    erg_timed_free(&timed);
}

static void what_cannot_be_made_ready_is_told(void)
{
    device is = { .readied = 2000 };
    erg_timed_work work = { run, &is, ready, clock_s };
    erg_timed timed;
    erg_error err = { 0 };

    CHECK(isnan(erg_time_warm(&(erg_env){ 0 }, &rule, &work, &err)));
    CHECK(err.code == ERG_UNSUPPORTED);
    CHECK(!erg_time_measure(&(erg_env){ 0 }, &rule, &work, 3e-6, &timed, &err));
    CHECK(is.runs == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_kernel_is_as_long_as_its_device_says),
        TEST(what_cannot_be_made_ready_is_told),
    };
    return test_run(tests, ERG_COUNT(tests));
}
