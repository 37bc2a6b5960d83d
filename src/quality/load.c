/* SPDX-License-Identifier: Apache-2.0 */
/* All files of one call, checked against each other. */
#include <stdlib.h>
#include <string.h>
#include "quality/load.h"

static void answers_free(erg_owned_answers *answers)
{
    erg_items_free(answers->items);
    erg_array_free(answers->features);
    erg_layers_free(answers->layers);
    erg_folder_free(answers->images);
    free(answers->distances);
}

void erg_quality_files_free(erg_quality_files *files)
{
    answers_free(&files->mine);
    answers_free(&files->theirs);
    erg_array_free(files->against);
    erg_array_free(files->texts);
    erg_layers_free(files->against_layers);
    erg_layers_free(files->weights);
    erg_folder_free(files->against_images);
    erg_encoder_free(files->encoder);
    erg_encoder_free(files->text_encoder);
    *files = (erg_quality_files){ 0 };
}

size_t erg_quality_items(const erg_quality_case *with)
{
    const erg_answers *mine = &with->mine;
    return mine->items ? mine->items->count : mine->features ? mine->features->dims[0]
         : mine->layers ? mine->layers->images : mine->images ? mine->images->count : 0;
}

/* ---- answers ------------------------------------------------------------------------ */

static erg_items *load_items(const char *path, bool records, erg_error *err)
{
    return records || erg_text_ends(path, ".jsonl") || erg_text_ends(path, ".ndjson")
         ? erg_items_load_records(path, err) : erg_items_load_text(path, err);
}

/* Paths with commas between, a layer each; of any rank that a layer may have. */
static erg_layers *load_layers(const char *paths, int rank, erg_error *err)
{
    size_t count = 1;
    for (const char *at = paths; *at; at++)
        count += *at == ',';
    erg_layers *layers = erg_layers_new(1, count, err);
    bool ok = layers != NULL;

    for (size_t i = 0; ok && i < count; i++) {
        char path[ERG_PATH_MOST];
        size_t length = strcspn(paths, ",");
        if (length >= sizeof(path))
            length = sizeof(path) - 1;
        memcpy(path, paths, length);
        path[length] = '\0';
        paths += strcspn(paths, ",") + 1;
        ok = (layers->arrays[i] = erg_array_load(path, rank, err)) != NULL;
    }
    if (ok)
        return layers;
    erg_layers_free(layers);
    return NULL;
}

static bool load_mine(const erg_quality_options *options, erg_owned_answers *to,
                      erg_error *err)
{
    const char *text = options->records ? options->records : options->hypothesis;

    if (options->records && options->hypothesis)
        return erg_fail(err, ERG_BAD_INPUT, "one of a hypothesis and records is scored");
    if (!text && !options->features && !options->layers && !options->images)
        return erg_fail(err, ERG_BAD_INPUT, "there is nothing to score");
    return (!text || (to->items = load_items(text, options->records != NULL, err)))
        && (!options->features
            || (to->features = erg_array_load(options->features, 2, err)))
        && (!options->layers || (to->layers = load_layers(options->layers, 3, err)))
        && (!options->images || (to->images = erg_folder_open(options->images, err)));
}

/* The baseline's file is of the kind that mine is first of. */
static bool load_baseline(const erg_quality_options *options, const erg_owned_answers *mine,
                          erg_owned_answers *to, erg_error *err)
{
    const char *path = options->baseline;

    if (!path)
        return true;
    if (mine->items && !erg_text_ends(path, ".npy"))
        return (to->items = load_items(path, options->records != NULL, err))
            && erg_items_pair(mine->items, to->items, err);
    if (mine->images && !mine->features)
        return (to->images = erg_folder_open(path, err)) != NULL;
    if (!mine->features)
        return (to->layers = load_layers(path, 3, err)) != NULL;
    if (!(to->features = erg_array_load(path, 2, err)))
        return false;
    return to->features->dims[0] == mine->features->dims[0]
        || erg_fail(err, ERG_BAD_INPUT, "%s has %zu rows, %s has %zu: "
                    "they cannot be paired",
                    path, to->features->dims[0], options->features,
                    mine->features->dims[0]);
}

static bool refer(erg_quality_files *files, const char *path, erg_error *err)
{
    erg_items *references = load_items(path, false, err);
    bool ok = references && erg_items_refer(files->mine.items, references, err)
           && (!files->theirs.items
               || erg_items_refer(files->theirs.items, references, err));

    erg_items_free(references);
    return ok;
}

/* ---- the rest ------------------------------------------------------------------------ */

static bool load_array(const char *path, erg_array **to, erg_error *err)
{
    return !path || (*to = erg_array_load(path, 2, err));
}

static bool load_rest(const erg_quality_options *options, erg_quality_files *files,
                      erg_error *err)
{
    for (size_t i = 0; files->mine.items && i < options->reference_count; i++)
        if (!refer(files, options->references[i], err))
            return false;
    if (options->against && erg_is_folder(options->against)
        && !(files->against_images = erg_folder_open(options->against, err)))
        return false;
    return (files->against_images || load_array(options->against, &files->against, err))
        && load_array(options->text_features, &files->texts, err)
        && (!options->against_layers
            || (files->against_layers = load_layers(options->against_layers, 3, err)))
        && (!options->weights || (files->weights = load_layers(options->weights, 1, err)));
}

static erg_answers borrow(const erg_owned_answers *from)
{
    return (erg_answers){ from->items, from->features, from->layers, from->images,
                          from->distances };
}

bool erg_quality_load(const erg_quality_options *options, erg_quality_files *files,
                      erg_error *err)
{
    if (!load_mine(options, &files->mine, err)
        || !load_baseline(options, &files->mine, &files->theirs, err)
        || !load_rest(options, files, err) || !erg_quality_encode(options, files, err)
        || !erg_quality_encode_texts(options, files, err))
        return false;
    const char *texts_by = files->text_encoder ? erg_encoder_name(files->text_encoder)
                                               : NULL;
    files->baseline = borrow(&files->theirs);
    files->with = (erg_quality_case){ .mine = borrow(&files->mine),
        .baseline = options->baseline ? &files->baseline : NULL, .against = files->against,
        .texts = files->texts, .against_layers = files->against_layers,
        .weights = files->weights, .against_images = files->against_images,
        .log_base = options->log_base,
        .features_by = files->encoder ? erg_encoder_name(files->encoder)
                     : files->mine.items ? texts_by : NULL,
        .texts_by = options->prompts ? texts_by : NULL };
    return true;
}
