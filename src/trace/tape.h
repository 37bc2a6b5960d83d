/* SPDX-License-Identifier: Apache-2.0 */
/* Tapes: one channel as text, "# erg tape 1" (docs/formats.md). */
#ifndef ERG_TRACE_TAPE_H
#define ERG_TRACE_TAPE_H

#include "base/base.h"
#include "erg/trace.h"

/* Adds the tape's device (if there is none of its name), channel and samples. name
 * stands in the sentences: "a.tape line 7: ...". */
bool erg_tape_read(erg_trace *into, const char *name, const char *bytes, size_t size,
                   erg_error *err);
/* Every fact that the energy of the channel depends on, then its samples. */
bool erg_tape_write(const erg_trace *trace, int channel, FILE *out, erg_error *err);

#endif
