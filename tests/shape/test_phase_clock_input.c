/* SPDX-License-Identifier: Apache-2.0 */
/* What phase_clock makes of input that is missing, false or mad. */
#include "shape/phase_world.h"

enum { CLOCKS = 61 };

static void without_work_or_power_the_clock_is_held_and_the_reason_told(void)
{
    phase_world world;
    erg_phase_clock policy;

    for (int kind = 0; kind < 3; kind++) {
        int late = 0;
        world_start(&world, 510e6, 1410e6, CLOCKS, 9);
        erg_phase_clock_setup setup = world_setup(&world, 1);
        world_begin(&world, &policy, &setup, 1200e6);
        erg_phase_clock_out out = policy.out;
        for (int i = 0; i < 6000; i++) {
            erg_phase_clock_in in = world_step(&world, out.clock_hz);
            in.power_w = kind == 0 ? NAN : in.power_w;
            in.work = kind == 1 ? NAN : kind == 2 ? 17 : in.work;
            out = erg_phase_clock_step(&policy, &in, world.dt_s);
            late += i > 1000 && out.changes;
        }
        CHECK(out.word == (kind == 0 ? ERG_CLOCK_NO_POWER : ERG_CLOCK_NO_WORK));
        CHECK(late == 0);
        CHECK_NEAR(out.clock_hz, 1200e6, 8e6);
        /* All is told again: it goes on. */
        world_tally seen = world_play(&world, &policy, 200);
        CHECK(world_regret(&world, 0, 1, seen.out.best_hz) < 0.03);
    }
}

/* A program that ends and begins anew each 3 s, and a sensor that drops out. */
static void work_that_goes_back_and_gaps_of_power_spoil_nothing(void)
{
    phase_world world;
    erg_phase_clock policy;
    double from = 0;

    world_start(&world, 510e6, 1410e6, CLOCKS, 10);
    erg_phase_clock_setup setup = world_setup(&world, 1);
    world_begin(&world, &policy, &setup, 1410e6);
    erg_phase_clock_out out = policy.out;
    for (int i = 0; i < 6000; i++) {
        erg_phase_clock_in in = world_step(&world, out.clock_hz);
        from = i % 30 == 0 ? in.work : from;
        in.work = i % 7 == 0 ? NAN : in.work - from;
        in.power_w = test_uniform(&world.random) < 0.2 ? NAN : in.power_w;
        out = erg_phase_clock_step(&policy, &in, world.dt_s);
    }
    CHECK(world_regret(&world, 0, 1, out.best_hz) < 0.03);
    CHECK_NEAR(policy.slots[policy.slot].search.home_ln_rate,
               -log(erg_clock_law_s(&world.laws[0], out.best_hz / 1410e6)), 0.01);
}

/* The counter is exact where the power told is nonsense; it is set back now and then. */
static void a_counter_of_energy_goes_before_power(void)
{
    phase_world world;
    erg_phase_clock policy;

    world_start(&world, 510e6, 1410e6, CLOCKS, 11);
    world.laws[0] = (erg_clock_law){ 60, 190, 0.7, 0.8, 0.010, 0.002, 0, 2 };
    erg_phase_clock_setup setup = world_setup(&world, 1);
    world_begin(&world, &policy, &setup, 1410e6);
    erg_phase_clock_out out = policy.out;
    for (int i = 0; i < 3000; i++) {
        erg_phase_clock_in in = world_step(&world, out.clock_hz);
        in.energy_j = fmod(world.energy_j, 20000);
        in.power_w = i % 2 ? 5000 : -3;
        out = erg_phase_clock_step(&policy, &in, world.dt_s);
    }
    CHECK(world_regret(&world, 0, 1, out.best_hz) < 0.03);
}

static void few_clocks_are_enough(void)
{
    for (size_t count = 1; count <= 4; count++) {
        phase_world world;
        erg_phase_clock policy;
        world_start(&world, 600e6, 1400e6, count, 12);
        erg_phase_clock_setup setup = world_setup(&world, 1);
        world_begin(&world, &policy, &setup, 1400e6);
        world_tally seen = world_play(&world, &policy, 200);
        CHECK(world_regret(&world, 0, 1, seen.out.best_hz) < 0.011);
        CHECK(count > 1 || (seen.changes == 0 && seen.out.word == ERG_CLOCK_FIXED));
    }
}

