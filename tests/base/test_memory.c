/* SPDX-License-Identifier: Apache-2.0 */
/* Pages given back are those of files and free ones: nothing that was written changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "erg/env.h"
#include "test.h"

/* Pages of files (programs, libraries) that are mapped into this process now. */
static long file_pages(void)
{
    long size = 0, resident = 0, shared = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    assert_non_null(statm);
    assert_int_equal(3, fscanf(statm, "%ld %ld %ld", &size, &resident, &shared));
    fclose(statm);
    return shared;
}

static void pages_of_libraries_that_are_not_needed_are_given_back(void)
{
    long before = file_pages();
    erg_give_back_memory();
    long after = file_pages();
    assert_true(before > 0);
    assert_true(after < before);
}

static void what_was_given_back_reads_as_before(void)
{
    static const char constant[] = "read from the program's own file";
    char *heap = strdup(constant), text[64];
    for (int i = 0; i < 100; i++) {
        erg_give_back_memory();
        snprintf(text, sizeof(text), "%s%d", heap, i);
        assert_memory_equal(text, constant, sizeof(constant) - 1);
    }
    free(heap);
}

int main(void)
{
    static const test tests[] = {
        TEST(pages_of_libraries_that_are_not_needed_are_given_back),
        TEST(what_was_given_back_reads_as_before),
    };
    return test_run(tests, ERG_COUNT(tests));
}
