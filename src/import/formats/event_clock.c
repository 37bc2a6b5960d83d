/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that count from nowhere (ONNX Runtime), put where the power follows them best; and
 * events with a date, of a clock that may be off.
 */
#include "import/formats/event_clock.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "import/formats/meter_clock.h"

enum { METERS_MOST = 16 };
static const double BEYOND_S = 2, USUAL_MOST_S = 5;

typedef struct asking {
    const erg_trace *into, *own;
    erg_event_clock *found;
    bool has_date;              /* then shift_ns brings own to into's clock, and it may be
                                 * most_s off */
    int64_t shift_ns;
    double most_s;
    erg_error why;              /* of the first meter that did not tell */
    erg_error *err;
} asking;

static int64_t middle_of(erg_span span)
{
    return span.begin_ns + (span.end_ns - span.begin_ns) / 2;
}

/* Where to look for work without a date: the shorter record lies within the longer, of a
 * part of it many places would do. */
static void look_everywhere(const erg_align_work *done, const erg_meter *meter,
                            int64_t *shift_ns, double *most_s)
{
    erg_span record = { meter->samples[0].t_ns, meter->samples[meter->count - 1].t_ns };
    double record_s = erg_s_from_ns(record.end_ns - record.begin_ns);
    double work_s = erg_s_from_ns(done->span.end_ns - done->span.begin_ns);

    *most_s = 0.5 * fabs(record_s - work_s) + BEYOND_S;
    *shift_ns = middle_of(record) - middle_of(done->span);
}

static void keep_if_better(asking *of, int channel, const erg_offset *offset,
                           int64_t shift_ns)
{
    const erg_channel_info *info = erg_trace_channel(of->into, channel);

    if (*of->found->by && offset->peak <= of->found->offset.peak)
        return;
    of->found->offset = *offset;
    of->found->turn = (erg_turn){ .shift_ns = shift_ns - erg_ns_from_s(offset->offset_s) };
    snprintf(of->found->by, sizeof(of->found->by), "%.34s/%.34s",
             erg_trace_device(of->into, info->device)->name, info->name);
}

static bool ask(asking *of, int channel)
{
    erg_meter meter = { 0 };
    erg_align_work done = { 0 };
    erg_offset offset;
    erg_error why = { 0 };
    int64_t shift_ns = of->shift_ns;
    double most_s = of->most_s;
    bool good = erg_meter_take(of->into, channel, 0, &meter, of->err);

    if (good && meter.count > 1 && meter.period_s > 0) {
        good = erg_align_work_take(of->own, meter.period_s, &done, of->err);
        if (good && !of->has_date)
            look_everywhere(&done, &meter, &shift_ns, &most_s);
        if (good && erg_align_work_match(&done, shift_ns,
                                         (erg_samples){ meter.samples, meter.count },
                                         meter.window_s, most_s, &offset, &why))
            keep_if_better(of, channel, &offset, of->has_date ? 0 : shift_ns);
        else if (good && !of->why.code)
            of->why = why;
    }
    erg_align_work_free(&done);
    free(meter.samples);
    return good;
}

static bool ask_all(asking *of, int *asked)
{
    *asked = 0;
    for (int i = 0; *asked < METERS_MOST && i < (int)erg_trace_channel_count(of->into);
         i++) {
        erg_quantity quantity = erg_trace_channel(of->into, i)->quantity;
        if (quantity != ERG_POWER && quantity != ERG_ENERGY)
            continue;
        ++*asked;
        if (!ask(of, i))
            return false;
    }
    return true;
}

bool erg_event_clock_find(const erg_trace *into, const erg_trace *own, const char *name,
                          erg_event_clock *out, erg_error *err)
{
    asking of = { .into = into, .own = own, .found = out, .err = err };
    int asked;

    *out = (erg_event_clock){ 0 };
    if (!ask_all(&of, &asked))
        return false;
    if (!*out->by)
        return erg_fail(err, ERG_REFUSED,
                        "%s: its time counts from nowhere, and no power tells "
                        "when it ran (%.110s): say when it began with --start", name,
                        asked ? of.why.text : "there is none in the run");
    out->begin_s = erg_s_from_ns(erg_trace_span(own).begin_ns + out->turn.shift_ns
                                 - erg_trace_span(into).begin_ns);
    return true;
}

bool erg_event_clock_check(const erg_trace *into, const erg_trace *own, double most_s,
                           erg_event_clock *out, erg_error *why, erg_error *err)
{
    asking of = { .into = into, .own = own, .found = out, .err = err, .has_date = true,
                  .shift_ns = erg_trace_copy_shift_ns(own, into),
                  .most_s = most_s > 0 ? most_s : USUAL_MOST_S };
    int asked;

    *out = (erg_event_clock){ 0 };
    if (!ask_all(&of, &asked))
        return false;
    *why = of.why;
    /* A stamp that may well be right is left as it is. */
    if (*out->by && !erg_offset_is_off(&out->offset))
        out->turn.shift_ns = 0;
    out->has_date = true;
    out->begin_s = erg_s_from_ns(erg_trace_span(own).begin_ns + of.shift_ns
                                 + out->turn.shift_ns - erg_trace_span(into).begin_ns);
    return true;
}

/* ---- what is kept -------------------------------------------------------------------- */

bool erg_event_clock_keep(erg_trace *into, const char *name, const erg_event_clock *clock,
                          erg_error *err)
{
    char by[80];
    double before_s = 0, moved_s = erg_s_from_ns(clock->turn.shift_ns);
    double u_s = clock->has_date && moved_s == 0 ? 0 : clock->offset.offset_u_s;
    const char *file = erg_path_base(name);
    const char *before = erg_trace_meta(into, "events_clock_u_s");

    snprintf(by, sizeof(by), "events_by:%.55s", file);
    if (before)
        erg_number_parse(before, strlen(before), '.', &before_s);
    return erg_meter_put_number(into, "events_begin_s", file, clock->begin_s, err)
        && erg_meter_put_number(into, "events_begin_u_s", file, clock->offset.offset_u_s,
                                err)
        && erg_meter_put_number(into, "events_correlation", file, clock->offset.peak, err)
        && erg_meter_put_number(into, "events_clock_u_s", NULL,
                                fmax(before_s, u_s), err)
        && (!clock->has_date
            || erg_meter_put_number(into, "events_moved_s", file, moved_s, err))
        && erg_trace_set_meta(into, by, clock->by, err);
}

bool erg_event_clock_keep_doubt(erg_trace *into, const char *name, const erg_error *why,
                                erg_error *err)
{
    char key[80];

    snprintf(key, sizeof(key), "events_doubt:%.55s", erg_path_base(name));
    return erg_trace_set_meta(into, key, why->text, err);
}
