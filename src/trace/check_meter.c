/* SPDX-License-Identifier: Apache-2.0 */
/* Does the meter measure this machine, and does it agree with its neighbour? */
#include <math.h>
#include <string.h>
#include "trace/check.h"
#include "trace/stream.h"
#include "trace/response.h"

static const double DISAGREES = 0.05;
static const double PERIOD_OFF = 0.01;
enum { FEWEST_SAMPLES = 4 };

/* ---- METER_SILENT ---------------------------------------------------------- */

/* Only a meter beside the machine can be plugged into another one. */
static bool is_outside_meter(const erg_trace *trace, const erg_channel_info *info)
{
    const erg_device_info *device = erg_trace_device(trace, info->device);
    bool measured =
        info->method == ERG_METHOD_COUNTER || info->method == ERG_METHOD_INTEGRAL;

    return info->quantity == ERG_POWER && info->kind != ERG_COUNTER && measured
        && (info->scope == ERG_SCOPE_NODE || device->scope == ERG_SCOPE_NODE
            || device->wired_to[0]);
}

static bool is_active(const erg_trace *trace, int64_t t_ns)
{
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (!erg_is_idle_record(region) && region->begin_ns <= t_ns
            && t_ns < region->end_ns)
            return true;
    }
    return false;
}

static bool response_of(const erg_trace *trace, int channel, erg_response *out,
                        erg_error *err)
{
    size_t count;
    const erg_sample *at = erg_trace_samples(trace, channel, &count);

    if (!erg_response_new(out, count))
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        erg_response_add(out, at[i].value, is_active(trace, at[i].t_ns));
    return true;
}

/* Of so few readings nothing is said. */
static bool is_silent(const erg_channel_info *info, erg_response *of, double *rise_w)
{
    if (of->loads < FEWEST_SAMPLES || of->idles == 0)
        return false;
    erg_response_signs signs = erg_response_judge(of, info->resolution);
    *rise_w = signs.rise_w;
    return signs.is_flat || signs.is_strange;
}

bool erg_check_meter_silent(erg_trace *trace, erg_error *err)
{
    char path[ERG_CHANNEL_PATH_MOST];
    erg_span work;
    double rise_w = NAN;

    if (!erg_work_span(trace, &work))
        return true;
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        erg_response of;
        if (!is_outside_meter(trace, info))
            continue;
        if (!response_of(trace, i, &of, err))
            return false;
        bool silent = is_silent(info, &of, &rise_w);
        erg_response_free(&of);
        erg_trace_channel_path(trace, i, path);
        if (silent
            && !erg_raise(trace, &(erg_flag){ ERG_FLAG_METER_SILENT, i, { 0, 0 }, "" }, err,
                          "%s does not follow the load (%+.2f W under it): the meter "
                          "is dead or wired to another machine; check its plug",
                          path, rise_w))
            return false;
    }
    return true;
}

/* ---- HOST_MISMATCH, SHARED -------------------------------------------------- */

bool erg_check_host(erg_trace *trace, erg_error *err)
{
    const char *host = erg_trace_meta(trace, "host_id");
    const char *all_wired = erg_trace_meta(trace, "wired_to");

    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        const erg_device_info *device = erg_trace_device(trace, info->device);
        const char *wired = device->wired_to[0] ? device->wired_to
                          : all_wired && is_outside_meter(trace, info) ? all_wired : "";
        const char *ran_on = host && *host ? host : device->host_id;
        if (!erg_has_joules(info->quantity) || !*wired || !*ran_on
            || strcmp(wired, ran_on) == 0)
            continue;
        if (!erg_raise(
                trace, &(erg_flag){ ERG_FLAG_HOST_MISMATCH, i, { 0, 0 }, "" }, err,
                "%s measures %s but the command ran on %s: move the meter or correct "
                "--wired-to",
                device->name, wired, ran_on))
            return false;
    }
    return true;
}

