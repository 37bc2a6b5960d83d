/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERG_CLI_RUN_SENSORS_H
#define ERG_CLI_RUN_SENSORS_H

#include "cli.h"

typedef struct cli_sensors {
    const char *items[2 * CLI_LIST_MOST];
    size_t count;
    char words[1024], tape_spec[600], sim_spec[600];
} cli_sensors;

/* --sensor, --device, --tape and --sim are four ways to say one thing; NULL: not given. */
bool cli_sensors_gather(const cli *call, const char *devices, const char *tape,
                        const char *sim, cli_sensors *list, erg_error *err);

#endif
