/* SPDX-License-Identifier: Apache-2.0 */
/* What limits each device, one label a second (timeline_limits.c),
 * from what was recorded. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "timeline/timeline_inside.h"

enum { LABELS_MOST = 16, SECONDS_A_REST = 1 << 6 };

/* FULLEST: the mean of each of several, and of these the highest. */
typedef enum view { MEAN, FULLEST, HIGHEST, ALL_BITS, RISE } view;

#define AT(field) offsetof(erg_limits, field)

/* Channels that hold a value: the first that is there; of errors, links and uses all, for
 * boards that do not know their use say 0, while their SMs say 0.4. over: what it is a
 * share of, from the same zero. */
static const struct source {
    const char *names[4], *over;
    size_t at;
    view by;
    double zero;
    bool is_beside;             /* alone it makes no label */
} sources[] = {
    { { "use", "graphics_active", "sm_active" }, NULL, AT(use), FULLEST, 0, false },
    { { "dram_active" }, NULL, AT(memory_bandwidth), MEAN, 0, false },
    { { "memory_used_share" }, NULL, AT(memory_used), HIGHEST, 0, false },
    { { "memory_used" }, "memory_total", AT(memory_used), HIGHEST, 0, true },
    { { "temperature" }, "temperature_limit", AT(temperature), HIGHEST, 273.15, true },
    { { "power" }, "power_limit", AT(power), MEAN, 0, true },
    { { "fabric_use", "pcie_use" }, NULL, AT(fabric), FULLEST, 0, false },
    { { "throttle" }, NULL, AT(reasons), ALL_BITS, 0, false },
    { { "ecc_errors", "link_errors", "ecc_single_bit", "ecc_double_bit" }, NULL,
      AT(errors), RISE, 0, false },
};

/* What a label cannot be told without. Of two ways to one label each has a row. */
static const struct { const char *label; size_t at; const char *needs; } needs[] = {
    { "reliability_risk", AT(errors), "ecc_errors or link_errors" },
    { "memory_pressured", AT(memory_used), "memory_used and memory_total" },
    { "thermal_throttled by its reason", AT(reasons), "throttle" },
    { "thermal_throttled by its limit", AT(temperature),
      "temperature and temperature_limit" },
    { "power_capped", AT(power), "power and power_limit" },
    { "fabric_limited", AT(fabric), "fabric_use or pcie_use" },
    { "idle and compute_bound", AT(use), "use" },
    { "bandwidth_bound", AT(memory_bandwidth), "dram_active" },
};

typedef struct device_view {
    erg_timeline_case *all;
    erg_span seen;              /* first to last reading of any of them */
    int device;
    int channels[ERG_COUNT(sources)][4], over[ERG_COUNT(sources)];
    erg_limits ever;            /* the last that was read of each */
} device_view;

static double *field_of(erg_limits *of, size_t at) { return (double *)((char *)of + at); }

/* Of one second; NAN: nothing was read. A mean is over readings,
 * a rise from the reading before. */
static double value_in(const erg_trace *trace, int channel, erg_span span, view by)
{
    size_t n, count = 0;
    const erg_sample *at = erg_trace_samples(trace, channel, &n);
    size_t first = erg_sample_from(at, n, span.begin_ns);
    double sum = 0, most = NAN, before = first > 0 ? at[first - 1].value : NAN;
    uint64_t bits = 0;

    for (size_t i = first; i < n && at[i].t_ns < span.end_ns; i++) {
        if (isnan(at[i].value))
            continue;
        before = isnan(before) ? at[i].value : before;
        sum += at[i].value;
        most = fmax(most, at[i].value);
        count++;
        if (by == ALL_BITS && at[i].value >= 0 && at[i].value < 0x1p53)
            bits |= (uint64_t)at[i].value;
    }
    if (!count)
        return NAN;
    return by == MEAN || by == FULLEST ? sum / (double)count : by == HIGHEST ? most
         : by == RISE ? most - before : (double)bits;
}

static double of_channel(const device_view *of, int channel, erg_span span, view by)
{
    return channel < 0 ? NAN : value_in(of->all->trace, channel, span, by);
}

/* A limit that is read seldom holds until it is read again. */
static double limit_until(const device_view *of, int channel, erg_span span)
{
    erg_span until = { of->all->span.begin_ns, span.end_ns };
    double now = of_channel(of, channel, span, MEAN);
    return isnan(now) ? of_channel(of, channel, until, MEAN) : now;
}

/* Of several channels of errors the sum, of links and uses the fullest; of others the
 * first. */
static double of_source(const device_view *of, size_t number, erg_span span)
{
    const struct source *source = &sources[number];
    double value = NAN;

    for (size_t k = 0; k < 4; k++) {
        double one = of_channel(of, of->channels[number][k], span, source->by);
        if (isnan(value))
            value = one;
        else if (source->by == RISE && !isnan(one))
            value += one;
        else if (source->by == FULLEST)
            value = fmax(value, one);
    }
    if (!source->over)
        return value;
    double limit = limit_until(of, of->over[number], span);
    return limit > source->zero ? (value - source->zero) / (limit - source->zero) : NAN;
}

static bool has_any(const erg_limits *of)
{
    return !isnan(of->errors) || !isnan(of->memory_used) || !isnan(of->power)
        || !isnan(of->use) || !isnan(of->fabric) || !isnan(of->memory_bandwidth)
        || !isnan(of->reasons);
}

/* NULL: that second nothing was read. */
static const char *label_of(device_view *of, erg_span span)
{
    erg_limits limits = { NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN };

    for (size_t i = 0; i < ERG_COUNT(sources); i++) {
        double value = of_source(of, i, span);
        if (!isnan(value))
            *field_of(&limits, sources[i].at) = *field_of(&of->ever, sources[i].at) = value;
    }
    return has_any(&limits) ? erg_limiter_of(&limits) : NULL;
}

