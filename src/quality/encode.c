/* SPDX-License-Identifier: Apache-2.0 */
/* What the encoders of one call make of its images. */
#include <stdlib.h>
#include "quality/load.h"

static bool features_of(erg_encoder *encoder, const erg_folder *folder, erg_array **to,
                        erg_error *err)
{
    return !folder || (*to = erg_encoder_images(encoder, folder, err));
}

/* Baseline and answers are drawn together: they are pairs. The real ones need not be. */
static bool all_features(erg_quality_files *files, erg_error *err)
{
    const erg_folder *theirs = files->theirs.images;

    return (!theirs || erg_folder_pairs(files->mine.images, theirs, err))
        && features_of(files->encoder, files->mine.images, &files->mine.features, err)
        && features_of(files->encoder, theirs, &files->theirs.features, err)
        && features_of(files->encoder, files->against_images, &files->against, err);
}

/* As far as the baseline's partner, or else the real one, is. The baseline is its own. */
static bool all_distances(erg_quality_files *files, erg_error *err)
{
    const erg_folder *mine = files->mine.images, *theirs = files->theirs.images;
    const erg_folder *partners = theirs ? theirs : files->against_images;

    if (!partners)
        return true;
    files->mine.distances = erg_encoder_distances(files->encoder, mine, partners, err);
    if (!files->mine.distances || !theirs)
        return files->mine.distances != NULL;
    files->theirs.distances = calloc(mine->count + 1, sizeof(double));
    return files->theirs.distances || erg_fail(err, ERG_NO_MEMORY, "out of memory");
}

static bool check(const erg_quality_options *options, erg_error *err)
{
    if (!options->images)
        return erg_fail(err, ERG_BAD_INPUT, "--encoder looks at images: give --images");
    if (options->features || options->layers || options->hypothesis || options->records)
        return erg_fail(err, ERG_BAD_INPUT, "--encoder makes the features of --images: "
                        "give no features, layers or answers in text beside it");
    return true;
}

bool erg_quality_encode(const erg_quality_options *options, erg_quality_files *files,
                        erg_error *err)
{
    if (!options->encoder)
        return true;
    if (!check(options, err))
        return false;
    files->encoder = erg_encoder_open(options->encoder, ERG_ENCODE_IMAGES,
                                      options->onnxruntime,
                                      &(erg_encoder_talk){ options->progress,
                                                           options->progress_self }, err);
    return files->encoder
        && (erg_encoder_compares(files->encoder) ? all_distances(files, err)
                                                 : all_features(files, err));
}