bool erg_check_shared(erg_trace *trace, erg_error *err)
{
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        const erg_device_info *device = erg_trace_device(trace, info->device);
        if (device->shared && erg_has_joules(info->quantity)
            && !erg_raise(trace, &(erg_flag){ ERG_FLAG_SHARED, i, { 0, 0 }, "" }, err,
                          "%s is shared with others: their joules are in its figures; "
                          "measure when it is free, or read them as the device's",
                          device->name))
            return false;
    }
    return true;
}

/* ---- the readings themselves ------------------------------------------------ */

static bool raise_spans(erg_trace *trace, int channel, const erg_rows *spans,
                        erg_flag_code code, erg_error *err)
{
    const char *what = code == ERG_FLAG_COUNTER_RESET
        ? "started anew: the step is not counted; keep the driver loaded while measuring"
        : "may have wrapped more than once: poll at least every half wrap time";
    const erg_span *at = spans->items;
    char path[ERG_CHANNEL_PATH_MOST];

    erg_trace_channel_path(trace, channel, path);
    for (size_t i = 0; i < spans->count; i++)
        if (!erg_raise(trace, &(erg_flag){ code, channel, at[i], "" }, err,
                       "counter %s %s", path, what))
            return false;
    return true;
}

static bool raise_errors(erg_trace *trace, int channel, erg_error *err)
{
    size_t count, errors = 0;
    const erg_sample *at = erg_trace_samples(trace, channel, &count);
    char path[ERG_CHANNEL_PATH_MOST];

    for (size_t i = 0; i < count; i++) {
        errors += isnan(at[i].value);
        erg_samples_pass(trace, channel, i);
    }
    erg_trace_channel_path(trace, channel, path);
    return errors == 0 || errors == count
           || erg_raise(trace,
                        &(erg_flag){ ERG_FLAG_READ_ERRORS,
                                     channel,
                                     { at[0].t_ns, at[count - 1].t_ns + 1 },
                                     "" },
                        err, "%zu of %zu readings of %s failed: they are gaps", errors,
                        count, path);
}

bool erg_check_readings(erg_trace *trace, erg_error *err)
{
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        if (!erg_has_joules(erg_trace_channel(trace, i)->quantity))
            continue;
        const erg_stream *stream = erg_stream_of(trace, i, err);
        if (!stream || !raise_errors(trace, i, err)
            || !raise_spans(trace, i, &stream->resets, ERG_FLAG_COUNTER_RESET, err)
            || !raise_spans(trace, i, &stream->ambiguous, ERG_FLAG_WRAP_AMBIGUOUS, err))
            return false;
    }
    return true;
}

/* ---- COUNTER_DISAGREES, PERIOD_MISMATCH -------------------------------------- */

/* Counter over integral, on the stretch that both saw in full; NAN: no such. */
static double ratio_of(const erg_trace *trace, int counter, int power, double *slack)
{
    const erg_stream *c = erg_stream_of(trace, counter, NULL);
    const erg_stream *p = erg_stream_of(trace, power, NULL);
    if (!c || !p)
        return NAN;
    erg_span span = c->seen;
    span.begin_ns = p->seen.begin_ns > span.begin_ns ? p->seen.begin_ns : span.begin_ns;
    span.end_ns = p->seen.end_ns < span.end_ns ? p->seen.end_ns : span.end_ns;
    if (span.end_ns <= span.begin_ns)
        return NAN;
    erg_window joules = erg_window_of(c, span), watts = erg_window_of(p, span);
    double whole_s = erg_s_from_ns(span.end_ns - span.begin_ns);
    *slack = fmax(c->update_s, p->update_s) / whole_s;
    if (!(watts.covered_s > 0.9 * whole_s) || !(joules.covered_s > 0.9 * whole_s))
        return NAN;
    return (joules.energy_j / joules.covered_s) / (watts.energy_j / watts.covered_s);
}

