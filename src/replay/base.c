/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from meter.c: a window of a trace is another thing than that of a convolution. */
#include "replay/base.h"
#include "trace/window.h"

bool erg_replay_base_of(const erg_trace *trace, int channel, erg_span span,
                        erg_replay_base *out, erg_error *err)
{
    const erg_stream *stream = erg_stream_of(trace, channel, err);
    const char *state = erg_trace_meta(trace, "idle_state");

    if (!stream)
        return false;
    erg_idle idle = erg_idle_of(trace, stream, span);
    *out = (erg_replay_base){ idle.idle_w, idle.u_w,
                              state ? state : erg_idle_policy_name(ERG_IDLE_CONTEXT) };
    return true;
}
