/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include "mpi/tally.h"

const char *const mpi_call_names[CALL_COUNT] = {
    [CALL_BARRIER] = "MPI_Barrier",
    [CALL_BCAST] = "MPI_Bcast",
    [CALL_REDUCE] = "MPI_Reduce",
    [CALL_ALLREDUCE] = "MPI_Allreduce",
    [CALL_REDUCE_SCATTER] = "MPI_Reduce_scatter",
    [CALL_REDUCE_SCATTER_BLOCK] = "MPI_Reduce_scatter_block",
    [CALL_ALLGATHER] = "MPI_Allgather",
    [CALL_ALLGATHERV] = "MPI_Allgatherv",
    [CALL_ALLTOALL] = "MPI_Alltoall",
    [CALL_ALLTOALLV] = "MPI_Alltoallv",
    [CALL_IBARRIER] = "MPI_Ibarrier",
    [CALL_IBCAST] = "MPI_Ibcast",
    [CALL_IREDUCE] = "MPI_Ireduce",
    [CALL_IALLREDUCE] = "MPI_Iallreduce",
    [CALL_IREDUCE_SCATTER] = "MPI_Ireduce_scatter",
    [CALL_IREDUCE_SCATTER_BLOCK] = "MPI_Ireduce_scatter_block",
    [CALL_IALLGATHER] = "MPI_Iallgather",
    [CALL_IALLGATHERV] = "MPI_Iallgatherv",
    [CALL_IALLTOALL] = "MPI_Ialltoall",
    [CALL_IALLTOALLV] = "MPI_Ialltoallv",
    [CALL_SEND] = "MPI_Send",
    [CALL_RECV] = "MPI_Recv",
    [CALL_WAIT] = "MPI_Wait",
    [CALL_WAITALL] = "MPI_Waitall",
    [CALL_WAITANY] = "MPI_Waitany",
    [CALL_WAITSOME] = "MPI_Waitsome",
    [CALL_SENDRECV] = "MPI_Sendrecv",
    [CALL_SENDRECV_REPLACE] = "MPI_Sendrecv_replace",
    [CALL_START] = "MPI_Start",
    [CALL_STARTALL] = "MPI_Startall",
};

/* What is not known is not 0. */
static void put(FILE *file, int digits, double value, char after)
{
    if (isnan(value))
        fputs("n/a", file);
    else
        fprintf(file, "%.*g", digits, value);
    fputc(after, file);
}

void mpi_tally_write(FILE *file, const mpi_tally tallies[], int ranks)
{
    fputs("rank,call,calls,naps,time_s,cpu_s,held_s,bytes,density\n", file);
    for (int rank = 0; rank < ranks; rank++)
        for (int id = 0; id < CALL_COUNT; id++) {
            const mpi_tally *row = &tallies[(size_t)rank * CALL_COUNT + (size_t)id];
            if (!row->calls)
                continue;
            fprintf(file, "%d,%s,%" PRIu64 ",%" PRIu64 ",%.9f,%.9f,%.9f,", rank,
                    mpi_call_names[id], row->calls, row->naps, row->time_s, row->cpu_s,
                    row->held_s);
            put(file, 17, row->bytes, ',');
            put(file, 6, row->density.filled / row->density.looked, '\n');
        }
}