static bool compare_pair(erg_trace *trace, int counter, int power, erg_error *err)
{
    double slack = 0, ratio = ratio_of(trace, counter, power, &slack);
    const erg_stream *watts = erg_stream_of(trace, power, NULL);
    char path[ERG_CHANNEL_PATH_MOST];

    if (isnan(ratio))
        return true;
    erg_trace_channel_path(trace, counter, path);
    if (erg_trace_has_flag(trace, ERG_FLAG_PERIOD_MISMATCH))
        return true;    /* the importer, who knows the stated period, said so */
    if (erg_trace_has_flag(trace, ERG_FLAG_MADE_UP_STAMPS)
        && fabs(ratio - 1) > PERIOD_OFF + slack)
        return erg_raise(
            trace, &(erg_flag){ ERG_FLAG_PERIOD_MISMATCH, counter, { 0, 0 }, "" }, err,
            "%s and power agree on a period of %.3f ms, not on %.3f ms: give "
            "it with --period",
            path, 1e3 * watts->dt_s * ratio, 1e3 * watts->dt_s);
    if (fabs(ratio - 1) <= DISAGREES + slack)
        return true;
    return erg_raise(trace,
                     &(erg_flag){ ERG_FLAG_COUNTER_DISAGREES, counter, { 0, 0 }, "" }, err,
                     "%s says %.1f %% %s than integrated power: the counter is the answer, "
                     "check both with erg devices --check",
                     path, 100 * fabs(ratio - 1), ratio > 1 ? "more" : "less");
}

bool erg_check_counter(erg_trace *trace, erg_error *err)
{
    int count = (int)erg_trace_channel_count(trace);

    for (int i = 0; i < count; i++)
        for (int k = 0; k < count; k++) {
            const erg_channel_info *counter = erg_trace_channel(trace, i);
            const erg_channel_info *power = erg_trace_channel(trace, k);
            if (counter->kind == ERG_COUNTER && erg_has_joules(counter->quantity)
                && power->quantity == ERG_POWER && power->kind != ERG_COUNTER
                && counter->device == power->device && counter->scope == power->scope
                && !compare_pair(trace, i, k, err))
                return false;
        }
    return true;
}

/* ---- ALIASED ---------------------------------------------------------------- */

static bool alias_in_regions(erg_trace *trace, int channel, erg_error *err)
{
    enum { MOST_REGIONS = 100 };
    const uint64_t bit = UINT64_C(1) << ERG_FLAG_ALIASED;
    char path[ERG_CHANNEL_PATH_MOST];

    erg_trace_channel_path(trace, channel, path);
    size_t count = erg_trace_region_count(trace);
    size_t step = (count + MOST_REGIONS - 1) / MOST_REGIONS; /* spread over all */
    for (size_t i = 0; i < count; i += step) {
        const erg_region *region = erg_trace_region(trace, i);
        erg_span span = { region->begin_ns, region->end_ns };
        erg_energy energy;
        if (erg_is_idle_record(region) || region->end_ns == INT64_MAX
            || !erg_trace_energy(trace, channel, span, &energy, NULL)
            || !(energy.flags & bit))
            continue;
        bool is_known = erg_trace_channel(trace, channel)->window_s > 0;
        return erg_raise(
            trace, &(erg_flag){ ERG_FLAG_ALIASED, channel, span, "" }, err,
            "%s looks at nearly the period of the load in %s%s: use --dither or the "
            "counter",
            path, region->name,
            is_known ? "" : ", and for how long is not known (--window says it)");
    }
    return true;
}

bool erg_check_aliased(erg_trace *trace, erg_error *err)
{
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        bool part_time = info->window_s > 0 ? info->window_s < info->update_s
                       : info->kind == ERG_INSTANT && info->update_s > 0;
        if (erg_has_joules(info->quantity) && part_time
            && !alias_in_regions(trace, i, err))
            return false;
    }
    return true;
}
