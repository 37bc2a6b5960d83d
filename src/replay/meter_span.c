/* SPDX-License-Identifier: Apache-2.0 */
/* One window of a meter: on which clock, with which doubt, of which scope. */
#include <math.h>
#include "erg/energy.h"
#include "replay/meter.h"

erg_span erg_replay_on_clock(const erg_trace *trace, erg_span utc)
{
    int64_t at_ns = erg_trace_span(trace).begin_ns;
    int64_t shift_ns =
        erg_trace_anchor_count(trace) ? erg_trace_utc_ns(trace, at_ns) - at_ns : 0;
    return (erg_span){ utc.begin_ns - shift_ns, utc.end_ns - shift_ns };
}

/* The gain is the same in all windows of a meter: it is counted once, for the sum. */
double erg_replay_without_gain(const erg_energy *seen)
{
    double u_j = 0.5 * seen->spread_j, rest = u_j * u_j - seen->gain_u_j * seen->gain_u_j;
    return sqrt(fmax(rest, 0));
}

bool erg_replay_meter_system(const erg_replay *replay, erg_span span, erg_energy *out)
{
    return replay->system >= 0 && span.end_ns > span.begin_ns
        && erg_trace_energy(replay->trace, replay->system, span, out, NULL)
        && out->samples > 0;
}
