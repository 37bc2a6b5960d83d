/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one matrix product or attention costs on a device, by its shape: learnt from
 * measured shapes, for any other.
 *
 *   Units    SI. low and high bound the 95 % interval of what would be measured.
 *   Source   A roofline times what the nearest measured shapes reached of it, corrected
 *            by boosted trees: see docs/formats.md, "Kernel models".
 *   Power    Is the mean reading of the campaign that was learnt from. Where its readings
 *            jump between neighbours, the interval is wide and says so.
 *   Owning   erg_kernels_load gives a model that is yours: erg_kernels_free.
 *   Failing  ERG_NOT_FOUND: no model of that hardware; ERG_UNSUPPORTED: a kind or type that
 *            it has not learnt; ERG_BAD_INPUT: a file or a shape.
 *   Threads  A loaded model is read only.
 */
#ifndef ERG_KERNEL_H
#define ERG_KERNEL_H

#include "erg/hardware.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef enum erg_kernel_kind { ERG_KERNEL_GEMM, ERG_KERNEL_PREFILL, ERG_KERNEL_DECODE,
                               ERG_KERNEL_KINDS } erg_kernel_kind;
/* Of the operands of a product; of the cached keys and values of attention. fp8 and
 * fp4 are scaled by blocks. */
typedef enum erg_kernel_type { ERG_KERNEL_BF16, ERG_KERNEL_FP8, ERG_KERNEL_FP4,
                               ERG_KERNEL_TYPES } erg_kernel_type;

typedef struct erg_kernel_shape {
    erg_kernel_kind kind;
    erg_kernel_type type;
    int64_t m, n, k;                /* product: m x k by k x n */
    /* Attention: seq is the tokens of the prompt, in decode those in the cache; window:
     * how many of them a token sees, 0: all. */
    int64_t batch, seq, heads, kv_heads, head_dim, window;
} erg_kernel_shape;

typedef struct erg_kernel_figure { double value, low, high; } erg_kernel_figure;

typedef struct erg_kernel_cost {
    erg_kernel_figure latency_s, power_w, energy_j;     /* NAN: it has not learnt that */
    double flop, bytes, roofline_s;
    bool beyond;        /* outside of all that was measured: the interval is a guess */
} erg_kernel_cost;

typedef struct erg_kernels erg_kernels;

/* path NULL: the catalogue's model of that hardware; ERG_NOT_FOUND: it has none. */
erg_kernels *erg_kernels_load(const erg_catalog *catalog, const char *hardware,
                              const char *path, erg_error *err);
void erg_kernels_free(erg_kernels *kernels);
bool erg_kernels_save(const erg_kernels *kernels, const char *path, erg_error *err);
/* False: the model has no such kind or type, or the shape is none. */
bool erg_kernels_cost(const erg_kernels *kernels, const erg_kernel_shape *shape,
                      erg_kernel_cost *out, erg_error *err);

const char *erg_kernel_kind_name(erg_kernel_kind kind);     /* "gemm" "prefill" "decode" */
const char *erg_kernel_type_name(erg_kernel_type type);     /* "bf16" "fp8" "fp4" */
/* "gemm:bf16:M,N,K" or "decode:fp8:BATCH,SEQ,HEADS,KV_HEADS,HEAD_DIM[,WINDOW]". */
bool erg_kernel_shape_parse(const char *text, erg_kernel_shape *out, erg_error *err);
/* Table kernels: a row a shape and model. */
erg_result *erg_kernels_table(const erg_kernels *const models[], size_t model_count,
                              const erg_kernel_shape shapes[], size_t shape_count,
                              erg_error *err);

/* ---- learning --------------------------------------------------------------- */

typedef struct erg_kernels_options {
    const char *const *rows_paths;
    size_t path_count;
    const char *source, *date;      /* of the rows, for the model */
    int threads;                    /* 0: 1 */
} erg_kernels_options;

/* Learns from CSVs of measured shapes (docs/formats.md), one a kind: save *kernels, or
 * free it. Needs XGBoost at run time. Table held_out: how good it is on pairs (n, k),
 * or (heads, kv_heads), that were left out. */
erg_result *erg_kernels_calibrate(const erg_hardware *hardware,
                                  const erg_kernels_options *options, erg_kernels **kernels,
                                  erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
