/* SPDX-License-Identifier: Apache-2.0 */
/* A breaker against its closed times. */
#include "shape/breaker.h"
#include "test.h"

static double trips_after_s(double begin_w, double load_w, double step_s, double most_s)
{
    erg_breaker breaker = erg_breaker_of(100, 0, 0, begin_w);
    double t_s = 0;

    for (; !breaker.tripped && t_s < most_s; t_s += step_s)
        erg_breaker_step(&breaker, load_w, step_s);
    return breaker.tripped ? t_s : INFINITY;
}

static void overloads_trip_in_the_closed_times(void)
{
    erg_breaker cold = erg_breaker_of(100, 0, 0, 0), warm = erg_breaker_of(100, 0, 0, 80);

    CHECK_NEAR(erg_breaker_time_to_trip(&cold, 200), 239.9, 0.1);
    CHECK_NEAR(erg_breaker_time_to_trip(&cold, 135), 726.2, 0.1);
    CHECK_NEAR(erg_breaker_time_to_trip(&warm, 135), 438.1, 0.1);
    CHECK_NEAR(trips_after_s(0, 200, 0.1, 1e4), 239.9, 0.2);
    CHECK_NEAR(trips_after_s(0, 200, 1, 1e4), 239.9, 2.4);
    CHECK(erg_breaker_time_to_trip(&cold, 109.999) == INFINITY);
}

static void steps_of_any_length_give_the_same_heat(void)
{
    erg_breaker once = erg_breaker_of(100, 0, 0, 0), often = once;

    erg_breaker_step(&once, 150, 600);
    for (int i = 0; i < 600000; i++)
        erg_breaker_step(&often, 150, 1e-3);
    CHECK_NEAR(once.theta, often.theta, 1e-9);
    CHECK_NEAR(once.above_s, often.above_s, 1e-3);
    CHECK_NEAR(once.above_s, 600 - 666 * log(2.25 / (2.25 - 0.968)), 1e-9);
}

static void what_it_holds_it_holds_for_ever(void)
{
    CHECK(trips_after_s(0, 109.9, 10, 1e6) == INFINITY);
    CHECK(trips_after_s(0, 110.2, 10, 1e6) < INFINITY);
}

static void a_short_circuit_trips_at_once(void)
{
    CHECK_NEAR(trips_after_s(0, 600, 1e-3, 10), 0.015, 0.0015);
    CHECK(trips_after_s(0, 600, 1e-3, 0.012) == INFINITY);
}

int main(void)
{
    static const test tests[] = {
        TEST(overloads_trip_in_the_closed_times),
        TEST(steps_of_any_length_give_the_same_heat),
        TEST(what_it_holds_it_holds_for_ever),
        TEST(a_short_circuit_trips_at_once),
    };
    return test_run(tests, ERG_COUNT(tests));
}
