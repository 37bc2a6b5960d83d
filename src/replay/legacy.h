/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energies as the guide's old tools add them up: a backward sum over the readings inside a
 * window, and runs as stated. Only to compare with what they published.
 */
#ifndef ERG_REPLAY_LEGACY_H
#define ERG_REPLAY_LEGACY_H

#include "replay/replay.h"

typedef struct erg_replay_legacy {
    double whole_j;                     /* all runs; NAN */
    double sum_j, tiers_j[ERG_TIERS];   /* sum n e of the measured; NAN: nothing was */
    double estimated_j;                 /* of kernels without a reading: apart */
    size_t measured, single, estimated; /* single: one reading, P x window */
} erg_replay_legacy;

/* Joules of a window of UTC; *readings behind them. NAN without a reading. */
double erg_replay_legacy_j(const erg_replay *replay, erg_span utc, size_t *readings);
erg_replay_legacy erg_replay_legacy_of(const erg_replay *replay);

#endif
