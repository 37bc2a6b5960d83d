/* SPDX-License-Identifier: Apache-2.0 */
/* One phase on a simulated device: does phase_clock find its clock, and stay there? */
#include "shape/phase_world.h"

enum { DRAWS = 60 };

/* A dwell with what it waits for: the switch, the sensor's window, the step's end. */
static double visit_s(const phase_world *world, const erg_phase_clock *policy)
{
    return erg_phase_clock_dwell_s(policy) + world->switch_s + world->window_s
         + 2 * world->dt_s;
}

typedef struct tally { int changes; double least_s; erg_phase_clock_out out; } tally;

/* Runs on for so long, and counts the changes and the least time between two. */
static tally play(phase_world *world, erg_phase_clock *policy, double for_s)
{
    tally seen = { 0, INFINITY, policy->out };
    double until_s = world->now_s + for_s, last_s = NAN;

    while (world->now_s < until_s - 1e-9) {
        erg_phase_clock_in in = world_step(world, seen.out.clock_hz);
        seen.out = erg_phase_clock_step(policy, &in, world->dt_s);
        if (!seen.out.changes)
            continue;
        seen.changes++;
        if (!isnan(last_s))
            seen.least_s = fmin(seen.least_s, world->now_s - last_s);
        last_s = world->now_s;
    }
    return seen;
}

static void start(erg_phase_clock *policy, phase_world *world,
                  const erg_phase_clock_setup *setup, double clock_hz)
{
    erg_error err = { 0 };

    world->clock_hz = world->wanted_hz = clock_hz;
    CHECK_OK(erg_phase_clock_start(policy, setup, clock_hz, &err), err);
}

/* Share of workloads by chance, from both ends, that are within 3 % after 40 dwells. */
static double share_found(double k, double noise, double *worst)
{
    int found = 0;

    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        for (int end = 0; end < 2; end++) {
            phase_world world;
            erg_phase_clock policy;
            world_start(&world, 510e6, draw % 2 ? 1380e6 : 1410e6, draw % 2 ? 117 : 61,
                        1000 * draw + 1);
            world.laws[0] = world_draw_law(&world.random);
            world.power_noise = world.work_noise = noise;
            erg_phase_clock_setup setup = world_setup(&world, k);
            start(&policy, &world, &setup, world.clocks_hz[end * (world.count - 1)]);
            tally seen = play(&world, &policy, 40 * visit_s(&world, &policy));
            double regret = world_regret(&world, 0, k, seen.out.best_hz);
            found += regret < 0.03;
            *worst = fmax(*worst, regret);
            CHECK(seen.least_s >= erg_phase_clock_dwell_s(&policy) - 1e-9);
        }
    }
    return found / (2.0 * DRAWS);
}

static void forty_dwells_come_within_3_percent_of_the_best_edp(void)
{
    double worst = 0, share = share_found(1, 0.02, &worst);

    print_message("# EDP: %.1f %% within 3 %%, worst %.1f %%\n", 100 * share, 100 * worst);
    CHECK(share >= 0.97 && worst < 0.08);
}

int main(void)
{
    static const test tests[] = {
        TEST(forty_dwells_come_within_3_percent_of_the_best_edp),
    };
    return test_run(tests, ERG_COUNT(tests));
}
