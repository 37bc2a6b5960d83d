/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ranks of a communicator know alike: its place among its like, broadcast once
 * and kept as an attribute; how many collectives it has had; the slack last agreed.
 *
 * It is made inside the first blocking collective, which every rank of the communicator
 * enters, so the calls that create communicators need no wrapping.
 */
#ifndef ERG_PLUGIN_MPI_GROUP_H
#define ERG_PLUGIN_MPI_GROUP_H

#include "mpi/library.h"
#include "mpi/plan.h"

typedef struct mpi_seat { int node, rank; } mpi_seat;

typedef struct mpi_group {
    int64_t index, groups;
    int64_t sequence;
    double slack_s;             /* agreed; INFINITY before the first time */
    double offer_s;             /* the least of ours since the last agreement */
    double applied_s, waited_s; /* delay of our last entry; mpi_waited_s() as we left */
    int64_t free_ns;            /* pacing: no piece starts earlier */
    int rank, size, nodes;
    MPI_Comm node, leaders;     /* MPI_COMM_NULL: not hierarchical; not a leader */
    mpi_seat *seats;            /* of each rank; NULL: not hierarchical */
} mpi_group;

void mpi_group_begin(void);
void mpi_group_end(void);
/* NULL: between groups (an intercommunicator), or nothing needs one. Collective. */
mpi_group *mpi_group_of(MPI_Comm comm);
/* The delay of this entry; now and then agrees on the slack anew. Collective. */
double mpi_group_offset_s(mpi_group *group, MPI_Comm comm);
void mpi_group_left(mpi_group *group);

#endif