static void a_setup_without_sense_is_refused(void)
{
    static const double down_hz[] = { 2e9, 1e9 }, ends_hz[] = { 1e9, INFINITY };
    phase_world world;
    erg_phase_clock policy;
    erg_error err = { 0 };

    world_start(&world, 510e6, 1410e6, CLOCKS, 13);
    erg_phase_clock_setup good = world_setup(&world, 1), bad[9];
    for (size_t i = 0; i < ERG_COUNT(bad); i++)
        bad[i] = good;
    bad[0].count = 0;
    bad[1].clocks_hz = down_hz, bad[1].count = 2;
    bad[2].clocks_hz = ends_hz, bad[2].count = 2;
    bad[3].time_exponent = NAN;
    bad[4].slowdown_most = -0.1;
    bad[5].switch_s = INFINITY;
    bad[6].r_k_per_w = 0;
    bad[7].cap_hz = -1;
    bad[8].table_hz = (const double[]){ NAN, 0 }, bad[8].table_count = 2;
    CHECK(erg_phase_clock_start(&policy, &good, NAN, &err));
    CHECK_NEAR(policy.out.clock_hz, 1410e6, 0);
    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        CHECK(!erg_phase_clock_start(&policy, &bad[i], NAN, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "phase_clock"));
    }
}

static double wild(test_random *random, double usual)
{
    static const double values[] = { NAN, INFINITY, -INFINITY, 0, -1, 1e300, 1e-300 };
    double u = test_uniform(random);

    return u < 0.3 ? values[(size_t)(u / 0.3 * 7)] : usual * test_uniform(random);
}

static void nonsense_gives_a_clock_that_there_is(void)
{
    for (uint64_t draw = 0; draw < 20; draw++) {
        phase_world world;
        erg_phase_clock policy;
        world_start(&world, 510e6, 1410e6, draw % 4 ? CLOCKS : 1 + draw, draw);
        erg_phase_clock_setup setup = world_setup(&world, 1);
        setup.slowdown_most = draw % 2 ? 0.1 : NAN, setup.hot_k = 350;
        setup.r_k_per_w = draw % 3 ? 0.2 : NAN;
        world_begin(&world, &policy, &setup, wild(&world.random, 1e9));
        for (int i = 0; i < 5000; i++) {
            erg_phase_clock_in in = {
                (int)(40 * test_uniform(&world.random)) - 10, wild(&world.random, 1e3),
                wild(&world.random, 300), wild(&world.random, 1e4),
                wild(&world.random, 400), wild(&world.random, 2e9),
                wild(&world.random, 2e9), wild(&world.random, 2e9),
            };
            erg_phase_clock_out out = erg_phase_clock_step(&policy, &in,
                                                           wild(&world.random, 0.3));
            bool is_there = false;
            for (size_t k = 0; k < world.count; k++)
                is_there = is_there || world.clocks_hz[k] == out.clock_hz;
            CHECK(is_there && erg_phase_clock_word_name(out.word)
                  && erg_phase_clock_reason_name(out.reason));
        }
    }
}

static void a_copy_goes_on_as_the_first(void)
{
    phase_world world, world_too;
    erg_phase_clock policy, too;

    world_two_phases(&world, 3, 5, 14);
    erg_phase_clock_setup setup = world_setup(&world, 1);
    world_begin(&world, &policy, &setup, 1410e6);
    world_play(&world, &policy, 33);
    memcpy(&too, &policy, sizeof too);
    memcpy(&world_too, &world, sizeof world);
    world_tally a = world_play(&world, &policy, 100);
    world_tally b = world_play(&world_too, &too, 100);
    CHECK(a.changes == b.changes && a.score == b.score && a.out.best_hz == b.out.best_hz);
}

int main(void)
{
    static const test tests[] = {
        TEST(without_work_or_power_the_clock_is_held_and_the_reason_told),
        TEST(work_that_goes_back_and_gaps_of_power_spoil_nothing),
        TEST(a_counter_of_energy_goes_before_power),
        TEST(few_clocks_are_enough),
        TEST(a_setup_without_sense_is_refused),
        TEST(nonsense_gives_a_clock_that_there_is),
        TEST(a_copy_goes_on_as_the_first),
    };
    return test_run(tests, ERG_COUNT(tests));
}
