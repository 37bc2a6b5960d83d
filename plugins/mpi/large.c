/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of MPI 4 with counts beyond an int. A collective that an int can carry goes the
 * way of the others, and whether it can is told by its bytes, which all ranks know alike,
 * not by its count, which they do not: one rank may send as bytes what another receives as
 * one large type. What is larger, what has an array of counts and what is nonblocking is
 * counted and left to MPI.
 */
#include <limits.h>
#include <math.h>
#include "mpi/library.h"

#if MPI_VERSION >= 4

/* NOLINTBEGIN(readability-function-size) MPI's own signatures. */

static double volume(MPI_Count count, MPI_Datatype type)
{
    return (double)count * mpi_volume(1, type);
}

/* Of any rank's send or receive, the same on all. */
static bool is_small(MPI_Count count, MPI_Datatype type)
{
    return volume(count, type) <= INT_MAX;
}

/* More than an int only where an element is of no bytes, or beside MPI_IN_PLACE. */
static int narrow(MPI_Count count)
{
    return count > INT_MAX ? INT_MAX : count < INT_MIN ? INT_MIN : (int)count;
}

static bool fits(MPI_Count count) { return count == narrow(count); }

/* What is left to MPI, counted. Only ids without a blocking form of ours wait. */
#define COUNTED(id, bytes, call)                                                           \
    do {                                                                                   \
        mpi_visit here;                                                                    \
        if (!mpi_on())                                                                     \
            return call;                                                                   \
        mpi_enter(&here, id, bytes);                                                       \
        int rc = call;                                                                     \
        mpi_leave(&here);                                                                  \
        return rc;                                                                         \
    } while (0)

/* ---- collectives -- */

MPI_PUBLIC int MPI_Bcast_c(void *at, MPI_Count count, MPI_Datatype type, int root,
                           MPI_Comm comm)
{
    if (is_small(count, type))
        return MPI_Bcast(at, narrow(count), type, root, comm);
    COUNTED(CALL_BCAST, volume(count, type), PMPI_Bcast_c(at, count, type, root, comm));
}

MPI_PUBLIC int MPI_Reduce_c(const void *send, void *recv, MPI_Count count,
                            MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm)
{
    if (is_small(count, type))
        return MPI_Reduce(send, recv, narrow(count), type, op, root, comm);
    COUNTED(CALL_REDUCE, volume(count, type),
            PMPI_Reduce_c(send, recv, count, type, op, root, comm));
}

MPI_PUBLIC int MPI_Allreduce_c(const void *send, void *recv, MPI_Count count,
                               MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    if (is_small(count, type))
        return MPI_Allreduce(send, recv, narrow(count), type, op, comm);
    COUNTED(CALL_ALLREDUCE, volume(count, type),
            PMPI_Allreduce_c(send, recv, count, type, op, comm));
}

MPI_PUBLIC int MPI_Reduce_scatter_block_c(const void *send, void *recv, MPI_Count count,
                                          MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    if (is_small(count, type))
        return MPI_Reduce_scatter_block(send, recv, narrow(count), type, op, comm);
    COUNTED(CALL_REDUCE_SCATTER_BLOCK, volume(count, type),
            PMPI_Reduce_scatter_block_c(send, recv, count, type, op, comm));
}

MPI_PUBLIC int MPI_Allgather_c(const void *send, MPI_Count send_count,
                               MPI_Datatype send_type, void *recv, MPI_Count count,
                               MPI_Datatype type, MPI_Comm comm)
{
    if (is_small(count, type))
        return MPI_Allgather(send, narrow(send_count), send_type, recv, narrow(count), type,
                             comm);
    COUNTED(CALL_ALLGATHER, volume(count, type),
            PMPI_Allgather_c(send, send_count, send_type, recv, count, type, comm));
}

MPI_PUBLIC int MPI_Alltoall_c(const void *send, MPI_Count send_count,
                              MPI_Datatype send_type, void *recv, MPI_Count count,
                              MPI_Datatype type, MPI_Comm comm)
{
    if (is_small(count, type))
        return MPI_Alltoall(send, narrow(send_count), send_type, recv, narrow(count), type,
                            comm);
    COUNTED(CALL_ALLTOALL, NAN,
            PMPI_Alltoall_c(send, send_count, send_type, recv, count, type, comm));
}

MPI_PUBLIC int MPI_Reduce_scatter_c(const void *send, void *recv, const MPI_Count counts[],
                                    MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    COUNTED(CALL_REDUCE_SCATTER, NAN,
            PMPI_Reduce_scatter_c(send, recv, counts, type, op, comm));
}

MPI_PUBLIC int MPI_Allgatherv_c(const void *send, MPI_Count send_count,
                                MPI_Datatype send_type, void *recv,
                                const MPI_Count counts[], const MPI_Aint offsets[],
                                MPI_Datatype type, MPI_Comm comm)
{
    COUNTED(CALL_ALLGATHERV, NAN,
            PMPI_Allgatherv_c(send, send_count, send_type, recv, counts, offsets, type,
                              comm));
}

MPI_PUBLIC int MPI_Alltoallv_c(const void *send, const MPI_Count send_counts[],
                               const MPI_Aint send_offsets[], MPI_Datatype send_type,
                               void *recv, const MPI_Count counts[],
                               const MPI_Aint offsets[], MPI_Datatype type, MPI_Comm comm)
{
    COUNTED(CALL_ALLTOALLV, NAN,
            PMPI_Alltoallv_c(send, send_counts, send_offsets, send_type, recv, counts,
                             offsets, type, comm));
}

