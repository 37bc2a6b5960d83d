/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and packed forms that the reader and the writer of kernel models share. */
#ifndef ERG_ESTIMATE_KERNEL_JSON_H
#define ERG_ESTIMATE_KERNEL_JSON_H

#include "estimate/kernel.h"

extern const char *const erg_kernel_target_names[ERG_TARGETS];
extern const char *const erg_kernel_quantity_names[ERG_KERNEL_QUANTITIES];

/* A node of a tree as files hold it, breadth first: no sizes to trust but the count. */
typedef struct erg_packed_node { float number; uint8_t feature; } erg_packed_node;
#define ERG_PACKED_LEAF UINT8_MAX

/* A forest as planes of bytes: features, then numbers (threshold, or value of a leaf).
 * A split's children are the next two nodes that no split before it has taken. */
size_t erg_packed_size(size_t node_count);

#endif
