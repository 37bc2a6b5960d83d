/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The measured command: it keeps stdin, stdout, stderr, the signal mask and the
 * foreground of the terminal, because nothing of them is touched.
 */
#ifndef ERG_RUN_SPAWN_H
#define ERG_RUN_SPAWN_H

#include <sys/types.h>
#include "base/base.h"

/* What has run so long will run for longer: it should not cost the command its memory. And
 * again after so long, for what is rarely needed, and what small pieces left behind. */
#define ERG_SETTLED_NS ERG_NS_PER_S
#define ERG_SETTLE_AGAIN_NS (15 * ERG_NS_PER_S)

typedef struct erg_child {
    pid_t pid;
    int fd;                     /* pidfd, or -1 */
    int out;                    /* in: where its stdout goes; 0: where ours does */
    bool own_group;             /* in: a process group of its own, to be stopped as one */
    volatile uint64_t *pass_on; /* in: bit N - 1 is signal N for it; NULL: none */
    int64_t deadline_ns;        /* monotonic: it is ended then; 0: never */
    int64_t settled_ns;         /* monotonic: what only our start needed of memory is given
                                 * back then, and again and again; 0: never */
    bool is_late;               /* out: it was */
} erg_child;

enum { ERG_EXIT_OWN = 125, ERG_EXIT_CANNOT = 126, ERG_EXIT_NOT_FOUND = 127 };

/* ring: value of ERG_RING for it, or NULL. *status is 126 or 127 on failure. */
bool erg_spawn(erg_child *child, char *const argv[], const char *ring, int *status,
               erg_error *err);
/* The status as env(1) hands it on. Signals in *ask_stop (may be NULL) are passed
 * on; a negative one the terminal has given to the command already. */
int erg_spawn_wait(erg_child *child, const volatile int *ask_stop);
/* It is over, though not yet waited for. */
bool erg_spawn_has_ended(const erg_child *child);

#endif
