/* SPDX-License-Identifier: Apache-2.0 */
/* Clock, voltage and idle power of a device, and the clock a power cap allows. */
#ifndef ERG_ESTIMATE_OPERATING_POINT_H
#define ERG_ESTIMATE_OPERATING_POINT_H

#include "erg/estimate.h"

/* A board at its cap levels off a little below it: rows on a 250 W board at
 * 238 to 243 W mean. */
#define ERG_CAP_SHARE 0.965

/* s(f) = (V(f) / V(reference))^2; reference NAN: the floor of V. Without a voltage curve:
 * flat to 0.68 of the top clock, then straight to 1.29 of the floor. */
double erg_voltage_scale(const erg_hardware *hardware, double clock_hz,
                         double reference_hz);

/* Power that flows whatever happens: idle of a clocked board (GPU), mean power
 * of a busy package beyond its operations (CPU). As the profile fitted it. */
double erg_static_w(const erg_hardware *hardware, const erg_profile *profile,
                    double clock_hz);

/* Power of the device when nothing runs and its clock is held. */
double erg_idle_w(const erg_hardware *hardware, const erg_profile *profile,
                  double clock_hz);

/* What is to run: its dynamic energy at s = 1 and its time at a clock. */
typedef struct erg_load {
    double dynamic_j;
    double (*time_s)(const void *user, double clock_hz);
    const void *user;
} erg_load;

typedef struct erg_operating_point {
    double clock_hz, cap_w;
    double scale, static_w;         /* s(f) and P_static(f) */
    bool capped;                    /* the cap took clock away */
    bool over;                      /* even the lowest clock is above the cap */
} erg_operating_point;

/* The largest settable clock not above the wished one with
 * P_static(f) + s(f) dynamic_j / t(f) <= 0.965 cap. wish: clock_hz 0 or NAN: the
 * top clock; cap_w 0 or NAN: the record's; the rest is not read. */
erg_operating_point erg_operating_point_find(const erg_hardware *hardware,
                                             const erg_profile *profile,
                                             erg_operating_point wish,
                                             const erg_load *load);

#endif
