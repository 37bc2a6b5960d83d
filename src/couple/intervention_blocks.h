/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of a run file that erg_intervene left. */
#ifndef ERG_COUPLE_INTERVENTION_BLOCKS_H
#define ERG_COUPLE_INTERVENTION_BLOCKS_H

#include "couple/intervention.h"

/* free() them. ERG_NO_DATA where the file holds none. */
erg_trial_block *erg_trial_blocks_read(const erg_trace *trace,
                                       const erg_intervention_options *options,
                                       size_t *count, erg_error *err);

#endif
