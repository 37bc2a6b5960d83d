/* SPDX-License-Identifier: Apache-2.0 */
/* The collectives that a program calls: arguments packed, nothing else. */
#include <stddef.h>
#include "mpi/forms.h"

MPI_PUBLIC int MPI_Barrier(MPI_Comm comm)
{
    mpi_args args = { .comm = comm };
    return mpi_collective(CALL_BARRIER, &args);
}

MPI_PUBLIC int MPI_Ibarrier(MPI_Comm comm, MPI_Request *request)
{
    mpi_args args = { .comm = comm };
    return mpi_collective_start(CALL_BARRIER, &args, request);
}

MPI_PUBLIC int MPI_Bcast(void *buffer, int count, MPI_Datatype type, int root,
                         MPI_Comm comm)
{
    mpi_args args = {
        { buffer, count, type }, { buffer, count, type }, .root = root, .comm = comm
    };
    return mpi_collective(CALL_BCAST, &args);
}

MPI_PUBLIC int MPI_Ibcast(void *buffer, int count, MPI_Datatype type, int root,
                          MPI_Comm comm, MPI_Request *request)
{
    mpi_args args = {
        { buffer, count, type }, { buffer, count, type }, .root = root, .comm = comm
    };
    return mpi_collective_start(CALL_BCAST, &args, request);
}

MPI_PUBLIC int MPI_Reduce(const void *send, void *recv, int count, MPI_Datatype type,
                          MPI_Op op, int root, MPI_Comm comm)
{
    mpi_args args = { { send, count, type }, { recv, count, type }, op, root, comm };
    return mpi_collective(CALL_REDUCE, &args);
}

MPI_PUBLIC int MPI_Ireduce(const void *send, void *recv, int count, MPI_Datatype type,
                           MPI_Op op, int root, MPI_Comm comm, MPI_Request *request)
{
    mpi_args args = { { send, count, type }, { recv, count, type }, op, root, comm };
    return mpi_collective_start(CALL_REDUCE, &args, request);
}

MPI_PUBLIC int MPI_Allreduce(const void *send, void *recv, int count, MPI_Datatype type,
                             MPI_Op op, MPI_Comm comm)
{
    mpi_args args = { { send, count, type }, { recv, count, type }, op, 0, comm };
    return mpi_collective(CALL_ALLREDUCE, &args);
}

MPI_PUBLIC int MPI_Iallreduce(const void *send, void *recv, int count, MPI_Datatype type,
                              MPI_Op op, MPI_Comm comm, MPI_Request *request)
{
    mpi_args args = { { send, count, type }, { recv, count, type }, op, 0, comm };
    return mpi_collective_start(CALL_ALLREDUCE, &args, request);
}

MPI_PUBLIC int MPI_Reduce_scatter(const void *send, void *recv, const int counts[],
                                  MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    mpi_args args = { { send, 0, type }, { recv, 0, type, counts }, op, 0, comm };
    return mpi_collective(CALL_REDUCE_SCATTER, &args);
}

MPI_PUBLIC int MPI_Ireduce_scatter(const void *send, void *recv, const int counts[],
                                   MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                                   MPI_Request *request)
{
    mpi_args args = { { send, 0, type }, { recv, 0, type, counts }, op, 0, comm };
    return mpi_collective_start(CALL_REDUCE_SCATTER, &args, request);
}

MPI_PUBLIC int MPI_Reduce_scatter_block(const void *send, void *recv, int count,
                                        MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    mpi_args args = { { send, count, type }, { recv, count, type }, op, 0, comm };
    return mpi_collective(CALL_REDUCE_SCATTER_BLOCK, &args);
}

MPI_PUBLIC int MPI_Ireduce_scatter_block(const void *send, void *recv, int count,
                                         MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                                         MPI_Request *request)
{
    mpi_args args = { { send, count, type }, { recv, count, type }, op, 0, comm };
    return mpi_collective_start(CALL_REDUCE_SCATTER_BLOCK, &args, request);
}

MPI_PUBLIC int MPI_Allgather(const void *send, int send_count, MPI_Datatype send_type,
                             void *recv, int count, MPI_Datatype type, MPI_Comm comm)
{
    mpi_args args = { { send, send_count, send_type },
                      { recv, count, type },
                      .comm = comm };
    return mpi_collective(CALL_ALLGATHER, &args);
}

MPI_PUBLIC int MPI_Iallgather(const void *send, int send_count, MPI_Datatype send_type,
                              void *recv, int count, MPI_Datatype type, MPI_Comm comm,
                              MPI_Request *request)
{
    mpi_args args = { { send, send_count, send_type },
                      { recv, count, type },
                      .comm = comm };
    return mpi_collective_start(CALL_ALLGATHER, &args, request);
}

MPI_PUBLIC int MPI_Allgatherv(const void *send, int send_count, MPI_Datatype send_type,
                              void *recv, const int counts[], const int offsets[],
                              MPI_Datatype type, MPI_Comm comm)
{
    mpi_args args = { { send, send_count, send_type },
                      { recv, 0, type, counts, offsets },
                      .comm = comm };
    return mpi_collective(CALL_ALLGATHERV, &args);
}

MPI_PUBLIC int MPI_Iallgatherv(const void *send, int send_count, MPI_Datatype send_type,
                               void *recv, const int counts[], const int offsets[],
                               MPI_Datatype type, MPI_Comm comm, MPI_Request *request)
{
    mpi_args args = { { send, send_count, send_type },
                      { recv, 0, type, counts, offsets },
                      .comm = comm };
    return mpi_collective_start(CALL_ALLGATHERV, &args, request);
}

MPI_PUBLIC int MPI_Alltoall(const void *send, int send_count, MPI_Datatype send_type,
                            void *recv, int count, MPI_Datatype type, MPI_Comm comm)
{
    mpi_args args = { { send, send_count, send_type },
                      { recv, count, type },
                      .comm = comm };
    return mpi_collective(CALL_ALLTOALL, &args);
}

MPI_PUBLIC int MPI_Ialltoall(const void *send, int send_count, MPI_Datatype send_type,
                             void *recv, int count, MPI_Datatype type, MPI_Comm comm,
                             MPI_Request *request)
{
    mpi_args args = { { send, send_count, send_type },
                      { recv, count, type },
                      .comm = comm };
    return mpi_collective_start(CALL_ALLTOALL, &args, request);
}

MPI_PUBLIC int MPI_Alltoallv(const void *send, const int send_counts[],
                             const int send_offsets[], MPI_Datatype send_type, void *recv,
                             const int counts[], const int offsets[], MPI_Datatype type,
                             MPI_Comm comm)
{
    mpi_args args = { { send, 0, send_type, send_counts, send_offsets },
                      { recv, 0, type, counts, offsets },
                      .comm = comm };
    return mpi_collective(CALL_ALLTOALLV, &args);
}

MPI_PUBLIC int MPI_Ialltoallv(const void *send, const int send_counts[],
                              const int send_offsets[], MPI_Datatype send_type, void *recv,
                              const int counts[], const int offsets[], MPI_Datatype type,
                              MPI_Comm comm, MPI_Request *request)
{
    mpi_args args = { { send, 0, send_type, send_counts, send_offsets },
                      { recv, 0, type, counts, offsets },
                      .comm = comm };
    return mpi_collective_start(CALL_ALLTOALLV, &args, request);
}