/* ---- nonblocking ones -- */

MPI_PUBLIC int MPI_Ibcast_c(void *at, MPI_Count count, MPI_Datatype type, int root,
                            MPI_Comm comm, MPI_Request *request)
{
    COUNTED(CALL_IBCAST, volume(count, type),
            PMPI_Ibcast_c(at, count, type, root, comm, request));
}

MPI_PUBLIC int MPI_Ireduce_c(const void *send, void *recv, MPI_Count count,
                             MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm,
                             MPI_Request *request)
{
    COUNTED(CALL_IREDUCE, volume(count, type),
            PMPI_Ireduce_c(send, recv, count, type, op, root, comm, request));
}

MPI_PUBLIC int MPI_Iallreduce_c(const void *send, void *recv, MPI_Count count,
                                MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                                MPI_Request *request)
{
    COUNTED(CALL_IALLREDUCE, volume(count, type),
            PMPI_Iallreduce_c(send, recv, count, type, op, comm, request));
}

MPI_PUBLIC int MPI_Ireduce_scatter_c(const void *send, void *recv, const MPI_Count counts[],
                                     MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                                     MPI_Request *request)
{
    COUNTED(CALL_IREDUCE_SCATTER, NAN,
            PMPI_Ireduce_scatter_c(send, recv, counts, type, op, comm, request));
}

MPI_PUBLIC int MPI_Ireduce_scatter_block_c(const void *send, void *recv, MPI_Count count,
                                           MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                                           MPI_Request *request)
{
    COUNTED(CALL_IREDUCE_SCATTER_BLOCK, NAN,
            PMPI_Ireduce_scatter_block_c(send, recv, count, type, op, comm, request));
}

MPI_PUBLIC int MPI_Iallgather_c(const void *send, MPI_Count send_count,
                                MPI_Datatype send_type, void *recv, MPI_Count count,
                                MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    COUNTED(CALL_IALLGATHER, volume(count, type),
            PMPI_Iallgather_c(send, send_count, send_type, recv, count, type, comm,
                              request));
}

MPI_PUBLIC int MPI_Iallgatherv_c(const void *send, MPI_Count send_count,
                                 MPI_Datatype send_type, void *recv,
                                 const MPI_Count counts[], const MPI_Aint offsets[],
                                 MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    COUNTED(CALL_IALLGATHERV, NAN,
            PMPI_Iallgatherv_c(send, send_count, send_type, recv, counts, offsets, type,
                               comm, request));
}

MPI_PUBLIC int MPI_Ialltoall_c(const void *send, MPI_Count send_count,
                               MPI_Datatype send_type, void *recv, MPI_Count count,
                               MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    COUNTED(CALL_IALLTOALL, NAN,
            PMPI_Ialltoall_c(send, send_count, send_type, recv, count, type, comm,
                             request));
}

MPI_PUBLIC int MPI_Ialltoallv_c(const void *send, const MPI_Count send_counts[],
                                const MPI_Aint send_offsets[], MPI_Datatype send_type,
                                void *recv, const MPI_Count counts[],
                                const MPI_Aint offsets[], MPI_Datatype type, MPI_Comm comm,
                                MPI_Request *request)
{
    COUNTED(CALL_IALLTOALLV, NAN,
            PMPI_Ialltoallv_c(send, send_counts, send_offsets, send_type, recv, counts,
                              offsets, type, comm, request));
}

/* ---- messages: each end decides for itself -- */

MPI_PUBLIC int MPI_Send_c(const void *at, MPI_Count count, MPI_Datatype type, int to,
                          int tag, MPI_Comm comm)
{
    if (fits(count))
        return MPI_Send(at, narrow(count), type, to, tag, comm);
    COUNTED(CALL_SEND, volume(count, type), PMPI_Send_c(at, count, type, to, tag, comm));
}

MPI_PUBLIC int MPI_Recv_c(void *at, MPI_Count count, MPI_Datatype type, int from, int tag,
                          MPI_Comm comm, MPI_Status *status)
{
    if (fits(count))
        return MPI_Recv(at, narrow(count), type, from, tag, comm, status);
    COUNTED(CALL_RECV, NAN, PMPI_Recv_c(at, count, type, from, tag, comm, status));
}

MPI_PUBLIC int MPI_Sendrecv_c(const void *send, MPI_Count send_count,
                              MPI_Datatype send_type, int to, int send_tag, void *recv,
                              MPI_Count count, MPI_Datatype type, int from, int tag,
                              MPI_Comm comm, MPI_Status *status)
{
    if (fits(send_count) && fits(count))
        return MPI_Sendrecv(send, narrow(send_count), send_type, to, send_tag, recv,
                            narrow(count), type, from, tag, comm, status);
    COUNTED(CALL_SENDRECV, volume(send_count, send_type),
            PMPI_Sendrecv_c(send, send_count, send_type, to, send_tag, recv, count, type,
                            from, tag, comm, status));
}

MPI_PUBLIC int MPI_Sendrecv_replace_c(void *at, MPI_Count count, MPI_Datatype type, int to,
                                      int send_tag, int from, int tag, MPI_Comm comm,
                                      MPI_Status *status)
{
    if (fits(count))
        return MPI_Sendrecv_replace(at, narrow(count), type, to, send_tag, from, tag, comm,
                                    status);
    COUNTED(CALL_SENDRECV_REPLACE, volume(count, type),
            PMPI_Sendrecv_replace_c(at, count, type, to, send_tag, from, tag, comm,
                                    status));
}

/* NOLINTEND(readability-function-size) */
#endif
