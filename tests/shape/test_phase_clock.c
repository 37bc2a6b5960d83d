/* SPDX-License-Identifier: Apache-2.0 */
/* One phase on a simulated device: does phase_clock find its clock, and stay there? */
#include "shape/phase_world.h"

enum { DRAWS = 100 };

static double first_hz(const phase_world *world)
{
    return world->clocks_hz[0];
}

static double last_hz(const phase_world *world)
{
    return world->clocks_hz[world->count - 1];
}

/* Workloads by chance on the clocks of a V100 or an A100. */
static void draw_world(phase_world *world, uint64_t draw, double noise)
{
    world_start(world, 510e6, draw % 2 ? 1380e6 : 1410e6, draw % 2 ? 117 : 61,
                1000 * draw + 1);
    world->laws[0] = world_draw_law(&world->random);
    world->power_noise = world->work_noise = noise;
}

typedef struct found { double share, worst; } found;

/* Of workloads by chance, from both ends: within 3 % of the best after so many dwells? */
static found find(double k, double noise, int dwells)
{
    found is = { 0, 0 };

    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        for (int end = 0; end < 2; end++) {
            phase_world world;
            erg_phase_clock policy;
            draw_world(&world, draw, noise);
            erg_phase_clock_setup setup = world_setup(&world, k);
            world_begin(&world, &policy, &setup, end ? last_hz(&world) : first_hz(&world));
            world_tally seen = world_play(&world, &policy,
                                          dwells * world_visit_s(&world, &policy));
            double regret = world_regret(&world, 0, k, seen.out.best_hz);
            is.share += (regret < 0.03) / (2.0 * DRAWS);
            is.worst = fmax(is.worst, regret);
            CHECK(seen.least_s >= erg_phase_clock_dwell_s(&policy) - 1e-9);
        }
    }
    print_message("# k %g, noise %g %%, %d dwells: %.1f %% within 3 %%, worst %.1f %%\n",
                  k, 100 * noise, dwells, 100 * is.share, 100 * is.worst);
    return is;
}

static void forty_dwells_come_within_3_percent_of_the_best_edp(void)
{
    found calm = find(1, 0, 40), usual = find(1, 0.02, 40);

    CHECK(calm.share >= 0.97 && calm.worst < 0.06);
    CHECK(usual.share >= 0.97 && usual.worst < 0.06);
}

static void forty_dwells_find_energy_and_ed2p_too(void)
{
    CHECK(find(0, 0.02, 40).share >= 0.95);
    CHECK(find(2, 0.02, 40).share >= 0.95);
}

static void a_noisy_load_takes_longer_but_is_found(void)
{
    CHECK(find(1, 0.05, 40).share >= 0.85);
    CHECK(find(1, 0.05, 500).share >= 0.97);
}

static void a_settled_search_changes_less_than_twice_a_minute(void)
{
    enum { MINUTES = 20 };
    double most = 0, sum = 0;

    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        phase_world world;
        erg_phase_clock policy;
        draw_world(&world, draw, 0.02);
        erg_phase_clock_setup setup = world_setup(&world, 1);
        world_begin(&world, &policy, &setup, last_hz(&world));
        CHECK(world_play(&world, &policy, 300).words[ERG_CLOCK_HELD]);
        world_tally seen = world_play(&world, &policy, 60.0 * MINUTES);
        double best = INFINITY;
        for (size_t i = 0; i < world.count; i++)
            best = fmin(best, world_score(&world, 0, 1, world.clocks_hz[i]));
        /* What looking at neighbours costs is in it. */
        CHECK(expm1(seen.score - best) < 0.03);
        most = fmax(most, seen.changes / (double)MINUTES);
        sum += seen.changes / (double)MINUTES;
    }
    print_message("# changes a minute: %.2f in the mean, %.2f at most\n", sum / DRAWS,
                  most);
    CHECK(most < 2);
}

/* Most of the time in the memory, or in the cores; each 10 ms a unit at the clock given. */
static erg_clock_law law_with(double beta_like, double at)
{
    erg_clock_law law = { 80, 170, 0.7, 0.8, 1 - beta_like, beta_like, 0, 2 };
    double scale = 0.01 / erg_clock_law_s(&law, at);

    law.tm_s *= scale, law.tc_s *= scale;
    return law;
}

static void check_follows(double from, double to, bool at_same_speed, double within_s)
{
    int followed = 0;

    for (uint64_t draw = 0; draw < 10; draw++) {
        phase_world world;
        erg_phase_clock policy;
        draw_world(&world, draw, 0.02);
        world.laws[0] = law_with(from, 0.5);
        erg_phase_clock_setup setup = world_setup(&world, 1);
        world_begin(&world, &policy, &setup, last_hz(&world));
        world_tally seen = world_play(&world, &policy, 300);
        CHECK(world_regret(&world, 0, 1, seen.out.best_hz) < 0.03);
        double was_s = erg_clock_law_s(&world.laws[0], seen.out.best_hz / last_hz(&world));
        world.laws[0] = law_with(to, 0.5);
        if (at_same_speed) {
            double is_s = erg_clock_law_s(&world.laws[0],
                                          seen.out.best_hz / last_hz(&world));
            world.laws[0].tm_s *= was_s / is_s, world.laws[0].tc_s *= was_s / is_s;
        }
        CHECK(world_regret(&world, 0, 1, seen.out.best_hz) > 0.03);
        seen = world_play(&world, &policy, within_s);
        followed += world_regret(&world, 0, 1, seen.out.best_hz) < 0.03;
    }
    print_message("# %g to %g: %d of 10 in %g s\n", from, to, followed, within_s);
    CHECK(followed >= 9);
}

