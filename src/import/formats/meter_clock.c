/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of an imported meter: which of its channels to
 * ask, what in the run tells when the load was on, and whom to believe.
 *
 * A marker was played for this and is asked first. Else the regions (or the edges of the
 * longest), the work that a profiler stamped and each sensor of the run that is faster than
 * the meter are tried, and the best match counts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "trace/align.h"
#include "import/formats/meter_clock.h"
#include "trace/stream.h"

enum { SENSORS_MOST = 16, READINGS_MOST = 20000 };

static const double usual_most_s = 5;
/* Four seconds of rest before the marker, and its last two chips. */
#define BEFORE_NS (4 * ERG_NS_PER_S)
#define AFTER_NS (8 * ERG_NS_PER_S)

typedef struct search {
    const erg_trace *into;
    erg_meter meter;
    double most_s;
    bool fits_twice;            /* the regions do: then none of them alone tells */
    erg_meter_clock *found;
} search;

/* ---- the meter --------------------------------------------------------------- */

/* The channel that stands for the file: its first with watts, else with joules. */
static int meter_channel(const erg_trace *own)
{
    static const erg_quantity wanted[] = { ERG_POWER, ERG_ENERGY };
    size_t count;

    for (size_t k = 0; k < ERG_COUNT(wanted); k++)
        for (int i = 0; i < (int)erg_trace_channel_count(own); i++)
            if (erg_trace_channel(own, i)->quantity == wanted[k]
                && erg_trace_samples(own, i, &count) && count > 0)
                return i;
    return -1;
}

/* A counter's joules become the mean watts between two readings. */
static double value_at(const erg_channel_info *info, const erg_sample *at, bool is_first)
{
    if (info->quantity == ERG_POWER)
        return at->value;
    double dt_s = is_first ? 0 : erg_s_from_ns(at->t_ns - at[-1].t_ns);
    return dt_s > 0 && at->value >= at[-1].value ? (at->value - at[-1].value) / dt_s : NAN;
}

/* They may be more than memory holds, and every n-th tells as much of a clock. */
bool erg_meter_take(const erg_trace *own, int channel, int64_t shift_ns, erg_meter *to,
                    erg_error *err)
{
    const erg_channel_info *info = erg_trace_channel(own, channel);
    size_t count;
    const erg_sample *from = erg_trace_samples(own, channel, &count);
    size_t stride = count / READINGS_MOST + 1;

    to->count = 0;
    to->samples = calloc(count / stride + 2, sizeof(*to->samples));
    if (!to->samples)
        return erg_fail(err, ERG_NO_MEMORY, "no memory to align %zu samples", count);
    if (info->delay_s > 0)
        shift_ns -= erg_ns_from_s(info->delay_s);
    for (size_t i = 0; i < count; i++) {
        erg_samples_pass(own, channel, i);
        if (i % stride == 0 || i + 1 == count)
            to->samples[to->count++] = (erg_sample){
                .t_ns = from[i].t_ns + shift_ns,
                .value = value_at(info, &from[i], i == 0),
            };
    }
    erg_samples_rest(own, channel);
    to->period_s = erg_samples_step_s(own, channel);
    to->window_s = info->window_s > 0 ? info->window_s : 0;
    if (info->quantity == ERG_ENERGY)
        to->window_s = to->period_s;
    return true;
}

/* ---- what the run knows of its load ---------------------------------------------- */

/* found NULL: it did not tell, for the reason why. */
static void keep_best(search *with, const erg_offset *found, const erg_error *why,
                      const char *by)
{
    if (found && (!*with->found->by || found->peak > with->found->offset.peak)) {
        with->found->offset = *found;
        erg_text_put(with->found->by, sizeof(with->found->by), by);
    }
    if (!found && !with->found->why.code)
        with->found->why = *why;
}

static void consult(search *with, const erg_sample reference[], size_t count,
                    const char *by)
{
    erg_error why = { 0 };
    erg_offset found;

    bool good = erg_align((erg_samples){ reference, count },
                          (erg_samples){ with->meter.samples, with->meter.count },
                          with->meter.window_s, with->most_s, &found, &why);
    with->fits_twice |= !good && found.peak >= 0.7;
    keep_best(with, good ? &found : NULL, &why, by);
}

