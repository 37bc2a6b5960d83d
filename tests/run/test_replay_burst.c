/* SPDX-License-Identifier: Apache-2.0 */
/* Timing by a device's own clock: batches as it holds them, and none of the host's time;
 * and on a core that others want. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
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

static const erg_time_rule rule = { .warmup = 10, .warmup_s = 1, .runs = 1000,
                                    .least_s = 0.01, .batch_s = 1e-3 };

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

/* ---- on a core that others want ----------------------------------------------------- */

static const double work_s = 0.03; /* longer than Linux leaves a thread alone */
enum { OTHERS_MOST = 64 };
static atomic_bool is_over;

static void *want_a_core(void *self)
{
    (void)self;
    while (!atomic_load(&is_over))
        ;
    return NULL;
}

static bool compute(void *self, size_t first, size_t count, erg_error *err)
{
    double end_s = erg_time_core_s() + work_s * (double)count;

    (void)self;
    (void)first;
    (void)err;
    while (erg_time_core_s() < end_s)
        ;
    return true;
}

static void a_launch_that_is_always_interrupted_counts_by_its_time_on_the_core(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t others = cores < OTHERS_MOST / 2 ? 2 * (size_t)cores : OTHERS_MOST;
    erg_time_rule busy = { .runs = 8, .batch_s = 1e-3, .on_core = true };
    erg_timed_work work = { .run = compute };
    pthread_t threads[OTHERS_MOST];
    erg_error err = { 0 };
    erg_timed timed;

    atomic_store(&is_over, false);
    for (size_t i = 0; i < others; i++)
        CHECK(pthread_create(&threads[i], NULL, want_a_core, NULL) == 0);
    bool good = erg_time_measure(&(erg_env){ 0 }, &busy, &work, work_s, &timed, &err);
    atomic_store(&is_over, true);
    for (size_t i = 0; i < others; i++)
        pthread_join(threads[i], NULL);
    CHECK_OK(good, err);
    double window_s = erg_s_from_ns(timed.span.end_ns - timed.span.begin_ns);
    CHECK_NEAR(timed.centre_s / work_s, 1, 0.05);
    CHECK(window_s > 1.5 * work_s * timed.executed);
    CHECK_NEAR(timed.lost_s / (window_s - work_s * timed.executed), 1, 0.1);
    erg_timed_free(&timed);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_kernel_is_as_long_as_its_device_says),
        TEST(what_cannot_be_made_ready_is_told),
        TEST(a_launch_that_is_always_interrupted_counts_by_its_time_on_the_core),
    };
    return test_run(tests, ERG_COUNT(tests));
}
