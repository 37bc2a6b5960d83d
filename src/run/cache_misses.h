/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Misses of the last-level cache of a command and all that it starts, in user mode, by the
 * processor's own counter.
 */
#ifndef ERG_RUN_CACHE_MISSES_H
#define ERG_RUN_CACHE_MISSES_H

#include "base/base.h"

/* Counts what this thread executes by exec(2) from now on. A file descriptor, or -1:
 * ERG_UNSUPPORTED where the processor, or a virtual machine, has no such counter,
 * ERG_NO_ACCESS where Linux does not let this user. */
int erg_cache_misses_open(erg_error *err);
/* Of what has ended. NAN: nothing was counted. Closes it. */
double erg_cache_misses_close(int file);

#endif
