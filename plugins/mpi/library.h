/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one state of this library in a process, and the frame around each wrapped call.
 *
 * A library that is loaded before the MPI library has nobody to hand it a handle, so the
 * state is a static in library.c: written in MPI_Init, then only counted in, under a lock.
 */
#ifndef ERG_PLUGIN_MPI_LIBRARY_H
#define ERG_PLUGIN_MPI_LIBRARY_H

#include <stdbool.h>
#include <mpi.h>
#include "erg/record.h"
#include "mpi/config.h"
#include "mpi/tally.h"

#define MPI_PUBLIC __attribute__((visibility("default")))

/* One call under way, on the caller's stack. */
typedef struct mpi_visit {
    mpi_call_id id;
    int64_t begin_ns, cpu_ns, held_ns;
    bool napped;
    double bytes;
    mpi_density density;        /* nothing where it was not looked at */
    erg_region_token region;
} mpi_visit;

/* False: neither shaped, counted nor recorded; call PMPI and be gone. */
bool mpi_on(void);
const mpi_config *mpi_settings(void);
int mpi_world_rank(void);
int mpi_world_size(void);
int64_t mpi_now_ns(void);
/* Is this call of its kind one that is looked into? Only where a table is written. */
bool mpi_is_looked_into(mpi_call_id id);
/* Seconds that this rank has spent in collectives, delays of ours not counted. */
double mpi_waited_s(void);
/* True: the core's clock is at its least until mpi_hurry(). One thread at a time. */
bool mpi_slacken(void);
void mpi_hurry(void);

void mpi_enter(mpi_visit *here, mpi_call_id id, double bytes);
void mpi_leave(const mpi_visit *here);
/* Bytes of count elements; 0 of what MPI does not know. */
double mpi_volume(int count, MPI_Datatype type);

#endif