static void widen(erg_span *span, const erg_trace *trace, int channel)
{
    size_t n = 0;
    const erg_sample *at = channel < 0 ? NULL : erg_trace_samples(trace, channel, &n);

    if (!n)
        return;
    span->begin_ns = at[0].t_ns < span->begin_ns ? at[0].t_ns : span->begin_ns;
    span->end_ns = at[n - 1].t_ns >= span->end_ns ? at[n - 1].t_ns + 1 : span->end_ns;
}

static bool make_view(erg_timeline_case *all, int device, device_view *out)
{
    const erg_trace *trace = all->trace;
    bool any = false;

    *out = (device_view){ .all = all, .device = device, .seen = { INT64_MAX, INT64_MIN },
                          .ever = { NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN } };
    for (size_t i = 0; i < ERG_COUNT(sources); i++) {
        const struct source *source = &sources[i];
        out->over[i] = source->over ? erg_channel_named(trace, device, source->over) : -1;
        for (size_t k = 0; k < 4; k++) {
            const char *name = source->names[k];
            int channel = name ? erg_channel_named(trace, device, name) : -1;
            out->channels[i][k] = channel;
            any |= channel >= 0 && !source->is_beside;
            widen(&out->seen, trace, source->is_beside ? -1 : channel);
        }
    }
    return any;
}

/* A label that never comes for want of its input is no good news. */
static bool note_absent(device_view *of)
{
    erg_timeline_case *all = of->all;
    erg_text absent = { 0 };

    for (size_t i = 0; i < ERG_COUNT(needs); i++)
        if (isnan(*field_of(&of->ever, needs[i].at)))
            erg_text_add(&absent, "%s%s (%s)", absent.count ? ", " : "", needs[i].label,
                         needs[i].needs);
    char *text = absent.count ? erg_text_take(&absent) : NULL;
    bool good = !text
        || erg_result_note(all->result, all->err, "%s: labels that cannot be told, as "
                           "their channels were not recorded: %s",
                           erg_trace_device(all->trace, of->device)->name, text);
    free(text);
    erg_text_free(&absent);
    return good;
}

typedef struct total { const char *label; double s; } total;

static void add_total(total totals[], const char *label, double s)
{
    size_t i = 0;

    while (i < LABELS_MOST - 1 && totals[i].label && totals[i].label != label)
        i++;
    totals[i] = (total){ label, totals[i].s + s };
}

static bool put_label(const device_view *of, erg_table *table, const char *label,
                      erg_span span)
{
    erg_timeline_case *all = of->all;
    return erg_table_row(table, all->err)
        && erg_table_text(table, "device", erg_trace_device(all->trace, of->device)->name,
                          all->err)
        && erg_table_real(table, "begin_s", erg_timeline_s(all, span.begin_ns), all->err)
        && erg_table_real(table, "end_s", erg_timeline_s(all, span.end_ns), all->err)
        && erg_table_text(table, "label", label, all->err);
}

static void rest(const device_view *of)
{
    for (size_t i = 0; i < ERG_COUNT(sources); i++) {
        erg_samples_rest(of->all->trace, of->over[i]);
        for (size_t k = 0; k < 4; k++)
            erg_samples_rest(of->all->trace, of->channels[i][k]);
    }
}

/* Equal labels that follow each other are one row. */
static bool put_labels(device_view *of, erg_table *table, total totals[])
{
    const char *open = NULL;
    erg_span since = { 0 };

    for (int64_t t_ns = of->seen.begin_ns; t_ns < of->seen.end_ns; t_ns += ERG_NS_PER_S) {
        int64_t end_ns = t_ns + ERG_NS_PER_S;
        erg_span second = { t_ns, end_ns < of->seen.end_ns ? end_ns : of->seen.end_ns };
        const char *label = label_of(of, second);
        if ((t_ns - of->seen.begin_ns) / ERG_NS_PER_S % SECONDS_A_REST == 0)
            rest(of);
        if (label)
            add_total(totals, label, erg_s_from_ns(second.end_ns - second.begin_ns));
        if (label == open) {
            since.end_ns = second.end_ns;
            continue;
        }
        if (open && !put_label(of, table, open, since))
            return false;
        open = label;
        since = second;
    }
    return !open || put_label(of, table, open, since);
}

static bool put_totals(const device_view *of, erg_table *table, const total totals[])
{
    erg_timeline_case *all = of->all;
    const char *device = erg_trace_device(all->trace, of->device)->name;
    double sum_s = 0;
    bool ok = true;

    for (size_t i = 0; i < LABELS_MOST; i++)
        sum_s += totals[i].s;
    for (size_t i = 0; ok && i < LABELS_MOST && totals[i].label; i++)
        ok = erg_table_row(table, all->err)
            && erg_table_text(table, "device", device, all->err)
            && erg_table_text(table, "label", totals[i].label, all->err)
            && erg_table_real(table, "duration_s", totals[i].s, all->err)
            && erg_table_real(table, "share", totals[i].s / sum_s, all->err);
    return ok;
}

bool erg_timeline_labels(erg_timeline_case *all)
{
    bool ok = true;

    for (int d = 0; ok && d < (int)erg_trace_device_count(all->trace); d++) {
        total totals[LABELS_MOST] = { 0 };
        device_view of;
        if (make_view(all, d, &of))
            ok = put_labels(&of, all->tables.labels, totals)
              && put_totals(&of, all->tables.limiters, totals) && note_absent(&of);
    }
    return ok;
}
