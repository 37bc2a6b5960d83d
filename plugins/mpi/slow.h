/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of the core on which a rank waits, held at its least meanwhile: cpufreq's
 * scaling_max_freq, of a rank that is bound to one core which shares its clock with none.
 *
 * A second process holds the file and one end of a pipe: when this one is gone, however it
 * died, the pipe ends, and the clock goes back.
 */
#ifndef ERG_PLUGIN_MPI_SLOW_H
#define ERG_PLUGIN_MPI_SLOW_H

#include <stdbool.h>
#include "erg/error.h"

typedef struct mpi_slow {
    int file, guard;            /* scaling_max_freq; the pipe. -1: not open */
    char was[24], least[24];    /* kHz, a line as cpufreq writes it */
} mpi_slow;

/* root: before /sys; cpu: the one that this thread may run on. ERG_NO_ACCESS, ERG_REFUSED:
 * the text says what would help. */
bool mpi_slow_open(mpi_slow *state, const char *root, int cpu, erg_error *err);
/* -1: this thread may run on several. */
int mpi_slow_cpu(void);
bool mpi_slow_down(const mpi_slow *state);
void mpi_slow_up(const mpi_slow *state);
void mpi_slow_close(mpi_slow *state);

#endif
