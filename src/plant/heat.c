/* SPDX-License-Identifier: Apache-2.0 */
/* Midpoint steps: each flow of heat leaves one part and enters the next to the last bit. */
#include <math.h>
#include "math/clock_law.h"
#include "plant/heat.h"

const double erg_heat_step_s = 0.01, erg_heat_past_s = 60;

/* Voltage against the clock: the knee and floor that estimate/operating_point.h takes. */
static const double knee = 0.80, floor_v = 0.85;
/* A fan curve as boards ship: still below, full above. */
static const double fan_from_k = 303.15, fan_full_k = 363.15, fan_least = 0.3;
/* The governor looks so often, and lets the clock rise again this far below the limit. */
enum { STEPS_A_LOOK = 10 };
static const double relax_k = 1;
static const double usual_fan = 0.7;

erg_heat_facts erg_heat_of_board(double idle_w, double board_w, double tau_s)
{
    /* 0.21 K/W from die to air at 400 W and a fan of 0.7 is 84 K above ambient: what a
     * board's cooler is made for, so that it throttles where the air is warm. */
    double whole_k_per_w = 84 / board_w, die_k_per_w = 0.25 * whole_k_per_w;
    double sink_k_per_w = whole_k_per_w - die_k_per_w;
    /* R_s falls with the fan: 1/R_s is linear in it, from a fifth. */
    double full_k_per_w = sink_k_per_w * (0.2 + 0.8 * usual_fan);
    return (erg_heat_facts){
        .idle_w = idle_w,
        .board_w = board_w,
        .leak_w_per_k = 0.0005 * board_w,
        .die_k_per_w = die_k_per_w,
        .die_j_per_k = 0.05 * tau_s / die_k_per_w,
        .sink_j_per_k = tau_s / sink_k_per_w,
        .full_k_per_w = full_k_per_w,
        .still_k_per_w = 5 * full_k_per_w,
        .ambient_k = 298.15,
        .limit_k = 356.15,
        .fan = NAN,
        .clock_low = 0.3,
        .clock_step = 0.01,
    };
}

static double fan_of(const erg_heat_facts *facts, double die_k)
{
    if (!isnan(facts->fan))
        return facts->fan;
    double share = (die_k - fan_from_k) / (fan_full_k - fan_from_k);
    return fan_least + (1 - fan_least) * fmin(fmax(share, 0), 1);
}

static double sink_w_per_k(const erg_heat_facts *facts, double fan)
{
    double still = 1 / facts->still_k_per_w;
    return still + fan * (1 / facts->full_k_per_w - still);
}

static double switched(double clock)
{
    double v = erg_clock_law_voltage(knee, floor_v, clock);
    return clock * v * v;
}

static double power_at(const erg_heat *plant, double clock, double die_k)
{
    const erg_heat_facts *facts = &plant->facts;
    return facts->idle_w + plant->demand_w * switched(clock)
           + facts->leak_w_per_k * (die_k - facts->ambient_k);
}

void erg_heat_begin(erg_heat *plant, const erg_heat_facts *facts)
{
    *plant = (erg_heat){
        .facts = *facts,
        .die_k = facts->ambient_k,
        .sink_k = facts->ambient_k,
        .fan = fan_of(facts, facts->ambient_k),
        .power_w = facts->idle_w,
        .clock = 1,
        .clock_cap = 1,
        .limit_w = INFINITY,
        .heat_clock = 1,
    };
}

/* The least of what heat, limit and lock allow, and which of them it was. */
static void govern(erg_heat *plant)
{
    const erg_heat_facts *facts = &plant->facts;
    if (plant->die_k > facts->limit_k)
        plant->heat_clock = fmax(plant->clock - facts->clock_step, facts->clock_low);
    else if (plant->die_k < facts->limit_k - relax_k)
        plant->heat_clock = fmin(plant->heat_clock + facts->clock_step, 1);

    double clock = fmin(plant->clock_cap, plant->heat_clock);
    plant->reasons = plant->demand_w > 0 ? 0 : ERG_HEAT_IDLE;
    if (plant->heat_clock < plant->clock_cap)
        plant->reasons |= ERG_HEAT_THERMAL;
    if (power_at(plant, clock, plant->die_k) > plant->limit_w)
        plant->reasons |= ERG_HEAT_POWER_CAP;
    while (clock > facts->clock_low
           && power_at(plant, clock, plant->die_k) > plant->limit_w)
        clock = fmax(clock - facts->clock_step, facts->clock_low);
    plant->clock = clock;
    plant->fan = fan_of(facts, plant->die_k);
}

