/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ergd lowers the clock of the core on which this process waits. It is asked once, over its
 * socket, and answers with an event file that both share: a counter, to which one is added
 * where a wait begins and one where it is over. Adding never waits, whatever has become of
 * ergd; the connection stays open, and its end, or ours, puts the clock back.
 */
#ifndef ERG_PLUGIN_MPI_ASK_H
#define ERG_PLUGIN_MPI_ASK_H

#include <stdbool.h>
#include <stdint.h>
#include "erg/error.h"

typedef struct mpi_ask { int socket, event; } mpi_ask;     /* -1: not open */

/* socket_path NULL: the usual one. cpu: the one that this process is bound to.
 * ERG_NOT_FOUND: nobody listens; ERG_REFUSED: ergd says why. Waits 1 s at most each way. */
bool mpi_ask_open(mpi_ask *to, const char *socket_path, int cpu, erg_error *err);
/* False: ergd has ended, and nothing was asked. */
bool mpi_ask_slow(mpi_ask *of);
void mpi_ask_fast(const mpi_ask *of);
void mpi_ask_close(mpi_ask *of);

#endif
