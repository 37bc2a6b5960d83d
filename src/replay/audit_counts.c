/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of counts and times: how often, how long, per what. */
#include <math.h>
#include <stdlib.h>
#include "math/stats.h"
#include "replay/audit.h"
#include "replay/files.h"
#include "replay/meter.h"

static const double SUM_LEAST = 0.3, SUM_MOST = 1.1;
static const double EMPTY_TIMES = 1.5, NOISY_TIMES = 1.5, LOST_MOST = 0.1;
static const double ALIKE_SHARE = 0.05, ALIKE_MOST = 0.5;
enum { ALIKE_KERNELS = 5 }; /* fewer say nothing of their median */

/* ---- RUNS_MISMATCH ------------------------------------------------------ */

typedef struct mismatch {
    size_t seen, wrong;
    double low, high;    /* window / (runs single) of the wrong */
    double stated, used; /* of the first of them */
    size_t in_tier[ERG_TIERS];
} mismatch;

static void look_at_runs(const erg_kernel_timing *kernel, mismatch *to)
{
    double error = erg_replay_runs_error(kernel), stated = erg_replay_stated_runs(kernel);
    double ratio = erg_replay_window_s(kernel) / (stated * erg_replay_single_s(kernel));

    to->seen += !isnan(error);
    if (!(error > ERG_RUNS_SLACK))
        return;
    if (to->wrong++ == 0) {
        to->stated = stated;
        to->used = kernel->runs_used;
    }
    to->in_tier[kernel->tier]++;
    to->low = fmin(to->low, ratio);
    to->high = fmax(to->high, ratio);
}

static double whole_error(const erg_whole_timing *whole)
{
    double window_s = erg_s_from_ns(whole->span.end_ns - whole->span.begin_ns);
    return window_s > 0 ? fabs(window_s - whole->runs * whole->time_s) / window_s : NAN;
}

static void show_runs(const mismatch *of, erg_finding *out)
{
    erg_audit_shows(out, "window / (runs x single) is %.4g to %.4g", of->low, of->high);
    erg_audit_shows(out, "%.0f runs are stated where the window holds about %.0f",
                    of->stated, of->used);
    for (int tier = 0; tier < ERG_TIERS; tier++)
        if (of->in_tier[tier])
            erg_audit_shows(out, "tier %d: %zu", tier, of->in_tier[tier]);
}

void erg_audit_runs(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    mismatch of = { .low = INFINITY };
    double whole = whole_error(&replay->whole);

    for (size_t i = 0; i < replay->kernel_count; i++)
        look_at_runs(&replay->kernels[i], &of);
    bool is_wrong = of.wrong || whole > ERG_RUNS_SLACK;
    if (!is_wrong && !of.seen && (replay->kernel_count || isnan(whole))) {
        erg_audit_cannot(out, "no window of a kernel with its runs and the time of one");
        return;
    }
    if (is_wrong)
        erg_audit_fails(out, "%zu of %zu kernels%s did not run as often as is stated",
                        of.wrong, of.seen, whole > ERG_RUNS_SLACK ? " and the whole" : "");
    else if (of.seen == 0)
        erg_audit_passes(out, "window and runs of the whole agree; no kernel was timed");
    else
        erg_audit_passes(out, "window and runs agree for %zu kernels", of.seen);
    if (of.wrong)
        show_runs(&of, out);
    if (!isnan(whole))
        erg_audit_shows(out, "the whole is off by %.2g %%", 100 * whole);
}

/* ---- COUNT_UNIT --------------------------------------------------------- */

static double sum_s(const erg_replay *replay)
{
    erg_sum sum = { 0 };
    bool any = false;

    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        double total_s = kernel->time_s * kernel->count;
        if (!erg_kernel_is_summed(replay, kernel) || isnan(total_s))
            continue;
        any = true;
        erg_sum_add(&sum, total_s);
    }
    return any ? erg_sum_value(&sum) : NAN;
}

/* Kernels whose launches cannot be alike in all steps. */
static size_t uneven(const erg_replay *replay)
{
    size_t count = 0;

    for (size_t i = 0; i < replay->kernel_count; i++) {
        double each = replay->kernels[i].count / replay->steps;
        count += fabs(each - round(each)) > 1e-9 * each;
    }
    return count;
}

static bool has_streams(const erg_replay_plan *plan)
{
    for (size_t i = 0; plan && i < plan->launch_count; i++)
        if (plan->launches[i].stream != plan->launches[0].stream)
            return true;
    return false;
}

static void judge_steps(const erg_replay *replay, double ratio, erg_finding *out)
{
    bool high = ratio > SUM_MOST && !has_streams(replay->plan), low = ratio < SUM_LEAST;
    size_t odd = uneven(replay);

    if (high || low)
        erg_audit_fails(out,
                        "the kernels of a step take %.3g times the whole (%.1f to %.1f is "
                        "plausible)",
                        ratio, SUM_LEAST, SUM_MOST);
    else if (odd)
        erg_audit_fails(out,
                        "launches are not alike in all steps: give each kind of step its "
                        "own counts");
    else if (isnan(ratio))
        erg_audit_cannot(out, "the whole was not timed; counts are of %.6g steps",
                         replay->steps);
    else
        erg_audit_passes(out, "the kernels of a step take %.3g times the whole", ratio);
    if (odd)
        erg_audit_shows(out, "%zu of %zu counts are no multiple of %.6g steps", odd,
                        replay->kernel_count, replay->steps);
}

