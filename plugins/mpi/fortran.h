/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open MPI's `use mpi_f08` unpacks handles and optional arguments, and calls the routines
 * of mpif.h by names of its own, in another library: ompi_send_f for mpi_send_.
 */
#ifndef ERG_PLUGIN_MPI_FORTRAN_H
#define ERG_PLUGIN_MPI_FORTRAN_H

#include "mpi/library.h"

/* The routine of that name is in the same file. */
#define FORTRAN_08(name)                                                                   \
    extern __typeof__(mpi_##name##_) ompi_##name##_f                                       \
        __attribute__((alias("mpi_" #name "_"), visibility("default")));

#endif
