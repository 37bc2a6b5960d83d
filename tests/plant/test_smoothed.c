/* SPDX-License-Identifier: Apache-2.0 */
/* Smoothed loads: by hand, against small steps of the rule, and what must always hold. */
#include "plant/smoothed.h"
#include "test.h"

static double power(const erg_smoothed *of, double t_s)
{
    erg_plant_view view = erg_smoothed_view(of);
    return view.power_w(view.self, t_s);
}

static double energy(const erg_smoothed *of, double begin_s, double end_s)
{
    erg_plant_view view = erg_smoothed_view(of);
    return view.energy_j(view.self, begin_s, end_s);
}

static erg_smoothed *smoothed_new(void)
{
    erg_smoothed *of = calloc(1, sizeof(*of));
    CHECK(of);
    return of;
}

/* 500 W for 10 s, then 100 W: down by 100 W/s to the floor of 300 W after 2 s, there until
 * the load was low for 3 s, at 100 W after 2 s more. And up by 200 W/s. */
static void a_step_rises_by_its_rate_and_falls_in_two_parts(void)
{
    erg_law law;
    CHECK(erg_law_parse("list:500:10s:100:10s", &law, NULL));
    erg_capped load = { .law = &law };
    const erg_smoothing to = { true, 300, 200, 100, 3 };
    erg_smoothed *of = smoothed_new();
    erg_smoothed_turn(of, &load, 0, &to);
    erg_smoothed_run(of, 30);
    static const struct { double t_s, want_w; } rows[] = {
        { 5, 500 }, { 11, 400 }, { 12, 300 }, { 13, 300 }, { 14, 200 }, { 15, 100 },
        { 19, 100 }, { 21, 300 }, { 22, 500 }, { 29, 500 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        CHECK_NEAR(power(of, rows[i].t_s), rows[i].want_w, 1e-6);
    CHECK_NEAR(energy(of, 0, 10), 5000, 1e-6);
    CHECK_NEAR(energy(of, 10, 20), 800 + 300 + 400 + 500, 1e-6);
    CHECK_NEAR(energy(of, 20, 22), 600, 1e-6);
    free(of);
}

/* A floor of 800 of 1000 W under 0.75 s at 1000 and 0.25 s at 300 W, edges at once but for
 * their rates: the least of the sum is the floor, and what is burnt is its closed form. */
static void a_floor_fills_dips_that_are_shorter_than_its_hold(void)
{
    erg_law law = erg_law_square(300, 1000, 1, 0.75);
    erg_capped load = { .law = &law };
    const erg_smoothing to = { true, 800, 1e7, 1e7, 1 };
    erg_smoothed *of = smoothed_new();
    erg_smoothed_turn(of, &load, 0, &to);
    erg_smoothed_run(of, 100);
    CHECK_NEAR(power(of, 50.9), 800, 1e-6);
    CHECK_NEAR(energy(of, 10, 90), 80 * (825 + 0.25 * 500), 1);
    free(of);
}

/* The rule in steps of 0.1 ms. */
static void lines_are_those_of_small_steps_of_the_rule(void)
{
    static const char *const texts[] = {
        "square:80:400:2s", "ramp:50:450:3s", "square:0:300:1s:25%+ramp:10:200:5s",
        "list:80:300ms:400:500ms:120:100ms", "constant:260",
    };
    static const erg_smoothing rules[] = {
        { true, 200, 500, 300, 0.3 }, { true, 250, 1e4, 2e3, 0.05 },
        { true, 300, 150, 100, 1 },
    };
    const double step_s = 1e-4;
    for (size_t i = 0; i < ERG_COUNT(texts) * ERG_COUNT(rules); i++) {
        const erg_smoothing *to = &rules[i % ERG_COUNT(rules)];
        erg_law law;
        CHECK(erg_law_parse(texts[i / ERG_COUNT(rules)], &law, NULL));
        erg_capped load = { .law = &law };
        erg_smoothed *of = smoothed_new();
        erg_smoothed_turn(of, &load, 0, to);
        erg_smoothed_run(of, 8);
        double at_w = erg_law_w(&law, 0), low_s = NAN, sum_j = 0, most_w = 0;
        bool is_held = false;
        for (int k = 0; k < 80000; k++) {
            double t_s = (k + 0.5) * step_s, load_w = erg_law_w(&law, t_s);
            bool is_low = load_w < to->floor_w;
            low_s = is_low ? (isnan(low_s) ? t_s : low_s) : NAN;
            is_held = !is_low || (is_held && t_s < low_s + to->hold_s);
            double aim_w = is_held ? fmax(load_w, to->floor_w) : load_w;
            at_w += fmax(-to->down_w_per_s * step_s,
                         fmin(to->up_w_per_s * step_s, aim_w - at_w));
            sum_j += at_w * step_s;
            most_w = fmax(most_w, fabs(at_w - power(of, (k + 1) * step_s)));
        }
        CHECK_NEAR(energy(of, 0, 8), sum_j, 0.5);
        CHECK(most_w < 350);        /* an edge of the load, one step early or late */
        free(of);
    }
}

/* By chance: rates, the limit, and that parts of an energy add up. */
static void rates_and_limit_hold_whatever_is_turned_when(void)
{
    test_random random = { 11 };
    for (int world = 0; world < 50; world++) {
        erg_law law = erg_law_square(50 + 100 * test_uniform(&random), 400,
                                     0.1 + test_uniform(&random), 0.5);
        erg_capped load = { .law = &law };
        erg_smoothing to = { true, 100 + 300 * test_uniform(&random), 0, 0, 0 };
        to.up_w_per_s = 50 + 500 * test_uniform(&random);
        to.down_w_per_s = 50 + 500 * test_uniform(&random);
        to.hold_s = test_uniform(&random);
        erg_smoothed *of = smoothed_new();
        double limit_w = 150 + 400 * test_uniform(&random);
        erg_smoothed_turn(of, &load, 1, &to);
        erg_smoothed_run(of, 5);
        erg_capped_turn_to(&load, 5, limit_w);
        erg_smoothed_run(of, 10);
        double before_w = power(of, 5), sum_j = 0;
        for (int k = 0; k < 500; k++) {
            double t_s = 5 + 0.01 * k, now_w = power(of, t_s);
            CHECK(now_w <= limit_w + 1e-6);
            CHECK(now_w - before_w <= 0.01 * to.up_w_per_s + 1e-6);
            CHECK(before_w - now_w <= 0.01 * to.down_w_per_s + 1e-6);
            sum_j += energy(of, t_s, t_s + 0.01);
            before_w = now_w;
        }
        CHECK_NEAR(energy(of, 5, 10), sum_j, 1e-3 * sum_j);
        free(of);
    }
}

/* Off again it is the load; before it was turned it was the load, too. */
static void off_it_is_the_load(void)
{
    erg_law law = erg_law_square(80, 400, 0.7, 0.5);
    erg_capped load = { .law = &law };
    erg_smoothing to = { true, 300, 100, 100, 1 };
    erg_smoothed *of = smoothed_new();
    erg_smoothed_turn(of, &load, 10, &to);
    to.is_on = false;
    erg_smoothed_turn(of, &load, 20, &to);
    erg_smoothed_run(of, 40);
    CHECK_NEAR(energy(of, 0, 10), erg_law_j(&law, 0, 10), 1e-6);
    CHECK_NEAR(energy(of, 20, 40), erg_law_j(&law, 20, 40), 1e-6);
    CHECK_NEAR(power(of, 9.99), erg_law_w(&law, 9.99), 0);
    CHECK_NEAR(power(of, 30.1), erg_law_w(&law, 30.1), 1e-9);
    CHECK(energy(of, 10, 20) > erg_law_j(&law, 10, 20));
    free(of);
}

/* Lines are forgotten one by one, joules are not; a day goes by at once. */
static void a_day_is_no_work_and_its_joules_are_kept(void)
{
    erg_law law = erg_law_square(100, 400, 1, 0.5);
    erg_capped load = { .law = &law };
    const erg_smoothing to = { true, 300, 1e6, 1e6, 10 };
    erg_smoothed *of = smoothed_new();
    erg_smoothed_turn(of, &load, 0, &to);
    erg_smoothed_run(of, 86400);
    CHECK_NEAR(energy(of, 0, 86400), 86400 * 350, 86400);
    CHECK_NEAR(energy(of, 86400 - 100, 86400), 100 * 350, 1);
    free(of);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_step_rises_by_its_rate_and_falls_in_two_parts),
        TEST(a_floor_fills_dips_that_are_shorter_than_its_hold),
        TEST(lines_are_those_of_small_steps_of_the_rule),
        TEST(rates_and_limit_hold_whatever_is_turned_when),
        TEST(off_it_is_the_load),
        TEST(a_day_is_no_work_and_its_joules_are_kept),
    };
    return test_run(tests, ERG_COUNT(tests));
}
