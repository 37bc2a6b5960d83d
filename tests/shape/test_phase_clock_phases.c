/* SPDX-License-Identifier: Apache-2.0 */
/* Several phases at once, and limits from outside: caps, floors, tables, heat. */
#include "shape/phase_world.h"

enum { CLOCKS = 61 };

static void check_each_has_its_own(double first_s, double second_s, double for_s)
{
    for (uint64_t draw = 0; draw < 5; draw++) {
        phase_world world;
        erg_phase_clock policy;
        world_two_phases(&world, first_s, second_s, draw);
        erg_phase_clock_setup setup = world_setup(&world, 1);
        setup.window_s = world.window_s = 0.05;
        world_begin(&world, &policy, &setup, 1410e6);
        world_tally seen = world_play(&world, &policy, for_s);
        for (int i = 0; i < 2; i++) {
            CHECK(world_regret(&world, i, 1, seen.best_hz[i]) < 0.03);
            CHECK(!seen.is_shared[i]);
        }
        CHECK(seen.best_hz[0] > seen.best_hz[1] + 200e6);
        CHECK(seen.least_s >= 10 * world.switch_s - 1e-9);
    }
}

static void each_phase_finds_a_clock_of_its_own(void)
{
    check_each_has_its_own(20, 20, 300);
}

/* Stays of 0.5 s, dwells of 1 s: a dwell is made up of many stays. */
static void phases_shorter_than_a_dwell_have_their_own_too(void)
{
    check_each_has_its_own(0.5, 0.5, 500);
    check_each_has_its_own(0.4, 1.2, 500);
}

/* Prefill ends one unit, a prompt, at the end of each stay. */
static void a_phase_with_one_unit_a_stay_is_measured(void)
{
    phase_world world;
    erg_phase_clock policy;
    erg_phase_clock_out out[2] = { 0 };
    double work = 0, x = 1, clock_hz = 1410e6;

    world_two_phases(&world, 1, 1, 1);
    erg_phase_clock_setup setup = world_setup(&world, 1);
    world_begin(&world, &policy, &setup, 1410e6);
    for (int stay = 0; stay < 1500; stay++) {
        int phase = stay % 2;
        const erg_clock_law *law = &world.laws[phase];
        double left = 60;           /* units, in one lump at the end */
        for (bool is_over = false; !is_over; ) {
            erg_phase_clock_in in = erg_phase_clock_nothing();
            x = clock_hz / 1410e6;
            left -= 0.05 / erg_clock_law_s(law, x);
            is_over = left <= 0;
            work += is_over ? 60 - left : 0;
            in.phase = phase, in.work = work, in.clock_hz = clock_hz;
            in.power_w = erg_clock_law_w(law, x);
            out[phase] = erg_phase_clock_step(&policy, &in, 0.05);
            clock_hz = out[phase].clock_hz;
        }
    }
    for (int i = 0; i < 2; i++)
        CHECK(world_regret(&world, i, 1, out[i].best_hz) < 0.04);
}

static void phases_shorter_than_ten_switches_share_a_clock(void)
{
    phase_world world;
    erg_phase_clock policy;

    world_two_phases(&world, 0.1, 0.1, 3);
    world.dt_s = 0.02;
    erg_phase_clock_setup setup = world_setup(&world, 1);
    world_begin(&world, &policy, &setup, 1410e6);
    world_play(&world, &policy, 400);
    world_tally seen = world_play(&world, &policy, 300);
    CHECK(seen.is_shared[0] && seen.is_shared[1]);
    CHECK(seen.changes < 10 && seen.least_s >= erg_phase_clock_dwell_s(&policy) - 1e-9);
    CHECK_NEAR(seen.best_hz[0], seen.best_hz[1], 0);
    /* Between what each would have alone. */
    CHECK(seen.best_hz[0] > 600e6 && seen.best_hz[0] < 1300e6);
    /* They last longer now: each learns for itself. */
    world.stays_s[0] = world.stays_s[1] = 5;
    seen = world_play(&world, &policy, 300);
    CHECK(!seen.is_shared[0] && !seen.is_shared[1]);
    CHECK(seen.best_hz[0] > seen.best_hz[1] + 200e6);
}

