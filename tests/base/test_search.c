/* SPDX-License-Identifier: Apache-2.0 */
/* Searching rows in the order of their time, beside looking at every one of them. */
#include "base/search.h"
#include "test.h"

typedef struct row { char what; int64_t t_ns; } row;

static size_t look(const row rows[], size_t count, int64_t t_ns, bool is_after)
{
    size_t i = 0;

    while (i < count && (rows[i].t_ns < t_ns || (is_after && rows[i].t_ns == t_ns)))
        i++;
    return i;
}

static void it_finds_what_looking_at_all_rows_finds(void)
{
    enum { ROWS = 40 };
    test_random random = { 3 };
    row rows[ROWS];
    int64_t t_ns = 0;

    for (size_t i = 0; i < ROWS; i++) {
        t_ns += (int64_t)(3 * test_uniform(&random));       /* some are at one time */
        rows[i] = (row){ 'a', t_ns };
    }
    for (size_t count = 0; count <= ROWS; count++)
        for (int64_t at_ns = -1; at_ns <= t_ns + 1; at_ns++) {
            erg_timed_rows of = { rows, count, sizeof(row), offsetof(row, t_ns) };
            CHECK(erg_first_from(of, at_ns) == look(rows, count, at_ns, false));
            CHECK(erg_first_after(of, at_ns) == look(rows, count, at_ns, true));
        }
}

static void no_rows_and_the_ends_of_time_are_fine(void)
{
    const int64_t ends[] = { INT64_MIN, INT64_MAX };
    const erg_timed_rows none = { NULL, 0, sizeof(*ends), 0 };
    const erg_timed_rows both = { ends, ERG_COUNT(ends), sizeof(*ends), 0 };

    CHECK(erg_first_from(none, 0) == 0 && erg_first_after(none, INT64_MAX) == 0);
    CHECK(erg_first_from(both, INT64_MIN) == 0 && erg_first_after(both, INT64_MIN) == 1);
    CHECK(erg_first_from(both, INT64_MAX) == 1 && erg_first_after(both, INT64_MAX) == 2);
}

int main(void)
{
    static const test tests[] = {
        TEST(it_finds_what_looking_at_all_rows_finds),
        TEST(no_rows_and_the_ends_of_time_are_fine),
    };
    return test_run(tests, ERG_COUNT(tests));
}
