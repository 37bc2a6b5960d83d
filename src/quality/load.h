/* SPDX-License-Identifier: Apache-2.0 */
/* All files of one call of erg quality. */
#ifndef ERG_QUALITY_LOAD_H
#define ERG_QUALITY_LOAD_H

#include "erg/quality.h"
#include "quality/encoder.h"
#include "quality/metric.h"

/* What one setting gave, owned. */
typedef struct erg_owned_answers {
    erg_items *items;
    erg_array *features;
    erg_layers *layers;
    erg_folder *images;
    double *distances;
} erg_owned_answers;

typedef struct erg_quality_files {
    erg_owned_answers mine, theirs;
    erg_array *against, *texts;
    erg_layers *against_layers, *weights;
    erg_folder *against_images;
    erg_encoder *encoder, *text_encoder;
    erg_answers baseline;
    erg_quality_case with;      /* borrows all of it: do not move */
} erg_quality_files;

bool erg_quality_load(const erg_quality_options *options, erg_quality_files *files,
                      erg_error *err);
void erg_quality_files_free(erg_quality_files *files);
/* What the encoders of a call see in its images: features, or distances in pairs. */
bool erg_quality_encode(const erg_quality_options *options, erg_quality_files *files,
                        erg_error *err);
/* The same of its prompts, or of the sentences of its answers. */
bool erg_quality_encode_texts(const erg_quality_options *options, erg_quality_files *files,
                              erg_error *err);
/* Items of a case, and the name of one: its id, or its number. */
size_t erg_quality_items(const erg_quality_case *with);

#endif
