/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls as regions of `erg run`. liberg is opened only when somebody records (ERG_RING is
 * set), so that an MPI program on its own does not load what a recording needs.
 */
#ifndef ERG_PLUGIN_RECORDING_H
#define ERG_PLUGIN_RECORDING_H

#include <stdbool.h>
#include "erg/record.h"

/* True: regions arrive. Says one sentence when ERG_RING is set and liberg is not found. */
bool mpi_recording_join(void);
void mpi_recording_leave(void);
erg_region_token mpi_recording_begin(const char *name);
void mpi_recording_end(erg_region_token region);

#endif
