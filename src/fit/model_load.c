/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model file is trusted in nothing: every number is finite, every list as long as it
 * must be, or the file is refused with the place. Jansson would cut a text at a NUL and
 * skip what it does not know; here a part that is not understood is an error, because a
 * model that lacks one would predict something else.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fit/fit.h"
#include "fit/model_json.h"
#include "format/json.h"

enum { FILE_BYTES_MOST = 256 << 20, DEPTH_MOST = 2, LIST_MOST = 1 << 20 };

typedef struct loader {
    const char *path;
    char where[160];
    erg_error *err;
} loader;

static bool damaged(const loader *load, const char *what)
{
    return erg_fail(load->err, ERG_BAD_INPUT, "%s: %s: %s", load->path, load->where, what);
}

static bool read_numbers(const loader *load, const json_t *list, double **out,
                         size_t *count)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n > LIST_MOST)
        return damaged(load, "a list of numbers is missing or too long");
    double *values = calloc(n + 1, sizeof(*values));
    if (!values)
        return erg_fail(load->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        values[i] = json_number_value(item);
        if (!json_is_number(item) || !isfinite(values[i])) {
            free(values);
            return damaged(load, "something in a list is no number");
        }
    }
    *out = values;
    *count = n;
    return true;
}

static bool read_scores(const loader *load, const json_t *from, erg_scores *to)
{
    if (!json_is_object(from))
        return damaged(load, "no scores");
    to->of_sd = json_is_true(json_object_get(from, "of_sd"));
    if (!read_numbers(load, json_object_get(from, "at"), &to->at, &to->count))
        return false;
    for (size_t i = 0; i < to->count; i++)
        if (to->at[i] < 0 || (i && to->at[i] < to->at[i - 1]))
            return damaged(load, "scores are not sorted");
    return true;
}

static bool read_terms(const loader *load, const json_t *list, erg_trained *part)
{
    if (!json_is_array(list) || json_array_size(list) > LIST_MOST)
        return damaged(load, "no list of terms");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(item, "name"));
        const json_t *value = json_object_get(item, "value");
        if (!name || !*name || strlen(name) >= sizeof(part->terms->name)
            || !json_is_number(value) || !isfinite(json_number_value(value)))
            return damaged(load, "a term has no name or no value");
        if (!erg_trained_term(part, load->err, json_number_value(value), "%s", name))
            return false;
    }
    return true;
}

static bool read_memory(const loader *load, const json_t *from, erg_trained *part)
{
    const char *name = json_string_value(json_object_get(from, "name"));
    double *key = NULL;
    size_t keys = 0, residuals = 0;

    if (!erg_grow((void **)&part->memories, &part->memory_capacity, part->memory_count,
                  sizeof(erg_memory), load->err))
        return false;
    erg_memory *memory = &part->memories[part->memory_count++];
    *memory = (erg_memory){ .count = 0 };
    if (!name || strlen(name) >= sizeof(memory->name))
        return damaged(load, "an application has no name");
    erg_text_put(memory->name, sizeof(memory->name), name);
    if (!read_numbers(load, json_object_get(from, "key"), &key, &keys))
        return false;
    for (size_t i = 0; i < 3 && keys == 3; i++)
        memory->key[i] = key[i];
    free(key);
    if (!read_numbers(load, json_object_get(from, "x"), &memory->x, &memory->count)
        || !read_numbers(load, json_object_get(from, "residual"), &memory->residual,
                         &residuals))
        return false;
    bool rises = memory->count > 0;
    for (size_t i = 1; i < memory->count; i++)
        rises = rises && memory->x[i] > memory->x[i - 1];
    return (keys == 3 && rises && residuals == memory->count)
        || damaged(load, "the curve of an application is not whole");
}

static bool read_memories(const loader *load, const json_t *list, erg_trained *part)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!read_memory(load, json_array_get(list, i), part))
            return false;
    return true;
}

static bool read_range(const loader *load, const json_t *range, erg_trained *part)
{
    if (!json_is_array(range) || json_array_size(range) != 2)
        return damaged(load, "no range");
    const json_t *low = json_array_get(range, 0), *high = json_array_get(range, 1);
    part->ratio_low = json_is_number(low) ? json_number_value(low) : NAN;
    part->ratio_high = json_is_number(high) ? json_number_value(high) : NAN;
    return true;
}

