/* SPDX-License-Identifier: Apache-2.0 */
/* Power supplies' excursions, and what to do about hot nodes. */
#include "shape/heat_guard.h"
#include "shape/psu.h"
#include "test.h"

enum { COUNT = 20000 };

static erg_psu check_pulses(double height, size_t width, size_t every, double dt_s)
{
    static double ring[COUNT];
    erg_psu psu;

    CHECK(erg_psu_room(dt_s) <= COUNT);
    erg_psu_begin(&psu, erg_psu_atx, 1000, dt_s, ring);
    for (size_t i = 0; i < COUNT; i++)
        erg_psu_step(&psu, i % every < width ? 1000 * height : 500);
    return psu;
}

static void each_row_holds_at_its_limit_and_breaks_above_it(void)
{
    /* Pulses of 100 us samples: as long as a row allows, and a hundredth higher. */
    static const struct { double height; size_t width; } rows[] = {
        { 2.0, 1 }, { 1.8, 10 }, { 1.6, 100 }, { 1.2, 1000 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        CHECK(check_pulses(rows[i].height, rows[i].width, COUNT, 1e-4).violations == 0);
        CHECK(check_pulses(rows[i].height + 0.01, rows[i].width, COUNT, 1e-4).violations
              > 0);
    }
    CHECK(check_pulses(1.0, COUNT, COUNT, 1e-4).violations == 0);
    CHECK(check_pulses(1.01, COUNT, COUNT, 1e-4).violations > 0);
}

static void too_many_short_pulses_break_the_duty(void)
{
    /* 1.9 for 100 us: 5 % of a second are 500 of 10,000 samples. */
    CHECK(check_pulses(1.9, 1, 25, 1e-4).violations == 0);
    CHECK(check_pulses(1.9, 1, 16, 1e-4).violations > 0);
}

static void what_samples_cannot_show_is_counted_as_unseen(void)
{
    CHECK(check_pulses(1.0, 1, 10, 1e-4).unseen == 0);
    CHECK(check_pulses(1.0, 1, 10, 1e-3).unseen == 1);
    CHECK(check_pulses(1.0, 1, 10, 0.02).unseen == 3);
}

/* Against a plain count over the whole wave, from loads by chance. */
static void the_last_second_is_all_that_must_be_remembered(void)
{
    enum { N = 5000, SECOND = 1000 };
    static double wave_w[N], ring[SECOND];
    test_random random = { 3 };

    for (int draw = 0; draw < 5; draw++) {
        size_t want = 0;
        erg_psu psu;
        for (size_t i = 0; i < N; i++)
            wave_w[i] = i > 0 && test_uniform(&random) < 0.98
                ? wave_w[i - 1] : 2200 * test_uniform(&random);
        erg_psu_begin(&psu, erg_psu_atx, 1000, 1e-3, ring);
        for (size_t i = 0; i < N; i++)
            erg_psu_step(&psu, wave_w[i]);
        for (int row = 1; row < ERG_PSU_ROWS; row++) {
            size_t width = (size_t)(erg_psu_atx[row].window_s * 1000 + 0.5);
            bool was_high = false, was_long = false;
            for (size_t i = 0; i < N; i++) {
                double sum_w = 0, above = 0;
                for (size_t k = i + 1 >= width ? i + 1 - width : N; k <= i; k++)
                    sum_w += wave_w[k];
                for (size_t k = i + 1 >= SECOND ? i + 1 - SECOND : 0; k <= i; k++)
                    above += row + 1 < ERG_PSU_ROWS
                          && wave_w[k] > 1000 * erg_psu_atx[row + 1].over;
                bool high = sum_w / (double)width
                    > 1000 * erg_psu_atx[row].over * (1 + 1e-9);
                bool is_long = above > SECOND * erg_psu_atx[row].duty + 0.5;
                want += (high && !was_high) + (is_long && !was_long);
                was_high = high, was_long = is_long;
            }
        }
        CHECK(want > 0 && psu.violations == want && psu.unseen == 1);
    }
}

static erg_heat_node node_at(double temp_k, double power_w)
{
    return (erg_heat_node){ 0.1, 100, 300, temp_k, power_w };
}

static void a_prediction_is_the_exact_exponential(void)
{
    erg_heat_node node = node_at(320, 400);
    double once_k = erg_heat_ahead(&node, 400, 60);

    CHECK_NEAR(once_k, 340 - 20 * exp(-0.6), 1e-9);
    for (int i = 0; i < 600; i++)
        node.temp_k = erg_heat_ahead(&node, 400, 0.1);
    CHECK_NEAR(node.temp_k, once_k, 1e-9);
}

static void the_cap_keeps_a_node_below_its_limit(void)
{
    erg_heat_guard guard = { 0 };
    erg_heat_node node = node_at(300, 0);
    double hottest_k = 0, total_w = 0;

    for (int s = 0; s < 5000; s++) {
        node.power_w = 900;
        erg_heat_verdict is = erg_heat_guard_step(&guard, &node, 1);
        node.power_w = fmin(900, is.cap_w);
        CHECK(node.power_w <= 900);
        node.temp_k = erg_heat_ahead(&node, node.power_w, 1);
        hottest_k = fmax(hottest_k, node.temp_k);
        total_w += node.power_w;
    }
    CHECK(hottest_k < 358.15 && total_w < 900 * 5000.0);
    CHECK_NEAR(node.temp_k, 356.15, 0.5);
}

static void a_move_is_asked_for_late_and_seldom(void)
{
    erg_heat_guard guard = { 0 };
    erg_heat_node node = node_at(365, 800);
    int moves = 0, last_s = -10000;

    for (int s = 1; s <= 7200; s++) {
        if (!erg_heat_guard_step(&guard, &node, 1).asks_to_move)
            continue;
        CHECK(s >= 60 && s - last_s >= 600);
        erg_heat_guard_moved(&guard);
        last_s = s;
        moves++;
    }
    CHECK(moves >= 2 && moves <= 4);     /* two an hour */
}

static void as_many_moves_an_hour_as_stated_are_asked_for(void)
{
    for (int most = 1; most <= ERG_HEAT_MOVES; most++) {
        erg_heat_guard guard = { .cooldown_s = 1, .after_s = 1, .moves_per_hour = most };
        erg_heat_node node = node_at(365, 800);
        int moves = 0;

        for (int s = 1; s <= 2 * 3600; s++)
            if (erg_heat_guard_step(&guard, &node, 1).asks_to_move) {
                erg_heat_guard_moved(&guard);
                moves++;
            }
        CHECK(moves == 2 * most);
    }
}

static void equal_nodes_and_hotter_ones_are_no_place_to_go(void)
{
    test_random random = { 31 };

    for (int draws = 0; draws < 2000; draws++) {
        erg_heat_place places[8];
        for (size_t i = 0; i < 8; i++)
            places[i] = (erg_heat_place){ node_at(310 + 50 * test_uniform(&random),
                                                  800 * test_uniform(&random)),
                                          1000, 4000 * test_uniform(&random), 5000 };
        size_t to = erg_heat_best_place(places, 8, 0, 200);
        CHECK(to == 0 || (places[to].node.temp_k < places[0].node.temp_k
                          && places[to].node.power_w + 200 <= 1000));
        /* There and back again is never better. */
        if (to != 0) {
            places[0].node.power_w -= 200, places[to].node.power_w += 200;
            CHECK(erg_heat_best_place(places, 8, to, 200) != 0
                  || places[0].node.temp_k < places[to].node.temp_k);
        }
        for (size_t i = 1; i < 8; i++)
            places[i] = places[0];
        CHECK(erg_heat_best_place(places, 8, 0, 200) == 0);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(each_row_holds_at_its_limit_and_breaks_above_it),
        TEST(too_many_short_pulses_break_the_duty),
        TEST(the_last_second_is_all_that_must_be_remembered),
        TEST(what_samples_cannot_show_is_counted_as_unseen),
        TEST(a_prediction_is_the_exact_exponential),
        TEST(the_cap_keeps_a_node_below_its_limit),
        TEST(a_move_is_asked_for_late_and_seldom),
        TEST(as_many_moves_an_hour_as_stated_are_asked_for),
        TEST(equal_nodes_and_hotter_ones_are_no_place_to_go),
    };
    return test_run(tests, ERG_COUNT(tests));
}
