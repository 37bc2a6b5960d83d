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

/* Of a 1 h, 1.45 x device: as datasheets plot them. */
static const erg_trip_curve curve = {
    .points = { { 1.13, 7200 }, { 1.45, 3600 }, { 2, 120 }, { 5, 10 }, { 10, 0.01 } },
    .count = 5,
};

static void a_curve_is_met_at_its_points_and_straight_in_logarithms_between(void)
{
    for (size_t i = 0; i < curve.count; i++)
        CHECK_NEAR(erg_trip_curve_time(&curve, curve.points[i].load)
                   / curve.points[i].time_s, 1, 1e-12);
    CHECK_NEAR(erg_trip_curve_time(&curve, sqrt(2 * 5)), sqrt(120 * 10), 1e-9);
    CHECK(erg_trip_curve_time(&curve, 1.1299) == INFINITY);
    CHECK_NEAR(erg_trip_curve_time(&curve, 50), 0.01, 0);
    for (double load = 1.13; load < 12; load *= 1.01)
        CHECK(erg_trip_curve_time(&curve, load * 1.01)
              <= erg_trip_curve_time(&curve, load));
}

static double worn_trips_after_s(double load_w, double step_s, double most_s)
{
    erg_breaker breaker = erg_breaker_of_curve(100, 0, &curve);
    double t_s = 0;

    for (; !breaker.tripped && t_s < most_s; t_s += step_s)
        erg_breaker_step(&breaker, load_w, step_s);
    return breaker.tripped ? t_s : INFINITY;
}

static void a_constant_load_trips_at_the_time_of_the_curve_in_steps_of_any_length(void)
{
    erg_breaker cold = erg_breaker_of_curve(100, 0, &curve);

    CHECK_NEAR(erg_breaker_time_to_trip(&cold, 200), 120, 1e-9);
    CHECK_NEAR(worn_trips_after_s(200, 0.01, 1e3), 120, 0.011);
    CHECK_NEAR(worn_trips_after_s(200, 0.1, 1e3), 120, 0.11);
    CHECK_NEAR(worn_trips_after_s(145, 10, 1e5), 3600, 10.1);
    CHECK(worn_trips_after_s(112.9, 1000, 1e7) == INFINITY);
    CHECK(worn_trips_after_s(113, 100, 1e7) < 7301);
}

/* Miner: shares of life add up, whatever comes first. */
static void the_order_of_overloads_does_not_matter(void)
{
    test_random random = { 3 };

    for (int draw = 0; draw < 100; draw++) {
        erg_breaker forth = erg_breaker_of_curve(100, 0, &curve), back = forth;
        double load_w[20], time_s[20], life = 0;
        for (int i = 0; i < 20; i++) {
            load_w[i] = 113 + 800 * test_uniform(&random);
            double trips_s = erg_trip_curve_time(&curve, load_w[i] / 100);
            time_s[i] = 0.1 * test_uniform(&random) * trips_s;
            life += time_s[i] / trips_s;
        }
        for (int i = 0; i < 20; i++) {
            erg_breaker_step(&forth, load_w[i], time_s[i]);
            erg_breaker_step(&back, load_w[19 - i], time_s[19 - i]);
        }
        CHECK_NEAR(forth.theta, life, 1e-12);
        CHECK_NEAR(back.theta, life, 1e-12);
        CHECK(forth.tripped == (life >= 1) || fabs(life - 1) < 1e-9);
        CHECK(forth.tripped == back.tripped || fabs(life - 1) < 1e-9);
    }
}

static void what_was_worn_cools_off_below_the_curve(void)
{
    erg_breaker once = erg_breaker_of_curve(100, 600, &curve), often = once;

    erg_breaker_step(&once, 200, 108), erg_breaker_step(&often, 200, 108);
    CHECK_NEAR(once.theta, 0.9, 1e-12);
    CHECK_NEAR(once.above_s, 12, 1e-9);
    erg_breaker_step(&once, 50, 1200);
    for (int i = 0; i < 1200; i++)
        erg_breaker_step(&often, 50, 1);
    CHECK_NEAR(once.theta, 0.9 * exp(-2), 1e-12);
    CHECK_NEAR(often.theta, once.theta, 1e-9);
    CHECK_NEAR(once.above_s, 12 + 600 * log(0.9 / 0.8), 1e-9);
    CHECK_NEAR(often.above_s, once.above_s, 1e-6);
    CHECK_NEAR(erg_breaker_margin(&once), 0.1, 1e-12);
    CHECK_NEAR(erg_breaker_time_to_trip(&once, 200), 120 * (1 - 0.9 * exp(-2)), 1e-9);
}

int main(void)
{
    static const test tests[] = {
        TEST(overloads_trip_in_the_closed_times),
        TEST(steps_of_any_length_give_the_same_heat),
        TEST(what_it_holds_it_holds_for_ever),
        TEST(a_short_circuit_trips_at_once),
        TEST(a_curve_is_met_at_its_points_and_straight_in_logarithms_between),
        TEST(a_constant_load_trips_at_the_time_of_the_curve_in_steps_of_any_length),
        TEST(the_order_of_overloads_does_not_matter),
        TEST(what_was_worn_cools_off_below_the_curve),
    };
    return test_run(tests, ERG_COUNT(tests));
}
