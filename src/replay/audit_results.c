/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what was written down: zone, age, and how watts became joules. */
#include <math.h>
#include <string.h>
#include "erg/energy.h"
#include "replay/audit.h"
#include "replay/files.h"
#include "replay/legacy.h"
#include "replay/meter.h"

static const double EQUAL_SHARE = 1e-9, ROUNDED_SHARE = 1e-6;

static bool equals(double a, double b, double share)
{
    return fabs(a - b) <= share * fmax(fabs(a), fabs(b));
}

static bool has_flag(const erg_trace *trace, erg_flag_code code)
{
    for (size_t i = 0; trace && i < erg_trace_flag_count(trace); i++)
        if (erg_trace_flag(trace, i)->code == code)
            return true;
    return false;
}

/* ---- LOCAL_TIME --------------------------------------------------------- */

void erg_audit_local_time(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    bool in_log = has_flag(replay->trace, ERG_FLAG_LOCAL_TIME);

    if (replay->local_time || in_log)
        erg_audit_fails(out, "stamps of the %s have no zone: name it with --tz",
                        replay->local_time && in_log ? "timings and of the log"
                        : in_log                     ? "log"
                                                     : "timings");
    else if (replay->written_ns || replay->trace)
        erg_audit_passes(out, "the zone of all stamps is known");
    else
        erg_audit_cannot(out, "there are no stamps");
}

/* ---- STALE_RESULT ------------------------------------------------------- */

typedef struct age {
    size_t compared;
    erg_finding *out;
} age;

/* A figure that stands in two files is one figure. */
static bool agrees(age *of, const char *what, double here, double there)
{
    if (isnan(here) || isnan(there))
        return true;
    of->compared++;
    if (equals(here, there, ROUNDED_SHARE))
        return true;
    erg_audit_fails(
        of->out, "%s is not that of the timing file: the report is of another run", what);
    erg_audit_shows(of->out, "%.10g and %.10g", here, there);
    return false;
}

/* Older reports put 0 where nothing was measured. */
static const char *zero_in(const erg_replay *replay)
{
    const erg_kernel_energies *report = replay->energies;

    if (replay->whole.time_s == 0 || replay->whole.energy_j == 0)
        return "the whole";
    for (size_t i = 0; i < replay->kernel_count; i++)
        if (replay->kernels[i].time_s == 0)
            return replay->kernels[i].name;
    for (size_t i = 0; report && i < report->row_count; i++)
        if (report->rows[i].total_j == 0 || report->rows[i].inference_j == 0)
            return report->rows[i].name;
    return NULL;
}

static double sum_s(const erg_replay *replay)
{
    double sum = 0;

    for (size_t i = 0; i < replay->kernel_count; i++)
        if (erg_kernel_is_summed(replay, &replay->kernels[i]))
            sum += replay->kernels[i].time_s * replay->kernels[i].count;
    return replay->kernel_count ? sum : NAN;
}

static bool compare_files(const erg_replay *replay, age *of)
{
    const erg_comparison *comparison = replay->comparison;
    const erg_kernel_energies *report = replay->energies;
    double steps = comparison && comparison->steps > 0 ? comparison->steps : 1;

    return agrees(of, "predicted_total", replay->predicted_s, sum_s(replay))
           && (!comparison
               || (agrees(of, "full_model_inference", comparison->whole_s,
                          replay->whole.time_s)
                   && agrees(of, "predicted_from_kernels", comparison->predicted_s * steps,
                             sum_s(replay))))
           && (!report || agrees(of, "num_runs", report->runs, replay->whole.runs));
}

static bool is_older(const erg_replay *replay, double *by_s)
{
    if (!replay->trace || !replay->written_ns || erg_trace_anchor_count(replay->trace) == 0)
        return false;
    int64_t begin_ns =
        erg_trace_utc_ns(replay->trace, erg_trace_span(replay->trace).begin_ns);
    *by_s = erg_s_from_ns(begin_ns - replay->written_ns);
    return *by_s > 0;
}

void erg_audit_stale(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    age of = { 0, out };
    double by_s = 0;
    const char *zero = zero_in(replay);

    if (zero)
        erg_audit_fails(out, "0 stands for what was not measured: %.60s", zero);
    else if (is_older(replay, &by_s) || has_flag(replay->trace, ERG_FLAG_STALE_RESULT))
        erg_audit_fails(out, "the timings ended %.4g s before the log of power began",
                        by_s);
    else if (!compare_files(replay, &of))
        return;
    else if (of.compared)
        erg_audit_passes(out, "what stands in two places agrees (figures: %zu)",
                         of.compared);
    else if (replay->trace && replay->written_ns)
        erg_audit_passes(out, "no timing is older than the log of power");
    else
        erg_audit_cannot(out, "there is nothing to hold the figures against");
}

/* ---- LEGACY_SUM --------------------------------------------------------- */

static double proper_j(const erg_replay *replay)
{
    erg_energy seen;
    erg_span whole = erg_replay_on_clock(replay->trace, replay->whole.span);
    return erg_trace_energy(replay->trace, replay->channel, whole, &seen, NULL)
               ? seen.energy_j
               : NAN;
}

void erg_audit_legacy(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    double reported_j = replay->energies ? replay->energies->total_j : NAN;
    double stated_j = replay->stated_j;

    if (isnan(reported_j) && isnan(stated_j)) {
        erg_audit_cannot(out, "no energy of the whole was published");
        return;
    }
    erg_replay_legacy legacy = { .whole_j = NAN };
    if (subject->is_metered)
        legacy = erg_replay_legacy_of(replay);
    double legacy_j = legacy.whole_j;
    if (isnan(legacy_j)) {
        erg_audit_cannot(out, "no log of power to sum up anew");
        return;
    }
    double trapezoid_j = proper_j(replay);
    bool is_legacy = equals(reported_j, legacy_j, EQUAL_SHARE)
                     || equals(stated_j, legacy_j, EQUAL_SHARE);
    if (is_legacy && !equals(legacy_j, trapezoid_j, EQUAL_SHARE))
        erg_audit_fails(out, "the published energy is the backward sum over readings");
    else
        erg_audit_passes(out, "the published energy is not the backward sum");
    erg_audit_shows(out, "published %.12g J", isnan(reported_j) ? stated_j : reported_j);
    erg_audit_shows(out, "backward sum %.12g J", legacy_j);
    erg_audit_shows(out, "with edges %.12g J", trapezoid_j);
    if (replay->energies && !isnan(replay->energies->predicted_j) && !isnan(legacy.sum_j))
        erg_audit_shows(out, "sum over the kernels, published %.12g J, backward %.12g J",
                        replay->energies->predicted_j, legacy.sum_j);
}
