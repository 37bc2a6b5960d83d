/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phases of jobs whose steps differ: each job's load over one period, and the search
 * for the shifts. Profiles are of the load at full speed; a record's is its mean step.
 */
#include <math.h>
#include <stdlib.h>
#include "govern/shape_sim_inside.h"
#include "shape/stagger_fit.h"

#define SLOWDOWN 0.02           /* of a step, where the policy does not say */
#define SAME 1e-9               /* relative: periods that differ by rounding alone */

static size_t planner_of(const erg_policy_chain *chain)
{
    size_t i = 0;

    while (i < chain->count && !chain->policies[i]->plans)
        i++;
    return i;
}

/* So much from begin_s on, around the circle of the period. */
static void add_span(erg_profile *to, double period_s, double begin_s, double time_s,
                     double power_w)
{
    double bin_s = period_s / ERG_PROFILE_BINS, at = fmod(begin_s, period_s) / bin_s;
    double left = time_s / bin_s;

    for (long k = (long)floor(at); left > 0; k++) {
        double share = fmin(left, (double)k + 1 - at);
        to->power_w[k % ERG_PROFILE_BINS] += power_w * share;
        left -= share;
        at = (double)k + 1;
    }
}

typedef struct extent { double lead_s, length_s; } extent;

/* Before its first step nothing is shifted: lead_s. */
static extent measure(const erg_scenario *scenario, const erg_scenario_job *job)
{
    extent is = { 0, 0 };
    bool began = false;

    for (size_t i = 0; i < job->phase_count; i++) {
        const erg_phase *phase = &scenario->phases[job->first_phase + i];
        began |= phase->begins_step;
        *(began ? &is.length_s : &is.lead_s) += phase->duration_s;
    }
    return is;
}

/* The mean of its whole steps, then waiting for the slowest job. */
static void add_job(const erg_scenario *scenario, const erg_scenario_job *job, double units,
                    double period_s, erg_profile *to)
{
    const extent is = measure(scenario, job);
    double steps = fmax(1, floor(is.length_s / job->period_s * (1 + SAME)));
    double begin_s = job->start_s + is.lead_s, now_s = -is.lead_s;

    for (size_t i = 0; i < job->phase_count; i++) {
        const erg_phase *phase = &scenario->phases[job->first_phase + i];
        double from_s = fmax(0, now_s);
        double end_s = fmin(now_s += phase->duration_s, steps * job->period_s);
        while (from_s < end_s) {
            /* A span that passes the end of a step goes on at the next one's begin. */
            double step = floor(from_s / job->period_s * (1 + SAME));
            double until_s = fmin(end_s, (step + 1) * job->period_s);
            add_span(to, period_s, begin_s + fmax(0, from_s - step * job->period_s),
                     until_s - from_s, units * phase->power_w / steps);
            from_s = until_s;
        }
    }
    add_span(to, period_s, begin_s + job->period_s, period_s - job->period_s,
             units * job->wait_w);
}

static bool check_periods(const erg_sim *it, double slowdown, double *period_s,
                          erg_error *err)
{
    const erg_scenario *scenario = it->scenario;

    *period_s = 0;
    for (size_t j = 0; j < scenario->job_count; j++) {
        if (!(scenario->jobs[j].period_s > 0))
            return erg_fail(err, ERG_BAD_INPUT, "%s: job %zu shows no steps: "
                            "two rises above --hi-w are needed", it->chain->text, j + 1);
        *period_s = fmax(*period_s, scenario->jobs[j].period_s);
    }
    for (size_t j = 0; j < scenario->job_count; j++) {
        double own_s = scenario->jobs[j].period_s;
        if (own_s < *period_s * (1 - slowdown - SAME))
            return erg_fail(err, ERG_BAD_INPUT, "%s: not lockable: steps of %.4g s and "
                            "%.4g s have no lasting phase; allow more slowdown, as in "
                            "interleave=%d:%.3g%%, or rely on caps", it->chain->text, own_s,
                            *period_s, erg_sim_groups(it),
                            100 * (1 - own_s / *period_s) + 0.1);
    }
    return true;
}

static bool search(erg_sim *it, size_t jobs, double period_s, erg_error *err)
{
    const erg_scenario *scenario = it->scenario;
    size_t groups = (size_t)erg_sim_groups(it);
    erg_profile *profiles = calloc(groups, sizeof(*profiles));
    int shifts[ERG_PROFILES_MOST];

    if (!profiles)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu profiles", groups);
    for (size_t j = 0; j < jobs; j++) {
        const erg_scenario_job *job = &scenario->jobs[jobs > scenario->job_count ? 0 : j];
        double units = jobs > scenario->job_count
                     ? (double)scenario->units / (double)jobs : job->units;
        add_job(scenario, job, units, period_s, &profiles[j * groups / jobs]);
    }
    erg_stagger_fit(profiles, groups, shifts);
    for (size_t j = 0; j < jobs; j++) {
        const erg_scenario_job *job = &scenario->jobs[jobs > scenario->job_count ? 0 : j];
        double slower_s = period_s - job->period_s;
        size_t group = j * groups / jobs;
        it->plans[j] = (erg_sim_phase){
            shifts[group] * period_s / ERG_PROFILE_BINS,
            slower_s > SAME * period_s ? slower_s : 0,
        };
    }
    free(profiles);
    return true;
}

bool erg_sim_plan(erg_sim *it, size_t jobs, erg_error *err)
{
    size_t which = planner_of(it->chain), groups = (size_t)erg_sim_groups(it);
    double period_s;

    if (which == it->chain->count)
        return true;
    if (groups < 2 || groups > ERG_PROFILES_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: 2 to %d groups, not %zu: as in "
                        "interleave=4", it->chain->text, ERG_PROFILES_MOST, groups);
    it->plans = calloc(jobs, sizeof(*it->plans));
    if (!it->plans)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu jobs", jobs);
    double slowdown = it->chain->values[which][1];
    return check_periods(it, isnan(slowdown) ? SLOWDOWN : slowdown, &period_s, err)
        && search(it, jobs, period_s, err);
}