static void a_table_is_followed_within_the_limits(void)
{
    static const double table_hz[] = { 1300e6, 704e6 };
    phase_world world;
    erg_phase_clock policy;

    world_two_phases(&world, 3, 3, 4);
    erg_phase_clock_setup setup = world_setup(&world, 1);
    setup.table_hz = table_hz, setup.table_count = 2;
    world_begin(&world, &policy, &setup, 1410e6);
    world_tally seen = world_play(&world, &policy, 60);
    CHECK_NEAR(seen.best_hz[0], 1305e6, 1);         /* the nearest that there are */
    CHECK_NEAR(seen.best_hz[1], 705e6, 1);
    CHECK(seen.out.word == ERG_CLOCK_TABLE && seen.out.reason == ERG_BY_TABLE);
    CHECK(seen.changes >= 18 && seen.changes <= 21);    /* one a change of phase */
    setup.cap_hz = 1200e6, setup.floor_hz = 800e6;
    world_begin(&world, &policy, &setup, 1410e6);
    seen = world_play(&world, &policy, 60);
    CHECK_NEAR(seen.best_hz[0], 1200e6, 1);
    CHECK_NEAR(seen.best_hz[1], 810e6, 1);
    CHECK(seen.out.reason == ERG_BY_CAP || seen.out.reason == ERG_BY_FLOOR);
    /* Short ones share the highest of theirs. */
    world.stays_s[0] = world.stays_s[1] = 0.1;
    seen = world_play(&world, &policy, 30);
    CHECK(seen.is_shared[1]);
    CHECK_NEAR(seen.best_hz[1], 1200e6, 1);
}

static void no_clock_is_above_the_cap_or_below_the_floor(void)
{
    phase_world world;
    erg_phase_clock policy;
    double cap_hz = NAN, floor_hz = NAN, limits_s = 0, change_s = -1;

    world_two_phases(&world, 4, 7, 5);
    erg_phase_clock_setup setup = world_setup(&world, 1);
    setup.cap_hz = 1350e6;
    world_begin(&world, &policy, &setup, 1410e6);
    erg_phase_clock_out out = policy.out;
    CHECK(out.clock_hz <= 1350e6);
    for (int i = 0; i < 40000; i++) {
        erg_phase_clock_in in = world_step(&world, out.clock_hz);
        if (test_uniform(&world.random) < 0.004) {
            cap_hz = 400e6 + 1100e6 * test_uniform(&world.random);
            floor_hz = 400e6 + 700e6 * test_uniform(&world.random);
            limits_s = world.now_s;
        }
        in.cap_hz = cap_hz, in.floor_hz = floor_hz;
        out = erg_phase_clock_step(&policy, &in, world.dt_s);
        CHECK(out.clock_hz <= 1350e6 || out.clock_hz == 510e6);
        /* A cap goes before a floor, and the lowest clock is as low as it goes. */
        CHECK(isnan(cap_hz) || out.clock_hz <= cap_hz || out.clock_hz == 510e6);
        CHECK(isnan(floor_hz) || cap_hz - floor_hz < 20e6 || out.clock_hz >= floor_hz);
        if (!out.changes)
            continue;
        /* Only a new limit hurries it. */
        CHECK(world.now_s - change_s > 10 * world.switch_s - 1e-9
              || world.now_s - limits_s < 1e-9);
        change_s = world.now_s;
    }
}

static void a_cap_that_is_lifted_is_made_use_of(void)
{
    phase_world world;
    erg_phase_clock policy;

    world_start(&world, 510e6, 1410e6, CLOCKS, 6);
    world.laws[0] = (erg_clock_law){ 60, 190, 0.7, 0.8, 0.001, 0.010, 0, 2 };
    erg_phase_clock_setup setup = world_setup(&world, 2);
    setup.cap_hz = 800e6;
    setup.check_s = 1e6;            /* no check finds it */
    world_begin(&world, &policy, &setup, 510e6);
    world_tally seen = world_play(&world, &policy, 200);
    CHECK_NEAR(seen.out.best_hz, 795e6, 1);
    CHECK(seen.out.word == ERG_CLOCK_HELD && seen.out.reason == ERG_BY_CAP);
    policy.setup.cap_hz = NAN;
    seen = world_play(&world, &policy, 120);
    CHECK(world_regret(&world, 0, 2, seen.out.best_hz) < 0.03);
}

