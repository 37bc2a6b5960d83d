/* SPDX-License-Identifier: Apache-2.0 */
/* One trace into another. */
#ifndef ERG_IMPORT_FORMATS_COPY_H
#define ERG_IMPORT_FORMATS_COPY_H

#include "erg/trace.h"

/* Stamps move by shift_ns, and by drift times their distance from pivot_ns. */
typedef struct erg_turn {
    int64_t shift_ns, pivot_ns;
    double drift;
} erg_turn;

/* Everything of from, shifted to into's clock through both their anchors, then turned
 * (NULL: not). A device that has another's name gets a number to it. */
bool erg_trace_copy(const erg_trace *from, erg_trace *into, const erg_turn *turn,
                    erg_error *err);
/* What is added to from's stamps to bring them to into's clock. */
int64_t erg_trace_copy_shift_ns(const erg_trace *from, const erg_trace *into);
/* Is all that from holds in into already? */
bool erg_trace_holds(const erg_trace *into, const erg_trace *from, const erg_turn *turn);

#endif