static erg_sample *edge(erg_sample *to, int64_t t_ns, double before, double after)
{
    to[0] = (erg_sample){ .t_ns = t_ns, .value = before };
    to[1] = (erg_sample){ .t_ns = t_ns, .value = after };
    return to + 2;
}

/* Only the marker: what ran before and after it is not known by it. */
static bool consult_marker(search *with, erg_error *err)
{
    size_t regions = erg_trace_region_count(with->into);
    erg_sample *reference = calloc(4 * regions + 2, sizeof(*reference)), *to = reference;

    if (!reference)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu regions", regions);
    for (size_t i = 0; i < regions; i++) {
        const erg_region *one = erg_trace_region(with->into, i);
        if (strcmp(one->name, "marker") != 0 || one->end_ns == INT64_MAX)
            continue;
        if (to == reference)
            *to++ = (erg_sample){ .t_ns = one->begin_ns - BEFORE_NS };
        to = edge(edge(to, one->begin_ns, 0, 1), one->end_ns, 1, 0);
    }
    if (to > reference) {
        to[0] = (erg_sample){ .t_ns = to[-1].t_ns + AFTER_NS };
        consult(with, reference, (size_t)(to + 1 - reference), "marker");
    }
    free(reference);
    return true;
}

static void consult_regions(search *with)
{
    erg_error none = { 0 };
    size_t count = 0;
    erg_sample *activity = erg_align_activity(with->into, &count, &none);

    if (activity)
        consult(with, activity, count, "regions");
    free(activity);
}

static bool is_load(const erg_region *region)
{
    return region->end_ns != INT64_MAX && strncmp(region->name, "idle", 4) != 0;
}

static int64_t length_ns(const erg_region *region)
{
    return region ? region->end_ns - region->begin_ns : 0;
}

/* The longest, if none of the others could be taken for it; NULL. */
static const erg_region *one_that_stands_out(const erg_trace *trace)
{
    const erg_region *longest = NULL, *second = NULL;

    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *one = erg_trace_region(trace, i);
        if (!is_load(one))
            continue;
        if (length_ns(one) > length_ns(longest)) {
            second = longest;
            longest = one;
        } else if (length_ns(one) > length_ns(second))
            second = one;
    }
    return length_ns(longest) > 2 * length_ns(second) ? longest : NULL;
}

/* Of regions that draw unlike power the longest alone may tell. */
static void consult_edges(search *with)
{
    const erg_region *longest = one_that_stands_out(with->into);
    erg_span within = { INT64_MIN, INT64_MAX };
    erg_offset found;
    erg_error why = { 0 };

    if (!longest)
        return;
    erg_span load = { longest->begin_ns, longest->end_ns };
    for (size_t i = 0; i < erg_trace_region_count(with->into); i++) {
        const erg_region *one = erg_trace_region(with->into, i);
        if (is_load(one))
            within = erg_align_apart(within, load,
                                     (erg_span){ one->begin_ns, one->end_ns });
    }
    bool good = erg_align_edges(load, within,
                                (erg_samples){ with->meter.samples, with->meter.count },
                                with->meter.window_s, with->most_s, &found, &why);
    keep_best(with, good ? &found : NULL, &why, "longest region");
}

/* Work that a profiler stamped; what ran beside it is not known by it. */
static bool consult_events(search *with, erg_error *err)
{
    erg_samples meter = { with->meter.samples, with->meter.count };
    erg_align_work work = { 0 };
    erg_error why = { 0 };
    erg_offset found;

    if (erg_trace_event_count(with->into) == 0 || !(with->meter.period_s > 0))
        return true;
    if (!erg_align_work_take(with->into, with->meter.period_s, &work, err))
        return false;
    bool good = erg_align_work_match(&work, 0, meter, with->meter.window_s, with->most_s,
                                     &found, &why);
    keep_best(with, good ? &found : NULL, &why, "events");
    erg_align_work_free(&work);
    return true;
}

static bool consult_sensor(search *with, int channel, erg_error *err)
{
    const erg_stream *stream = erg_stream_of(with->into, channel, NULL);
    const erg_channel_info *info = erg_trace_channel(with->into, channel);
    char by[80];
    size_t count;

    if (!stream || !(stream->update_s <= 0.5 * with->meter.period_s))
        return true;
    erg_sample *reference = erg_align_sensor(stream, ERG_ALIGN_READINGS, &count, err);
    if (!reference)
        return false;
    snprintf(by, sizeof(by), "%.34s/%.34s",
             erg_trace_device(with->into, info->device)->name, info->name);
    consult(with, reference, count, by);
    free(reference);
    return true;
}

