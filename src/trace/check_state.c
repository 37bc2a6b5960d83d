/* SPDX-License-Identifier: Apache-2.0 */
/* Was the machine in one steady state: awake, warm, at its clock, equally idle? */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "trace/check.h"

static const double CLOCK_SHARE = 0.02;
static const double COLD_SHARE = 0.95;
static const double DRIFT_K = 3.0;
static const int64_t ASLEEP_NS = 100 * ERG_NS_PER_MS;
enum { FEWEST_UPDATES = 10 };

/* Settings that ask for an SM clock, in Hz. */
static const char *const clock_keys[] = {
    "sm_clock_hz", "sm_clock", "sm_clock_requested", "sm_clock_requested_hz",
};

/* ---- SUSPENDED ----------------------------------------------------------------- */

bool erg_check_suspended(erg_trace *trace, erg_error *err)
{
    for (size_t i = 1; i < erg_trace_anchor_count(trace); i++) {
        const erg_anchor *a = erg_trace_anchor(trace, i - 1),
                         *b = erg_trace_anchor(trace, i);
        int64_t slept_ns = (b->boot_ns - b->mono_ns) - (a->boot_ns - a->mono_ns);
        erg_span span = { a->mono_ns, b->mono_ns };
        if (slept_ns >= ASLEEP_NS
            && !erg_raise(
                trace, &(erg_flag){ ERG_FLAG_SUSPENDED, -1, span, "" }, err,
                "the machine slept for %.1f s during the recording: the stretch is "
                "not covered; keep it awake",
                erg_s_from_ns(slept_ns)))
            return false;
    }
    return true;
}

/* ---- COLD_CLOCKS ----------------------------------------------------------------- */

static bool clock_leaves_its_mean(const erg_trace *trace, int channel, erg_span work)
{
    size_t count;
    double *hz = erg_values_in(trace, channel, work, &count);
    double mean_hz = hz ? erg_mean(hz, count) : NAN, most = 0;

    for (size_t i = 0; hz && i < count; i++)
        most = fmax(most, fabs(hz[i] - mean_hz) / mean_hz);
    free(hz);
    return count >= FEWEST_UPDATES && most > CLOCK_SHARE;
}

static double mean_w(const erg_stream *stream, int64_t begin_ns, int64_t end_ns)
{
    erg_window of = erg_window_of(stream, (erg_span){ begin_ns, end_ns });
    return of.covered_s > 0 ? of.energy_j / of.covered_s : NAN;
}

static bool power_starts_low(const erg_trace *trace, int channel, erg_span work)
{
    const erg_stream *stream = erg_stream_of(trace, channel, NULL);
    if (!stream || erg_updates_in(stream, work) < FEWEST_UPDATES)
        return false;
    int64_t tenth_ns = work.begin_ns + (work.end_ns - work.begin_ns) / 10;
    return mean_w(stream, work.begin_ns, tenth_ns)
         < COLD_SHARE * mean_w(stream, tenth_ns, work.end_ns);
}

bool erg_check_cold(erg_trace *trace, erg_error *err)
{
    erg_span work;
    char path[ERG_CHANNEL_PATH_MOST];

    if (!erg_work_span(trace, &work))
        return true;
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        bool is_clock =
            info->quantity == ERG_CLOCK_RATE && strcmp(info->name, "sm_clock") == 0;
        bool cold = is_clock
                        ? clock_leaves_its_mean(trace, i, work)
                        : info->quantity == ERG_POWER && power_starts_low(trace, i, work);
        erg_trace_channel_path(trace, i, path);
        if (cold
            && !erg_raise(trace, &(erg_flag){ ERG_FLAG_COLD_CLOCKS, i, work, "" }, err,
                          is_clock ? "%s left its mean by more than 2 %%: add --warmup runs"
                                   : "%s was lower in the first tenth of the window than "
                                     "after it: add --warmup runs",
                          path))
            return false;
    }
    return true;
}

/* ---- THERMAL_DRIFT --------------------------------------------------------------- */

static double median_in(const erg_trace *trace, int channel, int64_t begin_ns,
                        int64_t end_ns)
{
    size_t count;
    double *k = erg_values_in(trace, channel, (erg_span){ begin_ns, end_ns }, &count);
    double median = k ? erg_median(k, count) : NAN;

    free(k);
    return median;
}

