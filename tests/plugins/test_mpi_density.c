/* SPDX-License-Identifier: Apache-2.0 */
/* What of a buffer is not 0: counted exactly, and never at the price of the program. */
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>
#include "mpi/density.h"
#include "test.h"

enum { COUNT = 100000 };

static void every_eighth_of_a_buffer_is_an_eighth(void)
{
    static const size_t sizes[] = { 1, 2, 4, 8 };
    static unsigned char bytes[8 * COUNT];

    for (size_t k = 0; k < ERG_COUNT(sizes); k++) {
        mpi_density seen = { 0 };
        memset(bytes, 0, sizeof(bytes));
        for (size_t i = 0; i < COUNT; i += 8)       /* any byte of an element counts */
            bytes[i * sizes[k] + i / 8 % sizes[k]] = 0x80;
        mpi_density_add(&seen, bytes, COUNT, sizes[k], false);
        CHECK(seen.looked == COUNT && seen.filled == COUNT / 8.0);
    }
}

static void minus_zero_is_zero_and_nan_is_not(void)
{
    static const double doubles[] = { 0, -0.0, 1, NAN, 5e-324, -INFINITY };
    static const float floats[] = { 0, -0.0F, 1, NAN, 1e-45F, -INFINITY };
    static const int32_t least[] = { INT32_MIN, 0 };
    mpi_density twice = { 0 }, single = { 0 }, whole = { 0 };

    mpi_density_add(&twice, doubles, 6, 8, true);
    mpi_density_add(&single, floats, 6, 4, true);
    mpi_density_add(&whole, least, 2, 4, false);
    CHECK(twice.filled == 4 && single.filled == 4 && whole.filled == 1);
}

static void looks_add_up(void)
{
    const int values[] = { 1, 0, 0, 2 };
    mpi_density seen = { 0 };

    mpi_density_add(&seen, values, 4, 4, false);
    mpi_density_add(&seen, values, 1, 4, false);
    mpi_density_add(&seen, values, 0, 4, false);
    CHECK(seen.looked == 5 && seen.filled == 3);
}

/* As memory of a GPU is to its host, wholly or behind the first page. */
static void what_cannot_be_read_is_not_looked_at(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 64 * page;
    char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mpi_density seen = { 0 };

    CHECK(at != MAP_FAILED && mprotect(at + page, size - page, PROT_NONE) == 0);
    mpi_density_add(&seen, at + page, page, 1, false);
    mpi_density_add(&seen, at, size, 1, false);
    mpi_density_add(&seen, NULL, 4, 4, false);
    CHECK(seen.looked == 0 && seen.filled == 0);
    mpi_density_add(&seen, at, page, 1, false);
    CHECK(seen.looked == (double)page);
    munmap(at, size);
}

static void elements_of_other_sizes_are_left(void)
{
    const char bytes[64] = { 1 };
    mpi_density seen = { 0 };

    mpi_density_add(&seen, bytes, 4, 16, true);
    mpi_density_add(&seen, bytes, 4, 3, false);
    mpi_density_add(&seen, bytes, 4, 0, false);
    CHECK(seen.looked == 0);
}

static void one_call_of_a_hundred_is_looked_at(void)
{
    int due = 0;

    for (uint64_t calls = 0; calls < 10000; calls++)
        due += mpi_density_is_due(calls);
    CHECK(due == 100 && mpi_density_is_due(0));
}

int main(void)
{
    static const test tests[] = {
        TEST(every_eighth_of_a_buffer_is_an_eighth),
        TEST(minus_zero_is_zero_and_nan_is_not),
        TEST(looks_add_up),
        TEST(what_cannot_be_read_is_not_looked_at),
        TEST(elements_of_other_sizes_are_left),
        TEST(one_call_of_a_hundred_is_looked_at),
    };
    return test_run(tests, ERG_COUNT(tests));
}
