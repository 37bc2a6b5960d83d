/* SPDX-License-Identifier: Apache-2.0 */
/* Seconds as whole nanoseconds. */
#include "base/base.h"
#include "test.h"

static void seconds_become_the_nearest_nanosecond(void)
{
    CHECK(erg_ns_from_s(1.5) == 1500000000);
    CHECK(erg_ns_from_s(-0.0000000026) == -3);
    CHECK(erg_ns_from_s(0) == 0);
}

static void centuries_are_held_so_that_sums_of_stamps_fit(void)
{
    int64_t most_ns = erg_ns_from_s(1e300);
    CHECK(most_ns == erg_ns_from_s(1.2e10) && erg_ns_from_s(-INFINITY) == -most_ns);
    CHECK(most_ns > erg_ns_from_s(70.0 * 365 * 86400) && most_ns < INT64_MAX / 2);
    CHECK(erg_ns_from_s(NAN) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(seconds_become_the_nearest_nanosecond),
        TEST(centuries_are_held_so_that_sums_of_stamps_fit),
    };
    return test_run(tests, ERG_COUNT(tests));
}
