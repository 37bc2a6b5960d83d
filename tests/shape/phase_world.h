/* SPDX-License-Identifier: Apache-2.0 */
/* A device with the clock law of math/clock_law.h, its sensor and its phases, on which the
 * policy phase_clock is tried. */
#ifndef ERG_TEST_PHASE_WORLD_H
#define ERG_TEST_PHASE_WORLD_H

#include "math/clock_law.h"
#include "shape/phase_clock.h"
#include "test.h"

enum { WORLD_CLOCKS_MOST = 128, WORLD_PHASES = 4 };

typedef struct phase_world {
    /* What it is. */
    double clocks_hz[WORLD_CLOCKS_MOST];
    size_t count;
    erg_clock_law laws[WORLD_PHASES];
    double stays_s[WORLD_PHASES];   /* of phase i before the next; INFINITY: for ever */
    int phases;
    double switch_s, window_s, dt_s;
    double power_noise, work_noise; /* sd of a 0.1 s mean, relative */
    double unit;                    /* work is told in whole units of so much; 0: as done */
    bool hides_clock;               /* the clock in force cannot be read */
    double stuck_hz;                /* it gives no more; 0: all */
    /* How it is. */
    test_random random;
    double now_s, work, stay_s, drift;
    int phase;
    double clock_hz, wanted_hz, switching_s;
    double seen_w;                  /* of the sensor */
    double energy_j, done, true_score;
} phase_world;

/* count clocks from low to high, one phase, a sensor of 0.1 s and noise of 2 %. */
void world_start(phase_world *world, double low_hz, double high_hz, size_t count,
                 uint64_t key);
/* Prefill follows the clock, decode the memory; stays of so long, 61 clocks to 1410 MHz. */
void world_two_phases(phase_world *world, double first_s, double second_s, uint64_t key);
/* A law by chance: memory-bound to compute-bound, some with voltage all the way. */
erg_clock_law world_draw_law(test_random *random);
/* The next interval at the clock wanted before; what a caller would be told. */
erg_phase_clock_in world_step(phase_world *world, double wanted_hz);

/* ln(P T^(1+k)) of a phase at a clock, without noise. */
double world_score(const phase_world *world, int phase, double k, double clock_hz);
/* How far above the best of all clocks: 0.03 is 3 %. */
double world_regret(const phase_world *world, int phase, double k, double clock_hz);
erg_phase_clock_setup world_setup(const phase_world *world, double k);

/* The policy at clock_hz, and the device, too. */
void world_begin(phase_world *world, erg_phase_clock *policy,
                 const erg_phase_clock_setup *setup, double clock_hz);
/* A dwell with what it waits for: the switch, the sensor's window, the step's end. */
double world_visit_s(const phase_world *world, const erg_phase_clock *policy);

/* What was seen while it ran for so long. */
typedef struct world_tally {
    int changes;
    double least_s;             /* between two changes */
    double score;               /* mean over time of ln score at the clock in force */
    double lowest_hz, highest_hz;
    erg_phase_clock_out out;    /* the last */
    double best_hz[WORLD_PHASES];
    bool is_shared[WORLD_PHASES];
    bool words[ERG_CLOCK_FIXED + 1];    /* that were said */
} world_tally;
world_tally world_play(phase_world *world, erg_phase_clock *policy, double for_s);

#endif
