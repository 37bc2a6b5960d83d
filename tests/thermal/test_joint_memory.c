/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monitor's log of very many rows is imported as it streams by. In a process of its own,
 * that its peak is told; what the address sanitizer holds back is kept small.
 */
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "erg/energy.h"
#include "erg/joint.h"
#include "test.h"

/* As rows of a training log and of a monitor each took 200 bytes and more: 80 MB. */
enum { ROWS = 400000, GROWTH_MB = 24 };

/* ---- in the child: 0, if all is as it should be ------------------------------------- */

static double peak_mb(void)
{
    struct rusage use;

    return getrusage(RUSAGE_SELF, &use) == 0 ? 1e-3 * (double)use.ru_maxrss : INFINITY;
}

static int import_it(const char *path)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    size_t count = 0;
    bool good = trace && erg_trace_put_events_aside(trace, &err);
    double before_mb = peak_mb();

    good = good && erg_joint_import(trace, path, NULL, &err)
        && erg_trace_samples(trace, erg_trace_find_channel(trace, "device/power"), &count)
        && count == ROWS && peak_mb() < before_mb + GROWTH_MB;
    printf("# %.1f MB, with the log %.1f MB; %s\n", before_mb, peak_mb(), err.text);
    erg_trace_free(trace);
    return !good;
}

/* ---- from outside ------------------------------------------------------------------- */

static void a_log_of_very_many_rows_streams_by(void)
{
    const char *path = test_file("long.csv", "");
    char *const argv[] = { "test", (char *)path, NULL };
    char *const environment[] = { "ASAN_OPTIONS=quarantine_size_mb=1:detect_leaks=0",
                                  NULL };
    FILE *file = fopen(path, "w");
    pid_t child;
    int status;

    CHECK(file && fputs("t_s,power_w\n", file) >= 0);
    for (int i = 0; i < ROWS; i++)
        fprintf(file, "%d.%03d,%d\n", i / 1000, i % 1000, 100 + i % 7);
    CHECK(fclose(file) == 0);
    CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environment) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(unlink(path) == 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- the same as of a whole --------------------------------------------------------- */

/* Through the rows in memory. */
static erg_trace *whole(const char *text)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    erg_monitor *monitor = erg_monitor_parse("log.csv", text, strlen(text), NULL, &err);

    CHECK_OK(monitor && erg_joint_add_monitor(monitor, "log.csv", NULL, trace, &err), err);
    erg_monitor_free(monitor);
    return trace;
}

static erg_trace *streamed(const char *text)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    const char *path = test_file("log.csv", text);

    CHECK_OK(erg_joint_import(trace, path, NULL, &err), err);
    CHECK(unlink(path) == 0);
    return trace;
}

static void check_equal(const erg_trace *a, const erg_trace *b)
{
    CHECK(erg_trace_channel_count(a) == erg_trace_channel_count(b));
    CHECK(erg_trace_flag_count(a) == erg_trace_flag_count(b));
    for (int i = 0; i < (int)erg_trace_channel_count(a); i++) {
        char one[ERG_CHANNEL_PATH_MOST], other[ERG_CHANNEL_PATH_MOST];
        size_t count, others;
        const erg_sample *x = erg_trace_samples(a, i, &count);
        const erg_sample *y = erg_trace_samples(b, i, &others);
        erg_trace_channel_path(a, i, one);
        erg_trace_channel_path(b, i, other);
        CHECK_TEXT(one, other);
        CHECK(count == others);
        for (size_t k = 0; k < count; k++)
            CHECK(x[k].t_ns == y[k].t_ns && isnan(x[k].value) == isnan(y[k].value)
                  && (isnan(x[k].value) || x[k].value == y[k].value));
    }
}

static void a_log_that_streams_by_is_what_it_is_as_a_whole(void)
{
    static const char *const logs[] = {
        "t_s,power_w\n0,100\n1,110\n2,\n3,120\n",
        "timestamp,device,temp_c,power_w,util_pct,fan_pct\n"
        "2026-01-02T03:04:05Z,gpu,50,,90,\n2026-01-02T03:04:05Z,cpu,60,80,,\n"
        "2026-01-02T03:04:06Z,gpu,50,200,90,\ntorn\n2026-01-02T03:04:06Z,cpu,61,81,,\n"
        "2026-01-02T03:04:07Z,gpu,51,210,91,\n2026-01-02T03:04:07Z,cp",
        /* A row that came twice. */
        "time,temp_c\n1767323045,50\n1767323045,50\n1767323046,50\n",
    };

    for (size_t i = 0; i < ERG_COUNT(logs); i++) {
        erg_trace *a = whole(logs[i]), *b = streamed(logs[i]);
        check_equal(a, b);
        erg_trace_free(a);
        erg_trace_free(b);
    }
}

static void torn_rows_of_a_monitor_are_told(void)
{
    erg_trace *trace = streamed("t_s,power_w\n0,100\nxx\n2,100\n3,10");
    const erg_flag *flag = erg_trace_flag(trace, 0);

    CHECK(flag && flag->code == ERG_FLAG_TORN_INPUT && strstr(flag->text, "line 3"));
    CHECK(strstr(flag->text, "cut off"));
    erg_trace_free(trace);
}

int main(int argc, char **argv)
{
    static const test tests[] = {
        TEST(a_log_of_very_many_rows_streams_by),
        TEST(a_log_that_streams_by_is_what_it_is_as_a_whole),
        TEST(torn_rows_of_a_monitor_are_told),
    };

    return argc == 2 ? import_it(argv[1]) : test_run(tests, ERG_COUNT(tests));
}
