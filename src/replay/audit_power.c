/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of the energies of kernels. */
#include <math.h>
#include "math/stats.h"
#include "replay/audit.h"
#include "replay/files.h"
#include "replay/meter.h"

static const double LIKE_SHARE = 0.25, LIKE_LEAST = 0.80, MISSING_MOST = 0.02;
enum { UPDATES_LEAST = 10 };

static bool is_counted(const erg_audit_subject *subject, const erg_kernel_timing *kernel)
{
    return subject->is_metered && erg_kernel_is_summed(subject->replay, kernel)
           && erg_kernel_is_metered(kernel);
}

/* ---- POWER_UNLIKE ------------------------------------------------------- */

typedef struct likeness {
    double all_j, like_j;
    double tier_j[ERG_TIERS], tier_s[ERG_TIERS]; /* of the windows: mean power by time */
    size_t seen;
} likeness;

static likeness likeness_of(const erg_audit_subject *subject)
{
    const erg_replay *replay = subject->replay;
    likeness of = { 0 };

    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        double total_j = kernel->gross_j * kernel->count;
        if (!is_counted(subject, kernel) || isnan(kernel->mean_w) || isnan(total_j))
            continue;
        of.seen++;
        of.all_j += total_j;
        of.like_j +=
            fabs(kernel->mean_w / replay->whole.mean_w - 1) <= LIKE_SHARE ? total_j : 0;
        of.tier_j[kernel->tier] += kernel->mean_w * erg_replay_window_s(kernel);
        of.tier_s[kernel->tier] += erg_replay_window_s(kernel);
    }
    return of;
}

static void add_window(const erg_replay *replay, int tier, const erg_tier_energy *window,
                       likeness *to)
{
    to->seen++;
    to->all_j += window->gross_j;
    to->like_j += fabs(window->mean_w / replay->whole.mean_w - 1) <= LIKE_SHARE
                      ? window->gross_j : 0;
    to->tier_j[tier] += window->mean_w * window->window_s;
    to->tier_s[tier] += window->window_s;
}

/* Hot, and where nothing was hot cold: as of kernels. NULL: not metered by tier. */
static const erg_tier_energy *window_of(const erg_audit_subject *subject, int tier)
{
    const erg_tier_energy *of = subject->replay->tiers[tier];
    const erg_tier_energy *one =
        of[ERG_STATE_HOT].steps > 0 ? &of[ERG_STATE_HOT] : &of[ERG_STATE_COLD];

    return subject->is_metered && one->steps > 0 ? one : NULL;
}

static void add_windows(const erg_audit_subject *subject, likeness *to)
{
    for (int tier = 0; tier < ERG_TIERS; tier++)
        if (window_of(subject, tier))
            add_window(subject->replay, tier, window_of(subject, tier), to);
}

void erg_audit_power_unlike(const erg_audit_subject *subject, erg_finding *out)
{
    double model_w = subject->replay->whole.mean_w;
    likeness of = likeness_of(subject);

    add_windows(subject, &of);
    double share = of.like_j / of.all_j;

    if (!of.seen || isnan(model_w)) {
        erg_audit_cannot(out, "no power of %s was measured",
                         of.seen ? "the whole" : "the kernels");
        return;
    }
    if (share >= LIKE_LEAST)
        erg_audit_passes(
            out, "%.1f %% of the energy was replayed at the model's power, within 25 %%",
            100 * share);
    else
        erg_audit_fails(
            out,
            "only %.1f %% of the energy was replayed within 25 %% of the model's power",
            100 * share);
    erg_audit_shows(out, "model %.1f W", model_w);
    for (int tier = 0; tier < ERG_TIERS; tier++)
        if (of.tier_s[tier] > 0)
            erg_audit_shows(out, "tier %d %.1f W", tier, of.tier_j[tier] / of.tier_s[tier]);
}

/* ---- NO_IDLE ------------------------------------------------------------ */

