/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Result records: an array of objects, one for each GPU and workload, as published
 * studies of clocks write them. Percent is theirs; a negative "performance" is faster.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "decide/tables.h"
#include "format/json.h"

enum { FILE_MOST = 64 << 20 };

typedef enum kind { REAL, WHOLE, TRUTH } kind;
typedef struct field { const char *name; kind kind; size_t at; } field;

#define AT(name) offsetof(erg_choice_record, name)

static const field fields[] = {
    { "optimal_frequency_edp_mhz", WHOLE, AT(edp_mhz) },
    { "optimal_frequency_ed2p_mhz", WHOLE, AT(ed2p_mhz) },
    { "max_frequency_mhz", WHOLE, AT(max_mhz) },
    { "fastest_frequency_mhz", WHOLE, AT(fastest_mhz) },
    { "is_max_frequency_fastest", TRUTH, AT(is_max_fastest) },
    { "energy_savings_edp_percent", REAL, AT(edp_saving_percent) },
    { "energy_savings_ed2p_percent", REAL, AT(ed2p_saving_percent) },
    { "performance_vs_max_edp_percent", REAL, AT(edp_vs_max_percent) },
    { "performance_vs_max_ed2p_percent", REAL, AT(ed2p_vs_max_percent) },
    { "performance_vs_fastest_edp_percent", REAL, AT(edp_vs_fastest_percent) },
    { "performance_vs_fastest_ed2p_percent", REAL, AT(ed2p_vs_fastest_percent) },
    { "edp_improvement_percent", REAL, AT(edp_improvement_percent) },
    { "ed2p_improvement_percent", REAL, AT(ed2p_improvement_percent) },
    { "optimal_timing_edp_seconds", REAL, AT(edp_s) },
    { "optimal_timing_ed2p_seconds", REAL, AT(ed2p_s) },
    { "optimal_energy_edp_joules", REAL, AT(edp_j) },
    { "optimal_energy_ed2p_joules", REAL, AT(ed2p_j) },
    { "optimal_edp", REAL, AT(edp) },
    { "optimal_ed2p", REAL, AT(ed2p) },
    { "runs_averaged", WHOLE, AT(runs_averaged) },
};

static double *value_at(erg_choice_record *record, const field *of)
{
    return (double *)((char *)record + of->at);
}

/* ---- from a choice -------------------------------------------------------------- */

/* "A100/llama" is llama on an A100, whether or not the device is known besides. */
static void name_record(const erg_application *app, erg_choice_record *record)
{
    const char *slash = strchr(app->name, '/');
    size_t count = slash ? (size_t)(slash - app->name) : 0;
    bool begins = !app->device_model[0]
               || (strlen(app->device_model) == count
                   && strncmp(app->device_model, app->name, count) == 0);

    erg_text_put(record->workload, sizeof(record->workload),
                 slash && begins ? slash + 1 : app->name);
    if (app->device_model[0])
        erg_text_put(record->gpu, sizeof(record->gpu), app->device_model);
    else if (count < sizeof(record->gpu))
        erg_text_put(record->gpu, count + 1, app->name);
}

static double percent_above(double value, double base) { return 100 * (value / base - 1); }

static const erg_option *option_at(const erg_choice *choice, size_t index)
{
    return index == ERG_NO_OPTION ? NULL : &choice->options[index];
}

/* Figures of the least E T; those against a reference stay NAN without one. */
static void fill_edp(const erg_option *one, const erg_option *most,
                     const erg_option *fastest, erg_choice_record *to)
{
    to->edp_mhz = one->setting.at[ERG_SM_CLOCK] / 1e6;
    to->edp_s = one->time_s;
    to->edp_j = one->energy_j;
    to->edp = one->energy_j * one->time_s;
    to->runs_averaged = (double)one->visits;
    to->edp_vs_fastest_percent = percent_above(one->time_s, fastest->time_s);
    if (!most)
        return;
    to->edp_saving_percent = 100 * one->energy_saving;
    to->edp_vs_max_percent = percent_above(one->time_s, most->time_s);
    to->edp_improvement_percent = -percent_above(to->edp, most->energy_j * most->time_s);
}

