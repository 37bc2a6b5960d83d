/* SPDX-License-Identifier: Apache-2.0 */
/* What our kernels are given, here and in the text of cuda_source.c: its sizes are written
 * once. */
#ifndef ERG_ENGINE_CUDA_KERNELS_H
#define ERG_ENGINE_CUDA_KERNELS_H

#include "base/base.h"

/* Pieces of one text; ends with NULL. */
extern const char *const cuda_source[];

/* Members of two languages, which call their integers otherwise. Where input i has fewer
 * elements than out, element j of out takes j / inner % length. */
#define CUDA_SIZES(wide, small)                                                            \
    wide count, rows, width;                                                               \
    wide inner[5], length[5];                                                              \
    wide size[2], step[2], pad[2], to[2], kernel[2];                                       \
    small op, inputs;

typedef struct cuda_arguments {
    const void *in[5];
    void *out;
    CUDA_SIZES(int64_t, int32_t)
} cuda_arguments;

#endif
