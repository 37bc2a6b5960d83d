/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one file holds, before it becomes part of a trace.
 *
 * Local stamps repeat an hour in autumn: a jump back of 3600 +- 2 s is that hour,
 * any other jump back is an error with its line.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "import/formats/importer.h"
#include "trace/sensor.h"
#include "trace/stream.h"
#include "trace/take.h"

typedef struct track {
    erg_channel_info info;
    erg_rows samples;           /* erg_sample */
} track;

typedef struct flag_row { erg_flag_code code; char text[240]; } flag_row;

enum { FLAGS_MOST = 8 };

struct erg_intake {
    const erg_source *source;
    erg_device_info *devices;
    size_t device_count, device_capacity;
    track *tracks;
    size_t track_count, track_capacity;
    erg_setting *settings;
    size_t setting_count, setting_capacity;
    flag_row flags[FLAGS_MOST];
    size_t flag_count;
    int64_t last_ns, twice_ns;  /* last stamp; added since an hour came twice */
    bool zoneless, relative, finds_periods;
    size_t torn, torn_line;     /* how many rows, the first one's line */
    bool is_cut;                /* so is the last one, in which the file ends */
};

erg_intake *erg_intake_new(const erg_source *source, erg_error *err)
{
    erg_intake *in = calloc(1, sizeof(*in));
    if (!in) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", source->name);
        return NULL;
    }
    in->source = source;
    in->last_ns = INT64_MIN;
    return in;
}

void erg_intake_free(erg_intake *in)
{
    if (!in)
        return;
    for (size_t i = 0; i < in->track_count; i++)
        erg_rows_free(&in->tracks[i].samples);
    free(in->tracks);
    free(in->devices);
    free(in->settings);
    free(in);
}

int erg_intake_device(erg_intake *in, const erg_device_info *info, erg_error *err)
{
    for (size_t i = in->device_count; i-- > 0;)
        if (strcmp(in->devices[i].name, info->name) == 0)
            return (int)i;
    if (!erg_grow((void **)&in->devices, &in->device_capacity, in->device_count,
                  sizeof(*in->devices), err))
        return -1;
    in->devices[in->device_count] = *info;
    if (in->source->options->wired_to)
        erg_text_put(in->devices[in->device_count].wired_to, sizeof(info->wired_to),
                     in->source->options->wired_to);
    return (int)in->device_count++;
}

erg_device_info *erg_intake_device_at(erg_intake *in, int device)
{
    return &in->devices[device];
}

int erg_intake_channel(erg_intake *in, const erg_channel_info *info, erg_error *err)
{
    if (!erg_grow((void **)&in->tracks, &in->track_capacity, in->track_count,
                  sizeof(*in->tracks), err))
        return -1;
    const erg_trace *joins = in->source->joins;
    in->tracks[in->track_count] = (track){
        .info = *info, .samples.is_long = joins && erg_trace_has_aside(joins),
    };
    return (int)in->track_count++;
}

erg_channel_info *erg_intake_channel_at(erg_intake *in, int channel)
{
    return &in->tracks[channel].info;
}

erg_sample *erg_intake_samples(erg_intake *in, int channel, size_t *count)
{
    *count = in->tracks[channel].samples.count;
    return in->tracks[channel].samples.items;
}

void erg_intake_pass(const erg_intake *in, int channel, size_t at)
{
    erg_rows_pass(&in->tracks[channel].samples, at);
}

const erg_rows *erg_intake_rows(const erg_intake *in, int channel)
{
    return &in->tracks[channel].samples;
}

void erg_intake_forget(erg_intake *in, int channel)
{
    erg_rows_free(&in->tracks[channel].samples);
}

/* Rows of several devices stand a little out of order; the hour that comes twice is gone
 * back by most of it. */
#define ROWS_APART_NS (60 * ERG_NS_PER_S)

bool erg_intake_stamp(erg_intake *in, erg_field field, int64_t *t_ns)
{
    erg_stamp stamp;
    if (!erg_stamp_parse(field.text, field.count, &in->source->style, &stamp))
        return false;

    int64_t at_ns = stamp.utc_ns;
    if (!stamp.has_zone) {
        in->zoneless = true;
        if (in->last_ns != INT64_MIN && in->last_ns - at_ns > ROWS_APART_NS
            && stamp.later_ns >= in->last_ns)
            at_ns = stamp.later_ns;
        at_ns = erg_stamp_once(at_ns, in->last_ns, &in->twice_ns);
    }
    in->last_ns = *t_ns = at_ns;
    return true;
}

