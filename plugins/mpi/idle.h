/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting without burning: tests between naps that grow with the wait. */
#ifndef ERG_PLUGIN_MPI_IDLE_H
#define ERG_PLUGIN_MPI_IDLE_H

#include "mpi/library.h"

/* Requests under way and the one way to ask whether they are done. */
typedef struct mpi_pending mpi_pending;
struct mpi_pending {
    int (*test)(mpi_pending *of, int *done);
    int count;
    MPI_Request *requests;
    int *index;                 /* the one that is done, or how many are */
    int *indices;
    MPI_Status *statuses;       /* one for a single request */
};

/* Returns what the last test returned. */
int mpi_idle(mpi_visit *here, mpi_pending *pending);
int mpi_idle_one(mpi_visit *here, MPI_Request *request, MPI_Status *status);
/* A delay of ours: naps, while messages of others still move. */
void mpi_hold(mpi_visit *here, double hold_s);

#endif
