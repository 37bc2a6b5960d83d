/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How good were the answers, and how much of the baseline's quality is left?
 *
 *   Units    As each metric's name has them in docs/man/erg-quality.1; retention is a
 *            ratio, 1 is as good as the baseline.
 *   Missing  What cannot be computed is n/a, with the reason in a note; never 0.
 *   Failing  ERG_BAD_INPUT: a file, with its line where it has lines; ERG_UNSUPPORTED: ONNX
 *            Runtime or libpng is needed and not here.
 *   Owning   A result returned here is yours: erg_result_free it.
 *   Threads  None shared.
 */
#ifndef ERG_QUALITY_H
#define ERG_QUALITY_H

#include <stddef.h>
#include "erg/error.h"
#include "erg/table.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_quality_options {    /* zero means unset */
    const char *hypothesis;     /* text, an answer a line; or */
    const char *records;        /* JSON Lines */
    const char *features;       /* .npy: a row an image, or a sentence */
    const char *layers;         /* .npy with commas between: one image's, for LPIPS */
    const char *images;         /* a folder of PNG, PGM and PPM */
    const char *baseline;       /* of the same kind: the most faithful setting's */
    const char *against;        /* .npy: features of real images; or their folder */
    const char *text_features;  /* .npy: a row a prompt */
    const char *against_layers, *weights;
    const char *encoder;        /* .onnx: makes features of images, or compares them */
    const char *text_encoder;   /* .onnx: makes features of prompts, or of sentences */
    const char *prompts;        /* text, a line an image in the order of their names */
    const char *onnxruntime;    /* its library; NULL: libonnxruntime.so.1 */
    const char *const *references;
    size_t reference_count;
    const char *metrics;        /* "bleu,rouge"; NULL: those that the files allow */
    double log_base;            /* of "logprobs"; natural if unset */
    bool per_item;              /* a table items as well */
    /* Called after each item that an encoder has seen; what: its folder or file. */
    void (*progress)(void *self, const char *what, size_t done, size_t all);
    void *progress_self;
} erg_quality_options;

typedef struct erg_quality_verdict {
    double retention;           /* the least over the metrics; NAN: none has one */
    double retention_low;       /* its one-sided 95 % bound; NAN: too few items */
    const char *metric;         /* whose it is; NULL */
} erg_quality_verdict;

/* Tables scores and (per_item) items. verdict may be NULL. */
erg_result *erg_quality_score(const erg_quality_options *options,
                              erg_quality_verdict *verdict, erg_error *err);

/* Writes the verdict to the applications of a sweep's file whose settings hold all of
 * setting, as "precision=int8,steps=20"; NULL: to all. count: how many, never 0. */
bool erg_quality_store(const char *path, const char *setting,
                       const erg_quality_verdict *verdict, size_t *count, erg_error *err);

/* The metrics that there are: their names, a line about each. */
size_t erg_quality_metric_count(void);
const char *erg_quality_metric_name(size_t index);
const char *erg_quality_metric_about(size_t index);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