bool erg_intake_push(erg_intake *in, int channel, erg_sample sample, size_t line,
                     erg_error *err)
{
    erg_rows *to = &in->tracks[channel].samples;
    const erg_sample *last = to->count ? (erg_sample *)to->items + to->count - 1 : NULL;

    if (last && sample.t_ns < last->t_ns)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%zu: the stamp goes back by %.3f s: two writers "
                        "or a set clock; sort the rows or cut the file there",
                        in->source->name, line, erg_s_from_ns(last->t_ns - sample.t_ns));
    if (last && sample.t_ns == last->t_ns
        && (sample.value == last->value || (isnan(sample.value) && isnan(last->value))))
        return true;
    return erg_rows_add(to, &sample, 1, sizeof(sample), err);
}

bool erg_intake_setting(erg_intake *in, const erg_setting *setting, erg_error *err)
{
    for (size_t i = in->setting_count; i-- > 0;) {
        const erg_setting *one = &in->settings[i];
        if (one->device != setting->device || strcmp(one->key, setting->key) != 0)
            continue;
        if (strcmp(one->value, setting->value) == 0)
            return true;        /* settings are kept where they change */
        break;
    }
    if (!erg_grow((void **)&in->settings, &in->setting_capacity, in->setting_count,
                  sizeof(*setting), err))
        return false;
    in->settings[in->setting_count++] = *setting;
    return true;
}

void erg_intake_torn(erg_intake *in, size_t line)
{
    if (line == 0)
        in->is_cut = true;
    else if (!in->torn++)
        in->torn_line = line;
}

void erg_intake_local(erg_intake *in, int64_t twice_ns)
{
    in->zoneless = true;
    in->twice_ns = twice_ns;
}

void erg_intake_find_periods(erg_intake *in)
{
    in->finds_periods = true;
}

void erg_intake_relative(erg_intake *in, bool relative)
{
    in->relative = relative;
}

bool erg_intake_flag(erg_intake *in, erg_flag_code code, const char *format, ...)
{
    if (in->flag_count == FLAGS_MOST)
        return false;
    flag_row *row = &in->flags[in->flag_count++];
    va_list arguments;
    row->code = code;
    va_start(arguments, format);
    vsnprintf(row->text, sizeof(row->text), format, arguments);
    va_end(arguments);
    return true;
}

/* ---- into the trace -------------------------------------------------------------- */

bool erg_import_clock(erg_trace *into, int64_t utc_ns, int64_t *shift_ns, erg_error *err)
{
    const erg_anchor *nearest = NULL;
    for (size_t i = 0; i < erg_trace_anchor_count(into); i++) {
        const erg_anchor *one = erg_trace_anchor(into, i);
        if (!nearest || llabs(one->utc_ns - utc_ns) < llabs(nearest->utc_ns - utc_ns))
            nearest = one;
    }
    *shift_ns = nearest ? nearest->mono_ns - nearest->utc_ns : 0;
    erg_anchor anchor = { .mono_ns = utc_ns, .boot_ns = utc_ns, .utc_ns = utc_ns };
    return nearest || erg_trace_add_anchor(into, &anchor, err);
}

enum { LOOKED_AT = 20000, VALUES_LEAST = 20 };
/* No board's sensor is slower; what changes at longer intervals may be the load. */
#define SENSOR_MOST_S 0.15

/* Do the changes show the noise of a sensor, or a few levels of a load? */
static bool has_noise(const erg_sample at[], size_t count)
{
    double seen[VALUES_LEAST];
    size_t values = 0;

    for (size_t i = 0; i < count && values < VALUES_LEAST; i++) {
        size_t k = 0;
        while (k < values && seen[k] != at[i].value)
            k++;
        if (k == values && !isnan(at[i].value))
            seen[values++] = at[i].value;
    }
    return values == VALUES_LEAST;
}

/* Polls of a sensor that has new values less often, as they themselves show; NAN: not. */
static double period_of(const erg_channel_info *info, const erg_sample at[], size_t count)
{
    erg_comb comb;

    count = count < LOOKED_AT ? count : LOOKED_AT;
    return info->quantity == ERG_POWER && info->kind == ERG_INSTANT && has_noise(at, count)
            && erg_sensor_comb(at, count, &comb, NULL) && comb.update_s <= SENSOR_MOST_S
        ? comb.update_s : NAN;
}

static bool add_track(erg_intake *in, erg_trace *into, track *from, const int devices[],
                      int64_t shift_ns)
{
    erg_channel_info info = from->info;
    erg_sample *samples = from->samples.items;
    double step_s = erg_median_step_of(&from->samples);

    info.device = devices[info.device];
    if (in->source->options->window_s > 0
        && erg_has_joules(info.quantity))
        info.window_s = in->source->options->window_s;
    if (info.kind == ERG_AVG_PREV && !(info.window_s > 0))
        info.window_s = step_s;
    if (info.kind == ERG_AVG_PREV && !(info.update_s > 0))
        info.update_s = info.window_s;
    if (in->finds_periods && !(info.update_s > 0))
        info.update_s = period_of(&info, samples, from->samples.count);
    int channel = erg_trace_add_channel(into, &info, NULL);
    for (size_t i = 0; shift_ns && i < from->samples.count; i++) {
        samples[i].t_ns += shift_ns;
        erg_rows_pass(&from->samples, i);
    }
    return channel >= 0 && erg_trace_take_samples(into, channel, &from->samples, NULL);
}

