/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two levels: inside each node, then between one rank of each. Less goes over the network,
 * and a sum is added up in another order, so never with `deterministic`.
 */
#include <stddef.h>
#include "mpi/carry.h"

static int on(mpi_visit *here, mpi_call_id id, mpi_args args, MPI_Comm comm, int root)
{
    args.comm = comm;
    args.root = root;
    return mpi_carry(here, &mpi_forms[id], &args);
}

static int levels_barrier(mpi_visit *here, const mpi_args *args, const mpi_group *group)
{
    int rc = on(here, CALL_BARRIER, *args, group->node, 0);

    if (rc == MPI_SUCCESS && group->leaders != MPI_COMM_NULL)
        rc = on(here, CALL_BARRIER, *args, group->leaders, 0);
    return rc == MPI_SUCCESS ? on(here, CALL_BARRIER, *args, group->node, 0) : rc;
}

/* The root's node first, from the root itself: its leader then has it for the others. */
static int levels_bcast(mpi_visit *here, const mpi_args *args, const mpi_group *group)
{
    if (args->root < 0 || args->root >= group->size)
        return mpi_carry(here, &mpi_forms[CALL_BCAST], args); /* MPI names the error */
    mpi_seat root = group->seats[args->root], seat = group->seats[group->rank];
    int rc = MPI_SUCCESS;

    if (seat.node == root.node)
        rc = on(here, CALL_BCAST, *args, group->node, root.rank);
    if (rc == MPI_SUCCESS && group->leaders != MPI_COMM_NULL)
        rc = on(here, CALL_BCAST, *args, group->leaders, root.node);
    if (rc == MPI_SUCCESS && seat.node != root.node)
        rc = on(here, CALL_BCAST, *args, group->node, 0);
    return rc;
}

static int levels_allreduce(mpi_visit *here, const mpi_args *args, const mpi_group *group)
{
    bool leads = group->leaders != MPI_COMM_NULL, in_place = args->send.at == MPI_IN_PLACE;
    mpi_args inner = *args, outer = *args;

    if (in_place && !leads)
        inner.send.at = args->recv.at;
    outer.send.at = MPI_IN_PLACE;
    int rc = on(here, CALL_REDUCE, inner, group->node, 0);
    if (rc == MPI_SUCCESS && leads)
        rc = on(here, CALL_ALLREDUCE, outer, group->leaders, 0);
    return rc == MPI_SUCCESS ? on(here, CALL_BCAST, *args, group->node, 0) : rc;
}

static const struct {
    mpi_call_id id;
    int (*carry)(mpi_visit *here, const mpi_args *args, const mpi_group *group);
    bool commutes;              /* the order of ranks must not matter */
} levels[] = {
    { CALL_BARRIER, levels_barrier },
    { CALL_BCAST, levels_bcast },
    { CALL_ALLREDUCE, levels_allreduce, .commutes = true },
};

int mpi_carry_levels(mpi_visit *here, const mpi_form *form, const mpi_args *args,
                     const mpi_group *group)
{
    const mpi_config *config = mpi_settings();
    int commutes = 1;

    if (!config->hierarchical || config->deterministic || group->nodes < 2)
        return mpi_carry(here, form, args);
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
        if (form != &mpi_forms[levels[i].id])
            continue;
        if (levels[i].commutes)
            PMPI_Op_commutative(args->op, &commutes);
        if (commutes)
            return levels[i].carry(here, args, group);
    }
    return mpi_carry(here, form, args);
}