void erg_audit_no_idle(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    bool has_energy = subject->is_metered || (replay->trace && replay->channel >= 0)
                      || (replay->energies && !isnan(replay->energies->predicted_j));

    if (!isnan(replay->base_w) && replay->base_policy[0])
        erg_audit_passes(out, "base power %.4g W, policy %s", replay->base_w,
                         replay->base_policy);
    else if (!isnan(replay->base_w))
        erg_audit_fails(out, "base power %.4g W, but nobody says of which state",
                        replay->base_w);
    else if (erg_replay_is_modelled(replay))
        erg_audit_cannot(out, "power is modelled: no idle power was measured");
    else if (has_energy)
        erg_audit_fails(
            out, "no idle was recorded and no policy named: sums are gross, and static "
                 "power between kernels is in none of them");
    else
        erg_audit_cannot(out, "no power was recorded");
}

/* ---- SELECTION ---------------------------------------------------------- */

typedef struct selection {
    size_t kernels, measured;
    double launches, measured_launches;
    double all_j, measured_j; /* all_j: with what is estimated; NAN parts are in neither */
    size_t without;           /* not even an estimate */
} selection;

static selection selection_of(const erg_audit_subject *subject)
{
    const erg_replay *replay = subject->replay;
    selection of = { 0 };

    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        double total_j = subject->is_metered ? kernel->gross_j * kernel->count : NAN;
        if (!erg_kernel_is_summed(replay, kernel))
            continue;
        of.kernels++;
        of.launches += isnan(kernel->count) ? 0 : kernel->count;
        of.all_j += isnan(total_j) ? 0 : total_j;
        of.without += isnan(total_j);
        if (!is_counted(subject, kernel))
            continue;
        of.measured++;
        of.measured_launches += isnan(kernel->count) ? 0 : kernel->count;
        of.measured_j += isnan(total_j) ? 0 : total_j;
    }
    return of;
}

/* Kernels of the plan that nobody timed: what they cost is in no sum. Collectives are not
 * timed alone. */
typedef struct untimed {
    size_t kernels, all;
    double launches, all_launches;
} untimed;

static bool is_timed(const erg_replay *replay, size_t row)
{
    for (size_t i = 0; i < replay->kernel_count; i++)
        if (replay->kernels[i].kernel == (int32_t)row)
            return true;
    return false;
}

static untimed untimed_of(const erg_replay *replay)
{
    const erg_replay_plan *plan = replay->plan;
    untimed of = { 0 };

    for (size_t i = 0; plan && i < plan->kernel_count; i++) {
        if (plan->kernels[i].tier == ERG_TIER_COLLECTIVE)
            continue;
        bool is_missing = !is_timed(replay, i);
        of.all++;
        of.all_launches += (double)plan->kernels[i].count;
        of.kernels += is_missing;
        of.launches += is_missing ? (double)plan->kernels[i].count : 0;
    }
    return of;
}

/* Their energy is not known: launches stand for it. */
static void judge_untimed(const erg_replay *replay, erg_finding *out)
{
    const untimed of = untimed_of(replay);

    if (of.kernels == 0)
        return;
    if (of.launches >= MISSING_MOST * of.all_launches)
        erg_audit_fails(out, "%zu of the plan's %zu kernels were not timed", of.kernels,
                        of.all);
    erg_audit_shows(out, "without a time: %.4g %% of the plan's launches",
                    100 * of.launches / of.all_launches);
}

static void judge_selection(const selection *of, erg_finding *out)
{
    double missing = 1 - of->measured_j / of->all_j;
    bool fails = of->without || !(missing < MISSING_MOST);

    if (fails)
        erg_audit_fails(out, "%zu of %zu kernels have no measured energy",
                        of->kernels - of->measured, of->kernels);
    else
        erg_audit_passes(out, "%zu of %zu kernels have a measured energy", of->measured,
                         of->kernels);
    erg_audit_shows(out, "%.4g %% of the launches",
                    100 * of->measured_launches / of->launches);
    if (of->all_j > 0)
        erg_audit_shows(out, "%.4g %% of the predicted energy%s",
                        100 * of->measured_j / of->all_j,
                        of->without ? " of those with any figure" : "");
}

