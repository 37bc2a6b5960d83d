/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of encoders share. */
#ifndef ERG_QUALITY_ENCODER_INSIDE_H
#define ERG_QUALITY_ENCODER_INSIDE_H

#include "base/sha256.h"
#include "quality/bpe.h"
#include "quality/encoder.h"
#include "quality/lpips.h"
#include "quality/preprocess.h"
#include "quality/onnxruntime.h"

struct erg_encoder {
    char *path;
    char short_name[ERG_PATH_MOST];         /* X of X.onnx */
    char name[ERG_PATH_MOST + 16], sha256[ERG_SHA256_TEXT];
    erg_text files;                         /* "SHA-256  name", a line each */
    erg_preprocess how;
    erg_ort *network;
    erg_layers *weights;                    /* of its outputs, or NULL */
    erg_bpe *bpe;                           /* of a text's, or NULL */
    erg_encoder_talk talk;
};

void erg_encoder_tell(const erg_encoder *encoder, const char *what, size_t done,
                      size_t all);
/* One image through the network. */
bool erg_encoder_look(erg_encoder *encoder, const erg_folder *folder, size_t index,
                      erg_ort_output outputs[], erg_error *err);
/* A vector as a row of *to, which is made with the first. */
bool erg_encoder_keep(const erg_encoder *encoder, const erg_ort_output *output, size_t row,
                      size_t rows, erg_array **to, erg_error *err);

#endif
