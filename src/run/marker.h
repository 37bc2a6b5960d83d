/* SPDX-License-Identifier: Apache-2.0 */
/* The marker load that finds a meter's clock. */
#ifndef ERG_RUN_MARKER_H
#define ERG_RUN_MARKER_H

#include "run/recording.h"

/* 31 chips of 4 s, four intervals of a 1 Hz meter: every core works or rests; each
 * working stretch is a region "marker". */
void erg_marker_play(erg_recording *rec, const erg_env *env, const volatile int *ask_stop);

#endif
