/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A neural network that tells what an image or a text is like: X.onnx, with X.json beside
 * it. One item at a time, so that an item's features do not depend on its neighbours and
 * memory does not grow with their number.
 */
#ifndef ERG_QUALITY_ENCODER_H
#define ERG_QUALITY_ENCODER_H

#include "erg/quality.h"
#include "quality/array.h"
#include "quality/image.h"

typedef enum erg_encoder_use { ERG_ENCODE_IMAGES, ERG_ENCODE_TEXTS } erg_encoder_use;

/* Called after each item, by the same thread. */
typedef struct erg_encoder_talk {
    void (*progress)(void *self, const char *what, size_t done, size_t all);
    void *self;
} erg_encoder_talk;

typedef struct erg_encoder erg_encoder;

/* library: NULL is libonnxruntime.so.1. ERG_UNSUPPORTED: there is no such library. */
erg_encoder *erg_encoder_open(const char *path, erg_encoder_use use, const char *library,
                              const erg_encoder_talk *talk, erg_error *err);
void erg_encoder_free(erg_encoder *encoder);

/* "inception:0123456789ab": which one it is, for the names of metrics. The digits begin
 * the SHA-256 of the list that sha256sum writes of its files: X.onnx, X.json, then for
 * images the weights, for texts the tokenizer. */
const char *erg_encoder_name(const erg_encoder *encoder);
const char *erg_encoder_sha256(const erg_encoder *encoder);
/* It has weights: it tells how far two images are apart (LPIPS), and no features. */
bool erg_encoder_compares(const erg_encoder *encoder);

/* A row an image, by name. */
erg_array *erg_encoder_images(erg_encoder *encoder, const erg_folder *folder,
                              erg_error *err);
/* LPIPS of each image of a from its partner of the same name in b; free() it. */
double *erg_encoder_distances(erg_encoder *encoder, const erg_folder *a,
                              const erg_folder *b, erg_error *err);

/* A row a text. path and line: where it stands, for sentences. */
typedef struct erg_encoder_text { const char *path, *text; size_t line; } erg_encoder_text;
erg_array *erg_encoder_texts(erg_encoder *encoder, const erg_encoder_text texts[],
                             size_t count, erg_error *err);

#endif
