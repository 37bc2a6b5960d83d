/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that count from nowhere (ONNX Runtime), put where the power follows them best
 * (measure.md sections 10 and 14). What ran outside of the trace is not known; only where
 * the work inside it does not tell, rest is assumed around it.
 */
#include "import/formats/event_clock.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "import/chrome_work.h"
#include "import/formats/meter_clock.h"

enum { METERS_MOST = 16, BINS_MOST = 1 << 18 };
#define REST_NS (4 * ERG_NS_PER_S)
static const double BEYOND_S = 2;

/* Work by the bin: 0..1 of it, whatever overlaps. */
typedef struct work {
    bool on_device;             /* operators count only where no device worked */
    erg_span span;
    int64_t bin_ns, told_ns;
    double *busy_ns;
    size_t bins;
} work;

static bool is_work(const work *of, const erg_trace_event *event)
{
    erg_trace_event_kind kind = (erg_trace_event_kind)event->kind;
    return erg_kind_is_device(kind) || (!of->on_device && kind == ERG_EVENT_OPERATOR);
}

static bool look(void *self, const erg_trace_event events[], size_t count, erg_error *err)
{
    work *of = self;

    (void)err;
    for (size_t i = 0; i < count && !of->on_device; i++)
        of->on_device = erg_kind_is_device((erg_trace_event_kind)events[i].kind);
    return !of->on_device;
}

static bool add_busy(void *self, const erg_trace_event events[], size_t count,
                     erg_error *err)
{
    work *of = self;

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

/* Bins of an eighth of the meter's period: nothing finer is seen. */
static bool gather(const erg_trace *own, double period_s, work *of, erg_error *err)
{
    int64_t length_ns;

    *of = (work){ .span = erg_trace_span(own) };
    length_ns = of->span.end_ns - of->span.begin_ns;
    of->bin_ns = erg_ns_from_s(period_s / 8) + 1;
    if (length_ns / of->bin_ns >= BINS_MOST)
        of->bin_ns = length_ns / BINS_MOST + 1;
    of->bins = (size_t)(length_ns / of->bin_ns) + 1;
    of->told_ns = of->span.begin_ns;
    of->busy_ns = calloc(of->bins, sizeof(*of->busy_ns));
    if (!of->busy_ns)
        return erg_fail(err, ERG_NO_MEMORY, "no memory to align %zu events",
                        erg_trace_event_count(own));
    erg_trace_each_event(own, look, of, err);
    return erg_trace_each_event(own, add_busy, of, err);
}

static erg_sample *put(erg_sample *to, int64_t t_ns, double value)
{
    *to = (erg_sample){ .t_ns = t_ns, .value = value };
    return to + 1;
}

/* The work moved by shift_ns, as steps; rests: with nothing before and after. */
static erg_sample *signal_of(const work *of, int64_t shift_ns, bool rests, size_t *count)
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

typedef struct asking {
    const erg_trace *into, *own;
    erg_event_clock *found;
    erg_error why;              /* of the first meter that did not tell */
    erg_error *err;
} asking;

static int64_t middle_of(erg_span span)
{
    return span.begin_ns + (span.end_ns - span.begin_ns) / 2;
}

/* By work alone, else with rest around it. */
static bool match(asking *of, const work *done, const erg_meter *meter, erg_offset *out,
                  int64_t *shift_ns)
{
    erg_span record = { meter->samples[0].t_ns, meter->samples[meter->count - 1].t_ns };
    double record_s = erg_s_from_ns(record.end_ns - record.begin_ns);
    double work_s = erg_s_from_ns(done->span.end_ns - done->span.begin_ns);
    /* The shorter lies within the longer: of a part of it many places would do. */
    double most_s = 0.5 * fabs(record_s - work_s) + BEYOND_S;
    bool good = false;

    *shift_ns = middle_of(record) - middle_of(done->span);
    for (int rests = 0; rests < 2 && !good; rests++) {
        erg_error why = { 0 };
        size_t count;
        erg_sample *signal = signal_of(done, *shift_ns, rests, &count);
        if (!signal)
            return erg_fail(&of->why, ERG_NO_MEMORY, "no memory to align events");
        good = erg_align((erg_samples){ signal, count },
                         (erg_samples){ meter->samples, meter->count },
                         meter->window_s, most_s, out, &why);
        free(signal);
        if (!good && !of->why.code)
            of->why = why;
    }
    return good;
}

static bool ask(asking *of, int channel)
{
    const erg_channel_info *info = erg_trace_channel(of->into, channel);
    erg_meter meter = { 0 };
    work done = { 0 };
    erg_offset offset;
    int64_t shift_ns;
    bool good = erg_meter_take(of->into, channel, 0, &meter, of->err);

    if (good && meter.count > 1 && meter.period_s > 0) {
        good = gather(of->own, meter.period_s, &done, of->err);
        if (good && match(of, &done, &meter, &offset, &shift_ns)
            && (!*of->found->by || offset.peak > of->found->offset.peak)) {
            of->found->offset = offset;
            /* A reading of one instant does not say when within
             * its period the load rose. */
            of->found->offset.offset_u_s = hypot(offset.offset_u_s,
                                                 meter.period_s / sqrt(12));
            of->found->turn = (erg_turn){ .shift_ns = shift_ns
                                              - erg_ns_from_s(offset.offset_s) };
            snprintf(of->found->by, sizeof(of->found->by), "%.34s/%.34s",
                     erg_trace_device(of->into, info->device)->name, info->name);
        }
    }
    free(done.busy_ns);
    free(meter.samples);
    return good;
}

bool erg_event_clock_find(const erg_trace *into, const erg_trace *own, const char *name,
                          erg_event_clock *out, erg_error *err)
{
    asking of = { .into = into, .own = own, .found = out, .err = err };
    int asked = 0;

    *out = (erg_event_clock){ 0 };
    for (int i = 0; asked < METERS_MOST && i < (int)erg_trace_channel_count(into); i++) {
        erg_quantity quantity = erg_trace_channel(into, i)->quantity;
        if (quantity != ERG_POWER && quantity != ERG_ENERGY)
            continue;
        asked++;
        if (!ask(&of, i))
            return false;
    }
    if (!*out->by)
        return erg_fail(err, ERG_REFUSED,
                        "%s: its time counts from nowhere, and no power tells "
                        "when it ran (%.110s): say when it began with --start", name,
                        asked ? of.why.text : "there is none in the run");
    out->begin_s = erg_s_from_ns(erg_trace_span(own).begin_ns + out->turn.shift_ns
                                 - erg_trace_span(into).begin_ns);
    return true;
}

/* ---- what is kept -------------------------------------------------------------------- */

static const char *base_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

bool erg_event_clock_keep(erg_trace *into, const char *name, const erg_event_clock *clock,
                          erg_error *err)
{
    char by[80];
    double before_s = 0;
    const char *file = base_of(name), *before = erg_trace_meta(into, "events_clock_u_s");

    snprintf(by, sizeof(by), "events_by:%.55s", file);
    if (before)
        erg_number_parse(before, strlen(before), '.', &before_s);
    return erg_meter_put_number(into, "events_begin_s", file, clock->begin_s, err)
        && erg_meter_put_number(into, "events_begin_u_s", file, clock->offset.offset_u_s,
                                err)
        && erg_meter_put_number(into, "events_correlation", file, clock->offset.peak, err)
        && erg_meter_put_number(into, "events_clock_u_s", NULL,
                                fmax(before_s, clock->offset.offset_u_s), err)
        && erg_trace_set_meta(into, by, clock->by, err);
}
