/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded run as a load. It has no step graph: what lies above a threshold between two
 * levels is taken for work that a lower clock stretches, the rest is waited out. Barriers
 * are unknown, so every unit goes its own way.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/stats.h"
#include "govern/record_load.h"
#include "govern/scenario_levels.h"

enum { SAMPLES_LEAST = 3 };

static erg_levels levels_of(const erg_record_unit *of, double high_w)
{
    return erg_levels_of(of->power_w, of->count, high_w);
}

static double median_step_s(const erg_record_unit *of)
{
    double *steps = malloc(of->count * sizeof(*steps)), median_s = NAN;

    for (size_t i = 0; steps && i + 1 < of->count; i++)
        steps[i] = of->t_s[i + 1] - of->t_s[i];
    if (steps)
        median_s = erg_median(steps, of->count - 1);
    free(steps);
    return median_s;
}

/* A step begins where power rises above the threshold;
 * their median distance is its period. */
static double period_of(const erg_record_unit *of, double threshold_w)
{
    double *gaps = malloc(of->count * sizeof(*gaps)), last_s = NAN, period_s = NAN;
    size_t count = 0;

    for (size_t i = 1; gaps && i < of->count; i++)
        if (of->power_w[i] >= threshold_w && of->power_w[i - 1] < threshold_w) {
            if (!isnan(last_s))
                gaps[count++] = of->t_s[i] - last_s;
            last_s = of->t_s[i];
        }
    if (count)
        period_s = erg_median(gaps, count);
    free(gaps);
    return period_s;
}

static bool add_unit(erg_scenario *scenario, const erg_record_unit *of, const erg_levels *is,
                     size_t copies, erg_error *err)
{
    double idle_w = scenario->silicon.idle_w, step_s = median_step_s(of);

    for (size_t i = 0; i < of->count; i++) {
        /* A sample holds until the next one; a gap is not bridged by more than 3 steps. */
        double held_s = i + 1 < of->count ? of->t_s[i + 1] - of->t_s[i] : step_s;
        bool works = of->power_w[i] >= is->threshold_w && of->power_w[i] > idle_w;
        erg_phase phase = { works ? ERG_PHASE_COMPUTE : ERG_PHASE_PAUSE,
                            fmin(held_s, 3 * step_s), of->power_w[i],
                            works, false };
        phase.begins_step = works && (i == 0 || of->power_w[i - 1] < is->threshold_w);
        if (!erg_scenario_add_phase(scenario, &phase, err))
            return false;
    }
    double period_s = period_of(of, is->threshold_w);
    /* Units alike share one record: each is a job of its own on the same phases. */
    for (size_t i = 0; i < copies; i++) {
        if (!erg_scenario_add_job(scenario, 1, is->quiet_w, err))
            return false;
        erg_scenario_job *job = &scenario->jobs[scenario->job_count - 1];
        if (i > 0)
            *job = job[-1];
        job->once = true;
        job->period_s = period_s;
    }
    return true;
}

/* Of the unit that ends first: nothing is known of it afterwards. */
static bool measure(erg_scenario *scenario, const erg_record *from, erg_error *err)
{
    double longest_s = 0;

    scenario->duration_s = INFINITY;
    for (size_t i = 0; i < from->count; i++) {
        const erg_record_unit *of = &from->units[i];
        double length_s = of->t_s[of->count - 1] - of->t_s[0];
        if (of->count < SAMPLES_LEAST)
            return erg_fail(err, ERG_BAD_INPUT, "%s: %s%s has %zu sample%s: a load needs "
                            "%d or more", from->path, *of->name ? "unit " : "the record",
                            of->name, of->count, of->count == 1 ? "" : "s", SAMPLES_LEAST);
        scenario->duration_s = fmin(scenario->duration_s, length_s);
        longest_s = fmax(longest_s, length_s);
    }
    scenario->sample_s = round(median_step_s(&from->units[0]) * 1e9) * 1e-9;
    if (longest_s - scenario->duration_s > scenario->sample_s * 1.5)
        snprintf(scenario->note, sizeof(scenario->note), "units end at different times: "
                 "%.4g s of %.4g s are played; ", scenario->duration_s, longest_s);
    return true;
}

bool erg_record_load(const erg_record *from, const erg_load_options *options,
                     erg_scenario *scenario, erg_error *err)
{
    size_t copies = options->units > 0 && from->count == 1 ? (size_t)options->units : 1;
    double least_w = INFINITY, high_w = 0;
    size_t noted;

    if (!measure(scenario, from, err))
        return false;
    for (size_t i = 0; i < from->count; i++) {
        erg_levels is = levels_of(&from->units[i], options->high_w);
        least_w = fmin(least_w, is.low_w);
        high_w = fmax(high_w, is.high_w);
    }
    scenario->silicon.idle_w = options->idle_w > 0 ? options->idle_w
                             : fmax(0, fmin(least_w, 0.13 * high_w));
    for (size_t i = 0; i < from->count; i++) {
        erg_levels is = levels_of(&from->units[i], options->high_w);
        if (!add_unit(scenario, &from->units[i], &is, copies, err))
            return false;
    }
    scenario->facts = from->facts;
    scenario->open_loop = true;
    scenario->is_simulated = false;
    scenario->warm_up_s = 0;
    scenario->lag_s = 0;
    scenario->window_s = fmax(isnan(from->window_s) ? 0 : from->window_s,
                              options->window_s);
    noted = strlen(scenario->note);
    snprintf(scenario->note + noted, sizeof(scenario->note) - noted,
             "idle power of a unit is taken as %.4g W: --idle", scenario->silicon.idle_w);
    return erg_scenario_check(scenario, err);
}
