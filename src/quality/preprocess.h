/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an encoder wants its input: X.json beside X.onnx (docs/formats.md, "Encoders").
 */
#ifndef ERG_QUALITY_PREPROCESS_H
#define ERG_QUALITY_PREPROCESS_H

#include "quality/image.h"

enum { ERG_ENCODER_OUTPUTS_MOST = 16, ERG_CHANNELS = 3 };

typedef enum erg_resize { ERG_RESIZE_NONE, ERG_RESIZE_BILINEAR, ERG_RESIZE_BICUBIC }
erg_resize;

/* Paths as they stand in the file. */
typedef struct erg_preprocess {
    erg_arena *arena;           /* holds all of it */
    const char *input;
    const char *outputs[ERG_ENCODER_OUTPUTS_MOST], *weights[ERG_ENCODER_OUTPUTS_MOST];
    size_t output_count, weight_count;
    size_t size;                /* pixels a side; 0: as the image is */
    erg_resize resize;
    bool is_cropped;            /* the shorter side is resized, the middle taken */
    bool has_pixels;            /* mean, std and layout were given */
    bool channels_last;
    double mean[ERG_CHANNELS], std[ERG_CHANNELS];   /* of values from 0 to 1 */
    const char *tokenizer;      /* NULL: no text */
    const char *mask;           /* the input that tells tokens from padding, or NULL */
    size_t tokens;              /* of every text, after padding */
} erg_preprocess;

/* ERG_BAD_INPUT names file and key. */
bool erg_preprocess_parse(const char *name, const char *bytes, size_t size,
                          erg_preprocess *to, erg_error *err);
void erg_preprocess_free(erg_preprocess *preprocess);

/* One image as the input has it; free(values). */
typedef struct erg_pixels { float *values; size_t width, height; } erg_pixels;
bool erg_preprocess_image(const erg_preprocess *how, const erg_image *image, erg_pixels *to,
                          erg_error *err);

/* As Pillow resizes 8-bit images: where it shrinks, the filter widens by the factor, so
 * that every pixel counts (antialias); columns first, then rows, each rounded to 8 bits.
 * Bicubic with a = -0.5. Not for ERG_RESIZE_NONE. */
bool erg_image_resize(const erg_image *from, size_t width, size_t height, erg_resize kind,
                      erg_image *to, erg_error *err);

#endif
