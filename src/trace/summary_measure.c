/* SPDX-License-Identifier: Apache-2.0 */
/* The joules of one channel, and in notes why there are none. */
#include "trace/summary.h"
#include "trace/window.h"

/* Reasons for missing figures that are written out; the rows are all there. */
enum { NOTES_MOST = 20 };

static bool has_moved(const erg_trace *trace, int channel, const erg_stretches *where)
{
    const erg_stream *stream = erg_stream_of(trace, channel, NULL);

    for (size_t i = 0; stream && i < where->count; i++)
        if (erg_updates_in(stream, where->spans[i]) > 0)
            return true;
    return !stream;
}

/* A counter that did not move in a window says only what was before and after: power
 * at that time is told beside it, as what it is. */
static bool note_estimate(summary *all, const erg_pick *pick, const erg_stretches *where)
{
    int power = erg_power_beside(all->trace, pick->channel);
    char source[ERG_CHANNEL_PATH_MOST], beside[ERG_CHANNEL_PATH_MOST];
    erg_energy of;

    if (power < 0 || !where->count || all->estimates >= NOTES_MOST
        || erg_trace_channel(all->trace, pick->channel)->kind != ERG_COUNTER
        || has_moved(all->trace, pick->channel, where)
        || !erg_stretches_energy(all->trace, power, where, &of, NULL))
        return true;
    all->estimates++;
    erg_trace_channel_path(all->trace, pick->channel, source);
    erg_trace_channel_path(all->trace, power, beside);
    return erg_result_note(all->result, all->err,
                           "%s did not move in %.3g s; an estimate from "
                           "instant power beside it, %s: %.4g J +- %.2g J.",
                           source, of.window_s, beside, of.energy_j, of.spread_j);
}

/* No figure: its reason becomes a note, the cells stay unmeasured. */
bool erg_summary_measure(summary *all, const erg_pick *pick, const erg_stretches *where,
                         erg_energy *out)
{
    erg_error why = { 0 };
    char source[ERG_CHANNEL_PATH_MOST];

    if (!erg_stretches_energy(all->trace, pick->channel, where, out, &why)) {
        if (why.code == ERG_NO_MEMORY)
            return erg_fail(all->err, why.code, "%s", why.text);
        *out = erg_energy_none();
        out->flags = UINT64_C(1) << ERG_FLAG_NO_DATA;
        erg_trace_channel_path(all->trace, pick->channel, source);
        if (where->count && all->absent++ < NOTES_MOST
            && !erg_result_note(all->result, all->err, "%s: no figure: %s", source,
                                why.text))
            return false;
    }
    /* Flags of the whole trace that lie on this channel and time join its own. */
    out->flags |= erg_flags_on(all->flags, pick->channel, where->spans, where->count);
    return note_estimate(all, pick, where);
}
