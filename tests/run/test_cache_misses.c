/* SPDX-License-Identifier: Apache-2.0 */
/* The processor's counter of cache misses, where there is one: of a child alone. */
#include <sys/wait.h>
#include "run/cache_misses.h"
#include "test.h"

static double misses_of(const char *command)
{
    erg_error err = { 0 };
    int file = erg_cache_misses_open(&err);
    if (file < 0) {
        CHECK(err.code == ERG_UNSUPPORTED || err.code == ERG_NO_ACCESS);
        SKIP(err.text);
    }
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    CHECK(waitpid(child, NULL, 0) == child);
    return erg_cache_misses_close(file);
}

static void a_child_that_reads_much_misses_more(void)
{
    double little = misses_of("true");
    double much = misses_of("head -c 300000000 /dev/zero | tail -c 1");
    print_message("# %.0f and %.0f misses\n", little, much);
    CHECK(little >= 0 && much > little);
}

static void what_is_not_executed_is_not_counted(void)
{
    erg_error err = { 0 };
    int file = erg_cache_misses_open(&err);
    if (file < 0)
        SKIP(err.text);
    CHECK(isnan(erg_cache_misses_close(file)));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_child_that_reads_much_misses_more),
        TEST(what_is_not_executed_is_not_counted),
    };
    return test_run(tests, ERG_COUNT(tests));
}