static const erg_fit *find_head(loader *load, const json_t *from, erg_target *target)
{
    const char *name = json_string_value(json_object_get(from, "model"));
    const char *of = json_string_value(json_object_get(from, "target"));
    const erg_fit *fit = name ? erg_fit_find(name) : NULL;

    for (int t = 0; fit && of && t < ERG_TARGET_ENERGY; t++)
        if (fit->targets[t] && strcmp(of, erg_target_name((erg_target)t)) == 0) {
            *target = (erg_target)t;
            snprintf(load->where, sizeof(load->where), "%s of %s", name, of);
            return fit;
        }
    snprintf(load->where, sizeof(load->where), "model '%.60s', target '%.20s'",
             name ? name : "", of ? of : "");
    damaged(load, "not known to this erg");
    return NULL;
}

static erg_trained *read_part(loader *load, const json_t *from, int depth);

static bool read_members(loader *load, const json_t *list, erg_trained *part, int depth)
{
    if (!list)
        return true;
    if (!json_is_array(list) || json_array_size(list) > ERG_MEMBERS_MOST
        || depth >= DEPTH_MOST)
        return damaged(load, "members are too many or too deep");
    for (size_t i = 0; i < json_array_size(list); i++) {
        erg_trained *member = read_part(load, json_array_get(list, i), depth + 1);
        if (!member)
            return false;
        part->members[part->member_count++] = member;
        if (member->target != part->target)
            return damaged(load, "a member has another target");
    }
    return true;
}

static bool fill_part(loader *load, const json_t *from, erg_trained *part, int depth)
{
    const json_t *booster = json_object_get(from, "booster");
    const json_t *trained_on = json_object_get(from, "trained_on");

    part->is_chosen = json_is_true(json_object_get(from, "chosen"));
    part->is_raw = json_is_true(json_object_get(from, "raw"));
    if (!json_is_integer(trained_on) || json_integer_value(trained_on) < 0)
        return damaged(load, "trained_on is missing");
    part->applications = (size_t)json_integer_value(trained_on);
    part->booster = erg_text_copy(json_string_value(booster));
    if (booster && !part->booster)
        return damaged(load, "the booster is no text");
    return read_range(load, json_object_get(from, "range"), part)
        && read_terms(load, json_object_get(from, "terms"), part)
        && read_memories(load, json_object_get(from, "applications"), part)
        && read_scores(load, json_object_get(from, "scores"), &part->scores)
        && read_scores(load, json_object_get(from, "energy_scores"), &part->energy_scores)
        && read_members(load, json_object_get(from, "members"), part, depth)
        && (!part->fit->wake || part->fit->wake(part, load->err));
}

static erg_trained *read_part(loader *load, const json_t *from, int depth)
{
    erg_target target;
    const erg_fit *fit = find_head(load, from, &target);
    erg_trained *part = fit ? erg_trained_new(fit, target, load->err) : NULL;

    if (part && fill_part(load, from, part, depth))
        return part;
    erg_trained_free(part);
    return NULL;
}

static bool read_model(loader *load, const json_t *root, erg_model *model)
{
    const json_t *format = json_object_get(root, "erg_model");
    const json_t *parts = json_object_get(root, "parts");
    const char *definition = json_string_value(json_object_get(root, "definition"));

    if (!json_is_integer(format))
        return damaged(load, "this is no model of erg fit");
    if (json_integer_value(format) != ERG_MODEL_FORMAT)
        return damaged(load, "its format is of another version of erg");
    if (!definition || !erg_activity_parse(definition, &model->definition))
        return damaged(load, "the definition of activities is none that is known");
    if (!json_array_size(parts))
        return damaged(load, "there is no part in it");
    if (!read_scores(load, json_object_get(root, "energy_scores"), &model->energy_scores))
        return false;
    for (size_t i = 0; i < json_array_size(parts); i++) {
        erg_trained *part = read_part(load, json_array_get(parts, i), 0);
        if (!part || !erg_model_add(model, part, load->err))
            return false;
        part->definition = model->definition;
    }
    return true;
}

erg_model *erg_model_load(const char *path, erg_error *err)
{
    loader load = { .path = path, .where = "the file", .err = err };
    json_t *root = erg_json_load(path, FILE_BYTES_MOST, err);

    if (!root)
        return NULL;
    erg_model *model = erg_model_new(err);
    bool good = model && read_model(&load, root, model);
    json_decref(root);
    if (good)
        return model;
    erg_model_free(model);
    return NULL;
}
