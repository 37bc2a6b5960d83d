/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples made ready for integration. What the sensor did to them (gain, offset,
 * delay) is undone here, once, for every figure that follows.
 */
#include <math.h>
#include <stdlib.h>
#include "base/search.h"
#include "trace/stream.h"

/* Suspend jumps the boot clock, not the monotonic one; stamps jitter by less. */
static const int64_t SUSPEND_NS = 100 * ERG_NS_PER_MS;

/* No sensor averages over days: beyond this a fact is a torn file. */
static const double MOST_FACT_S = 1e6;

/* Undo the sensor; leave out read errors and exact duplicates. */
static bool good_samples(const erg_trace_channel_rows *channel, erg_rows *good,
                         erg_error *err)
{
    const erg_channel_info *info = &channel->info;
    const erg_sample *samples = channel->samples.items;
    int64_t delay_ns = info->delay_s > 0 && info->delay_s < MOST_FACT_S
                     ? erg_ns_from_s(info->delay_s) : 0;
    double gain = info->gain != 0 && isfinite(info->gain) ? info->gain : 1.0;
    double offset = isfinite(info->offset) ? info->offset : 0.0;
    const erg_sample *last = NULL;

    for (size_t i = 0; i < channel->samples.count; i++) {
        const erg_sample *one = &samples[i];
        if (!isfinite(one->value)
            || (last && one->t_ns == last->t_ns && one->value == last->value))
            continue;
        erg_sample kept = { one->t_ns - delay_ns, one->half_width_ns,
                            (one->value - offset) / gain };
        if (!erg_rows_add(good, &kept, 1, sizeof(kept), err))
            return false;
        last = one;
        erg_rows_pass(&channel->samples, i);
    }
    erg_rows_rest(&channel->samples);
    return true;
}

static void cut_piece(erg_piece *piece, erg_span hole)
{
    double slope = (piece->end_w - piece->begin_w)
                 / (double)(piece->end_ns - piece->begin_ns);

    if (piece->begin_ns < hole.begin_ns) {
        piece->end_w = piece->begin_w + slope * (double)(hole.begin_ns - piece->begin_ns);
        piece->end_ns = hole.begin_ns;
    } else if (piece->end_ns > hole.end_ns) {
        piece->begin_w = piece->end_w - slope * (double)(piece->end_ns - hole.end_ns);
        piece->begin_ns = hole.end_ns;
    } else {
        piece->end_ns = piece->begin_ns;
    }
}

/* While the machine slept nobody measured: the stretch between the anchors that
 * noticed it is not covered. */
static void cut_sleep(erg_stream *stream, const erg_trace *trace)
{
    erg_piece *pieces = stream->pieces.items;
    const erg_anchor *anchors = trace->anchors.items;

    for (size_t a = 1; a < trace->anchors.count; a++) {
        erg_span hole = { anchors[a - 1].mono_ns, anchors[a].mono_ns };
        int64_t slept_ns = (anchors[a].boot_ns - anchors[a].mono_ns)
                         - (anchors[a - 1].boot_ns - anchors[a - 1].mono_ns);
        if (slept_ns < SUSPEND_NS)
            continue;
        size_t kept = 0;
        for (size_t i = 0; i < stream->pieces.count; i++) {
            erg_piece piece = pieces[i];
            if (piece.begin_ns < hole.end_ns && piece.end_ns > hole.begin_ns)
                cut_piece(&piece, hole);
            if (piece.end_ns > piece.begin_ns)
                pieces[kept++] = piece;
            erg_rows_pass(&stream->pieces, i);
        }
        stream->pieces.count = kept;
    }
}

/* Seconds of a sensor's fact; NAN for none and for nonsense. */
static double fact_s(double stated_s)
{
    return stated_s > 0 && stated_s < MOST_FACT_S ? stated_s : NAN;
}

static erg_stream *build(const erg_trace *trace, const erg_trace_channel_rows *channel,
                         erg_error *err)
{
    const erg_channel_info *info = &channel->info;
    erg_stream *stream = calloc(1, sizeof(*stream));
    erg_rows good = { .is_long = channel->samples.is_long };

    if (!stream) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    stream->pieces.is_long = stream->updates.is_long = good.is_long;
    stream->window_s = fact_s(info->window_s);
    stream->update_s = fact_s(info->update_s);
    bool ok = good_samples(channel, &good, err)
        && (info->kind == ERG_COUNTER ? erg_stream_from_counter(stream, info, &good, err)
                                      : erg_stream_from_power(stream, info, &good, err));
    erg_rows_free(&good);
    if (!ok) {
        erg_stream_free(stream);
        return NULL;
    }
    if (!(stream->update_s > 0))
        stream->update_s = stream->dt_s;
    cut_sleep(stream, trace);
    stream->before = erg_idle_base_of(trace, stream, "idle_before");
    stream->after = erg_idle_base_of(trace, stream, "idle_after");
    return stream;
}

const erg_stream *erg_stream_of(const erg_trace *trace, int channel, erg_error *err)
{
    erg_trace_channel_rows *rows = trace->channels.items;

    if (channel < 0 || (size_t)channel >= trace->channels.count) {
        erg_fail(err, ERG_NOT_FOUND, "the trace has no channel number %d", channel);
        return NULL;
    }
    rows += channel;
    if (rows->info.quantity != ERG_POWER && rows->info.quantity != ERG_ENERGY) {
        erg_fail(err, ERG_BAD_INPUT, "channel %s is %s: only power and energy have joules",
                 rows->info.name, erg_quantity_name(rows->info.quantity));
        return NULL;
    }
    pthread_mutex_lock(trace->lock);
    if (!rows->stream)
        rows->stream = build(trace, rows, err);
    const erg_stream *stream = rows->stream;
    pthread_mutex_unlock(trace->lock);
    return stream;
}

void erg_stream_rest(const erg_stream *stream)
{
    erg_rows_rest(&stream->pieces);
    erg_rows_rest(&stream->updates);
}

static const erg_rows *samples_of(const erg_trace *trace, int channel)
{
    const erg_trace_channel_rows *channels = trace->channels.items;
    static const erg_rows none;

    return channel >= 0 && (size_t)channel < trace->channels.count
         ? &channels[channel].samples : &none;
}

double erg_samples_step_s(const erg_trace *trace, int channel)
{
    return erg_median_step_of(samples_of(trace, channel));
}

void erg_samples_rest(const erg_trace *trace, int channel)
{
    erg_rows_rest(samples_of(trace, channel));
}

void erg_samples_pass(const erg_trace *trace, int channel, size_t at)
{
    erg_rows_pass(samples_of(trace, channel), at);
}

size_t erg_sample_from(const erg_sample at[], size_t count, int64_t t_ns)
{
    const erg_timed_rows stamps = { at, count, sizeof(*at), offsetof(erg_sample, t_ns) };

    return erg_first_from(stamps, t_ns);
}
