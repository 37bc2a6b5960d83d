/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sensor makes of a power law: exact means over its window, late, held
 * between updates, off by gain, offset and noise. Pure functions of time and
 * seed: the same question always has the same answer, in any order.
 *
 * Time is int64_t ns since the law's 0, so that 0.3 s is the third update of 0.1 s.
 */
#ifndef ERG_PLANT_SENSOR_H
#define ERG_PLANT_SENSOR_H

#include "plant/power.h"

typedef struct erg_plant_sensor {
    double update_s; /* T_u; 0: a new value at each moment */
    double window_s; /* 0: the power at one instant */
    double delay_s;  /* the window ends this long before the update */
    double phase_s;  /* updates come at phase + k T_u */
    double gain;     /* reading = gain * mean + offset + noise; 0 means 1 */
    double offset_w;
    double noise_w;      /* standard deviation, new at each update */
    double dropout;      /* share of updates that repeat the one before, 0..1 */
    double resolution_w; /* readings are whole multiples; 0: no rounding */
    uint64_t seed;
} erg_plant_sensor;

typedef struct erg_plant_counter {
    double update_s, phase_s;
    double gain;    /* 0 means 1 */
    double step_j;  /* counts whole steps; 0: no rounding */
    double range_j; /* returns to 0 there; 0: never */
    double reset_s; /* restarts at 0 here, as with a driver; 0: never */
} erg_plant_counter;

/* Whose power is seen: a law, or a plant that has a past. Energy is exact. */
typedef struct erg_plant_view {
    const void *self;
    double (*power_w)(const void *self, double t_s);
    double (*energy_j)(const void *self, double begin_s, double end_s);
} erg_plant_view;
erg_plant_view erg_law_view(const erg_law *law);

double erg_plant_sensor_see(const erg_plant_sensor *sensor, erg_plant_view view,
                            int64_t t_ns);
double erg_plant_sensor_w(const erg_plant_sensor *sensor, const erg_law *law, int64_t t_ns);
/* When the value seen at t_ns was new. */
int64_t erg_plant_sensor_updated_ns(const erg_plant_sensor *sensor, int64_t t_ns);
double erg_plant_counter_see(const erg_plant_counter *counter, erg_plant_view view,
                             int64_t t_ns);
double erg_plant_counter_j(const erg_plant_counter *counter, const erg_law *law,
                           int64_t t_ns);
/* Uniform in [0, 1), from a seed, an index and what it is drawn for. */
double erg_plant_chance(uint64_t seed, int64_t index, uint64_t use);

#endif
