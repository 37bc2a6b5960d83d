/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "govern/scenario.h"

#define PERIOD_LEAST_S 1e-3     /* of a step: shorter ones are work for a profiler */
#define PERIOD_MOST_S 1e6
#define WATTS_MOST 4e9          /* of all units: sums are whole nanowatts in 63 bits */
#define SPREAD_MOST 6.0         /* standard deviations of a unit's watts at most */

erg_scenario *erg_scenario_new(const char *name, erg_error *err)
{
    erg_scenario *scenario = calloc(1, sizeof(*scenario));

    if (!scenario) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a scenario");
        return NULL;
    }
    erg_text_put(scenario->name, sizeof(scenario->name), name);
    scenario->silicon = (erg_silicon){ .gamma = 2.4 };
    scenario->warm_up_s = 10;
    scenario->duration_s = 120;
    scenario->sample_s = 1e-3;
    scenario->units_per_rack = 16;
    scenario->is_simulated = true;
    return scenario;
}

void erg_scenario_free(erg_scenario *scenario)
{
    if (!scenario)
        return;
    free(scenario->phases);
    free(scenario->jobs);
    free(scenario);
}

bool erg_scenario_add_phase(erg_scenario *scenario, const erg_phase *phase, erg_error *err)
{
    if (!erg_grow((void **)&scenario->phases, &scenario->phase_capacity,
                  scenario->phase_count, sizeof(*scenario->phases), err))
        return false;
    scenario->phases[scenario->phase_count++] = *phase;
    scenario->peak_w = fmax(scenario->peak_w, phase->power_w);
    return true;
}

bool erg_scenario_add_job(erg_scenario *scenario, size_t units, double wait_w,
                          erg_error *err)
{
    const erg_scenario_job *last = scenario->job_count
                                 ? &scenario->jobs[scenario->job_count - 1] : NULL;
    size_t first = last ? last->first_phase + last->phase_count : 0;
    erg_scenario_job job = { first, scenario->phase_count - first, (uint32_t)units, wait_w,
                             0, 0, false };

    if (units > ERG_UNITS_MOST || scenario->units + units > ERG_UNITS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "%s: at most %d units", scenario->name,
                        ERG_UNITS_MOST);
    if (!erg_grow((void **)&scenario->jobs, &scenario->job_capacity, scenario->job_count,
                  sizeof(*scenario->jobs), err))
        return false;
    for (size_t i = 0; i < job.phase_count; i++)
        job.period_s += scenario->phases[first + i].duration_s;
    scenario->jobs[scenario->job_count++] = job;
    scenario->units += units;
    return true;
}

static bool check_job(const erg_scenario *scenario, const erg_scenario_job *job,
                      erg_error *err)
{
    double length_s = 0;

    for (size_t i = 0; i < job->phase_count; i++) {
        const erg_phase *phase = &scenario->phases[job->first_phase + i];
        length_s += phase->duration_s;
        if (!(phase->power_w >= 0) || !(phase->duration_s >= 0))
            return erg_fail(err, ERG_BAD_INPUT, "%s: power and time are not below 0",
                            scenario->name);
        if (phase->kind == ERG_PHASE_COMPUTE && phase->power_w <= scenario->silicon.idle_w)
            return erg_fail(err, ERG_BAD_INPUT, "%s: work at %g W is not above idle, %g W",
                            scenario->name, phase->power_w, scenario->silicon.idle_w);
    }
    if (length_s >= PERIOD_LEAST_S && length_s < PERIOD_MOST_S && job->units > 0)
        return true;
    return erg_fail(err, ERG_BAD_INPUT, "%s: a job has units, and its step (of a record "
                    "all of it) takes %g to %g s, not %g s: check the times and their unit",
                    scenario->name, PERIOD_LEAST_S, PERIOD_MOST_S, length_s);
}

/* Copies of a job are of the same phases: they need no look of their own. */
static bool is_copy(const erg_scenario *scenario, size_t number)
{
    const erg_scenario_job *job = &scenario->jobs[number];

    return number > 0 && job->first_phase == job[-1].first_phase
        && job->phase_count == job[-1].phase_count && job->units == job[-1].units;
}

static bool check_jobs(const erg_scenario *scenario, erg_error *err)
{
    double end_s = scenario->warm_up_s + scenario->duration_s, most_w = scenario->peak_w;

    for (size_t i = 0; i < scenario->job_count; i++) {
        const erg_scenario_job *job = &scenario->jobs[i];
        most_w = fmax(most_w, job->wait_w);
        if (!is_copy(scenario, i) && !check_job(scenario, job, err))
            return false;
        if (!(job->start_s < end_s))
            return erg_fail(err, ERG_BAD_INPUT, "%s: job %zu starts at %g s, when all is "
                            "over: start is below warm_up and length together, %g s",
                            scenario->name, i + 1, job->start_s, end_s);
    }
    double sum_w = (double)scenario->units * most_w * (1 + SPREAD_MOST * scenario->spread);
    return sum_w <= WATTS_MOST
        || erg_fail(err, ERG_BAD_INPUT, "%s: %zu units of up to %.4g W are %.3g GW: at "
                    "most %g GW are added up exactly; state fewer units, or check the "
                    "watts",
                    scenario->name, scenario->units, most_w, sum_w * 1e-9,
                    WATTS_MOST * 1e-9);
}

bool erg_scenario_check(const erg_scenario *scenario, erg_error *err)
{
    double samples = scenario->duration_s / scenario->sample_s;

    if (scenario->job_count == 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s: there is no job", scenario->name);
    if (!(scenario->sample_s >= 1e-6) || !(samples >= 2 && samples <= ERG_SAMPLES_MOST))
        return erg_fail(err, ERG_BAD_INPUT, "%s: %.3g s by samples of %.3g s are %.3g "
                        "samples: 2 to %g are played; state another length or sample",
                        scenario->name, scenario->duration_s, scenario->sample_s, samples,
                        ERG_SAMPLES_MOST);
    if (scenario->units_per_rack == 0
        || !(scenario->warm_up_s >= 0 && scenario->warm_up_s < 1e6))
        return erg_fail(err, ERG_BAD_INPUT, "%s: a rack has units, and the warm-up ends",
                        scenario->name);
    return check_jobs(scenario, err);
}
