/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open MPI's mpif.h and `use mpi`: its Fortran symbols go to PMPI without passing the C
 * ones. Names as gfortran and most others write them, lower case and an underscore. What
 * `use mpi_f08` calls comes by the same arguments under Open MPI's own names (fortran.h).
 * MPICH's Fortran symbols call the C ones, so there is nothing to do.
 */
#include <stddef.h>
#include "mpi/fortran.h"

/* Called from Fortran, which no header of C tells of them. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
/* MPI's own signatures; a request is waited for in another call.
 * NOLINTBEGIN(readability-function-size,clang-analyzer-optin.mpi.MPI-Checker) */

/* Open MPI knows special arguments by their address in these common blocks. */
extern int mpi_fortran_in_place_, mpi_fortran_bottom_;

static void *address(void *at)
{
    if (at == &mpi_fortran_in_place_)
        return MPI_IN_PLACE;
    return at == &mpi_fortran_bottom_ ? MPI_BOTTOM : at;
}

/* ---- begin and end -------------------------------------------------------------- */

MPI_PUBLIC void mpi_init_(MPI_Fint *error) { *error = MPI_Init(NULL, NULL); }

MPI_PUBLIC void mpi_init_thread_(MPI_Fint *required, MPI_Fint *provided, MPI_Fint *error)
{
    *error = MPI_Init_thread(NULL, NULL, *required, provided);
}

MPI_PUBLIC void mpi_finalize_(MPI_Fint *error) { *error = MPI_Finalize(); }

/* ---- collectives ------------------------------------------------------------------ */

