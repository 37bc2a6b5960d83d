/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and waits of Open MPI's Fortran: requests, statuses and indices from one. */
#include <stddef.h>
#include <stdlib.h>
#include "mpi/fortran.h"

/* Called from Fortran, which no header of C tells of them. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
/* MPI's own signatures; a request is waited for in another call.
 * NOLINTBEGIN(readability-function-size,clang-analyzer-optin.mpi.MPI-Checker) */

/* Open MPI knows special arguments by their address in these common blocks. */
extern int mpi_fortran_bottom_, mpi_fortran_status_ignore_, mpi_fortran_statuses_ignore_;

enum { STATUS_INTEGERS = sizeof(MPI_Status) / sizeof(MPI_Fint) };

static void *address(void *at) { return at == &mpi_fortran_bottom_ ? MPI_BOTTOM : at; }

static void tell(const MPI_Status *status, MPI_Fint *to)
{
    if (to != &mpi_fortran_status_ignore_)
        PMPI_Status_c2f(status, to);
}

MPI_PUBLIC void mpi_send_(void *at, MPI_Fint *count, MPI_Fint *type, MPI_Fint *to,
                          MPI_Fint *tag, MPI_Fint *comm, MPI_Fint *error)
{
    *error = MPI_Send(address(at), *count, PMPI_Type_f2c(*type), *to, *tag,
                      PMPI_Comm_f2c(*comm));
}

MPI_PUBLIC void mpi_recv_(void *at, MPI_Fint *count, MPI_Fint *type, MPI_Fint *from,
                          MPI_Fint *tag, MPI_Fint *comm, MPI_Fint *status, MPI_Fint *error)
{
    MPI_Status got;

    *error = MPI_Recv(address(at), *count, PMPI_Type_f2c(*type), *from, *tag,
                      PMPI_Comm_f2c(*comm), &got);
    if (*error == MPI_SUCCESS)
        tell(&got, status);
}

MPI_PUBLIC void mpi_sendrecv_(void *send, MPI_Fint *send_count, MPI_Fint *send_type,
                              MPI_Fint *to, MPI_Fint *send_tag, void *recv,
                              MPI_Fint *count, MPI_Fint *type, MPI_Fint *from,
                              MPI_Fint *tag, MPI_Fint *comm, MPI_Fint *status,
                              MPI_Fint *error)
{
    MPI_Status got;

    *error = MPI_Sendrecv(address(send), *send_count, PMPI_Type_f2c(*send_type), *to,
                          *send_tag, address(recv), *count, PMPI_Type_f2c(*type), *from,
                          *tag, PMPI_Comm_f2c(*comm), &got);
    if (*error == MPI_SUCCESS)
        tell(&got, status);
}

MPI_PUBLIC void mpi_sendrecv_replace_(void *at, MPI_Fint *count, MPI_Fint *type,
                                      MPI_Fint *to, MPI_Fint *send_tag, MPI_Fint *from,
                                      MPI_Fint *tag, MPI_Fint *comm, MPI_Fint *status,
                                      MPI_Fint *error)
{
    MPI_Status got;

    *error = MPI_Sendrecv_replace(address(at), *count, PMPI_Type_f2c(*type), *to, *send_tag,
                                  *from, *tag, PMPI_Comm_f2c(*comm), &got);
    if (*error == MPI_SUCCESS)
        tell(&got, status);
}

MPI_PUBLIC void mpi_wait_(MPI_Fint *request, MPI_Fint *status, MPI_Fint *error)
{
    MPI_Request one = PMPI_Request_f2c(*request);
    MPI_Status got;

    *error = MPI_Wait(&one, &got);
    if (*error != MPI_SUCCESS)
        return;
    *request = PMPI_Request_c2f(one);
    tell(&got, status);
}

/* ---- several requests --------------------------------------------------------------- */

typedef struct several { MPI_Request *requests; MPI_Status *statuses; } several;

static bool take(several *of, int count, const MPI_Fint requests[])
{
    size_t room = count > 0 ? (size_t)count : 1;

    of->requests = calloc(room, sizeof(MPI_Request));
    of->statuses = calloc(room, sizeof(MPI_Status));
    for (int i = 0; of->requests && i < count; i++)
        of->requests[i] = PMPI_Request_f2c(requests[i]);
    return of->requests && of->statuses;
}

/* Hands back the requests, and as many statuses as were filled. */
static void give(several *of, int count, MPI_Fint requests[], int filled,
                 MPI_Fint statuses[])
{
    for (int i = 0; i < count; i++)
        requests[i] = PMPI_Request_c2f(of->requests[i]);
    for (int i = 0; i < filled && statuses != &mpi_fortran_statuses_ignore_; i++)
        PMPI_Status_c2f(&of->statuses[i], statuses + (ptrdiff_t)i * STATUS_INTEGERS);
}

static void drop(several *of)
{
    free(of->requests);
    free(of->statuses);
}

MPI_PUBLIC void mpi_start_(MPI_Fint *request, MPI_Fint *error)
{
    MPI_Request one = PMPI_Request_f2c(*request);

    *error = MPI_Start(&one);
    if (*error == MPI_SUCCESS)
        *request = PMPI_Request_c2f(one);
}

MPI_PUBLIC void mpi_startall_(MPI_Fint *count, MPI_Fint requests[], MPI_Fint *error)
{
    several of;

    *error = MPI_ERR_NO_MEM;
    if (take(&of, *count, requests)) {
        *error = MPI_Startall(*count, of.requests);
        give(&of, *count, requests, 0, NULL);
    }
    drop(&of);
}

MPI_PUBLIC void mpi_waitall_(MPI_Fint *count, MPI_Fint requests[], MPI_Fint statuses[],
                             MPI_Fint *error)
{
    several of;

    *error = MPI_ERR_NO_MEM;
    if (take(&of, *count, requests)) {
        *error = MPI_Waitall(*count, of.requests, of.statuses);
        give(&of, *count, requests, *count, statuses);
    }
    drop(&of);
}

MPI_PUBLIC void mpi_waitany_(MPI_Fint *count, MPI_Fint requests[], MPI_Fint *index,
                             MPI_Fint *status, MPI_Fint *error)
{
    several of;

    *error = MPI_ERR_NO_MEM;
    if (take(&of, *count, requests)) {
        *error = MPI_Waitany(*count, of.requests, index, of.statuses);
        give(&of, *count, requests, 0, status);
        tell(of.statuses, status);
        *index += *index != MPI_UNDEFINED;
    }
    drop(&of);
}

MPI_PUBLIC void mpi_waitsome_(MPI_Fint *count, MPI_Fint requests[], MPI_Fint *done,
                              MPI_Fint indices[], MPI_Fint statuses[], MPI_Fint *error)
{
    several of;

    *error = MPI_ERR_NO_MEM;
    if (take(&of, *count, requests)) {
        *error = MPI_Waitsome(*count, of.requests, done, indices, of.statuses);
        int filled = *done == MPI_UNDEFINED ? 0 : *done;
        give(&of, *count, requests, filled, statuses);
        for (int i = 0; i < filled; i++)
            indices[i]++;
    }
    drop(&of);
}

/* ---- as `use mpi_f08` calls them -- */

FORTRAN_08(send)
FORTRAN_08(recv)
FORTRAN_08(sendrecv)
FORTRAN_08(sendrecv_replace)
FORTRAN_08(wait)
FORTRAN_08(start)
FORTRAN_08(startall)
FORTRAN_08(waitall)
FORTRAN_08(waitany)
FORTRAN_08(waitsome)

/* NOLINTEND(readability-function-size,clang-analyzer-optin.mpi.MPI-Checker) */
