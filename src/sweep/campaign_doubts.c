/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which runs of a campaign count, and why the others do not.
 *
 * A baseline can hold a download, a slow load, another clock than was asked for, a
 * neighbour's work, or twice the samples; each is found by its own sign and named, for
 * a saving against such a run is no saving.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "sweep/campaign.h"

static const double step_hz = 15e6;             /* of the clocks of NVIDIA's boards */
static const double whole_second_share = 0.02;
static const double half_of_duration = 0.5, cover_least = 0.95;
static const double slower = 1.25, longer_load = 2, load_share = 0.1;
static const double other_period = 1.5, twice = 2, near_clock = 1.15;
static const double limit_held = 0.97, limit_passed = 1.1;

enum { NAMED_MOST = 4, TIMED_OUT = 124 };       /* 124: of timeout(1) */

typedef struct set {
    erg_campaign *campaign;
    double *scratch, period_s, stated_period_s;
} set;

/* ---- what the others did ------------------------------------------------------------- */

typedef double figure(const erg_campaign_run *run);

static double time_of(const erg_campaign_run *run) { return run->duration_s; }
static double head_of(const erg_campaign_run *run) { return run->profile.idle_head_s; }
static double period_of(const erg_campaign_run *run) { return run->profile.period_s; }
static double watts_of(const erg_campaign_run *run) { return run->profile.mean_w; }

/* Median of the others whose clock is within this factor; NAN: there is none. */
static double others(const set *of, const erg_campaign_run *run, figure *value,
                     double factor)
{
    size_t count = 0;

    for (size_t i = 0; i < of->campaign->count; i++) {
        const erg_campaign_run *one = &of->campaign->runs[i];
        double ratio = one->clock_hz / run->clock_hz;
        if (one != run && one->has_profile && !isnan(value(one))
            && !(ratio > factor || ratio < 1 / factor))
            of->scratch[count++] = value(one);
    }
    return erg_median(of->scratch, count);
}

static double others_here(const set *of, const erg_campaign_run *run, figure *value)
{
    double same = others(of, run, value, 1.001);
    return isnan(same) ? others(of, run, value, INFINITY) : same;
}

/* ---- signs: each writes what it saw, or nothing ------------------------------------- */

static bool has_failed(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)of;
    bool failed = run->status[0] && strcmp(run->status, "success") != 0
               && strcmp(run->status, "timeout") != 0 && run->exit_code != TIMED_OUT;
    if (failed)
        erg_text_add(saw, "%s, exit status %d", run->status, run->exit_code);
    return failed;
}

static bool was_stopped(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)of;
    bool stopped = strcmp(run->status, "timeout") == 0 || run->exit_code == TIMED_OUT;
    if (stopped)
        erg_text_add(saw, "after %g s", run->duration_s);
    return stopped;
}

static bool is_contradicted(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)of;
    bool both = strcmp(run->status, "success") == 0 && run->exit_code > 0
             && run->exit_code != TIMED_OUT;
    if (both)
        erg_text_add(saw, "success, and exit status %d", run->exit_code);
    return both;
}

static bool is_short(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)of;
    bool half = run->profile.length_s < half_of_duration * run->duration_s;
    if (half)
        erg_text_add(saw, "%.1f s of %g s", run->profile.length_s, run->duration_s);
    return half;
}

static bool has_holes(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)of;
    double covered = run->profile.covered;
    double length = run->profile.length_s / (run->duration_s - 1);
    if (length < covered)
        covered = length;
    if (!(covered < cover_least))
        return false;
    erg_text_add(saw, "%.0f %% covered", 100 * covered);
    return true;
}

/* The clock that was set is another one, or nothing says what was set and another ran. */
static bool is_elsewhere(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)of;
    double set_hz = run->profile.app_clock_hz, seen_hz = run->profile.seen_clock_hz;
    bool is_set = !isnan(set_hz);
    double hz = is_set ? set_hz : seen_hz;
    if (!(fabs(hz - run->clock_hz) > step_hz))
        return false;
    erg_text_add(saw, "%.0f MHz asked for, %.0f MHz %s", 1e-6 * run->clock_hz, 1e-6 * hz,
                 is_set ? "set" : "seen");
    return true;
}

/* The clock was set, and the board ran below it. */
static bool is_held_back(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)of;
    const erg_campaign_profile *seen = &run->profile;
    bool was_set = fabs(seen->app_clock_hz - run->clock_hz) <= step_hz;
    if (!was_set || !(seen->seen_clock_hz < run->clock_hz - step_hz))
        return false;
    erg_text_add(saw, "%.0f MHz set, %.0f MHz seen%s", 1e-6 * run->clock_hz,
                 1e-6 * seen->seen_clock_hz,
                 seen->peak_w >= limit_held * seen->limit_w ? ", at its power limit" : "");
    return true;
}

static bool downloads(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    double usual_s = others_here(of, run, time_of);
    bool slow = run->downloads && run->duration_s > slower * usual_s;
    if (slow)
        erg_text_add(saw, "%g s, others %g s", run->duration_s, usual_s);
    return slow;
}

static bool loads_long(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    double head_s = run->profile.idle_head_s, usual_s = others_here(of, run, head_of);
    bool is_long = head_s > load_share * run->profile.length_s
                && head_s > longer_load * usual_s + 1;
    if (is_long)
        erg_text_add(saw, "idle for its first %.1f s, others for %.1f s", head_s, usual_s);
    return is_long;
}

static bool most_are_shared(const set *of)
{
    size_t shared = 0;
    for (size_t i = 0; i < of->campaign->count; i++)
        shared += of->campaign->runs[i].profile.is_shared;
    return shared * 2 > of->campaign->count;
}

