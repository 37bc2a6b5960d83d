/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run asks of the hardware, in force for as long as it lasts. Where ergd governs a
 * device it is asked; else the knob is turned here: saved first, read back, put back at the
 * end, and by a second process after a kill.
 *
 * A hint that cannot be had is a row with the reason and the cure, never a failure: the
 * command runs all the same.
 *
 *   Threads  one at a time; one thread of its own tells ergd again and again.
 */
#ifndef ERG_RUN_HINTS_H
#define ERG_RUN_HINTS_H

#include "erg/device.h"
#include "erg/hint.h"
#include "run/recording.h"

typedef struct erg_hints erg_hints;

/* Before the devices are opened. env and the texts of hint must outlive it. */
erg_hints *erg_hints_begin(const erg_env *env, const erg_hint *hint, erg_error *err);
/* Once they are. hints NULL: nothing. */
void erg_hints_apply(erg_hints *hints, erg_devices *devices);
/* Rows for the run file; from now on ergd hears of the phases. */
void erg_hints_keep(const erg_hints *hints, erg_recording *rec);
/* The recording has ended: as it was. NULL is fine. */
void erg_hints_end(erg_hints *hints, erg_devices *devices);

#endif
