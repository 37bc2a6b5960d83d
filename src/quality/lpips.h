/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERG_QUALITY_LPIPS_H
#define ERG_QUALITY_LPIPS_H

#include "quality/array.h"

/* Layer j of image i is arrays[i * layers + j]; weights are those of one image. */
typedef struct erg_layers { erg_array **arrays; size_t images, layers; } erg_layers;

erg_layers *erg_layers_new(size_t images, size_t layers, erg_error *err);
void erg_layers_free(erg_layers *layers);
bool erg_lpips_layer(const erg_array *a, const erg_array *b, const double weights[],
                     double *out, erg_error *err);
/* As many weights as channels, none below 0. */
bool erg_lpips_check(const erg_layers *weights, const erg_layers *layers, erg_error *err);
/* The sum over the layers of one image; their counts are equal. */
bool erg_lpips_image(const erg_layers *mine, const erg_layers *theirs,
                     const erg_layers *weights, size_t image, double *out, erg_error *err);

#endif
