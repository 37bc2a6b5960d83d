/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration data sets: a plan played by a load, and recorded. */
#ifndef ERG_CLI_THERMAL_H
#define ERG_CLI_THERMAL_H

#include "cli.h"

typedef struct thermal_recording {
    const char *file, *plan, *drive;
    double rate_hz;
    int load_at;                /* of the words that are left: where the load begins */
} thermal_recording;

/* Takes the load from the words after the verb. */
int thermal_play(const cli *call, const char *plan, const char *drive);
int thermal_record(const cli *call, const thermal_recording *how);

#endif