static bool is_shared(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)saw;
    return run->profile.is_shared && !most_are_shared(of);
}

/* They compare with each other. */
static bool are_shared(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)saw;
    return run->profile.is_shared && most_are_shared(of);
}

/* A log every 25 ms that is read as one every 50 ms has twice the joules; so the watts
 * are held against the limit and the neighbours, and the rows against the time. */
static bool has_wrong_period(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    const erg_campaign_profile *seen = &run->profile;
    double time_s = isnan(run->duration_s) ? seen->length_s : run->duration_s;
    double watts = seen->energy_j / time_s;
    double usual_w = others(of, run, watts_of, near_clock);
    bool is_double = watts > twice * usual_w || watts > limit_passed * seen->limit_w;

    if (is_double)
        erg_text_add(saw, "%.0f W, neighbours %.0f W", watts, usual_w);
    return is_double;
}

static bool has_other_period(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    double usual_s = of->stated_period_s > 0 ? of->stated_period_s : of->period_s;
    double ratio = run->profile.period_s / usual_s;
    bool other = ratio > other_period || ratio < 1 / other_period;
    if (other)
        erg_text_add(saw, "a row every %.1f ms, not %.1f ms", 1e3 * run->profile.period_s,
                     1e3 * usual_s);
    return other;
}

static bool is_coarse(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)of;
    bool coarse = run->whole_seconds && 0.5 > whole_second_share * run->duration_s;
    if (coarse)
        erg_text_add(saw, "%g s", run->duration_s);
    return coarse;
}

static bool has_many_boards(const set *of, const erg_campaign_run *run, erg_text *saw)
{
    (void)of;
    if (run->profile.boards > 1)
        erg_text_add(saw, "%d boards", run->profile.boards);
    return run->profile.boards > 1;
}

typedef struct doubt {
    const char *name;
    erg_visit_state state;
    bool by_log;            /* needs no profile */
    bool (*sees)(const set *of, const erg_campaign_run *run, erg_text *saw);
    const char *about;
} doubt;

static const doubt doubts[] = {
    { "FAILED", ERG_VISIT_FAILED, true, has_failed, "the program failed" },
    { "TIMEOUT", ERG_VISIT_TIMEOUT, true, was_stopped, "the program was stopped" },
    { "CONTRADICTION", ERG_VISIT_CONTAMINATED, true, is_contradicted,
      "success is logged with an exit status that says otherwise" },
    { "CLOCK_NOT_REACHED", ERG_VISIT_CLOCK_NOT_REACHED, false, is_elsewhere,
      "another clock than the run's name says" },
    { "THROTTLED", ERG_VISIT_THROTTLED, false, is_held_back,
      "the board ran below the clock set" },
    { "SHORT_PROFILE", ERG_VISIT_CONTAMINATED, false, is_short,
      "the profile is shorter than half the run" },
    { "DOWNLOAD", ERG_VISIT_CONTAMINATED, false, downloads, "a download is in the time" },
    { "LOAD", ERG_VISIT_CONTAMINATED, false, loads_long, "a longer load than the others'" },
    { "SHARED", ERG_VISIT_CONTAMINATED, false, is_shared,
      "the board's power holds its neighbours' on other slices" },
    { "SHARED", ERG_VISIT_OK, false, are_shared,
      "slices of a board, whose power is the whole board's" },
    { "PERIOD_SUSPECT", ERG_VISIT_CONTAMINATED, false, has_wrong_period,
      "more watts than can be: were its samples counted twice?" },
    { "PERIOD_SUSPECT", ERG_VISIT_OK, false, has_other_period,
      "sampled at another rate; energy and time do not rest on it" },
    { "NOT_COVERED", ERG_VISIT_NOT_COVERED, false, has_holes, "samples are missing" },
    { "WHOLE_SECONDS", ERG_VISIT_OK, false, is_coarse,
      "times are whole seconds, good to half of one" },
    { "MANY_BOARDS", ERG_VISIT_OK, false, has_many_boards, "only the busiest was taken" },
};

/* ---- over all runs ------------------------------------------------------------------- */

static bool look(const set *of, const doubt *one, erg_error *err)
{
    erg_text named = { 0 };
    size_t count = 0;

    for (size_t i = 0; i < of->campaign->count; i++) {
        erg_campaign_run *run = &of->campaign->runs[i];
        erg_text saw = { 0 };
        if ((one->by_log || run->has_profile) && one->sees(of, run, &saw)) {
            run->state = one->state > run->state ? one->state : run->state;
            if (count++ < NAMED_MOST)
                erg_text_add(&named, "%s%s (%s)", count > 1 ? ", " : "", run->id,
                             saw.data ? saw.data : "its slice");
        }
        erg_text_free(&saw);
    }
    bool good = !count
        || erg_points_note(of->campaign->points, err, "%s: %s: %zu run%s: %s%s", one->name,
                           one->about, count, count > 1 ? "s" : "",
                           named.data ? named.data : "",
                           count > NAMED_MOST ? " and more" : "");
    erg_text_free(&named);
    return good;
}

bool erg_campaign_judge(erg_campaign *campaign, double stated_period_s, erg_error *err)
{
    set of = { campaign, calloc(campaign->count + 1, sizeof(double)), NAN,
               stated_period_s };
    size_t known = 0;
    bool good = of.scratch || erg_fail(err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; good && i < campaign->count; i++)
        if (campaign->runs[i].has_profile && !isnan(period_of(&campaign->runs[i])))
            of.scratch[known++] = period_of(&campaign->runs[i]);
    if (good)
        of.period_s = erg_median(of.scratch, known);
    for (size_t i = 0; good && i < ERG_COUNT(doubts); i++)
        good = look(&of, &doubts[i], err);
    free(of.scratch);
    return good;
}