/* dT/dt = (P R - (T - inlet))/tau. */
static void check_heat(double r_k_per_w, double inlet_k, double tau_s, bool has_table)
{
    static const double table_hz[] = { 1410e6 };
    phase_world world;
    erg_phase_clock policy;
    double temp_k = 300, hottest_k = 0, least_w = INFINITY, late_w = 0;
    int changes = 0, n = 0;

    world_start(&world, 510e6, 1410e6, CLOCKS, 7);
    world.laws[0] = (erg_clock_law){ 60, 190, 0.7, 0.8, 0.0001, 0.010, 0, 2 };
    erg_phase_clock_setup setup = world_setup(&world, 2);
    setup.hot_k = 330, setup.r_k_per_w = r_k_per_w, setup.inlet_k = inlet_k;
    setup.table_hz = has_table ? table_hz : NULL, setup.table_count = 1;
    world_begin(&world, &policy, &setup, 1410e6);
    erg_phase_clock_out out = policy.out;
    for (int i = 0; i < 30000; i++) {
        erg_phase_clock_in in = world_step(&world, out.clock_hz);
        double true_w = erg_clock_law_w(&world.laws[0], world.clock_hz / 1410e6);
        temp_k += (true_w * 0.2 - (temp_k - 300)) / tau_s * world.dt_s;
        in.temp_k = temp_k, in.phase = 0;
        out = erg_phase_clock_step(&policy, &in, world.dt_s);
        least_w = fmin(least_w, true_w);
        if (i < 10000)
            continue;
        hottest_k = fmax(hottest_k, temp_k);
        late_w += true_w, n++;
        changes += out.changes;
    }
    print_message("# R %g: hottest %.1f K of 330; of 150 W allowed %.0f, never below %.0f; "
                  "%d changes\n", r_k_per_w, hottest_k, late_w / n, least_w, changes);
    CHECK(hottest_k < 330 && late_w / n > 115 && least_w > 110);
    CHECK(changes < 2 * 2000 / 60);
}

static void heat_lowers_the_clock_and_no_more_than_it_must(void)
{
    check_heat(0.2, 300, 60, true);
    check_heat(0.2, NAN, 60, true);
    check_heat(NAN, NAN, 60, true);
    check_heat(0.2, NAN, 60, false);
    /* What cools slowly is not lowered again and again meanwhile. */
    check_heat(0.2, NAN, 400, true);
}

static void a_clock_that_does_not_come_is_said_and_not_measured_as_wanted(void)
{
    phase_world world;
    erg_phase_clock policy;

    world_start(&world, 510e6, 1410e6, CLOCKS, 8);
    world.laws[0] = (erg_clock_law){ 60, 190, 0.7, 0.8, 0.001, 0.010, 0, 2 };
    world.stuck_hz = 900e6;
    erg_phase_clock_setup setup = world_setup(&world, 2);   /* its best is far above */
    world_begin(&world, &policy, &setup, 1410e6);
    world_tally seen = world_play(&world, &policy, 300);
    CHECK(seen.words[ERG_CLOCK_NOT_REACHED]);
    CHECK(fabs(seen.out.best_hz - 900e6) <= 16e6);
    seen = world_play(&world, &policy, 600);
    CHECK(seen.changes < 2 * 10);
}

int main(void)
{
    static const test tests[] = {
        TEST(each_phase_finds_a_clock_of_its_own),
        TEST(phases_shorter_than_a_dwell_have_their_own_too),
        TEST(a_phase_with_one_unit_a_stay_is_measured),
        TEST(phases_shorter_than_ten_switches_share_a_clock),
        TEST(a_table_is_followed_within_the_limits),
        TEST(no_clock_is_above_the_cap_or_below_the_floor),
        TEST(a_cap_that_is_lifted_is_made_use_of),
        TEST(heat_lowers_the_clock_and_no_more_than_it_must),
        TEST(a_clock_that_does_not_come_is_said_and_not_measured_as_wanted),
    };
    return test_run(tests, ERG_COUNT(tests));
}
