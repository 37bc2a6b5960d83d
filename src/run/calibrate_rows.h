/* SPDX-License-Identifier: Apache-2.0 */
/* Measured rows joined with the work they did, those that cannot be true set aside. */
#ifndef ERG_RUN_CALIBRATE_ROWS_H
#define ERG_RUN_CALIBRATE_ROWS_H

#include "base/base.h"
#include "erg/estimate.h"
#include "estimate/energy.h"

enum { ERG_MODEL_NAME = 64, ERG_ROW_REASON = 120 };

typedef struct erg_measured_row {
    size_t line;                        /* of the file */
    char gpu[ERG_MODEL_NAME], model[ERG_MODEL_NAME];
    erg_precision precision;
    int64_t batch, seq;                 /* seq -1: none */
    double clock_hz, time_s, energy_j, power_w;     /* NAN: no such column */
    double updates;                     /* of the sensor while it ran; NAN: not said */
    erg_work work;
    erg_graph *graph;                   /* NULL: no list; owned, and so its partition */
    erg_partition *partition;
    char reason[ERG_ROW_REASON];        /* why it is rejected; empty: it is not */
} erg_measured_row;

typedef struct erg_measured {
    erg_measured_row *rows;
    size_t count, capacity;
} erg_measured;

/* Rows of the device (column gpu) with their kernel lists from the folder. */
bool erg_measured_load(erg_measured *to, const erg_hardware *hardware,
                       const erg_calibrate_options *options, erg_error *err);
void erg_measured_free(erg_measured *measured);

#endif
