/* SPDX-License-Identifier: Apache-2.0 */
/* Names of an ONNX graph and what they stand for: a hash map on an arena. */
#ifndef ERG_WORKLOAD_ONNX_NAMES_H
#define ERG_WORKLOAD_ONNX_NAMES_H

#include "base/base.h"

typedef struct erg_onnx_name {
    const char *name;               /* NULL: an empty slot */
    const char *final;              /* what it is called in the flat graph */
    const void *what;               /* whatever the owner of the map keeps */
    int64_t index;                  /* likewise */
} erg_onnx_name;

typedef struct erg_onnx_names {
    erg_arena *arena;
    erg_onnx_name *slots;
    size_t slot_count, count;
} erg_onnx_names;

/* For slots whose count is a power of two. */
uint64_t erg_onnx_name_hash(const char *name);
/* NULL: no such name. */
erg_onnx_name *erg_onnx_name_find(const erg_onnx_names *names, const char *name);
/* The entry of that name, a new one if there was none; the text is borrowed. NULL and
 * err when memory ran out. Good until the next name is added. */
erg_onnx_name *erg_onnx_name_add(erg_onnx_names *names, const char *name, erg_error *err);

#endif
