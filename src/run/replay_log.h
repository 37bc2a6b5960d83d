/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log of power beside our own recorder. Where the file is there already somebody else
 * writes it, by hand; else nvidia-smi does, from before the first idle to after the last.
 */
#ifndef ERG_RUN_REPLAY_LOG_H
#define ERG_RUN_REPLAY_LOG_H

#include "erg/trace.h"
#include "run/spawn.h"

typedef struct erg_replay_log {
    const char *path;           /* NULL: none is wanted */
    bool is_ours;               /* started here */
    erg_child child;
} erg_replay_log;

bool erg_replay_log_begin(erg_replay_log *log, const erg_env *env, erg_error *err);
/* Nothing if it was not started. */
void erg_replay_log_end(erg_replay_log *log);
/* Into a recording of the same time; the first power channel that it added. */
bool erg_replay_log_read(const erg_replay_log *log, const char *tz, erg_trace *into,
                         int *channel, erg_error *err);

#endif
