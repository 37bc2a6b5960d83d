/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario file: docs/formats.md says what stands in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "format/yaml.h"
#include "govern/scenario.h"
#include "govern/trip_curve_read.h"
#include "shape/policy.h"

#define FILE_MOST ((size_t)1 << 22)

typedef struct file_facts {
    int64_t version;
    const char *name;
    const erg_yaml *racks, *gpu, *job, *jobs, *run, *policies;
} file_facts;

typedef struct rack_facts {
    int64_t count, units;
    double psu_w;
    const erg_yaml *breaker;
} rack_facts;
typedef struct breaker_facts { double rating_w, tau_s, trip; const erg_yaml *curve;
} breaker_facts;
typedef struct job_facts {
    int64_t units, copies;
    double wait_w, start_s;
    const erg_yaml *step;
} job_facts;
typedef struct phase_facts {
    double compute_s, collective_s, pause_s, power_w, knee;
} phase_facts;

#define AT(type, field) offsetof(type, field)

static const erg_yaml_field file_fields[] = {
    { "version", ERG_YAML_WHOLE, AT(file_facts, version), "", 1, 1, true },
    { "name", ERG_YAML_TEXT, AT(file_facts, name) },
    { "racks", ERG_YAML_NODE, AT(file_facts, racks), .needed = true },
    { "gpu", ERG_YAML_NODE, AT(file_facts, gpu), .needed = true },
    { "job", ERG_YAML_NODE, AT(file_facts, job) },
    { "jobs", ERG_YAML_NODE, AT(file_facts, jobs) },
    { "run", ERG_YAML_NODE, AT(file_facts, run) },
    { "policies", ERG_YAML_NODE, AT(file_facts, policies) },
    { 0 },
};

static const erg_yaml_field rack_fields[] = {
    { "count", ERG_YAML_WHOLE, AT(rack_facts, count), "", 1, ERG_UNITS_MOST, true },
    { "units", ERG_YAML_WHOLE, AT(rack_facts, units), "", 1, ERG_UNITS_MOST, true },
    { "psu", ERG_YAML_QUANTITY, AT(rack_facts, psu_w), "W", 1, 1e12 },
    { "breaker", ERG_YAML_NODE, AT(rack_facts, breaker) },
    { 0 },
};

static const erg_yaml_field breaker_fields[] = {
    { "rating", ERG_YAML_QUANTITY, AT(breaker_facts, rating_w), "W", 1, 1e12, true },
    { "tau", ERG_YAML_QUANTITY, AT(breaker_facts, tau_s), "s", 1e-3, 1e6 },
    { "trip", ERG_YAML_QUANTITY, AT(breaker_facts, trip), "", 1, 100 },
    { "curve", ERG_YAML_NODE, AT(breaker_facts, curve) },
    { 0 },
};

static const erg_yaml_field gpu_fields[] = {
    { "idle", ERG_YAML_QUANTITY, AT(erg_scenario, silicon.idle_w), "W", 0, 1e6, true },
    { "spread", ERG_YAML_QUANTITY, AT(erg_scenario, spread), "%", 0, 0.15 },
    { "gamma", ERG_YAML_QUANTITY, AT(erg_scenario, silicon.gamma), "", 1, 4 },
    { 0 },
};

static const erg_yaml_field run_fields[] = {
    { "lag", ERG_YAML_QUANTITY, AT(erg_scenario, lag_s), "s", 0, 1e3 },
    { "warm_up", ERG_YAML_QUANTITY, AT(erg_scenario, warm_up_s), "s", 0, 1e5 },
    { "length", ERG_YAML_QUANTITY, AT(erg_scenario, duration_s), "s", 1e-3, 1e6 },
    { "sample", ERG_YAML_QUANTITY, AT(erg_scenario, sample_s), "s", 1e-6, 1e3 },
    { 0 },
};

static const erg_yaml_field job_fields[] = {
    { "units", ERG_YAML_WHOLE, AT(job_facts, units), "", 1, ERG_UNITS_MOST, true },
    { "copies", ERG_YAML_WHOLE, AT(job_facts, copies), "", 1, ERG_UNITS_MOST },
    { "wait", ERG_YAML_QUANTITY, AT(job_facts, wait_w), "W", 0, 1e6, true },
    { "start", ERG_YAML_QUANTITY, AT(job_facts, start_s), "s", 0, 1e5 },
    { "step", ERG_YAML_NODE, AT(job_facts, step), .needed = true },
    { 0 },
};

static const erg_yaml_field phase_fields[] = {
    { "compute", ERG_YAML_QUANTITY, AT(phase_facts, compute_s), "s", 0, 1e5 },
    { "collective", ERG_YAML_QUANTITY, AT(phase_facts, collective_s), "s", 0, 1e5 },
    { "pause", ERG_YAML_QUANTITY, AT(phase_facts, pause_s), "s", 0, 1e5 },
    { "power", ERG_YAML_QUANTITY, AT(phase_facts, power_w), "W", 0, 1e6, true },
    { "knee", ERG_YAML_QUANTITY, AT(phase_facts, knee), "", 0.01, 1 },
    { 0 },
};

