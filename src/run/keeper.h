/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second process that outlives this one by a moment: it holds one end of a pipe, and when
 * this one is gone, however it died, it puts back what was left turned.
 */
#ifndef ERG_RUN_KEEPER_H
#define ERG_RUN_KEEPER_H

#include <sys/types.h>
#include "base/base.h"

typedef struct erg_keeper {
    pid_t pid;
    int fd;                     /* -1: none runs */
} erg_keeper;

/* Before a vendor's library is opened or a thread is begun: the child shares neither. */
bool erg_keeper_begin(const erg_env *env, erg_keeper *out, erg_error *err);
/* All is back: it may go. One that does not run is fine. */
void erg_keeper_end(erg_keeper *keeper);

#endif
