/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one profile of a campaign shows, whatever wrote it.
 *
 * dcgmi's rows have no stamps, so the period comes from the energy counter: joules by
 * the counter over the mean watt are the seconds from the first row to the last. Rows
 * asked for every 50 ms come every 50.0 to 51.4 ms.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/import.h"
#include "fit/activity.h"
#include "math/stats.h"
#include "sweep/campaign.h"

/* Rows that were at work tell the clock, if they are at least this share; else all do. */
static const double work_share_least = 0.1;

typedef struct series { const erg_sample *at; size_t count; } series;

typedef struct profile {
    const erg_trace *trace;
    const char *device;
    erg_campaign_profile *out;
} profile;

static series series_of(const profile *of, const char *name)
{
    char path[80];
    series found = { 0 };

    snprintf(path, sizeof(path), "%s/%s", of->device, name);
    int channel = erg_trace_find_channel(of->trace, path);
    if (channel >= 0)
        found.at = erg_trace_samples(of->trace, channel, &found.count);
    return found;
}

typedef struct mean { double all, above_zero; size_t known, above; } mean;

static mean mean_of(series of)
{
    erg_sum sum = { 0 };
    mean out = { NAN, NAN, 0, 0 };

    for (size_t i = 0; i < of.count; i++) {
        if (isnan(of.at[i].value))
            continue;
        out.known++;
        out.above += of.at[i].value > 0;
        erg_sum_add(&sum, of.at[i].value);
    }
    if (out.known) {
        out.all = erg_sum_value(&sum) / (double)out.known;
        out.above_zero = out.above ? erg_sum_value(&sum) / (double)out.above : 0;
    }
    return out;
}

/* ---- activities ------------------------------------------------------------------ */

static double fp_active(const profile *of, erg_activity definition)
{
    double shares[ERG_ACTIVITY_PARTS];

    for (size_t i = 0; i < ERG_ACTIVITY_PARTS; i++)
        shares[i] = mean_of(series_of(of, erg_activity_parts[i].channel)).above_zero;
    return erg_activity_fp(definition, shares);
}

/* ---- clocks ---------------------------------------------------------------------- */

/* The share of time at work, from whatever tells it. */
static series work_of(const profile *of)
{
    static const char *const names[] = { "use", "sm_active", "graphics_active" };
    series found = { 0 };

    for (size_t i = 0; i < ERG_COUNT(names) && !found.count; i++)
        found = series_of(of, names[i]);
    return found;
}

static double median_of(series of, const double from_ns[], size_t count, double scratch[])
{
    size_t kept = 0;

    for (size_t i = 0, k = 0; i < of.count; i++) {
        while (from_ns && k < count && from_ns[k] < (double)of.at[i].t_ns)
            k++;
        bool at_work = !from_ns || (k < count && from_ns[k] <= (double)of.at[i].t_ns);
        if (at_work && !isnan(of.at[i].value))
            scratch[kept++] = of.at[i].value;
    }
    return erg_median(scratch, kept);
}

