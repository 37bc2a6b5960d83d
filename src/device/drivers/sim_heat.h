/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The warm side of a simulated device (key heat): its plant, and the folder through which
 * a running program and the plant act on each other (key follow).
 *
 *   FOLDER/load    written by the program: how much it asks of the device, 0..1
 *   FOLDER/clock   written here: the clock in force, of the highest; work takes 1/clock
 */
#ifndef ERG_DEVICE_DRIVERS_SIM_HEAT_H
#define ERG_DEVICE_DRIVERS_SIM_HEAT_H

#include "device/drivers/sim_spec.h"
#include "plant/heat.h"

typedef struct erg_sim_heat {
    const erg_sim_spec *spec;
    erg_heat plant;
    int load_fd, clock_fd;      /* -1: not open */
    double load;                /* as the program last said */
    char told[16];              /* what FOLDER/clock says */
} erg_sim_heat;

/* spec must stay where it is. ERG_BAD_INPUT: the folder cannot be used. */
bool erg_sim_heat_open(erg_sim_heat *heat, const erg_sim_spec *spec, erg_error *err);
void erg_sim_heat_close(erg_sim_heat *heat);
/* Reads the load, runs the plant to t_ns with the knobs as they are, tells the clock. */
void erg_sim_heat_run(erg_sim_heat *heat, int64_t t_ns, double limit_w);
/* As its sensor says: in whole steps of temp_step. */
double erg_sim_heat_temp_k(const erg_sim_heat *heat);
double erg_sim_heat_use(const erg_sim_heat *heat);

#endif
