/* SPDX-License-Identifier: Apache-2.0 */
/* One trace into another. */
#ifndef ERG_TRACE_IMPORT_COPY_H
#define ERG_TRACE_IMPORT_COPY_H

#include "erg/trace.h"

/* Everything of from, shifted to into's clock through both their anchors. */
bool erg_trace_copy(const erg_trace *from, erg_trace *into, erg_error *err);

#endif