/* A report without its log: what it says it left out. */
static void judge_report(const erg_kernel_energies *report, erg_finding *out)
{
    double left = isnan(report->skipped) ? report->estimated : report->skipped;
    double with = (isnan(report->predicted_j) ? 0 : report->predicted_j)
        + report->excluded_j;
    double missing =
        isnan(report->excluded_j) ? left / report->unique : report->excluded_j / with;

    if (isnan(missing))
        erg_audit_cannot(out, "the report does not say how many kernels it left out");
    else if (missing < MISSING_MOST)
        erg_audit_passes(out, "the report leaves out %.0f of %.0f kernels", left,
                         report->unique);
    else
        erg_audit_fails(out, "%.0f of %.0f kernels are left out of the report's sum", left,
                        report->unique);
    if (isnan(missing))
        return;
    if (!isnan(report->excluded_j))
        erg_audit_shows(out, "%.3g %% of the predicted energy", 100 * missing);
    else
        erg_audit_shows(out, "their share of the energy is not said");
}

/* Energy by tier: every tier that has a kernel must have its window. */
static void judge_tiers(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    bool has_kernel[ERG_TIERS] = { false };
    int tiers = 0, metered = 0;

    for (size_t i = 0; i < replay->kernel_count; i++)
        has_kernel[replay->kernels[i].tier] = true;
    for (int tier = 0; tier < ERG_TIERS; tier++) {
        tiers += has_kernel[tier];
        metered += has_kernel[tier] && window_of(subject, tier);
    }
    if (metered == tiers)
        erg_audit_passes(out, "%d of %d tiers have a measured energy", metered, tiers);
    else
        erg_audit_fails(out, "%d of %d tiers have no measured energy", tiers - metered,
                        tiers);
}

void erg_audit_selection(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    selection of = selection_of(subject);

    if (erg_replay_is_modelled(replay))
        erg_audit_cannot(out, "power is modelled: no kernel has a measured energy");
    else if (replay->has_tiers)
        judge_tiers(subject, out);
    else if (replay->trace && replay->channel >= 0 && of.kernels)
        judge_selection(&of, out);
    else if (replay->energies)
        judge_report(replay->energies, out);
    else
        erg_audit_cannot(out, "no energies of kernels");
    if (out->state == ERG_AUDIT_PASSED)
        judge_untimed(replay, out);
    if (out->state != ERG_AUDIT_PASSED || !replay->energies)
        return;
    erg_finding report = { ERG_AUDIT_NOT_ASSESSABLE, "", "" };
    judge_report(replay->energies, &report);
    if (report.state == ERG_AUDIT_FAILED)
        *out = report;
}

/* ---- TOO_SHORT ---------------------------------------------------------- */

typedef struct shortness {
    size_t seen, few;
    double least, most; /* readings of those with few */
    double longest_s;   /* their longest window */
} shortness;

static void count_readings(double readings, double window_s, shortness *to)
{
    to->seen += !isnan(readings);
    if (!(readings < UPDATES_LEAST))
        return;
    to->few++;
    to->least = fmin(to->least, readings);
    to->most = fmax(to->most, readings);
    to->longest_s = fmax(to->longest_s, window_s);
}

static void judge_shortness(const shortness *of, erg_finding *out)
{
    if (!of->seen)
        erg_audit_cannot(out, "no window holds a reading of power");
    else if (!of->few)
        erg_audit_passes(out, "each of %zu windows holds at least %d readings", of->seen,
                         UPDATES_LEAST);
    else
        erg_audit_fails(out, "%zu of %zu windows hold fewer than %d readings", of->few,
                        of->seen, UPDATES_LEAST);
    if (of->few)
        erg_audit_shows(out, "%.0f to %.0f readings in up to %.3g s", of->least, of->most,
                        of->longest_s);
}

void erg_audit_too_short(const erg_audit_subject *subject, erg_finding *out)
{
    const erg_replay *replay = subject->replay;
    shortness of = { .least = INFINITY };

    for (size_t i = 0; i < replay->kernel_count && subject->is_metered; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        if (erg_kernel_is_metered(kernel))
            count_readings(kernel->updates, erg_replay_window_s(kernel), &of);
    }
    for (int tier = 0; tier < ERG_TIERS; tier++)
        if (window_of(subject, tier))
            count_readings(window_of(subject, tier)->updates,
                           window_of(subject, tier)->window_s, &of);
    bool from_report = !of.seen && replay->energies;
    for (size_t i = 0; from_report && i < replay->energies->row_count; i++)
        count_readings(replay->energies->rows[i].samples,
                       replay->energies->rows[i].duration_s, &of);
    judge_shortness(&of, out);
}
