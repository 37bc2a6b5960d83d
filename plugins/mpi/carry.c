/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include "mpi/carry.h"
#include "mpi/idle.h"

/* Naps until every rank has come. */
static int gather_ranks(mpi_visit *here, MPI_Comm comm)
{
    MPI_Request request;
    int ranks = 0, between = 0;

    PMPI_Comm_test_inter(comm, &between);
    PMPI_Comm_size(comm, &ranks);
    if (ranks < 2 && !between)
        return MPI_SUCCESS;
    int rc = PMPI_Ibarrier(comm, &request);
    return rc == MPI_SUCCESS ? mpi_idle_one(here, &request, MPI_STATUS_IGNORE) : rc;
}

/* A sum may round otherwise in the nonblocking form: with `deterministic` it is the plain
 * one that runs, once all are there. */
int mpi_carry(mpi_visit *here, const mpi_form *form, const mpi_args *args)
{
    const mpi_config *config = mpi_settings();
    MPI_Request request;

    if (config->wait == WAIT_BUSY || args->comm == MPI_COMM_NULL)
        return form->block(args);
    if (form != &mpi_forms[CALL_BARRIER]
        && (config->wait == WAIT_SLACK || (config->deterministic && form->reduces))) {
        int rc = gather_ranks(here, args->comm);
        return rc == MPI_SUCCESS ? form->block(args) : rc;
    }
    int rc = form->start(args, &request);
    return rc == MPI_SUCCESS ? mpi_idle_one(here, &request, MPI_STATUS_IGNORE) : rc;
}