static void fill_ed2p(const erg_option *one, const erg_option *most,
                      const erg_option *fastest, erg_choice_record *to)
{
    double square = one->time_s * one->time_s;

    to->ed2p_mhz = one->setting.at[ERG_SM_CLOCK] / 1e6;
    to->ed2p_s = one->time_s;
    to->ed2p_j = one->energy_j;
    to->ed2p = one->energy_j * square;
    to->ed2p_vs_fastest_percent = percent_above(one->time_s, fastest->time_s);
    if (!most)
        return;
    to->ed2p_saving_percent = 100 * one->energy_saving;
    to->ed2p_vs_max_percent = percent_above(one->time_s, most->time_s);
    to->ed2p_improvement_percent =
        -percent_above(to->ed2p, most->energy_j * most->time_s * most->time_s);
}

static void fill_record(const erg_points *points, const erg_choice *edp,
                        const erg_choice *ed2p, size_t index, erg_choice_record *to)
{
    const erg_pick *pick = &edp->picks[index];
    const erg_option *fastest = option_at(edp, pick->fastest);
    const erg_option *most = option_at(edp, pick->reference);
    const erg_option *first = option_at(edp, pick->chosen);
    const erg_option *second = option_at(ed2p, ed2p->picks[index].chosen);

    for (size_t i = 0; i < ERG_COUNT(fields); i++)
        *value_at(to, &fields[i]) = NAN;
    name_record(erg_points_application_at(points, pick->application), to);
    to->max_mhz = edp->options[pick->first].setting.at[ERG_SM_CLOCK] / 1e6;
    if (!fastest)
        return;
    to->fastest_mhz = fastest->setting.at[ERG_SM_CLOCK] / 1e6;
    to->is_max_fastest = pick->fastest == pick->first;
    if (first)
        fill_edp(first, most, fastest, to);
    if (second)
        fill_ed2p(second, most, fastest, to);
}

erg_choice_record *erg_choice_records(const erg_points *points, const erg_wish *wish,
                                      size_t *count, erg_error *err)
{
    erg_wish first = *wish, second = *wish;
    erg_choice edp = { 0 }, ed2p = { 0 };
    erg_choice_record *records = NULL;

    *count = 0;
    first.objective = "edp";
    second.objective = "ed2p";
    first.draws = second.draws = 0;
    bool ok =
        erg_choose(points, &first, &edp, err) && erg_choose(points, &second, &ed2p, err);
    if (ok && !(records = calloc(edp.pick_count + 1, sizeof(*records))))
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu records", edp.pick_count);
    for (size_t i = 0; records && i < edp.pick_count; i++)
        fill_record(points, &edp, &ed2p, (*count)++, &records[i]);
    erg_choice_free(&edp);
    erg_choice_free(&ed2p);
    return records;
}

/* ---- JSON ----------------------------------------------------------------------- */

static json_t *json_of(const field *of, double value)
{
    if (isnan(value))
        return json_null();
    if (of->kind == TRUTH)
        return json_boolean(value > 0.5);
    return of->kind == WHOLE && value == floor(value) && fabs(value) < 1e15
        ? json_integer((json_int_t)value) : json_real(value);
}

