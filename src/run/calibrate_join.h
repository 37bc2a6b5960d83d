/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel list of each measured row, and which rows cannot be true. */
#ifndef ERG_RUN_CALIBRATE_JOIN_H
#define ERG_RUN_CALIBRATE_JOIN_H

#include "run/calibrate_rows.h"

bool erg_measured_join(erg_measured *to, const erg_hardware *hardware, const char *folder,
                       erg_error *err);

#endif
