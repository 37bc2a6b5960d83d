/* SPDX-License-Identifier: Apache-2.0 */
/* The stretches of a region, and the energy of all of them together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "trace/region_names.h"
#include "trace/tally.h"
#include "trace/window.h"

static int by_begin(const void *a, const void *b)
{
    const erg_span *left = a, *right = b;
    return (left->begin_ns > right->begin_ns) - (left->begin_ns < right->begin_ns);
}

/* Overlapping or touching spans become one. */
static void join_spans(erg_stretches *stretches)
{
    size_t kept = 0;
    qsort(stretches->spans, stretches->count, sizeof(*stretches->spans), by_begin);
    for (size_t i = 1; i < stretches->count; i++) {
        erg_span *last = &stretches->spans[kept], *next = &stretches->spans[i];
        if (next->begin_ns > last->end_ns) {
            stretches->spans[++kept] = *next;
            continue;
        }
        stretches->overlapped |= next->begin_ns < last->end_ns;
        if (next->end_ns > last->end_ns)
            last->end_ns = next->end_ns;
    }
    if (stretches->count)
        stretches->count = kept + 1;
}

static bool make_room(erg_stretches *out, size_t count, erg_error *err)
{
    *out = (erg_stretches){ 0 };
    out->spans = calloc(count + 1, sizeof(*out->spans));
    out->lengths_s = calloc(count + 1, sizeof(*out->lengths_s));
    if (out->spans && out->lengths_s)
        return true;
    erg_stretches_free(out);
    return erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

/* One that has no end lasts till the end of all, which is looked for once. */
static int64_t end_of(const erg_trace *trace, const erg_region *one, int64_t *last_ns)
{
    if (one->end_ns == INT64_MAX && *last_ns == INT64_MAX)
        *last_ns = erg_trace_span(trace).end_ns;
    return one->end_ns == INT64_MAX ? *last_ns : one->end_ns;
}

bool erg_stretches_of(const erg_trace *trace, const char *region, erg_span window,
                      erg_stretches *out, erg_error *err)
{
    const erg_region_names *names = erg_region_names_of(trace, err);
    bool clip = window.end_ns > window.begin_ns;
    /* What then has no end did not go on till the last reading: its end was lost. */
    bool lost_ends = erg_trace_meta(trace, "events_dropped") != NULL;
    int64_t last_ns = INT64_MAX;

    *out = (erg_stretches){ 0 };
    erg_namesakes like = names ? erg_namesakes_of(names, region) : (erg_namesakes){ 0 };
    if (!names || !make_room(out, like.count, err))
        return false;
    for (size_t i = 0; i < like.count; i++) {
        const erg_region *one = erg_trace_region(trace, like.at[i]);
        erg_span span = { one->begin_ns, end_of(trace, one, &last_ns) };
        if (lost_ends && one->end_ns == INT64_MAX)
            continue;
        if (clip && span.begin_ns < window.begin_ns)
            span.begin_ns = window.begin_ns;
        if (clip && span.end_ns > window.end_ns)
            span.end_ns = window.end_ns;
        if (span.end_ns <= span.begin_ns)
            continue;
        bool is_cut = span.begin_ns != one->begin_ns
                    || (one->end_ns != INT64_MAX && span.end_ns != one->end_ns);
        double runs = one->runs > 0 && !is_cut ? one->runs : 1;
        out->runs += is_cut ? NAN : one->runs;
        out->cut |= is_cut && (one->runs > 0 || strcmp(region, "run") == 0);
        out->lengths_s[out->occurrences++] =
            erg_s_from_ns(span.end_ns - span.begin_ns) / runs;
        out->spans[out->count++] = span;
    }
    join_spans(out);
    return true;
}

bool erg_stretches_single(erg_span span, erg_stretches *out, erg_error *err)
{
    if (!make_room(out, 1, err))
        return false;
    out->runs = NAN;
    if (span.end_ns > span.begin_ns)
        out->spans[out->count++] = span;
    return true;
}

void erg_stretches_free(erg_stretches *stretches)
{
    free(stretches->spans);
    free(stretches->lengths_s);
    *stretches = (erg_stretches){ 0 };
}

int64_t erg_stretches_samples(const erg_trace *trace, int channel,
                              const erg_stretches *stretches, double *mean)
{
    size_t count, k = 0;
    const erg_sample *at = erg_trace_samples(trace, channel, &count);
    int64_t inside = 0, good = 0;
    erg_sum sum = { 0 };

    for (size_t i = 0; i < count; i++) {
        while (k < stretches->count && stretches->spans[k].end_ns < at[i].t_ns)
            k++;
        bool is_in = k < stretches->count && at[i].t_ns >= stretches->spans[k].begin_ns;
        inside += is_in;
        if (is_in && !isnan(at[i].value)) {
            erg_sum_add(&sum, at[i].value);
            good++;
        }
        erg_samples_pass(trace, channel, i);
    }
    *mean = good ? erg_sum_value(&sum) / (double)good : NAN;
    return inside;
}

typedef struct tally {
    erg_energy sum;
    erg_sum energy_j, net_j;
    double rest_u2;             /* squares of what is independent */
    double idle_u_j;            /* one idle record serves all: adds linearly */
    double net_gain_u_j;
    double covered_s, held_s;
    bool net;
    size_t seen;
} tally;

static double square(double x) { return x * x; }

static void take_extremes(erg_energy *sum, const erg_energy *part)
{
    if (part->peak_w > sum->peak_w || isnan(sum->peak_w)) {
        sum->peak_w = part->peak_w;
        sum->peak_spread_w = part->peak_spread_w;
    }
    if (part->min_w < sum->min_w || isnan(sum->min_w)) {
        sum->min_w = part->min_w;
        sum->min_spread_w = part->min_spread_w;
    }
    if (sum->peak_channel < 0)
        sum->peak_channel = part->peak_channel;
}

static void tally_add(tally *all, const erg_energy *part)
{
    erg_energy *sum = &all->sum;
    double rest_u2 = fmax(0, square(part->spread_j / 2) - square(part->gain_u_j));

    erg_sum_add(&all->energy_j, part->energy_j);
    all->rest_u2 += rest_u2;
    sum->gain_u_j += part->gain_u_j;
    all->net = all->net && isfinite(part->net_j);
    if (all->net) {
        erg_sum_add(&all->net_j, part->net_j);
        double gain_u_j = part->gain_u_j * fabs(part->net_j / part->energy_j);
        if (!isfinite(gain_u_j))
            gain_u_j = 0;
        all->net_gain_u_j += gain_u_j;
        all->idle_u_j += sqrt(fmax(0, square(part->net_spread_j / 2) - square(gain_u_j)
                                      - rest_u2));
        sum->idle_w += part->idle_w * part->window_s;
        sum->idle_spread_w += part->idle_spread_w * part->window_s;
    }
    all->covered_s += part->covered * part->window_s;
    all->held_s += part->edges_held * part->window_s;
    take_extremes(sum, part);
    sum->max_gap_s = fmax(sum->max_gap_s, part->max_gap_s);
    sum->updates += part->updates;
    sum->samples += part->samples;
    sum->flags |= part->flags;
    sum->method = part->method;
    sum->scope = part->scope;
    if (part->quality > ERG_QUALITY_TOO_SHORT && part->quality > sum->quality)
        sum->quality = part->quality;
    all->seen++;
}

/* Many short stretches together may be long enough. */
static erg_quality joint_quality(const erg_energy *sum)
{
    uint64_t doubts = sum->flags & ~(UINT64_C(1) << ERG_FLAG_TOO_SHORT);
    if (sum->quality > ERG_QUALITY_TOO_SHORT)
        return sum->quality;
    if (sum->updates < 10)
        return ERG_QUALITY_TOO_SHORT;
    if (sum->covered < 0.95)
        return ERG_QUALITY_PARTIAL;
    return sum->updates >= 50 && sum->covered >= 0.99 && !doubts ? ERG_QUALITY_GOOD
                                                                 : ERG_QUALITY_FAIR;
}

static void tally_end(tally *all, erg_energy *out)
{
    erg_energy *sum = &all->sum;

    sum->energy_j = erg_sum_value(&all->energy_j);
    sum->spread_j = 2 * sqrt(all->rest_u2 + square(sum->gain_u_j));
    sum->net_j = all->net ? erg_sum_value(&all->net_j) : NAN;
    sum->net_spread_j = !all->net ? NAN
        : 2 * sqrt(all->rest_u2 + square(all->net_gain_u_j) + square(all->idle_u_j));
    sum->idle_w = all->net ? sum->idle_w / sum->window_s : NAN;
    sum->idle_spread_w = all->net ? sum->idle_spread_w / sum->window_s : NAN;
    sum->covered = all->covered_s / sum->window_s;
    sum->edges_held = all->held_s / sum->window_s;
    sum->mean_w = all->covered_s > 0 ? sum->energy_j / all->covered_s : NAN;
    sum->mean_spread_w = all->covered_s > 0 ? sum->spread_j / all->covered_s : NAN;
    sum->quality = joint_quality(sum);
    if (sum->quality != ERG_QUALITY_TOO_SHORT)
        sum->flags &= ~(UINT64_C(1) << ERG_FLAG_TOO_SHORT);
    *out = *sum;
}

/* Each stretch brings its readings into memory, and none of them comes back to them. */
enum { STRETCHES_A_REST = 1 << 10 };

static void rest(const erg_trace *trace, int channel)
{
    const int channels[] = { channel, erg_power_beside(trace, channel) };

    for (size_t i = 0; i < ERG_COUNT(channels); i++) {
        const erg_stream *stream = channels[i] < 0 ? NULL
            : erg_stream_of(trace, channels[i], NULL);
        erg_samples_rest(trace, channels[i]);
        if (stream)
            erg_stream_rest(stream);
    }
}

bool erg_stretches_energy(const erg_trace *trace, int channel,
                          const erg_stretches *stretches, erg_energy *out, erg_error *err)
{
    tally all = { .sum = { .peak_w = NAN, .min_w = NAN, .peak_spread_w = NAN,
                           .min_spread_w = NAN, .peak_channel = -1,
                           .quality = ERG_QUALITY_GOOD },
                  .net = true };
    erg_error none = { .code = ERG_NO_DATA, .text = "the stretch is empty" };

    *out = erg_energy_none();
    if (stretches->count == 1)
        return erg_trace_energy(trace, channel, stretches->spans[0], out, err);
    for (size_t i = 0; i < stretches->count; i++) {
        erg_span span = stretches->spans[i];
        erg_energy part;
        if (erg_trace_energy(trace, channel, span, &part, &none)) {
            tally_add(&all, &part);
        } else if (none.code != ERG_NO_DATA) {
            return erg_fail(err, none.code, "%s", none.text);
        } else {
            all.sum.flags |= UINT64_C(1) << ERG_FLAG_PARTIAL;
            all.sum.quality = ERG_QUALITY_PARTIAL;
        }
        all.sum.window_s += erg_s_from_ns(span.end_ns - span.begin_ns);
        if (i % STRETCHES_A_REST == STRETCHES_A_REST - 1)
            rest(trace, channel);
    }
    if (all.seen == 0)
        return erg_fail(err, none.code, "%s", none.text);
    tally_end(&all, out);
    return true;
}
