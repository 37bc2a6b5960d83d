/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regions of a program as phases that ergd is told of. Which regions are phases is as
 * `erg choose --phases` has it: those right inside `work`, else the outermost ones.
 *
 *   Threads  any. A region that begins while another is a phase is not one.
 */
#ifndef ERG_RUN_PHASE_TELLER_H
#define ERG_RUN_PHASE_TELLER_H

#include "base/base.h"

typedef struct erg_phase_teller erg_phase_teller;

erg_phase_teller *erg_phase_teller_new(const char *socket, const char *device,
                                       const char *job, erg_error *err);
void erg_phase_teller_free(erg_phase_teller *teller);

/* teller NULL: nothing. id: not 0. */
void erg_phase_teller_begin(erg_phase_teller *teller, int64_t id, const char *name);
void erg_phase_teller_end(erg_phase_teller *teller, int64_t id);
/* units: of the phase that is now; epoch_s: its own work of a step. Others: nothing. */
void erg_phase_teller_mark(erg_phase_teller *teller, const char *name, double value);

#endif
