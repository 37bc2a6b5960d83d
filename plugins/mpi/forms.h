/* SPDX-License-Identifier: Apache-2.0 */
/* The collectives, each in its blocking and its nonblocking form, as one table. */
#ifndef ERG_PLUGIN_MPI_FORMS_H
#define ERG_PLUGIN_MPI_FORMS_H

#include "mpi/library.h"

typedef struct mpi_side {
    const void *at;
    int count;
    MPI_Datatype type;
    const int *counts, *offsets;    /* by rank; NULL: count holds for each */
} mpi_side;

/* What a program handed to a collective. Both sides are filled for one buffer. */
typedef struct mpi_args {
    mpi_side send, recv;
    MPI_Op op;
    int root;
    MPI_Comm comm;
} mpi_args;

/* How the bytes that a rank hands in follow from its arguments. */
typedef enum mpi_extent {
    EXTENT_NONE,                /* nothing */
    EXTENT_ONE,                 /* count elements */
    EXTENT_EACH,                /* count elements for each rank */
    EXTENT_SUM,                 /* all of counts */
    EXTENT_OWN                  /* count, or in place the own one of counts */
} mpi_extent;

typedef struct mpi_form {
    int (*block)(const mpi_args *args);
    int (*start)(const mpi_args *args, MPI_Request *request);
    mpi_extent extent;
    bool reduces;               /* its rounding may differ between the two forms */
    bool cuts;                  /* element by element: pieces give the same */
} mpi_form;

extern const mpi_form mpi_forms[CALL_COLLECTIVES];

double mpi_args_bytes(const mpi_form *form, const mpi_args *args);
/* The blocking form shaped as configured. */
int mpi_collective(mpi_call_id id, const mpi_args *args);
/* The nonblocking form, only counted: it must not wait for anybody. */
int mpi_collective_start(mpi_call_id blocking, const mpi_args *args, MPI_Request *request);

#endif