MPI_PUBLIC void mpi_barrier_(MPI_Fint *comm, MPI_Fint *error)
{
    *error = MPI_Barrier(PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_ibarrier_(MPI_Fint *comm, MPI_Fint *request, MPI_Fint *error)
{
    MPI_Request started = MPI_REQUEST_NULL;
    *error = MPI_Ibarrier(PMPI_Comm_f2c(*comm), &started);
    *request = PMPI_Request_c2f(started);
}

MPI_PUBLIC void mpi_bcast_(void *buffer, MPI_Fint *count, MPI_Fint *type, MPI_Fint *root,
                           MPI_Fint *comm, MPI_Fint *error)
{
    *error = MPI_Bcast(address(buffer), *count, PMPI_Type_f2c(*type), *root,
                       PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_ibcast_(void *buffer, MPI_Fint *count, MPI_Fint *type, MPI_Fint *root,
                            MPI_Fint *comm, MPI_Fint *request, MPI_Fint *error)
{
    MPI_Request started = MPI_REQUEST_NULL;
    *error = MPI_Ibcast(address(buffer), *count, PMPI_Type_f2c(*type), *root,
                        PMPI_Comm_f2c(*comm), &started);
    *request = PMPI_Request_c2f(started);
}

MPI_PUBLIC void mpi_reduce_(void *send, void *recv, MPI_Fint *count, MPI_Fint *type,
                            MPI_Fint *op, MPI_Fint *root, MPI_Fint *comm, MPI_Fint *error)
{
    *error = MPI_Reduce(address(send), address(recv), *count, PMPI_Type_f2c(*type),
                        PMPI_Op_f2c(*op), *root, PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_ireduce_(void *send, void *recv, MPI_Fint *count, MPI_Fint *type,
                             MPI_Fint *op, MPI_Fint *root, MPI_Fint *comm,
                             MPI_Fint *request, MPI_Fint *error)
{
    MPI_Request started = MPI_REQUEST_NULL;
    *error = MPI_Ireduce(address(send), address(recv), *count, PMPI_Type_f2c(*type),
                         PMPI_Op_f2c(*op), *root, PMPI_Comm_f2c(*comm), &started);
    *request = PMPI_Request_c2f(started);
}

MPI_PUBLIC void mpi_allreduce_(void *send, void *recv, MPI_Fint *count, MPI_Fint *type,
                               MPI_Fint *op, MPI_Fint *comm, MPI_Fint *error)
{
    *error = MPI_Allreduce(address(send), address(recv), *count, PMPI_Type_f2c(*type),
                           PMPI_Op_f2c(*op), PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_iallreduce_(void *send, void *recv, MPI_Fint *count, MPI_Fint *type,
                                MPI_Fint *op, MPI_Fint *comm, MPI_Fint *request,
                                MPI_Fint *error)
{
    MPI_Request started = MPI_REQUEST_NULL;
    *error = MPI_Iallreduce(address(send), address(recv), *count, PMPI_Type_f2c(*type),
                            PMPI_Op_f2c(*op), PMPI_Comm_f2c(*comm), &started);
    *request = PMPI_Request_c2f(started);
}

MPI_PUBLIC void mpi_reduce_scatter_(void *send, void *recv, MPI_Fint *counts,
                                    MPI_Fint *type, MPI_Fint *op, MPI_Fint *comm,
                                    MPI_Fint *error)
{
    *error = MPI_Reduce_scatter(address(send), address(recv), counts, PMPI_Type_f2c(*type),
                                PMPI_Op_f2c(*op), PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_ireduce_scatter_(void *send, void *recv, MPI_Fint *counts,
                                     MPI_Fint *type, MPI_Fint *op, MPI_Fint *comm,
                                     MPI_Fint *request, MPI_Fint *error)
{
    MPI_Request started = MPI_REQUEST_NULL;
    *error = MPI_Ireduce_scatter(address(send), address(recv), counts, PMPI_Type_f2c(*type),
                                 PMPI_Op_f2c(*op), PMPI_Comm_f2c(*comm), &started);
    *request = PMPI_Request_c2f(started);
}

MPI_PUBLIC void mpi_reduce_scatter_block_(void *send, void *recv, MPI_Fint *count,
                                          MPI_Fint *type, MPI_Fint *op, MPI_Fint *comm,
                                          MPI_Fint *error)
{
    *error = MPI_Reduce_scatter_block(address(send), address(recv), *count,
                                      PMPI_Type_f2c(*type), PMPI_Op_f2c(*op),
                                      PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_ireduce_scatter_block_(void *send, void *recv, MPI_Fint *count,
                                           MPI_Fint *type, MPI_Fint *op, MPI_Fint *comm,
                                           MPI_Fint *request, MPI_Fint *error)
{
    MPI_Request started = MPI_REQUEST_NULL;
    *error = MPI_Ireduce_scatter_block(address(send), address(recv), *count,
                                       PMPI_Type_f2c(*type), PMPI_Op_f2c(*op),
                                       PMPI_Comm_f2c(*comm), &started);
    *request = PMPI_Request_c2f(started);
}

MPI_PUBLIC void mpi_allgather_(void *send, MPI_Fint *send_count, MPI_Fint *send_type,
                               void *recv, MPI_Fint *count, MPI_Fint *type, MPI_Fint *comm,
                               MPI_Fint *error)
{
    *error = MPI_Allgather(address(send), *send_count, PMPI_Type_f2c(*send_type),
                           address(recv), *count, PMPI_Type_f2c(*type),
                           PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_iallgather_(void *send, MPI_Fint *send_count, MPI_Fint *send_type,
                                void *recv, MPI_Fint *count, MPI_Fint *type, MPI_Fint *comm,
                                MPI_Fint *request, MPI_Fint *error)
{
    MPI_Request started = MPI_REQUEST_NULL;
    *error = MPI_Iallgather(address(send), *send_count, PMPI_Type_f2c(*send_type),
                            address(recv), *count, PMPI_Type_f2c(*type),
                            PMPI_Comm_f2c(*comm), &started);
    *request = PMPI_Request_c2f(started);
}

MPI_PUBLIC void mpi_allgatherv_(void *send, MPI_Fint *send_count, MPI_Fint *send_type,
                                void *recv, MPI_Fint *counts, MPI_Fint *offsets,
                                MPI_Fint *type, MPI_Fint *comm, MPI_Fint *error)
{
    *error = MPI_Allgatherv(address(send), *send_count, PMPI_Type_f2c(*send_type),
                            address(recv), counts, offsets, PMPI_Type_f2c(*type),
                            PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_iallgatherv_(void *send, MPI_Fint *send_count, MPI_Fint *send_type,
                                 void *recv, MPI_Fint *counts, MPI_Fint *offsets,
                                 MPI_Fint *type, MPI_Fint *comm, MPI_Fint *request,
                                 MPI_Fint *error)
{
    MPI_Request started = MPI_REQUEST_NULL;
    *error = MPI_Iallgatherv(address(send), *send_count, PMPI_Type_f2c(*send_type),
                             address(recv), counts, offsets, PMPI_Type_f2c(*type),
                             PMPI_Comm_f2c(*comm), &started);
    *request = PMPI_Request_c2f(started);
}

MPI_PUBLIC void mpi_alltoall_(void *send, MPI_Fint *send_count, MPI_Fint *send_type,
                              void *recv, MPI_Fint *count, MPI_Fint *type, MPI_Fint *comm,
                              MPI_Fint *error)
{
    *error = MPI_Alltoall(address(send), *send_count, PMPI_Type_f2c(*send_type),
                          address(recv), *count, PMPI_Type_f2c(*type),
                          PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_ialltoall_(void *send, MPI_Fint *send_count, MPI_Fint *send_type,
                               void *recv, MPI_Fint *count, MPI_Fint *type, MPI_Fint *comm,
                               MPI_Fint *request, MPI_Fint *error)
{
    MPI_Request started = MPI_REQUEST_NULL;
    *error = MPI_Ialltoall(address(send), *send_count, PMPI_Type_f2c(*send_type),
                           address(recv), *count, PMPI_Type_f2c(*type),
                           PMPI_Comm_f2c(*comm), &started);
    *request = PMPI_Request_c2f(started);
}

MPI_PUBLIC void mpi_alltoallv_(void *send, MPI_Fint *send_counts, MPI_Fint *send_offsets,
                               MPI_Fint *send_type, void *recv, MPI_Fint *counts,
                               MPI_Fint *offsets, MPI_Fint *type, MPI_Fint *comm,
                               MPI_Fint *error)
{
    *error = MPI_Alltoallv(address(send), send_counts, send_offsets,
                           PMPI_Type_f2c(*send_type), address(recv), counts, offsets,
                           PMPI_Type_f2c(*type), PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_ialltoallv_(void *send, MPI_Fint *send_counts, MPI_Fint *send_offsets,
                                MPI_Fint *send_type, void *recv, MPI_Fint *counts,
                                MPI_Fint *offsets, MPI_Fint *type, MPI_Fint *comm,
                                MPI_Fint *request, MPI_Fint *error)
{
    MPI_Request started = MPI_REQUEST_NULL;
    *error = MPI_Ialltoallv(address(send), send_counts, send_offsets,
                            PMPI_Type_f2c(*send_type), address(recv), counts, offsets,
                            PMPI_Type_f2c(*type), PMPI_Comm_f2c(*comm), &started);
    *request = PMPI_Request_c2f(started);
}

/* ---- as `use mpi_f08` calls them -- */

FORTRAN_08(init)
FORTRAN_08(init_thread)
FORTRAN_08(finalize)
FORTRAN_08(barrier)
FORTRAN_08(ibarrier)
FORTRAN_08(bcast)
FORTRAN_08(ibcast)
FORTRAN_08(reduce)
FORTRAN_08(ireduce)
FORTRAN_08(allreduce)
FORTRAN_08(iallreduce)
FORTRAN_08(reduce_scatter)
FORTRAN_08(ireduce_scatter)
FORTRAN_08(reduce_scatter_block)
FORTRAN_08(ireduce_scatter_block)
FORTRAN_08(allgather)
FORTRAN_08(iallgather)
FORTRAN_08(allgatherv)
FORTRAN_08(iallgatherv)
FORTRAN_08(alltoall)
FORTRAN_08(ialltoall)
FORTRAN_08(alltoallv)
FORTRAN_08(ialltoallv)

/* NOLINTEND(readability-function-size,clang-analyzer-optin.mpi.MPI-Checker) */
