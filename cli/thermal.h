/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration data sets: a plan, played by a load and recorded. */
#ifndef ERG_CLI_THERMAL_H
#define ERG_CLI_THERMAL_H

#include "cli.h"

typedef struct thermal_recording {
    const char *file, *plan, *drive, *device, *fan, *by;
    double rate_hz, ambient_k;
    bool shared;
    int load_at;                /* of the words that are left: where the load begins */
} thermal_recording;

int thermal_record(const cli *call, const thermal_recording *how);

#endif
