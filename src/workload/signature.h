/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes two launches the same kernel: operator, shapes, strides, transposes and
 * types. The stream is not in it: one kernel on two streams is one kernel.
 *
 *   Units    dims and strides in elements; _flop, _bytes exact.
 *   Unknown  A shape that was not recorded is not there: shapes are never invented.
 */
#ifndef ERG_WORKLOAD_SIGNATURE_H
#define ERG_WORKLOAD_SIGNATURE_H

#include "base/base.h"
#include "erg/workload.h"

/* DenseNet-201 joins 49 tensors. */
enum { ERG_SIGNATURE_TENSORS = 52, ERG_SIGNATURE_RANK = 6, ERG_SIGNATURE_LAYOUT = 24 };

typedef struct erg_signature_tensor {
    int32_t rank;                       /* 0: a scalar, or not known */
    int64_t dims[ERG_SIGNATURE_RANK];
    int64_t strides[ERG_SIGNATURE_RANK];    /* all 0: dense, last axis fastest */
    erg_precision precision;
    char layout[ERG_SIGNATURE_LAYOUT];  /* in blocks, as its library calls it: "aBcd8b"; "":
                                         * by strides */
} erg_signature_tensor;

typedef struct erg_signature {
    erg_op_kind op;                     /* ERG_OP_UNKNOWN: known by its name alone */
    bool shape_known;
    int32_t input_count, output_count;  /* inputs first, weights among them */
    erg_signature_tensor tensors[ERG_SIGNATURE_TENSORS];
    erg_precision precision;            /* of its arithmetic */
    int64_t batch, m, n, k;             /* matrix work; 0: none */
    bool transpose_a, transpose_b;
    double alpha, beta;                 /* 1 and 0 unless recorded */
    int32_t axis;                       /* of softmax, reduce, concat, norms; -1: none */
    erg_window window;                  /* convolutions and pools; axes 0: none */
    char algo[64];                      /* as its library calls it; "": not known */
    int64_t grid[3], block[3], shared_bytes;    /* of foreign traces; 0: not known */
    int64_t in_bytes, out_bytes, flop;  /* ERG_NONE: not known */
} erg_signature;

#endif
