/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of the meter: does it see this machine, and was the machine warm? */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/energy.h"
#include "math/stats.h"
#include "replay/audit.h"
#include "replay/meter.h"
#include "trace/response.h"
#include "trace/stream.h"

static const double SILENT_CORRELATION = 0.7, LED_SHARE = 0.1;
static const double COLD_SHARE = 0.95, CLOCK_SHARE = 0.02, DRIFT_K = 3;
enum { FEWEST = 4, FEWEST_UPDATES = 10, SAMPLES_MOST = 8192,
       LOOKS_A_REST = 1 << 6 };

/* ---- METER_SILENT ------------------------------------------------------- */

static bool holds(erg_span span, int64_t t_ns)
{
    return t_ns >= span.begin_ns && t_ns < span.end_ns;
}

static bool in_kernel(const erg_replay *replay, int64_t utc_ns)
{
    for (size_t i = 0; i < replay->kernel_count; i++)
        if (holds(replay->kernels[i].span, utc_ns))
            return true;
    return false;
}

static size_t readings_in(const erg_replay *replay, erg_span span)
{
    size_t count, inside = 0;
    const erg_sample *at = erg_trace_samples(replay->trace, replay->channel, &count);

    for (size_t i = 0; i < count; i++) {
        inside += holds(span, at[i].t_ns) && isfinite(at[i].value);
        erg_samples_pass(replay->trace, replay->channel, i);
    }
    return inside;
}

/* The whole is the plainest load: kernels, which may draw little more than idle, count only
 * where the log did not see it. */
static void fill(const erg_replay *replay, const erg_sample at[], size_t count,
                 erg_response *to)
{
    int64_t shift_ns = -erg_replay_on_clock(replay->trace, (erg_span){ 0, 0 }).begin_ns;
    erg_span whole = replay->whole.span;
    bool by_whole =
        readings_in(replay, erg_replay_on_clock(replay->trace, whole)) >= FEWEST;
    size_t step = count / SAMPLES_MOST + 1;

    for (size_t i = 0; i < count; i += step) {
        int64_t utc_ns = at[i].t_ns + shift_ns;
        bool in_whole = holds(whole, utc_ns),
             active = in_whole || in_kernel(replay, utc_ns);
        if (in_whole || !active || !by_whole)
            erg_response_add(to, at[i].value, active);
        if (to->count % LOOKS_A_REST == 0)
            erg_samples_rest(replay->trace, replay->channel);
    }
}

static bool response_of(const erg_replay *replay, erg_response *out)
{
    size_t count;
    const erg_sample *at = erg_trace_samples(replay->trace, replay->channel, &count);

    if (!erg_response_new(out, SAMPLES_MOST + 1))
        return false;
    fill(replay, at, count, out);
    return true;
}

/* Of all stretches that could have been the work, how well does the best one explain the
 * readings? With S the sum inside it, r = (S - L mean) / (sd sqrt(L (n - L) n) / n). */
static double best_correlation(const erg_response *of)
{
    double mean_w = erg_mean(of->w, of->count), square = 0, best = -1;
    double n = (double)of->count;

    for (size_t i = 0; i < of->count; i++)
        square += (of->w[i] - mean_w) * (of->w[i] - mean_w);
    for (size_t i = 0; i < of->count; i++) {
        double sum_w = 0;
        for (size_t k = i; k < of->count; k++) {
            double length = (double)(k - i + 1);
            sum_w += of->w[k] - mean_w;
            if (length >= FEWEST && length <= n - FEWEST)
                best = fmax(best, sum_w / sqrt(square * length * (n - length) / n));
        }
    }
    return best;
}

/* Work that nobody gave a window drew more than the kernels: the meter does live. */
static bool is_led(const erg_replay *replay, const erg_response *of, double rise_w)
{
    return replay->whole.span.end_ns <= replay->whole.span.begin_ns
        && rise_w < -LED_SHARE * erg_mean(of->w, of->count);
}

