/* SPDX-License-Identifier: Apache-2.0 */
/* An Einsum equation against the shapes of its operands. */
#ifndef ERG_WORKLOAD_ONNX_EINSUM_H
#define ERG_WORKLOAD_ONNX_EINSUM_H

#include "workload/onnx_graph.h"

typedef struct erg_onnx_sum { /* by letter; axes of "..." are letters 1, 2, .. */
    int64_t size[128];        /* 0: not in the equation */
    uint8_t in[128];          /* a bit an operand */
    int32_t uses[128];
    bool is_kept[128]; /* in the result */
    int32_t out_rank;
    int64_t out_dims[ERG_ONNX_RANK];
} erg_onnx_sum;

bool erg_onnx_sum_read(const erg_onnx_node *node, erg_onnx_sum *sum);

#endif
