/* SPDX-License-Identifier: Apache-2.0 */
/* Rows longer than memory: one array, of which little is in memory at a time. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/base.h"
#include "test.h"
#include "trace/rows.h"

enum { MANY = 3000001 };

static erg_rows rows_of(size_t count, bool is_long)
{
    erg_rows rows = { .is_long = is_long };
    erg_error err = { 0 };

    for (uint64_t i = 0; i < count; i++)
        CHECK_OK(erg_rows_add(&rows, &i, 1, sizeof(i), &err), err);
    return rows;
}

/* KiB of its pages that this process holds. */
static double held_kib(const erg_rows *rows)
{
    char line[256];
    double kib = -1, value;
    unsigned long begin;
    FILE *maps = fopen("/proc/self/smaps", "r");
    bool is_it = false;

    CHECK(maps != NULL);
    while (fgets(line, sizeof(line), maps)) {
        if (strchr(line, '-') && sscanf(line, "%lx-", &begin) == 1)
            is_it = begin == (unsigned long)rows->items;
        if (is_it && sscanf(line, "Rss: %lf", &value) == 1)
            kib = value;
    }
    fclose(maps);
    return kib;
}

static void long_rows_are_one_array_and_hardly_in_memory(void)
{
    erg_rows rows = rows_of(MANY, true);
    const uint64_t *at = rows.items;

    CHECK(rows.file > 0 && rows.count == MANY);
    CHECK(held_kib(&rows) >= 0 && held_kib(&rows) < 512);
    for (uint64_t i = 0; i < MANY; i++) {
        if (at[i] != i)
            CHECK(at[i] == i);
        erg_rows_pass(&rows, i);
    }
    CHECK(held_kib(&rows) < 512);
    for (uint64_t i = 0; i < MANY; i += 1000)
        if (at[i] != i)
            CHECK(at[i] == i);
    erg_rows_rest(&rows);
    CHECK(held_kib(&rows) == 0);
    CHECK(at[MANY - 1] == MANY - 1);
    erg_rows_free(&rows);
    CHECK(rows.items == NULL && rows.count == 0 && rows.is_long);
}

static void what_was_changed_is_kept_when_it_leaves_memory(void)
{
    erg_rows rows = rows_of(MANY, true);
    uint64_t *at = rows.items;

    for (uint64_t i = 0; i < MANY; i++) {
        at[i] = 7 * i;
        erg_rows_pass(&rows, i);
    }
    erg_rows_rest(&rows);
    for (uint64_t i = 0; i < MANY; i++)
        if (at[i] != 7 * i)
            CHECK(at[i] == 7 * i);
    erg_rows_free(&rows);
}

static void short_rows_and_others_see_no_file(void)
{
    erg_rows small = rows_of(ERG_ROWS_HELD / sizeof(uint64_t), true);
    erg_rows plain = rows_of(MANY, false);

    CHECK(small.file == 0 && plain.file == 0);
    erg_rows_rest(&plain);
    erg_rows_pass(&plain, ERG_ROWS_STRIDE);
    CHECK(((uint64_t *)plain.items)[MANY - 1] == MANY - 1);
    erg_rows_free(&small);
    erg_rows_free(&plain);
}

/* Each block of items at once, as a store hands them out. */
static void many_at_once_are_added_as_one_by_one(void)
{
    enum { AT_ONCE = 50000 };
    erg_rows rows = { .is_long = true };
    uint64_t *some = malloc(AT_ONCE * sizeof(*some));
    erg_error err = { 0 };

    CHECK(some != NULL);
    for (uint64_t first = 0; first < 20 * AT_ONCE; first += AT_ONCE) {
        for (uint64_t i = 0; i < AT_ONCE; i++)
            some[i] = first + i;
        CHECK_OK(erg_rows_add(&rows, some, AT_ONCE, sizeof(*some), &err), err);
    }
    CHECK(held_kib(&rows) < 512);
    for (uint64_t i = 0; i < rows.count; i++)
        if (((uint64_t *)rows.items)[i] != i)
            CHECK(((uint64_t *)rows.items)[i] == i);
    free(some);
    erg_rows_free(&rows);
}

int main(void)
{
    static const test tests[] = {
        TEST(long_rows_are_one_array_and_hardly_in_memory),
        TEST(what_was_changed_is_kept_when_it_leaves_memory),
        TEST(short_rows_and_others_see_no_file),
        TEST(many_at_once_are_added_as_one_by_one),
    };
    return test_run(tests, ERG_COUNT(tests));
}
