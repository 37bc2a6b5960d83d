/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include "mpi/forms.h"

/* MPI's own signatures, unpacked: two lines a form, so that the rest is written once. */

static int barrier_block(const mpi_args *a) { return PMPI_Barrier(a->comm); }

static int barrier_start(const mpi_args *a, MPI_Request *request)
{
    return PMPI_Ibarrier(a->comm, request);
}

static int bcast_block(const mpi_args *a)
{
    return PMPI_Bcast((void *)a->recv.at, a->recv.count, a->recv.type, a->root, a->comm);
}

static int bcast_start(const mpi_args *a, MPI_Request *request)
{
    return PMPI_Ibcast((void *)a->recv.at, a->recv.count, a->recv.type, a->root, a->comm,
                       request);
}

static int reduce_block(const mpi_args *a)
{
    return PMPI_Reduce(a->send.at, (void *)a->recv.at, a->send.count, a->send.type, a->op,
                       a->root, a->comm);
}

static int reduce_start(const mpi_args *a, MPI_Request *request)
{
    return PMPI_Ireduce(a->send.at, (void *)a->recv.at, a->send.count, a->send.type, a->op,
                        a->root, a->comm, request);
}

static int allreduce_block(const mpi_args *a)
{
    return PMPI_Allreduce(a->send.at, (void *)a->recv.at, a->send.count, a->send.type,
                          a->op, a->comm);
}

static int allreduce_start(const mpi_args *a, MPI_Request *request)
{
    return PMPI_Iallreduce(a->send.at, (void *)a->recv.at, a->send.count, a->send.type,
                           a->op, a->comm, request);
}

static int reduce_scatter_block(const mpi_args *a)
{
    return PMPI_Reduce_scatter(a->send.at, (void *)a->recv.at, a->recv.counts, a->send.type,
                               a->op, a->comm);
}

static int reduce_scatter_start(const mpi_args *a, MPI_Request *request)
{
    return PMPI_Ireduce_scatter(a->send.at, (void *)a->recv.at, a->recv.counts,
                                a->send.type, a->op, a->comm, request);
}

static int reduce_scatter_block_block(const mpi_args *a)
{
    return PMPI_Reduce_scatter_block(a->send.at, (void *)a->recv.at, a->recv.count,
                                     a->send.type, a->op, a->comm);
}

static int reduce_scatter_block_start(const mpi_args *a, MPI_Request *request)
{
    return PMPI_Ireduce_scatter_block(a->send.at, (void *)a->recv.at, a->recv.count,
                                      a->send.type, a->op, a->comm, request);
}

static int allgather_block(const mpi_args *a)
{
    return PMPI_Allgather(a->send.at, a->send.count, a->send.type, (void *)a->recv.at,
                          a->recv.count, a->recv.type, a->comm);
}

static int allgather_start(const mpi_args *a, MPI_Request *request)
{
    return PMPI_Iallgather(a->send.at, a->send.count, a->send.type, (void *)a->recv.at,
                           a->recv.count, a->recv.type, a->comm, request);
}

static int allgatherv_block(const mpi_args *a)
{
    return PMPI_Allgatherv(a->send.at, a->send.count, a->send.type, (void *)a->recv.at,
                           a->recv.counts, a->recv.offsets, a->recv.type, a->comm);
}

static int allgatherv_start(const mpi_args *a, MPI_Request *request)
{
    return PMPI_Iallgatherv(a->send.at, a->send.count, a->send.type, (void *)a->recv.at,
                            a->recv.counts, a->recv.offsets, a->recv.type, a->comm,
                            request);
}

static int alltoall_block(const mpi_args *a)
{
    return PMPI_Alltoall(a->send.at, a->send.count, a->send.type, (void *)a->recv.at,
                         a->recv.count, a->recv.type, a->comm);
}

static int alltoall_start(const mpi_args *a, MPI_Request *request)
{
    return PMPI_Ialltoall(a->send.at, a->send.count, a->send.type, (void *)a->recv.at,
                          a->recv.count, a->recv.type, a->comm, request);
}

static int alltoallv_block(const mpi_args *a)
{
    return PMPI_Alltoallv(a->send.at, a->send.counts, a->send.offsets, a->send.type,
                          (void *)a->recv.at, a->recv.counts, a->recv.offsets, a->recv.type,
                          a->comm);
}

static int alltoallv_start(const mpi_args *a, MPI_Request *request)
{
    return PMPI_Ialltoallv(a->send.at, a->send.counts, a->send.offsets, a->send.type,
                           (void *)a->recv.at, a->recv.counts, a->recv.offsets,
                           a->recv.type, a->comm, request);
}

const mpi_form mpi_forms[CALL_COLLECTIVES] = {
    [CALL_BARRIER] = { barrier_block, barrier_start, EXTENT_NONE },
    [CALL_BCAST] = { bcast_block, bcast_start, EXTENT_ONE, .cuts = true },
    [CALL_REDUCE] = { reduce_block, reduce_start, EXTENT_ONE, .reduces = true,
                      .cuts = true },
    [CALL_ALLREDUCE] = { allreduce_block, allreduce_start, EXTENT_ONE, .reduces = true,
                         .cuts = true },
    [CALL_REDUCE_SCATTER] = { reduce_scatter_block, reduce_scatter_start, EXTENT_SUM,
                              .reduces = true },
    [CALL_REDUCE_SCATTER_BLOCK] = { reduce_scatter_block_block, reduce_scatter_block_start,
                                    EXTENT_EACH, .reduces = true },
    [CALL_ALLGATHER] = { allgather_block, allgather_start, EXTENT_ONE },
    [CALL_ALLGATHERV] = { allgatherv_block, allgatherv_start, EXTENT_OWN },
    [CALL_ALLTOALL] = { alltoall_block, alltoall_start, EXTENT_EACH },
    [CALL_ALLTOALLV] = { alltoallv_block, alltoallv_start, EXTENT_SUM },
};

/* Ranks that each hand something to: the other side's of an intercommunicator. */
static int partners(MPI_Comm comm)
{
    int between = 0, ranks = 0;

    PMPI_Comm_test_inter(comm, &between);
    if (between)
        PMPI_Comm_remote_size(comm, &ranks);
    else
        PMPI_Comm_size(comm, &ranks);
    return ranks;
}

static double all_of(const mpi_side *side, MPI_Comm comm)
{
    double bytes = 0;
    int ranks = partners(comm);

    for (int i = 0; side->counts && i < ranks; i++)
        bytes += mpi_volume(side->counts[i], side->type);
    return bytes;
}

double mpi_args_bytes(const mpi_form *form, const mpi_args *args)
{
    bool in_place = args->send.at == MPI_IN_PLACE;
    const mpi_side *side = in_place ? &args->recv : &args->send;
    int rank;

    if (form->extent == EXTENT_NONE || args->comm == MPI_COMM_NULL)
        return 0;
    if (form->extent == EXTENT_EACH)
        return mpi_volume(side->count, side->type) * partners(args->comm);
    if (form->extent == EXTENT_SUM)
        return all_of(form->reduces ? &args->recv : side, args->comm);
    if (form->extent == EXTENT_OWN && in_place && args->recv.counts) {
        PMPI_Comm_rank(args->comm, &rank);
        return mpi_volume(args->recv.counts[rank], args->recv.type);
    }
    return mpi_volume(side->count, side->type);
}
