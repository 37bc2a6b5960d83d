/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Chrome trace four times as large takes no more memory: to be imported into a run file,
 * to be told with the power over time, and to be joined as erg replay plan does. Each in a
 * process of its own, that its peak is told; what the address sanitizer holds back of freed
 * memory is kept small.
 */
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "erg/import.h"
#include "erg/timeline.h"
#include "test.h"
#include "import/chrome_launch.h"

/* Launches: buffers are full at the smaller one, tables of operators at some four times as
 * much; all that the larger one has more would take 100 MB.
 * Joining takes turns over the file. */
enum { IMPORTED = 60000, JOINED = 15000, AT_ONCE = 12000, TIMES = 4, GROWTH_MB = 20 };

static void put_launch(FILE *to, int i)
{
    int ts = 20 * i;

    fprintf(to,
            "{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"op%d\",\"pid\":9,\"tid\":9,"
            "\"ts\":%d,\"dur\":9,\"args\":{\"External id\":%d,\"Input Dims\":[[8,%d]]}},\n",
            i % 40, ts, i, i % 50);
    fprintf(to,
            "{\"ph\":\"X\",\"cat\":\"cuda_runtime\",\"name\":\"cudaLaunchKernel\","
            "\"pid\":9,\"tid\":9,\"ts\":%d,\"dur\":2,\"args\":{\"External "
            "id\":%d,\"correlation\":%d}},\n", ts + 1, i, i);
    fprintf(to,
            "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"k%d\",\"pid\":0,\"tid\":7,"
            "\"ts\":%d,\"dur\":4,\"args\":{\"device\":0,\"stream\":7,\"correlation\":%d}},"
            "\n", i % 40, ts + 7, i);
}

static void write_trace(const char *path, int launches)
{
    FILE *to = fopen(path, "w");

    CHECK(to != NULL);
    fputs("{\"baseTimeNanoseconds\":1712345678901234567,\"traceEvents\":[\n", to);
    for (int i = 0; i < launches; i++)
        put_launch(to, i);
    fputs("{\"ph\":\"M\",\"name\":\"process_name\",\"args\":{}}]}\n", to);
    CHECK(fclose(to) == 0);
}

/* ---- in the child: 0, if all is as it should be ------------------------------------- */

static int import_it(const char *path)
{
    char file[400];
    erg_trace *trace = erg_trace_new(NULL);

    snprintf(file, sizeof(file), "%s.erg", path);
    bool good = erg_trace_put_events_aside(trace, NULL)
        && erg_import(trace, path, NULL, NULL)
             && erg_trace_event_count(trace) >= 3 * IMPORTED
             && erg_trace_save(trace, file, NULL);
    erg_trace_free(trace);
    unlink(file);
    return !good;
}

/* As erg timeline RUN trace.json. */
static int tell_it(const char *path)
{
    char log[4096] = "timestamp,gpu,power_w\n";
    erg_trace *trace = erg_trace_new(NULL);

    for (size_t i = 0, at = strlen(log); i < 60; i++)
        at += (size_t)snprintf(log + at, sizeof(log) - at, "1712345678.%03zu,0,%zu\n",
                               901 + i, 200 + i % 5);
    bool good = erg_trace_put_events_aside(trace, NULL)
             && erg_import_bytes(trace, "power.csv", log, strlen(log), NULL, NULL)
             && erg_import(trace, path, NULL, NULL);
    erg_result *result = good ? erg_timeline(trace, NULL, NULL) : NULL;
    good = result && erg_table_row_count(erg_result_find(result, "attribution")) == 41;
    erg_result_free(result);
    erg_trace_free(trace);
    return !good;
}

static bool count_by(void *self, const erg_chrome_launch *launch, erg_error *err)
{
    (void)err;
    *(int64_t *)self += launch->by >= 0;
    return true;
}

static int join_it(const char *path)
{
    int64_t known = 0;
    erg_chrome_launches launches = { .path = path, .take = count_by, .self = &known,
                                     .operators_most = AT_ONCE };
    bool good = erg_chrome_launches_read(&launches, NULL) && known == launches.launches
             && known >= JOINED;

    erg_chrome_launches_free(&launches);
    return !good;
}

static const struct {
    const char *name;
    int (*run)(const char *path);
    int launches;
} jobs[] = {
    { "import", import_it, IMPORTED },
    { "timeline", tell_it, IMPORTED },
    { "join", join_it, JOINED },
};

/* ---- from outside ------------------------------------------------------------------- */

static double peak_mb(const char *job, int launches)
{
    char path[300];
    char *const argv[] = { "test", (char *)job, path, NULL };
    char *const environment[] = { "ASAN_OPTIONS=quarantine_size_mb=1:detect_leaks=0",
                                  NULL };
    struct rusage use;
    pid_t child;
    int status;

    snprintf(path, sizeof(path), "%s/trace.json", test_folder());
    write_trace(path, launches);
    CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environment) == 0);
    CHECK(wait4(child, &status, 0, &use) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    unlink(path);
    return 1e-3 * (double)use.ru_maxrss;
}

static void memory_does_not_grow_with_the_trace(void)
{
    for (size_t i = 0; i < ERG_COUNT(jobs); i++) {
        double before = peak_mb(jobs[i].name, jobs[i].launches);
        double after = peak_mb(jobs[i].name, TIMES * jobs[i].launches);
        printf("# %s: %.1f MB, four times the trace %.1f MB\n", jobs[i].name,
               before, after);
        CHECK(after < before + GROWTH_MB);
    }
}

int main(int argc, char **argv)
{
    static const test tests[] = { TEST(memory_does_not_grow_with_the_trace) };

    for (size_t i = 0; argc == 3 && i < ERG_COUNT(jobs); i++)
        if (strcmp(argv[1], jobs[i].name) == 0)
            return jobs[i].run(argv[2]);
    return test_run(tests, ERG_COUNT(tests));
}
