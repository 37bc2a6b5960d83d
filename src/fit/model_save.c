/* SPDX-License-Identifier: Apache-2.0 */
/* A model as JSON (docs/formats.md, "A model file"). */
#include <math.h>
#include <stdlib.h>
#include "fit/fit.h"
#include "fit/model_json.h"
#include "format/json.h"

/* Enough to predict alike; the last digits of a solver differ between machines. */
enum { DIGITS = 14 };

static json_t *numbers(const double values[], size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, erg_json_real(values[i]));
    return list;
}

static json_t *terms_of(const erg_trained *part)
{
    json_t *list = json_array();
    for (size_t i = 0; i < part->term_count; i++)
        json_array_append_new(list,
                              json_pack("{s:s,s:o}", "name", part->terms[i].name, "value",
                                        erg_json_real(part->terms[i].value)));
    return list;
}

static json_t *memories_of(const erg_trained *part)
{
    json_t *list = json_array();
    for (size_t i = 0; i < part->memory_count; i++) {
        const erg_memory *from = &part->memories[i];
        json_array_append_new(list,
                              json_pack("{s:s,s:o,s:o,s:o}", "name", from->name, "key",
                                        numbers(from->key, 3), "x",
                                        numbers(from->x, from->count), "residual",
                                        numbers(from->residual, from->count)));
    }
    return list;
}

static json_t *scores_of(const erg_scores *scores)
{
    return json_pack("{s:b,s:o}", "of_sd", scores->of_sd,
                     "at", numbers(scores->at, scores->count));
}

static json_t *part_of(const erg_trained *part)
{
    json_t *object = json_pack("{s:s,s:s,s:b,s:b,s:i,s:o,s:o,s:o,s:o}",
        "model", part->fit->name, "target", erg_target_name(part->target), "chosen",
        part->is_chosen, "raw", part->is_raw, "trained_on", (int)part->applications,
        "range", numbers((double[]){ part->ratio_low, part->ratio_high }, 2),
        "terms", terms_of(part),
        "scores", scores_of(&part->scores),
        "energy_scores", scores_of(&part->energy_scores));

    if (part->memory_count)
        json_object_set_new(object, "applications", memories_of(part));
    if (part->booster)
        json_object_set_new(object, "booster", json_string(part->booster));
    if (part->member_count) {
        json_t *members = json_array();
        for (size_t i = 0; i < part->member_count; i++)
            json_array_append_new(members, part_of(part->members[i]));
        json_object_set_new(object, "members", members);
    }
    return object;
}

bool erg_model_save(const erg_model *model, const char *path, erg_error *err)
{
    erg_aside aside;
    json_t *parts = json_array();

    for (size_t i = 0; i < model->count; i++)
        json_array_append_new(parts, part_of(model->parts[i]));
    json_t *root = json_pack("{s:i,s:s,s:o,s:o}", "erg_model", ERG_MODEL_FORMAT,
                             "definition", erg_activity_name(model->definition),
                             "energy_scores", scores_of(&model->energy_scores),
                             "parts", parts);
    if (!root)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    bool good = erg_aside_begin(&aside, path, err);
    if (good) {
        bool written = json_dumpf(root, aside.stream,
                                  JSON_INDENT(1) | JSON_REAL_PRECISION(DIGITS))
                == 0 && fputc('\n', aside.stream) == '\n';
        good = erg_aside_end(&aside, written, err)
            && (written || erg_fail(err, ERG_IO, "cannot write %s", path));
    }
    json_decref(root);
    return good;
}
