/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sample of the use is a mean over the time before it (NVML: 1/6 to 1 s), so a sample
 * of the clock is under load if the use beside it, earlier or later, is above 0.
 */
#include <math.h>
#include <stdlib.h>
#include "base/base.h"
#include "math/stats.h"
#include "sweep/under_load.h"
#include "trace/stream.h"

/* Slow channels are read each second: what lies further apart says nothing. */
static const int64_t beside_ns = 1500 * ERG_NS_PER_MS;
static const double kelvin_at_0_c = 273.15;

/* Bits of NVML's clocks event reasons that take the clock away: software power cap,
 * slowdown by hardware, by heat in software and in hardware, by the power supply.
 * Source: nvmlClocksEventReasons in NVML's API reference. */
static const unsigned throttle_bits = 0x04 | 0x08 | 0x20 | 0x40 | 0x80;

typedef struct series {
    const erg_sample *at;
    size_t count;
} series;

static series series_of(const erg_trace *trace, const char *device, const char *channel)
{
    series out = { 0 };
    char name[80];
    snprintf(name, sizeof(name), "%s/%s", device, channel);
    int index = erg_trace_find_channel(trace, name);
    if (index >= 0)
        out.at = erg_trace_samples(trace, index, &out.count);
    return out;
}

static bool is_used_at(series use, size_t index, int64_t t_ns)
{
    return index < use.count && llabs(use.at[index].t_ns - t_ns) <= beside_ns
        && use.at[index].value > 0;
}

static bool is_under_load(series use, int64_t t_ns)
{
    size_t after = erg_sample_from(use.at, use.count, t_ns);
    return use.count == 0 || is_used_at(use, after, t_ns)
        || (after > 0 && is_used_at(use, after - 1, t_ns));
}

/* Values of the series in the spans, under load where use has samples; how many. */
static size_t gather(series of, series use, const erg_span spans[], size_t span_count,
                     double to[])
{
    size_t count = 0;
    for (size_t s = 0; s < span_count; s++)
        for (size_t i = erg_sample_from(of.at, of.count, spans[s].begin_ns);
             i < of.count && of.at[i].t_ns < spans[s].end_ns; i++)
            if (!isnan(of.at[i].value) && is_under_load(use, of.at[i].t_ns))
                to[count++] = of.at[i].value;
    return count;
}

static double throttled_share(const double reasons[], size_t count)
{
    size_t bad = 0;
    for (size_t i = 0; i < count; i++)
        bad += reasons[i] >= 0 && reasons[i] < 0x1p32
            && ((unsigned)reasons[i] & throttle_bits) != 0;
    return count ? (double)bad / (double)count : NAN;
}

static double mean_under_load(series of, series use, const erg_span spans[],
                              size_t span_count, double room[])
{
    size_t count = gather(of, use, spans, span_count, room);
    return count ? erg_mean(room, count) : NAN;
}

enum { USE, CLOCK, REASONS, TEMPERATURE, DRAM, PIPES, SERIES = PIPES + ERG_ACTIVITY_PARTS };

/* Room for the values of the longest. */
static double *find_series(const erg_trace *trace, const char *device, series to[SERIES])
{
    static const char *const names[PIPES] = { "use", "sm_clock", "throttle", "temperature",
                                              "dram_active" };
    size_t most = 0;

    for (size_t i = 0; i < SERIES; i++) {
        to[i] = series_of(trace, device,
                          i < PIPES ? names[i] : erg_activity_parts[i - PIPES].channel);
        most = most > to[i].count ? most : to[i].count;
    }
    return malloc((most + 1) * sizeof(double));
}

bool erg_under_load_read(const erg_trace *trace, const char *device, const erg_span spans[],
                         size_t span_count, erg_under_load *out, erg_error *err)
{
    series of[SERIES], all = { 0 };
    double *values = find_series(trace, device, of);

    *out = (erg_under_load){ .sm_clock_hz = NAN };
    if (!values)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for what %s was at", device);
    out->samples = gather(of[CLOCK], of[USE], spans, span_count, values);
    if (out->samples)
        out->sm_clock_hz = erg_median(values, out->samples);
    out->throttled =
        throttled_share(values, gather(of[REASONS], of[USE], spans, span_count, values));
    size_t count = gather(of[USE], all, spans, span_count, values), busy = 0;
    for (size_t i = 0; i < count; i++)
        busy += values[i] > 0;
    out->never_used = count > 0 && busy == 0;
    out->temp_c =
        mean_under_load(of[TEMPERATURE], all, spans, span_count, values) - kelvin_at_0_c;
    out->dram_active = mean_under_load(of[DRAM], of[USE], spans, span_count, values);
    for (size_t i = 0; i < ERG_ACTIVITY_PARTS; i++)
        out->pipes[i] = mean_under_load(of[PIPES + i], of[USE], spans, span_count, values);
    free(values);
    return true;
}