static bool add_phase(erg_scenario *to, const char *name, const erg_yaml *node, bool begins,
                      erg_error *err)
{
    phase_facts is = { NAN, NAN, NAN, NAN, 1 };

    if (!erg_yaml_read(node, name, phase_fields, &is, err))
        return false;
    if (!isnan(is.compute_s) + !isnan(is.collective_s) + !isnan(is.pause_s) != 1)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%d: a phase is one of compute, collective, pause", name,
                        node->line);
    erg_phase phase = {
        !isnan(is.compute_s) ? ERG_PHASE_COMPUTE
        : !isnan(is.collective_s) ? ERG_PHASE_COLLECTIVE : ERG_PHASE_PAUSE,
        fmax(is.compute_s, fmax(is.collective_s, is.pause_s)), is.power_w, is.knee, begins,
    };
    return erg_scenario_add_phase(to, &phase, err);
}

static bool add_job(erg_scenario *to, const char *name, const erg_yaml *node,
                    erg_error *err)
{
    job_facts is = { .copies = 1 };

    if (!erg_yaml_read(node, name, job_fields, &is, err))
        return false;
    if (is.step->kind != ERG_YAML_LIST || is.step->count == 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: step is a list of phases", name,
                        is.step->line);
    for (const erg_yaml *at = is.step->first; at; at = at->next)
        if (!add_phase(to, name, at, at == is.step->first, err))
            return false;
    for (int64_t i = 0; i < is.copies; i++) {
        if (!erg_scenario_add_job(to, (size_t)is.units, is.wait_w, err))
            return false;
        erg_scenario_job *job = &to->jobs[to->job_count - 1];
        if (i > 0)
            *job = job[-1];
        job->start_s = is.start_s;
    }
    return true;
}

static bool add_jobs(erg_scenario *to, const char *name, const file_facts *is,
                     erg_error *err)
{
    if (!is->job == !is->jobs)
        return erg_fail(err, ERG_BAD_INPUT, "%s: one of job and jobs must be there", name);
    if (is->job)
        return add_job(to, name, is->job, err);
    if (is->jobs->kind != ERG_YAML_LIST)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: jobs is a list", name, is->jobs->line);
    for (const erg_yaml *at = is->jobs->first; at; at = at->next)
        if (!add_job(to, name, at, err))
            return false;
    return true;
}

static bool add_policies(erg_scenario *to, const char *name, const erg_yaml *list,
                         erg_error *err)
{
    size_t used = 0;

    if (list->kind != ERG_YAML_LIST)
        return erg_fail(err, ERG_BAD_INPUT, "%s:%d: policies is a list", name, list->line);
    for (const erg_yaml *at = list->first; at; at = at->next) {
        erg_policy_chain chain;
        erg_error why = { 0 };
        const char *text = at->kind == ERG_YAML_SCALAR && at->text ? at->text : "";
        size_t count = strlen(text);
        if (!erg_policy_parse(text, count, &chain, &why))
            return erg_fail(err, ERG_BAD_INPUT, "%s:%d: %.300s", name, at->line, why.text);
        if (used + count + 2 > sizeof(to->policies))
            return erg_fail(err, ERG_BAD_INPUT, "%s:%d: too many policies", name, at->line);
        memcpy(to->policies + used, text, count);
        used += count;
        to->policies[used++] = ',';
    }
    to->policies[used] = '\0';
    return true;
}

static bool add_breaker(erg_scenario *to, const char *name, const erg_yaml *node,
                        erg_error *err)
{
    breaker_facts is = { 0 };

    if (!erg_yaml_read(node, name, breaker_fields, &is, err)
        || (is.curve && !erg_trip_curve_read(is.curve, name, &to->breaker_curve, err)))
        return false;
    to->breaker_w = is.rating_w;
    to->breaker_tau_s = is.tau_s;
    to->breaker_trip = is.trip;
    return !is.curve || !(is.trip > 0)
        || erg_fail(err, ERG_BAD_INPUT, "%s:%d: a breaker has a curve or trip (of the "
                    "thermal model), not both", name, node->line);
}

static bool fill(erg_scenario *to, const char *name, const erg_yaml *root, erg_error *err)
{
    file_facts is = { 0 };
    rack_facts racks = { 0 };

    if (!erg_yaml_read(root, name, file_fields, &is, err)
        || !erg_yaml_read(is.racks, name, rack_fields, &racks, err)
        || (racks.breaker && !add_breaker(to, name, racks.breaker, err))
        || !erg_yaml_read(is.gpu, name, gpu_fields, to, err)
        || (is.run && !erg_yaml_read(is.run, name, run_fields, to, err))
        || !add_jobs(to, name, &is, err)
        || (is.policies && !add_policies(to, name, is.policies, err)))
        return false;
    to->units_per_rack = (size_t)racks.units;
    to->psu_w = racks.psu_w;
    if (to->units > (size_t)racks.count * (size_t)racks.units)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%d: %zu units do not fit in %lld racks of %lld", name,
                        is.racks->line, to->units, (long long)racks.count,
                        (long long)racks.units);
    return erg_scenario_check(to, err);
}

erg_scenario *erg_scenario_parse(const char *name, const char *bytes, size_t size,
                                 erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    const erg_yaml *root = arena ? erg_yaml_parse(arena, name, bytes, size, err) : NULL;
    erg_scenario *scenario = root ? erg_scenario_new(name, err) : NULL;

    if (scenario && !fill(scenario, name, root, err)) {
        erg_scenario_free(scenario);
        scenario = NULL;
    }
    erg_arena_free(arena);
    return scenario;
}

erg_scenario *erg_scenario_load(const char *path, erg_error *err)
{
    size_t size;
    char *bytes = erg_file_read(path, FILE_MOST, &size, err);
    erg_scenario *scenario = bytes ? erg_scenario_parse(path, bytes, size, err) : NULL;

    free(bytes);
    return scenario;
}
