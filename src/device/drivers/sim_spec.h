/* SPDX-License-Identifier: Apache-2.0 */
/* What `--sensor sim:...` asks for: a profile, and keys that change it. */
#ifndef ERG_DEVICE_DRIVERS_SIM_SPEC_H
#define ERG_DEVICE_DRIVERS_SIM_SPEC_H

#include "plant/sensor.h"

typedef struct erg_sim_profile {
    const char *name;  /* as hardware is named everywhere in erg */
    const char *model; /* as its maker names it */
    double idle_w, board_w;
    double update_s, window_s;
    double average_s; /* window of the second, averaged reading; 0: none */
    double counter_s; /* update period of the energy counter; 0: none */
    double clock_hz;
    double clock_low_hz, clock_step_hz; /* of what its maker lets one lock */
    bool idle_measured; /* else assumed from the board's limit */
} erg_sim_profile;

typedef struct erg_sim_spec {
    const erg_sim_profile *profile;
    erg_law load;
    erg_plant_sensor sensor;
    erg_plant_counter counter;
    bool has_counter;
    double error; /* share of reads that fail */
    double seed;
    double start_s; /* of the clock, where the law's 0 is; NAN: when opened */
    double clock_hz, gain_u, board_w;
    double refuse_hz; /* a clock that is accepted and not taken; NAN: none */
    char uuid[64];
    bool smoothing, profiles; /* it has these knobs (sim_smoothing.h) */
    bool heat; /* it grows warm and throttles (sim_heat.h); what follows is of that */
    double tau_s, ambient_k, limit_k, fan, leak_w_per_k, temp_step_k; /* NAN: the board's */
    char follow[256]; /* folder of load and clock; "": the law is the load */
} erg_sim_spec;

extern const erg_sim_profile erg_sim_profiles[];
extern const size_t erg_sim_profile_count;

enum { ERG_SIM_CLOCKS_MOST = 512 };
/* The clocks that the profile supports, from the highest down, in whole MHz as drivers
 * name them; how many. */
size_t erg_sim_clocks(const erg_sim_profile *profile, double to[ERG_SIM_CLOCKS_MOST]);

/* ERG_BAD_INPUT names the key. */
bool erg_sim_spec_parse(const char *text, erg_sim_spec *out, erg_error *err);

#endif
