/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power smoothing and workload profiles of a simulated device (keys smoothing, profiles):
 * the knobs that NVML has for a board, by the same rules, over a plant that follows them.
 *
 * Of the parameters those are there whose effect is published: floor, both rates, and how
 * long the load must be gone. Nobody has published by how much a profile changes what a
 * board draws: a simulated one takes it, tells it, and draws as before.
 */
#ifndef ERG_DEVICE_DRIVERS_SIM_SMOOTHING_H
#define ERG_DEVICE_DRIVERS_SIM_SMOOTHING_H

#include "device/driver.h"
#include "device/drivers/sim_spec.h"
#include "plant/smoothed.h"

enum { ERG_SIM_PRESETS = 5, ERG_SIM_PARAMETERS = 4, ERG_SIM_PROFILES = 8 };

typedef struct erg_sim_smoothing {
    double board_w;             /* a floor is a share of it */
    double is_on, preset, first_preset;     /* first: in force when it was opened */
    double presets[ERG_SIM_PRESETS][ERG_SIM_PARAMETERS];
    double profile;             /* NAN: none is asked for */
    erg_smoothed plant;
} erg_sim_smoothing;

/* Adds the knobs that the spec asks for. */
bool erg_sim_smoothing_add(erg_device *dev, erg_sim_smoothing *own,
                           const erg_sim_spec *spec, erg_error *err);
bool erg_sim_smoothing_has(erg_knob which);

/* A turn: of whom, and from when on its load goes another way. */
typedef struct erg_sim_turn {
    const char *device;
    const erg_capped *load;
    double at_s;
} erg_sim_turn;

double erg_sim_smoothing_now(const erg_sim_smoothing *own, erg_knob which);
void erg_sim_smoothing_save(const erg_sim_smoothing *own, erg_knob which, erg_text *to);
bool erg_sim_smoothing_turn(erg_sim_smoothing *own, erg_knob which, double value,
                            const erg_sim_turn *turn, erg_error *err);
bool erg_sim_smoothing_put_back(erg_sim_smoothing *own, erg_knob which, const char *saved,
                                const erg_sim_turn *turn, erg_error *err);

#endif