void erg_audit_count_unit(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    double all_s = sum_s(replay), ratio = all_s / replay->whole.time_s;

    if (isnan(all_s)) {
        erg_audit_cannot(out, "no kernel has a time and a count");
        return;
    }
    if (replay->steps > 0)
        judge_steps(replay, ratio / replay->steps, out);
    else
        erg_audit_fails(out, "nobody says how many steps the counts cover: give --steps");
    if (!isnan(ratio))
        erg_audit_shows(out, "all counts: %.4g times the whole", ratio);
    if (replay->steps > 0 && !isnan(ratio))
        erg_audit_shows(out, "per step: %.3g (%.6g steps)", ratio / replay->steps,
                        replay->steps);
}

/* ---- LAUNCH_BOUND ------------------------------------------------------- */

static void judge_empty(const erg_replay *replay, size_t known, erg_finding *out)
{
    double bound_s = 0, all_s = 0;
    size_t bound = 0;

    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        bool is_bound =
            kernel->time_s < EMPTY_TIMES * kernel->empty_s || kernel->launch_bound;
        if (isnan(kernel->empty_s))
            continue;
        bound += is_bound;
        all_s += kernel->time_s * kernel->count;
        bound_s += is_bound ? kernel->time_s * kernel->count : 0;
    }
    if (!bound) {
        erg_audit_passes(out, "%zu kernels take longer than %.1f empty launches", known,
                         EMPTY_TIMES);
        return;
    }
    erg_audit_fails(
        out,
        "%zu of %zu kernels are no longer than an empty launch: their times are "
        "upper bounds",
        bound, known);
    erg_audit_shows(out, "%.3g %% of the predicted time", 100 * bound_s / all_s);
}

/* Share of a tier's kernels that lie at its median; NAN: too few to say. */
static double alike_share(const erg_replay *replay, erg_tier tier, double *median_s)
{
    double *times_s = malloc((replay->kernel_count + 1) * sizeof(*times_s));
    size_t count = 0, alike = 0;

    for (size_t i = 0; times_s && i < replay->kernel_count; i++)
        if (replay->kernels[i].tier == tier && replay->kernels[i].time_s > 0)
            times_s[count++] = replay->kernels[i].time_s;
    *median_s = times_s && count >= ALIKE_KERNELS ? erg_median(times_s, count) : NAN;
    for (size_t i = 0; i < count; i++)
        alike += fabs(times_s[i] - *median_s) <= ALIKE_SHARE * *median_s;
    free(times_s);
    return count >= ALIKE_KERNELS ? (double)alike / (double)count : NAN;
}

static void judge_alike(const erg_replay *replay, erg_finding *out)
{
    size_t seen = 0, crowded = 0;

    for (int tier = ERG_TIER_MOVE; tier < ERG_TIERS; tier++) {
        double median_s, share = alike_share(replay, (erg_tier)tier, &median_s);
        if (isnan(share))
            continue;
        seen++;
        crowded += share >= ALIKE_MOST;
        erg_audit_shows(out, "tier %d: %.0f %% within 5 %% of %.3g us", tier, 100 * share,
                        1e6 * median_s);
    }
    if (!seen)
        erg_audit_cannot(out, "no time of an empty launch, and no tier of %d kernels",
                         ALIKE_KERNELS);
    else if (crowded)
        erg_audit_fails(out,
                        "most kernels of %zu of %zu tiers take the same time: the rate of "
                        "launches, not the kernels",
                        crowded, seen);
    else
        erg_audit_passes(out,
                         "times of kernels differ (no time of an empty launch is given)");
}

void erg_audit_launch_bound(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    size_t known = 0;

    for (size_t i = 0; i < replay->kernel_count; i++)
        known += !isnan(replay->kernels[i].empty_s) && !isnan(replay->kernels[i].time_s);
    if (known)
        judge_empty(replay, known, out);
    else
        judge_alike(replay, out);
}

/* ---- NOISY -------------------------------------------------------------- */

static double lost_share(const erg_kernel_timing *kernel)
{
    return kernel->lost_s / erg_replay_window_s(kernel);
}

typedef struct noise {
    size_t seen, noisy, interrupted;
    double most;
} noise;

static noise noise_of(const erg_replay *replay)
{
    noise of = { 0 };

    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        of.seen += !isnan(kernel->median_s);
        of.noisy += kernel->time_s > NOISY_TIMES * kernel->median_s;
        of.interrupted += lost_share(kernel) > LOST_MOST;
        of.most = fmax(of.most, lost_share(kernel));
    }
    return of;
}

void erg_audit_noisy(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_whole_timing *whole = &subject->replay->whole;
    noise of = noise_of(subject->replay);
    bool whole_is_noisy = whole->time_s > NOISY_TIMES * whole->median_s;

    if (of.noisy || whole_is_noisy)
        erg_audit_fails(
            out,
            "the mean of %zu of %zu kernels%s is above %.1f medians: somebody took "
            "the processor",
            of.noisy, of.seen, whole_is_noisy ? " and of the whole" : "", NOISY_TIMES);
    else if (of.interrupted)
        erg_audit_fails(
            out,
            "others had the processor in the windows of %zu of %zu kernels: their "
            "joules are in them",
            of.interrupted, of.seen);
    else if (of.seen)
        erg_audit_passes(out, "means of %zu kernels lie near their medians", of.seen);
    else
        erg_audit_cannot(out, "no medians of kernels are given");
    if (of.interrupted)
        erg_audit_shows(out, "up to %.0f %% of a window", 100 * of.most);
    if (whole->max_s <= NOISY_TIMES * whole->min_s)
        erg_audit_shows(out, "no pass of the whole took above %.3g of the shortest",
                        whole->max_s / whole->min_s);
}
