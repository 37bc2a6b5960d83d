/* SPDX-License-Identifier: Apache-2.0 */
#include "shape/phase_world.h"

#define DRIFT_S 20.0        /* how long a slow swing of power lasts */
#define DRIFT 0.005

void world_start(phase_world *world, double low_hz, double high_hz, size_t count,
                 uint64_t key)
{
    *world = (phase_world){
        .count = count, .phases = 1, .stays_s = { INFINITY }, .switch_s = 0.02,
        .window_s = 0.1, .dt_s = 0.1, .power_noise = 0.02, .work_noise = 0.02,
        .random = { key }, .clock_hz = high_hz, .wanted_hz = high_hz,
        .laws = { { 60, 140, 0.86, 0.92, 0.4, 0.6, 0, 1.5 } },
    };
    for (size_t i = 0; i < count; i++)
        world->clocks_hz[i] = low_hz + (high_hz - low_hz) * (double)i
                                     / (double)(count > 1 ? count - 1 : 1);
}

erg_clock_law world_draw_law(test_random *random)
{
    double tc = 0.1 + 0.9 * test_uniform(random), p0 = 0.2 + 0.4 * test_uniform(random);

    return (erg_clock_law){
        .p0_w = 250 * p0, .c_w = 250 * (1 - p0),
        .xk = 0.5 + 0.4 * test_uniform(random), .vm = 0.7 + 0.25 * test_uniform(random),
        .tm_s = 0.01 * (1 - tc), .tc_s = 0.01 * tc, .q = 1.2 + 3 * test_uniform(random),
    };
}

static double law_x(const phase_world *world, double clock_hz)
{
    return clock_hz / world->clocks_hz[world->count - 1];
}

/* The clock comes switch_s after it was asked for. */
static void follow(phase_world *world, double wanted_hz)
{
    double most_hz = world->stuck_hz > 0 ? world->stuck_hz : INFINITY;

    if (wanted_hz != world->wanted_hz) {
        world->wanted_hz = wanted_hz;
        world->switching_s = world->switch_s;
    }
    if (world->switching_s <= 0)
        world->clock_hz = fmin(most_hz, world->wanted_hz);
}

/* One small part of an interval, at one clock and in one phase. */
static double part(phase_world *world, double wanted_hz, double dt_s)
{
    follow(world, wanted_hz);
    const erg_clock_law *law = &world->laws[world->phase];
    double x = law_x(world, world->clock_hz);
    double power_w = erg_clock_law_w(law, x) * (1 + world->drift);

    world->switching_s -= dt_s;
    world->energy_j += power_w * dt_s;
    world->seen_w += (power_w - world->seen_w) * fmin(1, dt_s / world->window_s * 2);
    return dt_s / erg_clock_law_s(law, x);
}

erg_phase_clock_in world_step(phase_world *world, double wanted_hz)
{
    enum { PARTS = 10 };
    erg_phase_clock_in in = erg_phase_clock_nothing();
    double scale = sqrt(0.1 / world->dt_s), done = 0;
    double keep = exp(-world->dt_s / DRIFT_S);

    if (world->stay_s >= world->stays_s[world->phase] - 1e-9) {
        world->phase = (world->phase + 1) % world->phases;
        world->stay_s = 0;
    }
    if (world->seen_w == 0)
        world->seen_w = erg_clock_law_w(&world->laws[0], law_x(world, world->clock_hz));
    world->drift = keep * world->drift
                 + sqrt(1 - keep * keep) * DRIFT * test_normal(&world->random);
    for (int i = 0; i < PARTS; i++)
        done += part(world, wanted_hz, world->dt_s / PARTS);
    world->now_s += world->dt_s;
    world->stay_s += world->dt_s;
    done *= fmax(0, 1 + scale * world->work_noise * test_normal(&world->random));
    world->done += done;
    in.phase = world->phases > 1 ? world->phase : -1;
    in.work = world->unit > 0 ? floor(world->done / world->unit) * world->unit
                              : world->done;
    in.power_w = world->seen_w
               * fmax(0, 1 + scale * world->power_noise * test_normal(&world->random));
    in.clock_hz = world->hides_clock ? NAN : world->clock_hz;
    return in;
}

void world_two_phases(phase_world *world, double first_s, double second_s, uint64_t key)
{
    world_start(world, 510e6, 1410e6, 61, key);
    world->phases = 2;
    world->stays_s[0] = first_s, world->stays_s[1] = second_s;
    world->laws[0] = (erg_clock_law){ 60, 190, 0.7, 0.8, 0.001, 0.010, 0, 2 };
    world->laws[1] = (erg_clock_law){ 80, 120, 0.7, 0.8, 0.010, 0.002, 0, 2 };
    world->dt_s = 0.05;
}

double world_score(const phase_world *world, int phase, double k, double clock_hz)
{
    const erg_clock_law *law = &world->laws[phase];
    double x = law_x(world, clock_hz);

    return log(erg_clock_law_w(law, x)) + (1 + k) * log(erg_clock_law_s(law, x));
}

double world_regret(const phase_world *world, int phase, double k, double clock_hz)
{
    double best = INFINITY;

    for (size_t i = 0; i < world->count; i++)
        best = fmin(best, world_score(world, phase, k, world->clocks_hz[i]));
    return expm1(world_score(world, phase, k, clock_hz) - best);
}

erg_phase_clock_setup world_setup(const phase_world *world, double k)
{
    return (erg_phase_clock_setup){
        .clocks_hz = world->clocks_hz, .count = world->count, .time_exponent = k,
        .slowdown_most = NAN, .switch_s = world->switch_s, .window_s = world->window_s,
        .floor_hz = NAN, .cap_hz = NAN, .hot_k = NAN, .r_k_per_w = NAN, .inlet_k = NAN,
    };
}

void world_begin(phase_world *world, erg_phase_clock *policy,
                 const erg_phase_clock_setup *setup, double clock_hz)
{
    erg_error err = { 0 };

    world->clock_hz = world->wanted_hz = clock_hz;
    CHECK_OK(erg_phase_clock_start(policy, setup, clock_hz, &err), err);
}

double world_visit_s(const phase_world *world, const erg_phase_clock *policy)
{
    return erg_phase_clock_dwell_s(policy) + world->switch_s + world->window_s
         + 2 * world->dt_s;
}

world_tally world_play(phase_world *world, erg_phase_clock *policy, double for_s)
{
    world_tally seen = { .least_s = INFINITY, .lowest_hz = INFINITY, .out = policy->out };
    double from_s = world->now_s, last_s = NAN;

    while (world->now_s < from_s + for_s - 1e-9) {
        erg_phase_clock_in in = world_step(world, seen.out.clock_hz);
        seen.score += world_score(world, world->phase, policy->setup.time_exponent,
                                  world->clock_hz) * world->dt_s;
        seen.out = erg_phase_clock_step(policy, &in, world->dt_s);
        seen.lowest_hz = fmin(seen.lowest_hz, seen.out.clock_hz);
        seen.highest_hz = fmax(seen.highest_hz, seen.out.clock_hz);
        seen.best_hz[world->phase] = seen.out.best_hz;
        seen.is_shared[world->phase] = seen.out.is_shared;
        seen.words[seen.out.word] = true;
        if (!seen.out.changes)
            continue;
        seen.changes++;
        if (!isnan(last_s))
            seen.least_s = fmin(seen.least_s, world->now_s - last_s);
        last_s = world->now_s;
    }
    seen.score /= world->now_s - from_s;
    return seen;
}
