/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that another tool told (kernels, operators), as a signal for erg_align: at which
 * offset does a meter follow it?
 */
#include <math.h>
#include <stdlib.h>
#include "trace/align.h"
#include "trace/events.h"
#include "trace/stream.h"

enum { BINS_MOST = 1 << 18 };
#define REST_NS (4 * ERG_NS_PER_S)

static bool is_work(const erg_align_work *of, const erg_trace_event *event)
{
    erg_trace_event_kind kind = (erg_trace_event_kind)event->kind;
    return erg_kind_is_device(kind) || (!of->on_device && kind == ERG_EVENT_OPERATOR);
}

static bool look(void *self, const erg_trace_event events[], size_t count, erg_error *err)
{
    erg_align_work *of = self;

    (void)err;
    for (size_t i = 0; i < count && !of->on_device; i++)
        of->on_device = erg_kind_is_device((erg_trace_event_kind)events[i].kind);
    return !of->on_device;
}

static bool add_busy(void *self, const erg_trace_event events[], size_t count,
                     erg_error *err)
{
    erg_align_work *of = self;

    (void)err;
    for (size_t i = 0; i < count; i++) {
        int64_t end_ns = events[i].begin_ns + events[i].duration_ns,
                at_ns = events[i].begin_ns;
        if (!is_work(of, &events[i]))
            continue;
        for (at_ns = at_ns > of->told_ns ? at_ns : of->told_ns; at_ns < end_ns;) {
            size_t bin = (size_t)((at_ns - of->span.begin_ns) / of->bin_ns);
            int64_t next_ns = of->span.begin_ns + ((int64_t)bin + 1) * of->bin_ns;
            next_ns = next_ns < end_ns ? next_ns : end_ns;
            of->busy_ns[bin] += (double)(next_ns - at_ns);
            of->told_ns = at_ns = next_ns;
        }
    }
    return true;
}

bool erg_align_work_take(const erg_trace *trace, double period_s, erg_align_work *out,
                         erg_error *err)
{
    int64_t length_ns;

    *out = (erg_align_work){ .span = { trace->events.begin_ns, trace->events.end_ns } };
    if (erg_trace_event_count(trace) == 0)
        return true;
    length_ns = out->span.end_ns - out->span.begin_ns;
    out->bin_ns = erg_ns_from_s(period_s / 8) + 1;
    if (length_ns / out->bin_ns >= BINS_MOST)
        out->bin_ns = length_ns / BINS_MOST + 1;
    out->bins = (size_t)(length_ns / out->bin_ns) + 1;
    out->told_ns = out->span.begin_ns;
    out->busy_ns = calloc(out->bins, sizeof(*out->busy_ns));
    if (!out->busy_ns)
        return erg_fail(err, ERG_NO_MEMORY, "no memory to align %zu events",
                        erg_trace_event_count(trace));
    erg_trace_each_event(trace, look, out, err);
    return erg_trace_each_event(trace, add_busy, out, err);
}

void erg_align_work_free(erg_align_work *work)
{
    free(work->busy_ns);
    *work = (erg_align_work){ 0 };
}

static erg_sample *put(erg_sample *to, int64_t t_ns, double value)
{
    *to = (erg_sample){ .t_ns = t_ns, .value = value };
    return to + 1;
}

/* The work moved by shift_ns, as steps; rests: with nothing before and after. */
static erg_sample *signal_of(const erg_align_work *of, int64_t shift_ns, bool rests,
                             size_t *count)
{
    erg_sample *out = calloc(2 * of->bins + 4, sizeof(*out)), *to = out;
    int64_t begin_ns = of->span.begin_ns + shift_ns, at_ns = begin_ns;

    if (!out)
        return NULL;
    if (rests)
        to = put(put(to, begin_ns - REST_NS, 0), begin_ns, 0);
    for (size_t i = 0; i < of->bins; i++) {
        double share = of->busy_ns[i] / (double)of->bin_ns;
        to = put(to, at_ns, share);
        at_ns = begin_ns + ((int64_t)i + 1) * of->bin_ns;
        to = put(to, at_ns, share);
    }
    if (rests)
        to = put(put(to, at_ns, 0), at_ns + REST_NS, 0);
    *count = (size_t)(to - out);
    return out;
}

bool erg_align_work_match(const erg_align_work *work, int64_t shift_ns, erg_samples meter,
                          double window_s, double most_s, erg_offset *out, erg_error *err)
{
    erg_error first = { 0 };

    *out = (erg_offset){ NAN, NAN, 0, NAN, NAN, NAN };
    if (work->bins == 0)
        return erg_fail(err, ERG_NO_DATA, "no work tells when the load was on");
    for (int rests = 0; rests < 2; rests++) {
        erg_error why = { 0 };
        size_t count;
        erg_sample *signal = signal_of(work, shift_ns, rests, &count);
        if (!signal)
            return erg_fail(err, ERG_NO_MEMORY, "no memory to align events");
        bool good = erg_align((erg_samples){ signal, count }, meter, window_s, most_s, out,
                              &why);
        free(signal);
        /* A reading of one instant does not say when within its period the load rose. */
        out->offset_u_s = hypot(out->offset_u_s,
                                erg_median_step_s(meter.at, meter.count) / sqrt(12));
        if (good)
            return true;
        if (!rests)
            first = why;
    }
    return erg_fail(err, first.code, "%s", first.text);
}

bool erg_offset_is_off(const erg_offset *offset)
{
    const double better = 0.1;

    return fabs(offset->offset_s) > 2 * offset->offset_u_s
        && offset->peak - offset->unmoved >= better;
}
