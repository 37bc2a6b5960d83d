/* SPDX-License-Identifier: Apache-2.0 */
/* What one rank's calls took, and the table of all ranks that MPI_Finalize writes. */
#ifndef ERG_PLUGIN_MPI_TALLY_H
#define ERG_PLUGIN_MPI_TALLY_H

#include <stdint.h>
#include <stdio.h>
#include "mpi/density.h"

typedef enum mpi_call_id {
    CALL_BARRIER, CALL_BCAST, CALL_REDUCE, CALL_ALLREDUCE, CALL_REDUCE_SCATTER,
    CALL_REDUCE_SCATTER_BLOCK, CALL_ALLGATHER, CALL_ALLGATHERV, CALL_ALLTOALL,
    CALL_ALLTOALLV, CALL_COLLECTIVES,
    CALL_IBARRIER = CALL_COLLECTIVES, CALL_IBCAST, CALL_IREDUCE, CALL_IALLREDUCE,
    CALL_IREDUCE_SCATTER, CALL_IREDUCE_SCATTER_BLOCK, CALL_IALLGATHER, CALL_IALLGATHERV,
    CALL_IALLTOALL, CALL_IALLTOALLV,
    CALL_SEND, CALL_RECV, CALL_WAIT, CALL_WAITALL, CALL_WAITANY, CALL_WAITSOME,
    CALL_SENDRECV, CALL_SENDRECV_REPLACE, CALL_START, CALL_STARTALL, CALL_COUNT
} mpi_call_id;

extern const char *const mpi_call_names[CALL_COUNT];

/* Sent between ranks as bytes: no pointers. */
typedef struct mpi_tally {
    uint64_t calls;
    uint64_t naps;              /* calls that waited long enough to nap */
    double time_s;              /* inside the call, delays of ours included */
    double cpu_s;               /* of the calling thread, inside the call */
    double held_s;              /* of time_s: delayed by stagger and pacing */
    double bytes;               /* handed in by this rank; NAN: not known (waits) */
    mpi_density density;        /* of the calls that were looked at */
} mpi_tally;

/* One row for each rank and call that was made. */
void mpi_tally_write(FILE *file, const mpi_tally tallies[], int ranks);

#endif