static void a_step_of_beta_is_followed(void)
{
    check_follows(0.9, 0.15, false, 60);
    check_follows(0.15, 0.9, false, 60);
}

/* Power and speed are as before at the clock that is held: only a neighbour tells. */
static void a_step_of_beta_that_hides_is_found_by_the_checks(void)
{
    check_follows(0.9, 0.15, true, 600);
    check_follows(0.15, 0.9, true, 600);
}

static void a_slowdown_limit_is_kept(void)
{
    double worst = 0;
    int near = 0, kept = 0;

    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        phase_world world;
        erg_phase_clock policy;
        draw_world(&world, draw, 0.01);
        erg_phase_clock_setup setup = world_setup(&world, 0);
        setup.slowdown_most = 0.05;
        world_begin(&world, &policy, &setup,
                    draw % 3 ? last_hz(&world) : first_hz(&world));
        world_tally seen = world_play(&world, &policy, 300);
        double best = INFINITY, top_s = erg_clock_law_s(&world.laws[0], 1);
        for (size_t i = 0; i < world.count; i++)
            if (erg_clock_law_s(&world.laws[0], world.clocks_hz[i] / last_hz(&world))
                <= 1.05 * top_s)
                best = fmin(best, world_score(&world, 0, 0, world.clocks_hz[i]));
        double x = seen.out.best_hz / last_hz(&world);
        double slowdown = erg_clock_law_s(&world.laws[0], x) / top_s - 1;
        worst = fmax(worst, slowdown);
        kept += slowdown <= 0.05;
        near += world_score(&world, 0, 0, seen.out.best_hz) - best < 0.05;
    }
    print_message("# slowdown 5 %%: kept by %d of %d, worst %.1f %%; within 5 %% of the "
                  "best energy: %d\n", kept, DRAWS, 100 * worst, near);
    CHECK(kept >= 90 && worst < 0.07 && near >= 85);
}

static void long_units_of_work_are_no_noise(void)
{
    for (int end = 0; end < 2; end++) {
        phase_world world;
        erg_phase_clock policy;
        draw_world(&world, 5, 0.01);
        world.laws[0] = law_with(0.4, 1);
        world.unit = 340;               /* 3.4 s each at the highest clock */
        erg_phase_clock_setup setup = world_setup(&world, 1);
        world_begin(&world, &policy, &setup, end ? last_hz(&world) : first_hz(&world));
        world_tally seen = world_play(&world, &policy, 900);
        CHECK(world_regret(&world, 0, 1, seen.out.best_hz) < 0.03);
        CHECK(!seen.words[ERG_CLOCK_NO_WORK]);
    }
}

/* What it has learnt of home is what the law says, so nothing of another was mixed in. */
static void check_true_means(const erg_phase_clock *policy, const phase_world *world)
{
    const erg_phase_search *search = &policy->slots[policy->slot].search;
    double x = world->clocks_hz[search->home] / last_hz(world);

    CHECK(search->home_count > 0);
    CHECK_NEAR(search->home_ln_w, log(erg_clock_law_w(&world->laws[0], x)), 0.02);
    CHECK_NEAR(search->home_ln_rate, -log(erg_clock_law_s(&world->laws[0], x)), 0.01);
}

/* A dwell is 8 s: the first 3 s of it are of the clock before, and would lie. */
static void a_slow_switch_and_a_slow_sensor_are_waited_for(void)
{
    for (uint64_t draw = 0; draw < 20; draw++) {
        phase_world world;
        erg_phase_clock policy;
        draw_world(&world, draw, 0.005);
        world.switch_s = 0.8, world.window_s = 3.9;
        world.hides_clock = draw % 4 < 2;
        erg_phase_clock_setup setup = world_setup(&world, 1);
        world_begin(&world, &policy, &setup, draw % 2 ? last_hz(&world) : first_hz(&world));
        CHECK_NEAR(erg_phase_clock_dwell_s(&policy), 8, 1e-9);
        double end_s = 40 * world_visit_s(&world, &policy);
        world_tally seen = world_play(&world, &policy, end_s);
        CHECK(world_regret(&world, 0, 1, seen.out.best_hz) < 0.03);
        CHECK(seen.least_s >= 8 - 1e-9);
        check_true_means(&policy, &world);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(forty_dwells_come_within_3_percent_of_the_best_edp),
        TEST(forty_dwells_find_energy_and_ed2p_too),
        TEST(a_noisy_load_takes_longer_but_is_found),
        TEST(a_settled_search_changes_less_than_twice_a_minute),
        TEST(a_step_of_beta_is_followed),
        TEST(a_step_of_beta_that_hides_is_found_by_the_checks),
        TEST(a_slowdown_limit_is_kept),
        TEST(long_units_of_work_are_no_noise),
        TEST(a_slow_switch_and_a_slow_sensor_are_waited_for),
    };
    return test_run(tests, ERG_COUNT(tests));
}
