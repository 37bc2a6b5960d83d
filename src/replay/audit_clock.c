/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the log of power follow the whole where both are stamped? A clock that is seconds
 * off gives every window the joules of what ran beside it. Nothing is moved here.
 */
#include "replay/audit.h"
#include "replay/meter.h"

static const double SEARCH_S = 5;       /* so far off is looked for */

/* The whole up to the nearest other work. */
static erg_span around(const erg_replay *replay, erg_span whole)
{
    erg_span out = { INT64_MIN, INT64_MAX };

    for (size_t i = 0; i < replay->kernel_count; i++) {
        erg_span one = erg_replay_on_clock(replay->trace, replay->kernels[i].span);
        if (one.end_ns > one.begin_ns)
            out = erg_align_apart(out, whole, one);
    }
    return out;
}

bool erg_audit_offset(const erg_replay *replay, erg_offset *out, erg_error *why)
{
    erg_span whole = erg_replay_on_clock(replay->trace, replay->whole.span);
    double window_s = erg_trace_channel(replay->trace, replay->channel)->window_s;
    erg_samples meter;

    meter.at = erg_trace_samples(replay->trace, replay->channel, &meter.count);
    return erg_align_edges(whole, around(replay, whole), meter, window_s, SEARCH_S, out,
                           why);
}

void erg_audit_clock_offset(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    const erg_channel_info *info =
        replay->trace ? erg_trace_channel(replay->trace, replay->channel) : NULL;
    erg_offset found = { 0 };
    erg_error why = { 0 };

    if (!info)
        erg_audit_cannot(out, "no log of power");
    else if (info->method == ERG_METHOD_MODEL || info->quantity != ERG_POWER)
        erg_audit_cannot(out, "no readings of power");
    else if (replay->whole.span.end_ns <= replay->whole.span.begin_ns)
        erg_audit_cannot(out, "the window of the whole is not known");
    else if (!erg_audit_offset(replay, &found, &why))
        erg_audit_cannot(out, "%.190s", why.text);
    else if (erg_offset_is_off(&found))
        erg_audit_fails(out, "the clock of the log is off against that of the timings: "
                             "windows hold joules of others. erg import TIMINGS LOG "
                             "--align moves it; give the result with --power");
    else
        erg_audit_passes(out, "the power follows the whole where both are stamped");
    if (out->state != ERG_AUDIT_NOT_ASSESSABLE)
        erg_audit_shows(out, "fits best moved by %+.3g s (%+.3g .. %+.3g s, 95 %%); "
                             "correlation %.2f there, %.2f as it is", found.offset_s,
                        found.offset_s - 2 * found.offset_u_s,
                        found.offset_s + 2 * found.offset_u_s, found.peak, found.unmoved);
}
