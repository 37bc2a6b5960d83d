/* SPDX-License-Identifier: Apache-2.0 */
/* What the text encoder of one call makes of prompts, or of sentences of answers. */
#include <stdlib.h>
#include "quality/load.h"

/* ---- prompts ------------------------------------------------------------------------- */

static bool check_count(const erg_quality_files *files, const erg_items *prompts,
                        erg_error *err)
{
    size_t images = files->mine.images ? files->mine.images->count
                  : files->mine.features ? files->mine.features->dims[0] : prompts->count;

    return prompts->count == images
        || erg_fail(err, ERG_BAD_INPUT, "%s has %zu lines for %zu images: a prompt an "
                    "image is needed, in the order of their names", prompts->path,
                    prompts->count, images);
}

static bool encode_prompts(erg_quality_files *files, const erg_items *prompts,
                           erg_error *err)
{
    erg_encoder_text *texts = calloc(prompts->count + 1, sizeof(*texts));

    if (!texts)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < prompts->count; i++)
        texts[i] = (erg_encoder_text){ prompts->path, prompts->items[i].output, i + 1 };
    files->texts = erg_encoder_texts(files->text_encoder, texts, prompts->count, err);
    free(texts);
    return files->texts != NULL;
}

static bool load_prompts(const erg_quality_options *options, erg_quality_files *files,
                         erg_error *err)
{
    erg_items *prompts = erg_items_load_text(options->prompts, err);
    bool ok = prompts && check_count(files, prompts, err)
           && encode_prompts(files, prompts, err);

    erg_items_free(prompts);
    return ok;
}

/* ---- sentences ----------------------------------------------------------------------- */

/* All sentences of all items in a row, as a file of features has them. */
static bool encode_items(erg_encoder *encoder, erg_items *items, erg_array **to,
                         erg_error *err)
{
    size_t count = 0, used = 0;

    if (!items)
        return true;
    if (!erg_items_cut(items, err))
        return false;
    for (size_t i = 0; i < items->count; i++)
        count += items->items[i].sentence_count;
    if (count == 0)
        return erg_fail(err, ERG_BAD_INPUT, "%s holds no sentence for the text encoder: "
                        "\"output\" or \"sentences\" is needed", items->path);
    erg_encoder_text *texts = calloc(count, sizeof(*texts));
    if (!texts)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < items->count; i++)
        for (size_t j = 0; j < items->items[i].sentence_count; j++)
            texts[used++] = (erg_encoder_text){ items->path, items->items[i].sentences[j],
                                                i + 1 };
    *to = erg_encoder_texts(encoder, texts, count, err);
    free(texts);
    return *to != NULL;
}

/* ---- both ---------------------------------------------------------------------------- */

static bool check(const erg_quality_options *options, erg_error *err)
{
    bool answers = options->hypothesis || options->records;

    if (!options->text_encoder)
        return erg_fail(err, ERG_BAD_INPUT, "--prompts needs --text-encoder");
    if (options->prompts && (options->text_features || answers))
        return erg_fail(err, ERG_BAD_INPUT, "--prompts says what images show: give no %s "
                        "beside it", answers ? "answers in text" : "--text-features");
    if (!options->prompts && (!answers || options->features))
        return erg_fail(err, ERG_BAD_INPUT, "--text-encoder reads --prompts, or the "
                        "sentences of --hypothesis or --records without --features");
    return true;
}

bool erg_quality_encode_texts(const erg_quality_options *options, erg_quality_files *files,
                              erg_error *err)
{
    if (!options->text_encoder && !options->prompts)
        return true;
    if (!check(options, err))
        return false;
    files->text_encoder = erg_encoder_open(options->text_encoder, ERG_ENCODE_TEXTS,
                                           options->onnxruntime,
                                           &(erg_encoder_talk){ options->progress,
                                               options->progress_self }, err);
    if (!files->text_encoder)
        return false;
    if (options->prompts)
        return load_prompts(options, files, err);
    return encode_items(files->text_encoder, files->mine.items, &files->mine.features, err)
        && encode_items(files->text_encoder, files->theirs.items, &files->theirs.features,
                        err);
}
