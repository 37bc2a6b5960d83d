/* SPDX-License-Identifier: Apache-2.0 */
/* Messages both ways at once, and the starts of persistent requests. */
#include <math.h>
#include <stdlib.h>
#include "mpi/idle.h"

/* NOLINTBEGIN(readability-function-size) MPI's own signatures. */

typedef struct both { MPI_Request in, out; } both;

static bool naps(void)
{
    return mpi_settings()->wait == WAIT_SLEEP || mpi_settings()->wait == WAIT_FREQ;
}

/* The first fault counts; what has begun is waited for all the same. */
static int finish(mpi_visit *here, both *of, MPI_Status *status)
{
    int rc_in = mpi_idle_one(here, &of->in, status);
    int rc_out = mpi_idle_one(here, &of->out, MPI_STATUS_IGNORE);

    return rc_in != MPI_SUCCESS ? rc_in : rc_out;
}

/* What was to be received will not be: the call has failed. */
static void give_up(MPI_Request *request)
{
    if (PMPI_Cancel(request) == MPI_SUCCESS)
        PMPI_Request_free(request);
}

MPI_PUBLIC int MPI_Sendrecv(const void *send, int send_count, MPI_Datatype send_type,
                            int to, int send_tag, void *recv, int count, MPI_Datatype type,
                            int from, int tag, MPI_Comm comm, MPI_Status *status)
{
    mpi_visit here;
    both of;

    if (!mpi_on())
        return PMPI_Sendrecv(send, send_count, send_type, to, send_tag, recv, count, type,
                             from, tag, comm, status);
    mpi_enter(&here, CALL_SENDRECV, mpi_volume(send_count, send_type));
    /* MPICH 4.0 forgets to say in a request's status that nobody was there. */
    bool waits = naps() && from != MPI_PROC_NULL;
    int rc = waits ? PMPI_Irecv(recv, count, type, from, tag, comm, &of.in)
                   : PMPI_Sendrecv(send, send_count, send_type, to, send_tag, recv, count,
                                   type, from, tag, comm, status);
    if (waits && rc == MPI_SUCCESS) {
        rc = PMPI_Isend(send, send_count, send_type, to, send_tag, comm, &of.out);
        if (rc == MPI_SUCCESS)
            rc = finish(&here, &of, status);
        else
            give_up(&of.in);
    }
    mpi_leave(&here);
    return rc;
}

/* ---- in place ------------------------------------------------------------------------ */

/* A packed copy of what goes out; NULL: it cannot be made. */
static void *pack(const void *at, int count, MPI_Datatype type, MPI_Comm comm, int *size)
{
    int room, used = 0;

    if (PMPI_Pack_size(count, type, comm, &room) != MPI_SUCCESS || room < 0)
        return NULL;
    void *copy = malloc(room ? (size_t)room : 1);
    if (copy && PMPI_Pack(at, count, type, copy, room, &used, comm) == MPI_SUCCESS) {
        *size = used;
        return copy;
    }
    free(copy);
    return NULL;
}

typedef struct mail { int to, send_tag, from, tag; MPI_Comm comm; } mail;

static int replace(mpi_visit *here, void *at, int count, MPI_Datatype type, const mail *by,
                   MPI_Status *status)
{
    bool waits = naps() && by->from != MPI_PROC_NULL && count >= 0
        && type != MPI_DATATYPE_NULL && by->comm != MPI_COMM_NULL;
    int size = 0;
    void *copy = waits ? pack(at, count, type, by->comm, &size) : NULL;
    both of;

    if (!copy)
        return PMPI_Sendrecv_replace(at, count, type, by->to, by->send_tag, by->from,
                                     by->tag, by->comm, status);
    int rc = PMPI_Irecv(at, count, type, by->from, by->tag, by->comm, &of.in);
    if (rc == MPI_SUCCESS) {
        rc = PMPI_Isend(copy, size, MPI_PACKED, by->to, by->send_tag, by->comm, &of.out);
        if (rc == MPI_SUCCESS)
            rc = finish(here, &of, status);
        else
            give_up(&of.in);
    }
    free(copy);
    return rc;
}

MPI_PUBLIC int MPI_Sendrecv_replace(void *at, int count, MPI_Datatype type, int to,
                                    int send_tag, int from, int tag, MPI_Comm comm,
                                    MPI_Status *status)
{
    const mail by = { to, send_tag, from, tag, comm };
    mpi_visit here;

    if (!mpi_on())
        return PMPI_Sendrecv_replace(at, count, type, to, send_tag, from, tag, comm,
                                     status);
    mpi_enter(&here, CALL_SENDRECV_REPLACE, mpi_volume(count, type));
    int rc = replace(&here, at, count, type, &by, status);
    mpi_leave(&here);
    return rc;
}

/* ---- persistent requests: only counted, for a start must not wait -- */

MPI_PUBLIC int MPI_Start(MPI_Request *request)
{
    mpi_visit here;

    if (!mpi_on())
        return PMPI_Start(request);
    mpi_enter(&here, CALL_START, NAN);
    int rc = PMPI_Start(request);
    mpi_leave(&here);
    return rc;
}

MPI_PUBLIC int MPI_Startall(int count, MPI_Request requests[])
{
    mpi_visit here;

    if (!mpi_on())
        return PMPI_Startall(count, requests);
    mpi_enter(&here, CALL_STARTALL, NAN);
    int rc = PMPI_Startall(count, requests);
    mpi_leave(&here);
    return rc;
}

/* NOLINTEND(readability-function-size) */
