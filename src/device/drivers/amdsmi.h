/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the AMD SMI driver share: one GPU, and the table of its readings. */
#ifndef ERG_DEVICE_DRIVERS_AMDSMI_H
#define ERG_DEVICE_DRIVERS_AMDSMI_H

#include "device/driver.h"
#include "device/drivers/amdsmi_abi.h"

typedef struct amdsmi {
    amdsmi_api api;
    amdsmi_handle gpu;
    unsigned year; /* of the library; 0: it does not say */
    const struct amdsmi_quantity *rows[ERG_CHANNELS_MOST];
} amdsmi;

typedef struct amdsmi_quantity {
    const char *name;
    erg_quantity quantity;
    erg_kind kind;
    int which;
    double (*read)(const amdsmi *own, int which); /* NAN: not told */
} amdsmi_quantity;

extern const amdsmi_quantity amdsmi_quantities[];
extern const size_t amdsmi_quantity_count;

double amdsmi_energy(const amdsmi *own, int which);
/* The limit in force, in W. */
double amdsmi_limit(const amdsmi *own, int which);
double amdsmi_watts(uint64_t told);

#endif
