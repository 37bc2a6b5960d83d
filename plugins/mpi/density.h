/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The share of elements that are not 0 in what a rank hands to an all-reduce, looked at in
 * one call of 100: erg advise sparse says below which share sending only them moves less.
 *
 *   Source   section 8.5 of the shaping specification.
 */
#ifndef ERG_PLUGIN_MPI_DENSITY_H
#define ERG_PLUGIN_MPI_DENSITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MPI_DENSITY_EVERY = 100 };

typedef struct mpi_density { double looked, filled; } mpi_density;

/* One of each hundred, the first too. */
bool mpi_density_is_due(uint64_t calls);
/* Elements of 1, 2, 4 or 8 bytes; is_real: of float or double, where -0 is 0 too. Memory
 * that this process cannot read, as a GPU's, is not looked at: nothing is added then. */
void mpi_density_add(mpi_density *to, const void *at, size_t count, size_t bytes,
                     bool is_real);

#endif
