/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board that grows warm: a die on a heat sink with a fan, fed with power, that takes
 * its clock down where it is too hot or above its power limit, and so works slower.
 *
 *   C_d dT_d/dt = P - (T_d - T_s)/R_d        P = idle + demand x v(x)^2 + leak (T_d - T_a)
 *   C_s dT_s/dt = (T_d - T_s)/R_d - (T_s - T_a)/R_s(fan)
 *
 * x: clock over the highest clock, v: its voltage (math/clock_law.h). Heat is moved from
 * part to part, never made: in - out - stored is 0 but for rounding. Steps are of one
 * length from time 0 on, so that the same demands always give the same history.
 *
 *   Units    SI, kelvin. Time is seconds of the plant, from 0; before it nothing was.
 *   Owning   A plain value; allocates nothing.
 */
#ifndef ERG_PLANT_HEAT_H
#define ERG_PLANT_HEAT_H

#include "plant/sensor.h"

/* Bits of NVML's clocks event reasons (nvmlClocksEventReasons in its API reference). */
enum { ERG_HEAT_IDLE = 0x01, ERG_HEAT_POWER_CAP = 0x04, ERG_HEAT_THERMAL = 0x20 };

/* Power of the past is kept so long, for sensors that look back. */
enum { ERG_HEAT_PAST = 8192 };
extern const double erg_heat_step_s, erg_heat_past_s;

typedef struct erg_heat_facts {
    double idle_w, board_w;     /* board_w: at full load and the highest clock, cold */
    double leak_w_per_k;        /* of the die above ambient */
    double die_j_per_k, die_k_per_w;
    double sink_j_per_k;
    double still_k_per_w, full_k_per_w;     /* sink to air, fan at 0 and at 1 */
    double ambient_k, limit_k;  /* above limit_k the clock falls */
    double fan;                 /* held there, 0..1; NAN: follows the die */
    double clock_low, clock_step;           /* of the highest clock */
} erg_heat_facts;

/* Of a board so big, with a sink that follows power in tau_s (fan at 0.7). */
erg_heat_facts erg_heat_of_board(double idle_w, double board_w, double tau_s);

/* What the work asks for at time t: watts above idle, at the highest clock. */
typedef struct erg_heat_demand {
    double (*watts)(void *self, double t_s);
    void *self;
} erg_heat_demand;

typedef struct erg_heat {
    erg_heat_facts facts;
    int64_t steps;              /* that are over */
    double die_k, sink_k, fan;
    double power_w, demand_w;   /* of the last step */
    double clock;               /* in force, of the highest: work is done at this rate */
    double clock_cap, limit_w;  /* as turned: 1 and INFINITY are none */
    double heat_clock;          /* what the temperature allows */
    unsigned reasons;           /* why the clock is down */
    double in_j, out_j, stored_j;           /* since time 0 */
    double work_s;              /* seconds of work at the highest clock */
    double past_j[ERG_HEAT_PAST];           /* in_j at the end of each step, a ring */
} erg_heat;

/* At rest at ambient temperature, fans as they are then. */
void erg_heat_begin(erg_heat *plant, const erg_heat_facts *facts);
/* On to the first step's end at or after t_s; back it does not go. */
void erg_heat_run(erg_heat *plant, double t_s, const erg_heat_demand *demand);
/* Energy in between two times that the past holds; none before 0. */
double erg_heat_j(const erg_heat *plant, double begin_s, double end_s);
/* As a sensor looks at it. */
erg_plant_view erg_heat_view(const erg_heat *plant);

#endif
