/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of a long table takes no memory of its own. In a process of its own, that its peak
 * is told; what the address sanitizer holds back of freed memory is kept small.
 */
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "erg/report.h"
#include "test.h"

/* As text each cell took 40 bytes and more: 32 MB. */
enum { ROWS = 100000, COLUMNS = 8, GROWTH_MB = 8 };

static const erg_column columns[COLUMNS] = {
    { "a", ERG_REAL, "" }, { "b", ERG_REAL, "" }, { "c", ERG_REAL, "" },
    { "d", ERG_REAL, "" }, { "e", ERG_REAL, "" }, { "f", ERG_REAL, "" },
    { "g", ERG_REAL, "" }, { "h", ERG_REAL, "" },
};

/* ---- in the child: 0, if all is as it should be ------------------------------------- */

static double peak_mb(void)
{
    struct rusage use;

    return getrusage(RUSAGE_SELF, &use) == 0 ? 1e-3 * (double)use.ru_maxrss : INFINITY;
}

static bool fill(erg_table *table)
{
    bool good = table != NULL;

    for (int row = 0; good && row < ROWS; row++) {
        good = erg_table_row(table, NULL);
        for (int i = 0; good && i < COLUMNS; i++)
            good = erg_table_real(table, columns[i].name, row + 0.1 * i, NULL);
    }
    return good;
}

static int write_it(void)
{
    erg_result *result = erg_result_new("test", NULL);
    FILE *out = fopen("/dev/null", "w");
    bool good = out && fill(erg_result_add(result, "rows", columns, COLUMNS, NULL));
    double before_mb = peak_mb();

    good = good && erg_write(result, "text", NULL, out, NULL)
        && peak_mb() < before_mb + GROWTH_MB;
    printf("# %.1f MB, with the text %.1f MB\n", before_mb, peak_mb());
    if (out)
        fclose(out);
    erg_result_free(result);
    return !good;
}

/* ---- from outside ------------------------------------------------------------------- */

static void text_of_many_rows_is_not_held(void)
{
    char *const argv[] = { "test", "child", NULL };
    char *const environment[] = { "ASAN_OPTIONS=quarantine_size_mb=1:detect_leaks=0",
                                  NULL };
    pid_t child;
    int status;

    CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environment) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv)
{
    static const test tests[] = { TEST(text_of_many_rows_is_not_held) };

    if (argc == 2 && strcmp(argv[1], "child") == 0)
        return write_it();
    return test_run(tests, ERG_COUNT(tests));
}
