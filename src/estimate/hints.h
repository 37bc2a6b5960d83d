/* SPDX-License-Identifier: Apache-2.0 */
/* A hint on its way to the table, and who collects them. */
#ifndef ERG_ESTIMATE_HINTS_H
#define ERG_ESTIMATE_HINTS_H

#include "estimate/study.h"

enum { ERG_HINTS_MOST = 16, ERG_CHANGE_MOST = 64 };

typedef struct erg_hint {
    const char *name, *condition;
    char change[ERG_CHANGE_MOST], touches[160];
    double saving_j, latency_s, memory_bytes, half_width_j, saving;
    bool for_memory;            /* told for what it saves of the peak, too */
} erg_hint;

typedef struct erg_adviser {
    erg_desk *desk;
    const erg_case *base;
    erg_hint list[ERG_HINTS_MOST];
    size_t count;
} erg_adviser;

extern const double erg_saving_least;   /* of the row's energy: what is worth telling */

/* Tells it if it saves enough. `other`: what the change makes of the adviser's base. */
void erg_hint_weigh(erg_adviser *all, erg_case *other, erg_hint one);

/* What saves memory: another order, weights in 8 bits, activations computed again. */
void erg_hint_try_order(erg_adviser *all);
void erg_hint_try_weights(erg_adviser *all);
void erg_hint_try_checkpoints(erg_adviser *all);

#endif