static bool consult_all(search *with, erg_error *err)
{
    int asked = 0;
    bool good = consult_marker(with, err);

    if (!good || *with->found->by)
        return good;
    consult_regions(with);
    if (!*with->found->by && !with->fits_twice)
        consult_edges(with);
    good = consult_events(with, err);
    for (int i = 0; good && asked < SENSORS_MOST
                    && i < (int)erg_trace_channel_count(with->into); i++) {
        erg_quantity quantity = erg_trace_channel(with->into, i)->quantity;
        if (quantity != ERG_POWER && quantity != ERG_ENERGY)
            continue;
        asked++;
        good = consult_sensor(with, i, err);
    }
    return good;
}

/* ---- what was found ------------------------------------------------------------------ */

bool erg_meter_put_number(erg_trace *into, const char *key, const char *of, double value,
                          erg_error *err)
{
    char name[80], text[40];
    snprintf(name, sizeof(name), "%s%s%.55s", key, of ? ":" : "", of ? of : "");
    snprintf(text, sizeof(text), "%.9g", value);
    return erg_trace_set_meta(into, name, text, err);
}

static bool keep_found(erg_trace *into, const char *device, const erg_meter_clock *clock,
                       erg_error *err)
{
    char by[80];
    snprintf(by, sizeof(by), "clock_offset_by:%s", device);
    return erg_meter_put_number(into, "clock_offset_s", device, clock->offset.offset_s, err)
        && erg_meter_put_number(into, "clock_offset_u_s", device, clock->offset.offset_u_s,
                                err)
        && erg_meter_put_number(into, "clock_drift", device, clock->offset.drift, err)
        && erg_meter_put_number(into, "clock_correlation", device, clock->offset.peak, err)
        && erg_trace_set_meta(into, by, clock->by, err);
}

bool erg_meter_clock_keep(erg_trace *into, int first_channel, const char *name,
                          const erg_meter_clock *clock, erg_error *err)
{
    bool good = true;

    for (int i = first_channel; good && clock->asked
                                && i < (int)erg_trace_channel_count(into); i++) {
        const erg_channel_info *info = erg_trace_channel(into, i);
        erg_flag flag = { .code = ERG_FLAG_CLOCK_OFFSET_UNKNOWN, .channel = i,
                          .span = erg_trace_span(into) };
        if (info->quantity != ERG_POWER && info->quantity != ERG_ENERGY)
            continue;
        snprintf(flag.text, sizeof(flag.text), "%.60s: %.170s", name, clock->why.text);
        good = *clock->by
            ? keep_found(into, erg_trace_device(into, info->device)->name, clock, err)
            : erg_trace_add_flag(into, &flag, err);
    }
    return good;
}

bool erg_meter_clock_find(const erg_trace *into, const erg_trace *own, double most_s,
                          erg_meter_clock *clock, erg_error *err)
{
    search with = { .into = into, .most_s = most_s > 0 ? most_s : usual_most_s,
                    .found = clock };
    int channel = meter_channel(own);

    *clock = (erg_meter_clock){ .asked = channel >= 0 };
    if (channel < 0)
        return true;        /* no meter: its stamps are those of the load itself */
    bool good = erg_meter_take(own, channel, erg_trace_copy_shift_ns(own, into),
                               &with.meter, err)
             && consult_all(&with, err);
    if (good && *clock->by) {
        int64_t first_ns = with.meter.samples[0].t_ns;
        int64_t last_ns = with.meter.samples[with.meter.count - 1].t_ns;
        clock->turn = (erg_turn){ .shift_ns = erg_ns_from_s(clock->offset.offset_s),
                                  .drift = clock->offset.drift,
                                  .pivot_ns = first_ns + (last_ns - first_ns) / 2 };
    } else if (good && !clock->why.code) {
        erg_fail(&clock->why, ERG_NO_DATA, "the run has no marker, no region, no event and "
                 "no sensor faster than the meter: record with --marker");
    }
    free(with.meter.samples);
    return good;
}
