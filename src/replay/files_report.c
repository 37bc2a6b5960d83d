/* SPDX-License-Identifier: Apache-2.0 */
/*
 * energy_report.json: joules of the whole by one meter, as `erg export` and older loggers
 * write it. It is read where nobody else says them; a meter of the node says nothing of a
 * device, and what a model or a simulation says is no measurement.
 */
#include <math.h>
#include <string.h>
#include "replay/fields.h"

typedef struct report {
    double duration_s, samples, runs, mean_w, total_j, per_run_j, base_w;
    erg_span span;
    char method[16], scope[16], policy[32];
} report;

#define AT(field) offsetof(report, field)

static const erg_json_field top_fields[] = {
    { "duration_seconds", AT(duration_s), ERG_FIELD_PLAIN, false },
    { "num_power_samples", AT(samples), ERG_FIELD_COUNT, false },
    { "num_runs", AT(runs), ERG_FIELD_COUNT, false },
};
static const erg_json_field power_fields[] = {
    { "average", AT(mean_w), ERG_FIELD_PLAIN, false },
};
static const erg_json_field energy_fields[] = {
    { "total", AT(total_j), ERG_FIELD_PLAIN, false },
    { "per_run", AT(per_run_j), ERG_FIELD_PLAIN, false },
};
static const erg_json_field idle_fields[] = {
    { "base_w", AT(base_w), ERG_FIELD_PLAIN, true },
};

#undef AT

static const struct {
    const char *key; /* NULL: the report itself */
    erg_json_shape shape;
} parts[] = {
    { NULL, { top_fields, ERG_COUNT(top_fields), NULL } },
    { "power_watts", { power_fields, ERG_COUNT(power_fields), NULL } },
    { "energy_joules", { energy_fields, ERG_COUNT(energy_fields), NULL } },
};

static bool read_own(const erg_replay_reading *reading, const json_t *own, report *to,
                     erg_error *err)
{
    const erg_json_shape shape = { idle_fields, ERG_COUNT(idle_fields), NULL };
    const json_t *idle = json_object_get(own, "idle");

    return erg_text_read(reading, own, "method", to->method, sizeof(to->method), err)
           && erg_text_read(reading, own, "scope", to->scope, sizeof(to->scope), err)
           && erg_text_read(reading, idle, "policy", to->policy, sizeof(to->policy), err)
           && erg_fields_read(&shape, reading, idle, to, err);
}

static bool is_of_the_device(const report *of)
{
    return strcmp(of->scope, "node") != 0 && strcmp(of->method, "model") != 0
           && strcmp(of->method, "simulated") != 0;
}

static void fill(double *to, double value)
{
    if (isnan(*to))
        *to = value;
}

static void take_over(const report *from, erg_replay *into)
{
    erg_whole_timing *whole = &into->whole;
    bool has_base = isnan(into->base_w) && !isnan(from->base_w);

    fill(&whole->runs, from->runs);
    fill(&whole->time_s, from->duration_s / from->runs);
    if (whole->span.end_ns <= whole->span.begin_ns)
        whole->span = from->span;
    if (!is_of_the_device(from))
        return;
    fill(&whole->energy_j,
         isnan(from->per_run_j) ? from->total_j / from->runs : from->per_run_j);
    fill(&whole->mean_w, from->mean_w);
    if (!has_base)
        return;
    into->base_w = from->base_w;
    erg_text_put(into->base_policy, sizeof(into->base_policy), from->policy);
}

static bool read_report(const erg_replay_reading *reading, const json_t *root,
                        erg_error *err)
{
    report from = { .runs = NAN };

    for (size_t i = 0; i < ERG_COUNT(parts); i++)
        if (!erg_fields_read(&parts[i].shape, reading,
                             parts[i].key ? json_object_get(root, parts[i].key) : root,
                             &from, err))
            return false;
    if (!read_own(reading, json_object_get(root, "erg"), &from, err)
        || !erg_span_read(reading, root, &from.span, err))
        return false;
    take_over(&from, reading->into);
    erg_replay_note_end(reading->into, from.span);
    return true;
}

/* It is another tool's: `erg export` writes it. */
static json_t *write_nothing(const erg_replay *from)
{
    (void)from;
    return NULL;
}

static bool holds_nothing(const erg_replay *from)
{
    (void)from;
    return false;
}

const erg_replay_file erg_replay_file_report = { "energy_report.json", read_report,
                                                 write_nothing, holds_nothing };
