/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and waits that a program calls: never reordered, only waited for with naps. */
#include <math.h>
#include <stddef.h>
#include "mpi/idle.h"

static bool naps(void)
{
    return mpi_settings()->wait == WAIT_SLEEP || mpi_settings()->wait == WAIT_FREQ;
}

MPI_PUBLIC int MPI_Send(const void *at, int count, MPI_Datatype type, int to, int tag,
                        MPI_Comm comm)
{
    mpi_visit here;
    MPI_Request request;

    if (!mpi_on())
        return PMPI_Send(at, count, type, to, tag, comm);
    mpi_enter(&here, CALL_SEND, mpi_volume(count, type));
    int rc = naps() ? PMPI_Isend(at, count, type, to, tag, comm, &request)
                    : PMPI_Send(at, count, type, to, tag, comm);
    if (naps() && rc == MPI_SUCCESS)
        rc = mpi_idle_one(&here, &request, MPI_STATUS_IGNORE);
    mpi_leave(&here);
    return rc;
}

MPI_PUBLIC int MPI_Recv(void *at, int count, MPI_Datatype type, int from, int tag,
                        MPI_Comm comm, MPI_Status *status)
{
    mpi_visit here;
    MPI_Request request;

    if (!mpi_on())
        return PMPI_Recv(at, count, type, from, tag, comm, status);
    /* Nobody is waited for; MPICH 4.0 forgets to say so in the status of a request. */
    bool waits = naps() && from != MPI_PROC_NULL;
    /* What arrives was counted where it was handed in. */
    mpi_enter(&here, CALL_RECV, NAN);
    int rc = waits ? PMPI_Irecv(at, count, type, from, tag, comm, &request)
                   : PMPI_Recv(at, count, type, from, tag, comm, status);
    if (waits && rc == MPI_SUCCESS)
        rc = mpi_idle_one(&here, &request, status);
    mpi_leave(&here);
    return rc;
}

/* ---- waits ------------------------------------------------------------------------ */

static int test_one(mpi_pending *of, int *done)
{
    return PMPI_Test(of->requests, done, of->statuses);
}

static int test_all(mpi_pending *of, int *done)
{
    return PMPI_Testall(of->count, of->requests, done, of->statuses);
}

static int test_any(mpi_pending *of, int *done)
{
    return PMPI_Testany(of->count, of->requests, of->index, done, of->statuses);
}

static int test_some(mpi_pending *of, int *done)
{
    int rc = PMPI_Testsome(of->count, of->requests, of->index, of->indices, of->statuses);
    *done = *of->index != 0;
    return rc;
}

static int block_one(mpi_pending *of) { return PMPI_Wait(of->requests, of->statuses); }

static int block_all(mpi_pending *of)
{
    return PMPI_Waitall(of->count, of->requests, of->statuses);
}

static int block_any(mpi_pending *of)
{
    return PMPI_Waitany(of->count, of->requests, of->index, of->statuses);
}

static int block_some(mpi_pending *of)
{
    return PMPI_Waitsome(of->count, of->requests, of->index, of->indices, of->statuses);
}

static const struct {
    int (*block)(mpi_pending *of);
    int (*test)(mpi_pending *of, int *done);
} waits[] = {
    [CALL_WAIT - CALL_WAIT] = { block_one, test_one },
    [CALL_WAITALL - CALL_WAIT] = { block_all, test_all },
    [CALL_WAITANY - CALL_WAIT] = { block_any, test_any },
    [CALL_WAITSOME - CALL_WAIT] = { block_some, test_some },
};

static int wait_for(mpi_call_id id, mpi_pending pending)
{
    mpi_visit here;

    if (!mpi_on())
        return waits[id - CALL_WAIT].block(&pending);
    pending.test = waits[id - CALL_WAIT].test;
    mpi_enter(&here, id, NAN);
    int rc = mpi_settings()->wait != WAIT_BUSY ? mpi_idle(&here, &pending)
                                               : waits[id - CALL_WAIT].block(&pending);
    mpi_leave(&here);
    return rc;
}

MPI_PUBLIC int MPI_Wait(MPI_Request *request, MPI_Status *status)
{
    return wait_for(CALL_WAIT,
                    (mpi_pending){ .count = 1, .requests = request, .statuses = status });
}

MPI_PUBLIC int MPI_Waitall(int count, MPI_Request requests[], MPI_Status statuses[])
{
    return wait_for(
        CALL_WAITALL,
        (mpi_pending){ .count = count, .requests = requests, .statuses = statuses });
}

MPI_PUBLIC int MPI_Waitany(int count, MPI_Request requests[], int *index,
                           MPI_Status *status)
{
    return wait_for(CALL_WAITANY, (mpi_pending){ .count = count,
                                                 .requests = requests,
                                                 .index = index,
                                                 .statuses = status });
}

MPI_PUBLIC int MPI_Waitsome(int count, MPI_Request requests[], int *done, int indices[],
                            MPI_Status statuses[])
{
    return wait_for(CALL_WAITSOME, (mpi_pending){ .count = count,
                                                  .requests = requests,
                                                  .index = done,
                                                  .indices = indices,
                                                  .statuses = statuses });
}