/* A meter that follows the load at other times than stamped is not dead, nor another's. */
static bool is_late(const erg_replay *replay)
{
    erg_offset found;
    erg_error why = { 0 };

    return replay->whole.span.end_ns > replay->whole.span.begin_ns
        && erg_audit_offset(replay, &found, &why) && erg_offset_is_off(&found);
}

static void judge_response(const erg_replay *replay, erg_response *of, erg_finding *out)
{
    erg_response_signs signs = erg_response_judge(of, 0);

    /* A meter inside the device cannot be plugged into another machine: of its two signs of
     * life one is enough. */
    bool is_outside = erg_replay_sees_node(replay->trace, replay->channel);
    bool is_silent = is_outside ? signs.is_flat || signs.is_strange
                                        : signs.is_flat && signs.is_strange;
    if (is_silent && is_led(replay, of, signs.rise_w))
        erg_audit_cannot(out, "the window of the whole is not known, and what lies outside "
                              "of the kernels drew more than they did");
    else if (is_silent && is_late(replay))
        erg_audit_cannot(out, "the log follows the load at other times than it is stamped");
    else if (is_silent)
        erg_audit_fails(
            out, "the meter does not follow the load: dead, or wired to another machine");
    else
        erg_audit_passes(out, "the meter follows the load");
    erg_audit_shows(out, "%+.4g W under load", signs.rise_w);
    erg_audit_shows(out, "correlation %.2f", signs.correlation);
}

/* No work has a stamp in the log: is there a stretch that could have been some? */
static void judge_blind(const erg_response *of, erg_finding *out)
{
    double r = best_correlation(of);

    if (of->count < 2 * FEWEST)
        erg_audit_cannot(out, "no reading falls into the work, and there are only %zu",
                         of->count);
    else if (!(r > SILENT_CORRELATION))
        erg_audit_fails(
            out, "no reading falls into the work, and no stretch of the log could be "
                 "load: dead, or wired to another machine");
    else
        erg_audit_cannot(
            out, "no reading falls into the work: is it of this run, and the zone right?");
    if (of->count >= 2 * FEWEST)
        erg_audit_shows(out, "best correlation of any stretch %.2f over %zu readings", r,
                        of->count);
}

void erg_audit_meter_silent(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    erg_response of = { 0 };

    if (!replay->trace || replay->channel < 0)
        erg_audit_cannot(out, "no log of power");
    else if (erg_trace_channel(replay->trace, replay->channel)->method == ERG_METHOD_MODEL)
        erg_audit_cannot(out, "power is modelled: there is no meter");
    else if (erg_trace_channel(replay->trace, replay->channel)->kind == ERG_COUNTER)
        erg_audit_cannot(out, "a counter of energy is looked at while recording");
    else if (!response_of(replay, &of))
        erg_audit_cannot(out, "no memory for the readings");
    else if (of.loads < FEWEST)
        judge_blind(&of, out);
    else if (of.idles < FEWEST)
        erg_audit_cannot(out, "the log holds no reading outside the work");
    else
        judge_response(replay, &of, out);
    erg_response_free(&of);
}

/* ---- COLD_CLOCKS -------------------------------------------------------- */

static erg_span work_of(const erg_replay *replay)
{
    return erg_replay_on_clock(replay->trace, replay->whole.span);
}

static double mean_w(const erg_replay *replay, int64_t begin_ns, int64_t end_ns)
{
    erg_energy seen;
    return erg_trace_energy(replay->trace, replay->channel, (erg_span){ begin_ns, end_ns },
                            &seen, NULL)
               ? seen.mean_w
               : NAN;
}

