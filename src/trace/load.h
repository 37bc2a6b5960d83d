/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that is in memory already: for the importer and the fuzz target. */
#ifndef ERG_TRACE_LOAD_H
#define ERG_TRACE_LOAD_H

#include "base/base.h"
#include "erg/trace.h"

/* name stands in the sentences. */
erg_trace *erg_trace_load_bytes(const char *name, const char *bytes, size_t size,
                                erg_error *err);

#endif