/* The flows at the middle of the step, from its begin by half a step. */
static void move_heat(erg_heat *plant)
{
    const erg_heat_facts *facts = &plant->facts;
    double h = erg_heat_step_s, air = sink_w_per_k(facts, plant->fan);
    double across_w = (plant->die_k - plant->sink_k) / facts->die_k_per_w;
    double away_w = (plant->sink_k - facts->ambient_k) * air;
    double die_k = plant->die_k + h / 2 * (plant->power_w - across_w) / facts->die_j_per_k;
    double sink_k = plant->sink_k + h / 2 * (across_w - away_w) / facts->sink_j_per_k;

    across_w = (die_k - sink_k) / facts->die_k_per_w;
    away_w = (sink_k - facts->ambient_k) * air;
    plant->die_k += h * (plant->power_w - across_w) / facts->die_j_per_k;
    plant->sink_k += h * (across_w - away_w) / facts->sink_j_per_k;
    plant->in_j += h * plant->power_w;
    plant->out_j += h * away_w;
    plant->stored_j = (plant->die_k - facts->ambient_k) * facts->die_j_per_k
                      + (plant->sink_k - facts->ambient_k) * facts->sink_j_per_k;
}

static void step(erg_heat *plant, const erg_heat_demand *demand)
{
    double middle_s = ((double)plant->steps + 0.5) * erg_heat_step_s;

    plant->demand_w = fmax(0, demand->watts(demand->self, middle_s));
    if (plant->steps % STEPS_A_LOOK == 0)
        govern(plant);
    plant->power_w = power_at(plant, plant->clock, plant->die_k);
    move_heat(plant);
    plant->work_s += erg_heat_step_s * plant->clock;
    plant->past_j[plant->steps++ % ERG_HEAT_PAST] = plant->in_j;
}

void erg_heat_run(erg_heat *plant, double t_s, const erg_heat_demand *demand)
{
    /* A hair down: 0.3 s is the end of step 30, whatever 0.3 is in binary. */
    double steps = ceil(t_s / erg_heat_step_s - 1e-6);
    while ((double)plant->steps < steps)
        step(plant, demand);
}

/* Since time 0: beyond the last step as in it, before time 0 at idle, before the past as at
 * its begin. */
static double energy_until(const erg_heat *plant, double t_s)
{
    double at = t_s / erg_heat_step_s;
    int64_t whole = (int64_t)floor(at);

    if (!(at > 0))
        return plant->facts.idle_w * t_s;
    if (whole >= plant->steps)
        return plant->in_j
               + plant->power_w * (t_s - (double)plant->steps * erg_heat_step_s);
    int64_t first = plant->steps >= ERG_HEAT_PAST ? plant->steps - ERG_HEAT_PAST + 1 : 0;
    if (whole < first)
        return plant->past_j[(first - 1) % ERG_HEAT_PAST];
    double begin_j = whole > 0 ? plant->past_j[(whole - 1) % ERG_HEAT_PAST] : 0;
    double end_j = plant->past_j[whole % ERG_HEAT_PAST];
    return begin_j + (at - (double)whole) * (end_j - begin_j);
}

double erg_heat_j(const erg_heat *plant, double begin_s, double end_s)
{
    return energy_until(plant, end_s) - energy_until(plant, begin_s);
}

static double view_w(const void *self, double t_s)
{
    return erg_heat_j(self, t_s - erg_heat_step_s, t_s) / erg_heat_step_s;
}

static double view_j(const void *self, double begin_s, double end_s)
{
    return erg_heat_j(self, begin_s, end_s);
}

erg_plant_view erg_heat_view(const erg_heat *plant)
{
    return (erg_plant_view){ plant, view_w, view_j };
}