/* First tenth over rest; NAN: too few readings. */
static double start_share(const erg_replay *replay, double *first_w, double *rest_w)
{
    erg_span work = work_of(replay);
    int64_t tenth_ns = work.begin_ns + (work.end_ns - work.begin_ns) / 10;
    erg_energy all;

    *first_w = *rest_w = NAN;
    if (erg_replay_is_modelled(replay))
        return NAN;
    if (!erg_trace_energy(replay->trace, replay->channel, work, &all, NULL)
        || all.updates < FEWEST_UPDATES)
        return NAN;
    *first_w = mean_w(replay, work.begin_ns, tenth_ns);
    *rest_w = mean_w(replay, tenth_ns, work.end_ns);
    return *first_w / *rest_w;
}

/* How far a channel left its mean while the whole ran, and how far it moved from the first
 * tenth to the last. */
typedef struct motion {
    double mean, most, drift;
    size_t count;
} motion;

static double mean_in(const erg_trace *trace, int channel, erg_span span, double from,
                      double *most, size_t *seen)
{
    size_t count;
    const erg_sample *at = erg_trace_samples(trace, channel, &count);
    double sum = 0;

    *seen = 0;
    for (size_t i = 0; i < count; i++) {
        erg_samples_pass(trace, channel, i);
        if (!holds(span, at[i].t_ns) || isnan(at[i].value))
            continue;
        ++*seen;
        sum += at[i].value;
        *most = fmax(*most, fabs(at[i].value - from));
    }
    return sum / (double)*seen;
}

static motion motion_of(const erg_replay *replay, int channel)
{
    erg_span work = work_of(replay), first = work, last = work;
    motion of = { NAN, 0, NAN, 0 };
    double ignored = 0;
    const erg_trace *trace = replay->trace;
    size_t seen;

    first.end_ns = work.begin_ns + (work.end_ns - work.begin_ns) / 10;
    last.begin_ns = work.end_ns - (work.end_ns - work.begin_ns) / 10;
    of.mean = mean_in(trace, channel, work, 0, &ignored, &of.count);
    mean_in(trace, channel, work, of.mean, &of.most, &seen);
    of.drift = mean_in(trace, channel, last, 0, &ignored, &seen)
               - mean_in(trace, channel, first, 0, &ignored, &seen);
    return of;
}

static bool look_at_channels(const erg_replay *replay, size_t *seen, erg_finding *out)
{
    bool cold = false;

    for (int i = 0; i < (int)erg_trace_channel_count(replay->trace); i++) {
        const erg_channel_info *info = erg_trace_channel(replay->trace, i);
        bool is_clock =
            info->quantity == ERG_CLOCK_RATE && strcmp(info->name, "sm_clock") == 0;
        bool is_heat = info->quantity == ERG_TEMPERATURE;
        motion of = is_clock || is_heat ? motion_of(replay, i) : (motion){ 0 };
        if (of.count < FEWEST_UPDATES)
            continue;
        ++*seen;
        if (is_clock && of.most > CLOCK_SHARE * of.mean)
            erg_audit_shows(out, "SM clock left %.4g Hz by %.3g %%", of.mean,
                            100 * of.most / of.mean);
        else if (is_heat && fabs(of.drift) > DRIFT_K)
            erg_audit_shows(out, "%s moved by %+.3g K", info->name, of.drift);
        else
            continue;
        cold = true;
    }
    return cold;
}

void erg_audit_cold(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    double first_w, rest_w, share;
    size_t seen = 0;

    if (!subject->is_metered || replay->whole.span.end_ns <= replay->whole.span.begin_ns) {
        erg_audit_cannot(out, "no power of the whole");
        return;
    }
    share = start_share(replay, &first_w, &rest_w);
    bool moved = look_at_channels(replay, &seen, out);
    if (share < COLD_SHARE || moved)
        erg_audit_fails(out,
                        "the whole began before clocks and power stood: warm up longer");
    else if (isnan(share) && !seen)
        erg_audit_cannot(out, "too few readings while the whole ran");
    else
        erg_audit_passes(out, "power stood from the first tenth of the whole on");
    if (!isnan(share))
        erg_audit_shows(out, "%.1f W in the first tenth, %.1f W after it (%.3f)", first_w,
                        rest_w, share);
}