bool erg_choice_records_write(const erg_choice_record records[], size_t count, FILE *out,
                              erg_error *err)
{
    json_t *array = json_array();
    bool ok = array != NULL;

    for (size_t i = 0; ok && i < count; i++) {
        erg_choice_record copy = records[i];
        json_t *one = json_object();
        ok = json_array_append_new(array, one) == 0
          && json_object_set_new(one, "gpu", json_string(copy.gpu)) == 0
          && json_object_set_new(one, "workload", json_string(copy.workload)) == 0;
        for (size_t k = 0; ok && k < ERG_COUNT(fields); k++)
            ok = json_object_set_new(one, fields[k].name,
                                     json_of(&fields[k], *value_at(&copy, &fields[k])))
                 == 0;
    }
    ok = ok && json_dumpf(array, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(array);
    return ok || erg_fail(err, ERG_IO, "cannot write %zu result records", count);
}

static double number_of(const json_t *value)
{
    return json_is_boolean(value) ? json_is_true(value)
         : json_is_number(value) ? json_number_value(value) : NAN;
}

static bool read_one(const char *name, size_t index, const json_t *from,
                     erg_choice_record *to, erg_error *err)
{
    const char *gpu = json_string_value(json_object_get(from, "gpu"));
    const char *workload = json_string_value(json_object_get(from, "workload"));

    if (!gpu || !workload)
        return erg_fail(err, ERG_BAD_INPUT, "%s: record %zu has no gpu and workload", name,
                        index + 1);
    erg_text_put(to->gpu, sizeof(to->gpu), gpu);
    erg_text_put(to->workload, sizeof(to->workload), workload);
    for (size_t k = 0; k < ERG_COUNT(fields); k++)
        *value_at(to, &fields[k]) = number_of(json_object_get(from, fields[k].name));
    return true;
}

erg_choice_record *erg_choice_records_parse(const char *name, const char *bytes,
                                            size_t size, size_t *count, erg_error *err)
{
    json_t *array = erg_json_parse(name, bytes, size, err);
    erg_choice_record *records = NULL;
    bool ok = json_is_array(array);

    *count = 0;
    if (array && !ok)
        erg_fail(err, ERG_BAD_INPUT, "%s is no array of result records", name);
    if (ok && !(records = calloc(json_array_size(array) + 1, sizeof(*records))))
        ok = erg_fail(err, ERG_NO_MEMORY, "no memory for the records of %s", name);
    for (size_t i = 0; ok && i < json_array_size(array); i++) {
        ok = read_one(name, i, json_array_get(array, i), &records[i], err);
        *count += ok;
    }
    json_decref(array);
    if (ok)
        return records;
    free(records);
    return NULL;
}

erg_choice_record *erg_choice_records_read(const char *path, size_t *count, erg_error *err)
{
    size_t size;
    char *bytes = erg_file_read(path, FILE_MOST, &size, err);
    erg_choice_record *records =
        bytes ? erg_choice_records_parse(path, bytes, size, count, err) : NULL;

    free(bytes);
    return records;
}

/* ---- beside our own ------------------------------------------------------------- */

static const erg_column published_columns[] = {
    { "gpu", ERG_TEXT, "as the record names it" },
    { "workload", ERG_TEXT, "as the record names it" },
    { "their_edp_mhz", ERG_REAL, "clock of least E T, of the record" },
    { "our_edp_mhz", ERG_REAL, "of these points" },
    { "their_ed2p_mhz", ERG_REAL, "clock of least E T^2, of the record" },
    { "our_ed2p_mhz", ERG_REAL, "of these points" },
    { "their_saving", ERG_REAL, "of energy at their clock of least E T" },
    { "our_saving", ERG_REAL, "at ours" },
    { "their_time_change", ERG_REAL, "against their highest clock; below 0 is faster" },
    { "our_time_change", ERG_REAL, "against ours" },
};

static const erg_choice_record *find_ours(const erg_choice_record *their,
                                          const erg_choice_record ours[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(their->workload, ours[i].workload) == 0
            && strcasecmp(their->gpu, ours[i].gpu) == 0)
            return &ours[i];
    return NULL;
}

bool erg_choice_records_table(const erg_choice_record theirs[], size_t their_count,
                              const erg_choice_record ours[], size_t our_count,
                              erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "published", published_columns,
                                      ERG_COUNT(published_columns), err);
    bool ok = table != NULL;

    for (size_t i = 0; ok && i < their_count; i++) {
        const erg_choice_record *their = &theirs[i];
        const erg_choice_record *our = find_ours(their, ours, our_count);
        const erg_real cells[] = {
            { "their_edp_mhz", their->edp_mhz },
            { "our_edp_mhz", our ? our->edp_mhz : NAN },
            { "their_ed2p_mhz", their->ed2p_mhz },
            { "our_ed2p_mhz", our ? our->ed2p_mhz : NAN },
            { "their_saving", their->edp_saving_percent / 100 },
            { "our_saving", our ? our->edp_saving_percent / 100 : NAN },
            { "their_time_change", their->edp_vs_max_percent / 100 },
            { "our_time_change", our ? our->edp_vs_max_percent / 100 : NAN },
        };
        ok = erg_table_row(table, err) && erg_table_text(table, "gpu", their->gpu, err)
          && erg_table_text(table, "workload", their->workload, err)
          && erg_put_reals(table, cells, ERG_COUNT(cells), err);
    }
    return ok;
}