bool erg_check_thermal(erg_trace *trace, erg_error *err)
{
    erg_span work;
    char path[ERG_CHANNEL_PATH_MOST];

    if (!erg_work_span(trace, &work))
        return true;
    int64_t tenth_ns = (work.end_ns - work.begin_ns) / 10;
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        if (erg_trace_channel(trace, i)->quantity != ERG_TEMPERATURE)
            continue;
        double drift_k = median_in(trace, i, work.end_ns - tenth_ns, work.end_ns)
                       - median_in(trace, i, work.begin_ns, work.begin_ns + tenth_ns);
        erg_trace_channel_path(trace, i, path);
        if (fabs(drift_k) > DRIFT_K
            && !erg_raise(trace, &(erg_flag){ ERG_FLAG_THERMAL_DRIFT, i, work, "" }, err,
                          "%s drifted by %+.1f K: warm up longer before measuring", path,
                          drift_k))
            return false;
    }
    return true;
}

/* ---- IDLE_DRIFT ------------------------------------------------------------------ */

bool erg_check_idle(erg_trace *trace, erg_error *err)
{
    erg_span work;
    char path[ERG_CHANNEL_PATH_MOST];

    if (!erg_work_span(trace, &work))
        return true;
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        if (!erg_has_joules(erg_trace_channel(trace, i)->quantity))
            continue;
        const erg_stream *stream = erg_stream_of(trace, i, err);
        if (!stream)
            return false;
        erg_idle idle = erg_idle_of(trace, stream, work);
        erg_trace_channel_path(trace, i, path);
        if (idle.drifts
            && !erg_raise(
                trace, &(erg_flag){ ERG_FLAG_IDLE_DRIFT, i, { 0, 0 }, "" }, err,
                "idle of %s was %.2f W before and %.2f W after: measure idle longer, "
                "on a quiet machine",
                path, idle.before_w, idle.after_w))
            return false;
    }
    return true;
}

/* ---- CLOCK_NOT_REACHED ----------------------------------------------------------- */

static double requested_hz(const erg_trace *trace, int device)
{
    double hz = NAN, value;

    for (size_t i = 0; i < erg_trace_setting_count(trace); i++) {
        const erg_setting *one = erg_trace_setting(trace, i);
        for (size_t k = 0; k < ERG_COUNT(clock_keys); k++)
            if (one->device == device && strcmp(one->key, clock_keys[k]) == 0
                && erg_number_parse(one->value, strlen(one->value), '.', &value)
                && value > 0)
                hz = value;
    }
    return hz;
}

static int clock_channel(const erg_trace *trace, int device, const char *name)
{
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        if (info->device == device && info->quantity == ERG_CLOCK_RATE
            && strcmp(info->name, name) == 0)
            return i;
    }
    return -1;
}

/* The measured clock against the setting; where one of them is missing, the clock
 * that the driver grants to applications stands in for it. */
static bool check_device_clock(erg_trace *trace, int device, erg_span work, erg_error *err)
{
    int measured = clock_channel(trace, device, "sm_clock");
    int granted = clock_channel(trace, device, "sm_app_clock");
    double wanted_hz = requested_hz(trace, device);

    if (isnan(wanted_hz) && measured >= 0 && granted >= 0)
        wanted_hz = median_in(trace, granted, work.begin_ns, work.end_ns);
    int ran = measured >= 0 ? measured : granted;
    double ran_hz = ran < 0 ? NAN : median_in(trace, ran, work.begin_ns, work.end_ns);
    if (!(fabs(ran_hz - wanted_hz) > CLOCK_SHARE * wanted_hz))
        return true;
    return erg_raise(trace, &(erg_flag){ ERG_FLAG_CLOCK_NOT_REACHED, ran, work, "" }, err,
                     "%s ran at %.0f MHz, not at the %.0f MHz asked for: use the measured "
                     "clock, or look for a power or thermal limit",
                     erg_trace_device(trace, device)->name, ran_hz * 1e-6,
                     wanted_hz * 1e-6);
}

bool erg_check_clock(erg_trace *trace, erg_error *err)
{
    erg_span work;

    if (!erg_work_span(trace, &work)) {
        work = erg_trace_span(trace);
        work.end_ns += 1;
    }
    for (int i = 0; i < (int)erg_trace_device_count(trace); i++)
        if (!check_device_clock(trace, i, work, err))
            return false;
    return true;
}