static erg_span span_of(const erg_intake *in)
{
    erg_span span = { INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < in->track_count; i++) {
        const erg_sample *at = in->tracks[i].samples.items;
        size_t count = in->tracks[i].samples.count;
        if (count && at[0].t_ns < span.begin_ns)
            span.begin_ns = at[0].t_ns;
        if (count && at[count - 1].t_ns > span.end_ns)
            span.end_ns = at[count - 1].t_ns;
    }
    return span;
}

static void flag_what_was_seen(erg_intake *in)
{
    const char *name = in->source->name;
    if (in->torn)
        erg_intake_flag(in, ERG_FLAG_TORN_INPUT,
                        "%.80s: %zu torn row%s dropped, the first at "
                        "line %zu; check who else wrote to the file%s", name, in->torn,
                        in->torn == 1 ? " was" : "s were", in->torn_line,
                        in->is_cut ? "; and the last row is cut off" : "");
    else if (in->is_cut)
        erg_intake_flag(in, ERG_FLAG_TORN_INPUT,
                        "%.80s: the last row is cut off and was dropped: was the logger "
                        "stopped in it?", name);
    if (in->twice_ns)
        erg_intake_flag(in, ERG_FLAG_LOCAL_TIME,
                        "%.80s: the stamps jump back by an hour, the end "
                        "of summer time; later rows were moved on by it: "
                        "name the zone with --tz", name);
    else if (in->zoneless && !in->source->style.zone)
        erg_intake_flag(in, ERG_FLAG_LOCAL_TIME,
                        "%.80s: the stamps have no zone and were taken "
                        "as UTC; name it with --tz", name);
}

static bool add_flags(erg_intake *in, erg_trace *into, erg_span span, erg_error *err)
{
    for (size_t i = 0; i < in->flag_count; i++) {
        erg_flag flag = { .code = in->flags[i].code, .channel = -1, .span = span };
        erg_text_put(flag.text, sizeof(flag.text), in->flags[i].text);
        if (!erg_trace_add_flag(into, &flag, err))
            return false;
    }
    return true;
}

static bool add_all(erg_intake *in, erg_trace *into, int64_t shift_ns, erg_error *err)
{
    int *devices = calloc(in->device_count + 1, sizeof(*devices));
    bool good = devices;

    for (size_t i = 0; good && i < in->device_count; i++)
        good = (devices[i] = erg_trace_add_device(into, &in->devices[i], err)) >= 0;
    for (size_t i = 0; good && i < in->track_count; i++)
        good = in->tracks[i].samples.count == 0
            || add_track(in, into, &in->tracks[i], devices, shift_ns);
    for (size_t i = 0; good && i < in->setting_count; i++) {
        erg_setting *one = &in->settings[i];
        one->t_ns += shift_ns;
        one->device = one->device < 0 ? -1 : devices[one->device];
        good = erg_trace_add_setting(into, one, err);
    }
    free(devices);
    return good || erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s",
                            in->source->name);
}

/* Stamps that count from some start, as t_s from 0, have no date: --start gives them one.
 * Taken for 1970 they would lie beside a trace of today, and tell nothing about it. */
static bool find_shift(erg_intake *in, erg_trace *into, int64_t begin_ns, int64_t *shift_ns,
                       erg_error *err)
{
    const char *start = in->source->options->start;
    erg_stamp stamp = { .utc_ns = begin_ns };
    bool counts = !in->relative && llabs(begin_ns) < ERG_EPOCH_LEAST_NS;

    if (counts && start
        && !erg_stamp_parse(start, strlen(start), &in->source->style, &stamp))
        return erg_fail(err, ERG_BAD_INPUT, "--start '%.60s' is no stamp", start);
    in->relative |= counts && !start;
    if (!in->relative && !erg_import_clock(into, stamp.utc_ns, shift_ns, err))
        return false;
    *shift_ns += stamp.utc_ns - begin_ns;
    return true;
}

bool erg_intake_finish(erg_intake *in, erg_trace *into, erg_error *err)
{
    erg_span span = span_of(in);
    int64_t shift_ns = 0;

    if (span.begin_ns > span.end_ns)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%zu: no sample could be read: is it complete, and "
                        "is its format what --from says?", in->source->name,
                        in->torn ? in->torn_line : 1);
    flag_what_was_seen(in);
    if (!find_shift(in, into, span.begin_ns, &shift_ns, err))
        return false;
    span = (erg_span){ span.begin_ns + shift_ns, span.end_ns + shift_ns };
    return add_all(in, into, shift_ns, err) && add_flags(in, into, span, err);
}
