/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log of power four times as long takes no more memory, to be imported into a run file,
 * to be told over time and to be drawn as a page. Each in a process of its own, that its
 * peak is told; what the address sanitizer holds back of freed memory is kept small.
 */
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "erg/import.h"
#include "erg/report.h"
#include "erg/timeline.h"
#include "test.h"

/* In memory the rows that the longer one has more took 86 bytes each: 52 MB. */
enum { ROWS = 200000, TIMES = 4, GROWTH_MB = 16 };

/* A rise to 300 W once a second, above 100 W and some noise; a row a millisecond. */
static double watts_of(int i, test_random *random)
{
    return (i % 1000 < 20 ? 300 : 100) + test_normal(random);
}

static void power_row(FILE *to, int i, double w)
{
    if (i == 0)
        fputs("timestamp,gpu,power_w\n", to);
    fprintf(to, "%d.%03d,0,%.2f\n", 1712345678 + i / 1000, i % 1000, w);
}

static void smi_row(FILE *to, int i, double w)
{
    if (i == 0)
        fputs("timestamp, index, power.draw [W], clocks.sm [MHz], utilization.gpu [%]\n",
              to);
    fprintf(to, "2024/04/05 19:%02d:%02d.%03d, 0, %.2f W, 1410 MHz, %d %%\n",
            i / 60000, i / 1000 % 60, i % 1000, w, w > 200 ? 99 : 3);
}

static void dcgmi_row(FILE *to, int i, double w)
{
    if (i == 0)
        fputs("#Entity   POWER TOTEC SMCLK\nID\n", to);
    fprintf(to, "GPU 0     %.3f %lld 1410\n", w, 100LL * i);
}

typedef struct job {
    const char *name;
    void (*row)(FILE *to, int i, double w);
    erg_import_options how;
} job;

static const job jobs[] = {
    { "power_log", power_row, { 0 } },
    { "nvidia_smi", smi_row, { 0 } },
    { "dcgmi", dcgmi_row, { .period_s = 0.001 } },
};

static void write_log(const job *of, const char *path, int rows)
{
    FILE *to = fopen(path, "w");
    test_random random = { 5 };

    CHECK(to != NULL);
    for (int i = 0; i < rows; i++)
        of->row(to, i, watts_of(i, &random));
    CHECK(fclose(to) == 0);
}

/* ---- in the child: 0, if all is as it should be ------------------------------------- */

static bool import_it(const job *of, const char *path, const char *file)
{
    erg_trace *trace = erg_trace_new(NULL);
    bool good = erg_trace_put_events_aside(trace, NULL)
             && erg_import(trace, path, &of->how, NULL) && erg_trace_check(trace, NULL)
             && erg_trace_save(trace, file, NULL);

    erg_trace_free(trace);
    return good;
}

static bool tell_it(const char *file)
{
    erg_trace *trace = erg_trace_load_aside(file, NULL);
    bool good = trace && erg_trace_check(trace, NULL);
    erg_result *result = good ? erg_timeline(trace, NULL, NULL) : NULL;

    good = result
        && erg_table_row_count(erg_result_find(result, "spikes")) >= ROWS / 1000 - 1;
    FILE *out = fopen("/dev/null", "w");
    good = good && out && erg_report_timeline(trace, result, "run", out, NULL)
        && erg_write(result, "json", NULL, out, NULL);
    if (out)
        fclose(out);
    erg_result_free(result);
    erg_trace_free(trace);
    return good;
}

static int run_it(const job *of, const char *path)
{
    char file[400];

    snprintf(file, sizeof(file), "%s.erg", path);
    bool good = import_it(of, path, file) && tell_it(file);
    unlink(file);
    return !good;
}

/* ---- from outside ------------------------------------------------------------------- */

static double peak_mb(const job *of, int rows)
{
    char path[300];
    char *const argv[] = { "test", (char *)of->name, path, NULL };
    char *const environment[] = { "ASAN_OPTIONS=quarantine_size_mb=1:detect_leaks=0",
                                  NULL };
    struct rusage use;
    pid_t child;
    int status;

    snprintf(path, sizeof(path), "%s/%s.csv", test_folder(), of->name);
    write_log(of, path, rows);
    CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environment) == 0);
    CHECK(wait4(child, &status, 0, &use) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    unlink(path);
    return 1e-3 * (double)use.ru_maxrss;
}

static void memory_does_not_grow_with_the_log(void)
{
    for (size_t i = 0; i < ERG_COUNT(jobs); i++) {
        double before = peak_mb(&jobs[i], ROWS);
        double after = peak_mb(&jobs[i], TIMES * ROWS);
        printf("# %s: %.1f MB, four times the log %.1f MB\n", jobs[i].name, before,
               after);
        CHECK(after < before + GROWTH_MB);
    }
}

int main(int argc, char **argv)
{
    static const test tests[] = { TEST(memory_does_not_grow_with_the_log) };

    for (size_t i = 0; argc == 3 && i < ERG_COUNT(jobs); i++)
        if (strcmp(argv[1], jobs[i].name) == 0)
            return run_it(&jobs[i], argv[2]);
    return test_run(tests, ERG_COUNT(tests));
}
