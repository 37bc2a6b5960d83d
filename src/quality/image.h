/* SPDX-License-Identifier: Apache-2.0 */
/* Images of 8 bits: PNG by libpng, PGM and PPM. Grey becomes RGB, alpha lies over white. */
#ifndef ERG_QUALITY_IMAGE_H
#define ERG_QUALITY_IMAGE_H

#include "base/base.h"

typedef struct erg_image { size_t width, height; unsigned char *rgb; } erg_image;

bool erg_image_load(const char *path, erg_image *to, erg_error *err);
bool erg_image_parse(const char *name, const unsigned char *bytes, size_t size,
                     erg_image *to, erg_error *err);
void erg_image_free(erg_image *image);

/* The images of a folder, by name; they are read one at a time. */
typedef struct erg_folder { char *path; char **names; size_t count; } erg_folder;

erg_folder *erg_folder_open(const char *path, erg_error *err);
void erg_folder_free(erg_folder *folder);
bool erg_folder_image(const erg_folder *folder, size_t index, erg_image *to,
                      erg_error *err);
/* The same names in both, or a sentence that names the first which has no partner. */
bool erg_folder_pairs(const erg_folder *a, const erg_folder *b, erg_error *err);

#endif
