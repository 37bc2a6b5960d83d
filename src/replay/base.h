/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERG_REPLAY_BASE_H
#define ERG_REPLAY_BASE_H

#include "erg/trace.h"

/* Idle power over the span by the idle record of the trace, and its standard uncertainty;
 * NAN: none was recorded. False: the channel cannot be read. */
typedef struct erg_replay_base { double w, u_w; const char *policy; } erg_replay_base;
bool erg_replay_base_of(const erg_trace *trace, int channel, erg_span span,
                        erg_replay_base *out, erg_error *err);

#endif
