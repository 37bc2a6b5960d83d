/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A neural network of an ONNX file, computed by ONNX Runtime where that is there: one
 * thread, the same operations in the same order, so that equal input gives equal bytes on
 * one machine. Not for several threads at once.
 */
#ifndef ERG_QUALITY_ONNXRUNTIME_H
#define ERG_QUALITY_ONNXRUNTIME_H

#include "base/base.h"

enum { ERG_ORT_RANK_MOST = 8 };

typedef enum erg_element { ERG_FLOAT, ERG_INT32, ERG_INT64 } erg_element;

/* What came out; it belongs to the erg_ort and lasts until its next run. */
typedef struct erg_ort_output {
    const float *values;
    size_t dims[ERG_ORT_RANK_MOST], count;
    int rank;
} erg_ort_output;

typedef struct erg_ort_options {
    const char *library;        /* NULL: libonnxruntime.so.1 */
    const char *path;           /* for sentences */
    const void *model;          /* bytes of the ONNX file; not kept */
    size_t size;
    const char *input, *mask;   /* its inputs; mask NULL: there is none. Names are not
                                 * copied */
    const char *const *outputs;
    size_t output_count;
} erg_ort_options;

typedef struct erg_ort erg_ort;

/* ERG_UNSUPPORTED: no runtime here. ERG_BAD_INPUT: the model, or a name that it lacks. */
erg_ort *erg_ort_new(const erg_ort_options *options, erg_error *err);
void erg_ort_free(erg_ort *ort);
/* Of the input. */
erg_element erg_ort_element(const erg_ort *ort);

/* Elements of the input's kind, dims[0] x .. x dims[rank - 1]; not changed. The mask, where
 * the model has one, is of the same kind and shape. */
typedef struct erg_ort_input {
    void *values, *mask;
    const int64_t *dims;
    size_t rank;
} erg_ort_input;

/* what: whose it is, for sentences. Outputs are finite floats, as many as were named. */
bool erg_ort_run(erg_ort *ort, const char *what, const erg_ort_input *input,
                 erg_ort_output outputs[], erg_error *err);

#endif