/* Median over the rows at work; over all where hardly any are. */
static bool find_clock(const profile *of, erg_error *err)
{
    series clock = series_of(of, "sm_clock"), set = series_of(of, "sm_app_clock");
    series work = work_of(of);
    size_t longest = clock.count > set.count ? clock.count : set.count, busy = 0;
    double *scratch = calloc(longest + 1, sizeof(*scratch));
    double *when = calloc(work.count + 1, sizeof(*when));
    bool good = scratch && when;

    for (size_t i = 0; good && i < work.count; i++)
        if (work.at[i].value > 0)
            when[busy++] = (double)work.at[i].t_ns;
    if (good) {
        bool enough = (double)busy >= work_share_least * (double)clock.count && busy > 0;
        of->out->seen_clock_hz = median_of(clock, enough ? when : NULL, busy, scratch);
        of->out->app_clock_hz = median_of(set, NULL, 0, scratch);
    }
    free(scratch);
    free(when);
    return good || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

/* ---- power, energy and time ------------------------------------------------------ */

static double trapezoid_j(series power)
{
    erg_sum sum = { 0 };
    const erg_sample *last = NULL;

    for (size_t i = 0; i < power.count; i++) {
        const erg_sample *now = &power.at[i];
        if (isnan(now->value))
            continue;
        if (last)
            erg_sum_add(&sum, 0.5 * (last->value + now->value)
                        * erg_s_from_ns(now->t_ns - last->t_ns));
        last = now;
    }
    return last ? erg_sum_value(&sum) : NAN;
}

/* Highest mean of a second; of a row where rows are further apart. */
static double peak_w(series power, double period_s)
{
    size_t rows = period_s > 0 && period_s < 1 ? (size_t)lround(1 / period_s) : 1;
    double peak = NAN, sum = 0;
    size_t known = 0;

    for (size_t i = 0; i < power.count; i++) {
        if (!isnan(power.at[i].value))
            sum += power.at[i].value, known++;
        if (i >= rows && !isnan(power.at[i - rows].value))
            sum -= power.at[i - rows].value, known--;
        if (i + 1 >= rows && known)
            peak = fmax(peak, sum / (double)known);
    }
    return peak;
}

/* NAN unless it rises all along: a reset says nothing. */
static double counted_j(series counter)
{
    double first = NAN, last = NAN;

    for (size_t i = 0; i < counter.count; i++) {
        double now = counter.at[i].value;
        if (isnan(now))
            continue;
        if (isnan(first))
            first = now;
        if (now < last)
            return NAN;
        last = now;
    }
    return last > first ? last - first : NAN;
}

static size_t rows_of(const profile *of)
{
    size_t power = series_of(of, "power").count, counter = series_of(of, "energy").count;
    return power > counter ? power : counter;
}

/* By the counter; else by stamps, if the file has some; else otherwise_s, by a log. */
static void find_energy(const profile *of, double otherwise_s)
{
    erg_campaign_profile *out = of->out;
    series power = series_of(of, "power"), counter = series_of(of, "energy");
    mean watts = mean_of(power);

    out->rows = rows_of(of);
    out->mean_w = watts.all;
    out->covered = power.count ? (double)watts.known / (double)power.count : NAN;
    out->energy_j = counted_j(counter);
    out->has_counter = !isnan(out->energy_j);
    out->length_s = out->has_counter ? out->energy_j / out->mean_w : otherwise_s;
    if (out->start_ns != INT64_MIN && power.count > 1) {
        out->length_s = erg_s_from_ns(power.at[power.count - 1].t_ns - power.at[0].t_ns);
        if (!out->has_counter)
            out->energy_j = trapezoid_j(power);
    }
    if (out->has_counter)
        out->covered = 1;
    if (isnan(out->mean_w)) {
        out->length_s = otherwise_s;
        out->mean_w = out->energy_j / otherwise_s;
    }
    out->period_s = out->rows > 1 ? out->length_s / (double)(out->rows - 1) : NAN;
    out->peak_w = peak_w(power, out->period_s);
    if (isnan(out->energy_j))
        out->energy_j = out->mean_w * out->length_s;
}

/* Rows before the first at work, in seconds: loading, on the host. */
static double idle_head_s(const profile *of)
{
    series work = work_of(of);

    for (size_t i = 0; i < work.count; i++)
        if (work.at[i].value > 0) {
            double share = (double)(work.at[i].t_ns - work.at[0].t_ns)
                / (double)(work.at[work.count - 1].t_ns - work.at[0].t_ns + 1);
            return share * of->out->length_s;
        }
    return NAN;
}

static void find_limit(const profile *of, int device)
{
    for (size_t i = 0; i < erg_trace_setting_count(of->trace); i++) {
        const erg_setting *one = erg_trace_setting(of->trace, i);
        if (one->device == device && strcmp(one->key, "power_limit_w") == 0)
            of->out->limit_w = strtod(one->value, NULL);
    }
}

/* Of several boards the one that did the work; the others idle beside it. */
static int busiest(const erg_trace *trace, int *boards)
{
    double most_w = -1;
    int best = -1;

    *boards = 0;
    for (int i = 0; i < (int)erg_trace_device_count(trace); i++) {
        profile of = { trace, erg_trace_device(trace, i)->name, NULL };
        series power = series_of(&of, "power");
        double mean_w = mean_of(power).all;
        if (!power.count)
            continue;
        ++*boards;
        if (best < 0 || mean_w > most_w) {
            best = i;
            most_w = mean_w;
        }
    }
    return best;
}

static bool describe(const erg_trace *trace, erg_campaign_run *run,
                     const erg_campaign_options *options, erg_error *err)
{
    erg_campaign_profile *out = &run->profile;
    int device = busiest(trace, &out->boards);

    if (device < 0)
        return erg_fail(err, ERG_NO_DATA, "%s: it has no power: record field 155",
                        run->path);
    profile of = { trace, erg_trace_device(trace, device)->name, out };
    out->is_shared = erg_trace_device(trace, device)->shared;
    erg_text_put(out->model, sizeof(out->model), erg_trace_device(trace, device)->model);
    out->limit_w = NAN;
    out->start_ns = erg_trace_anchor_count(trace)
        ? erg_trace_utc_ns(trace, erg_trace_span(trace).begin_ns) : INT64_MIN;
    find_energy(&of, isnan(run->duration_s) && options->period_s > 0
                ? options->period_s * (double)rows_of(&of) : run->duration_s);
    find_limit(&of, device);
    out->temp_c = mean_of(series_of(&of, "temperature")).all - 273.15;
    out->fp_active = fp_active(&of, options->definition);
    out->dram_active = mean_of(series_of(&of, "dram_active")).above_zero;
    out->idle_head_s = idle_head_s(&of);
    return find_clock(&of, err);
}

bool erg_campaign_read_profile(erg_campaign_run *run, const erg_campaign_options *options,
                               erg_error *err)
{
    erg_import_options how = { .period_s = options->period_s > 0 ? options->period_s : 0.05,
                               .tz = options->tz };
    erg_trace *trace = erg_trace_new(err);
    bool good = trace && erg_import(trace, run->path, &how, err)
        && describe(trace, run, options, err);

    erg_trace_free(trace);
    run->has_profile = good;
    return good;
}
