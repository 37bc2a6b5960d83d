/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kernels are held against: a launch that does nothing, and two kernels of the plan
 * that are timed again and again. One computes, hot, and one streams, cold: neighbours take
 * the clock from one and the bus from the other.
 */
#ifndef ERG_RUN_REPLAY_REFERENCE_H
#define ERG_RUN_REPLAY_REFERENCE_H

#include "run/replay_bench.h"

enum { ERG_COMPUTES, ERG_STREAMS };     /* of bench->references and bench->drifts */

/* Whether it moves more than it computes. */
bool erg_replay_streams(const erg_signature *signature);
/* Fills bench->empty_s. */
bool erg_replay_time_empty(erg_replay_bench *bench, erg_error *err);
bool erg_replay_find_references(erg_replay_bench *bench, erg_error *err);
/* One point more of each drift. */
bool erg_replay_time_references(erg_replay_bench *bench, erg_error *err);

#endif
