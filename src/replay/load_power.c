/* SPDX-License-Identifier: Apache-2.0 */
/* The log of power that saw the run, of those that lie beside its timings. */
#include <math.h>
#include "import/formats/importer.h"
#include "replay/load.h"

static erg_trace *trace_of(const char *path, const char *tz, erg_error *err)
{
    erg_import_options options = { .tz = tz };
    bool is_ours = erg_text_ends(path, ".erg");
    erg_trace *trace = is_ours ? erg_trace_load_aside(path, err) : erg_trace_new(err);

    if (!trace || is_ours
        || (erg_trace_put_events_aside(trace, err)
            && erg_import(trace, path, &options, err)))
        return trace;
    erg_trace_free(trace);
    return NULL;
}

/* Of the whole, and where that is unknown of the kernels; how much of it the log saw, s. */
static double overlap_s(const erg_replay *replay, const erg_trace *trace)
{
    erg_span span = replay->whole.span.end_ns ? replay->whole.span : replay->kernels_span;
    erg_span seen = erg_trace_span(trace);
    int64_t begin_ns = erg_trace_utc_ns(trace, seen.begin_ns);
    int64_t end_ns = begin_ns + (seen.end_ns - seen.begin_ns);

    begin_ns = begin_ns > span.begin_ns ? begin_ns : span.begin_ns;
    end_ns = end_ns < span.end_ns ? end_ns : span.end_ns;
    return end_ns > begin_ns ? erg_s_from_ns(end_ns - begin_ns) : 0;
}

static bool tell_choice(erg_replay *into, const char *path, size_t count, erg_error *err)
{
    double seen_s = into->trace ? overlap_s(into, into->trace) : 0;

    return count < 2
        || erg_replay_note(into, err,
                           "Of %zu logs of power %.80s is read, %s; --power names another",
                           count, erg_path_base(path),
                           seen_s > 0 ? "which saw the run" : "though none saw the run");
}

bool erg_replay_read_power(erg_replay *into, const char *const paths[], size_t count,
                           const char *tz, erg_error *err)
{
    const char *chosen = NULL;

    for (size_t i = 0; i < count; i++) {
        erg_trace *trace = trace_of(paths[i], tz, err);
        if (!trace)
            return false;
        if (into->trace && overlap_s(into, trace) <= overlap_s(into, into->trace)) {
            erg_trace_free(trace);
            continue;
        }
        erg_trace_free(into->trace);
        into->trace = trace;
        chosen = paths[i];
    }
    if (into->trace && isnan(into->whole.time_s))
        erg_replay_whole_from(into, into->trace);
    into->channel = into->trace ? erg_replay_choose_channel(into) : -1;
    into->system = into->trace ? erg_replay_choose_system(into) : -1;
    return tell_choice(into, chosen, count, err);
}
