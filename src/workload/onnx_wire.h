/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf's wire format read from a file through a small window: keys, varints,
 * lengths, groups. Every step is checked against `end`, the end of the parent; a
 * refusal names file, byte and the way down to the field.
 */
#ifndef ERG_WORKLOAD_ONNX_WIRE_H
#define ERG_WORKLOAD_ONNX_WIRE_H

#include "base/base.h"

enum { ERG_WIRE_DEPTH = 64, ERG_WIRE_WINDOW = 8192 };

typedef enum erg_wire_type {
    ERG_WIRE_VARINT, ERG_WIRE_FIXED64, ERG_WIRE_BYTES, ERG_WIRE_GROUP, ERG_WIRE_GROUP_END,
    ERG_WIRE_FIXED32
} erg_wire_type;

typedef struct erg_wire {
    const char *path;
    int file;
    int64_t size, at;
    int64_t window_at;              /* of window[0] in the file */
    size_t window_count;
    int depth;
    struct { const char *name; int64_t index; } way[ERG_WIRE_DEPTH + 1];
    erg_error *err;
    uint8_t window[ERG_WIRE_WINDOW];
} erg_wire;

typedef struct erg_wire_key { uint32_t field; erg_wire_type type; } erg_wire_key;

bool erg_wire_refuse(erg_wire *wire, erg_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One level down, into the index-th `name`: at most ERG_WIRE_DEPTH messages and a value. */
void erg_wire_enter(erg_wire *wire, const char *name, int64_t index);
void erg_wire_leave(erg_wire *wire);

bool erg_wire_key_read(erg_wire *wire, int64_t end, erg_wire_key *out);
bool erg_wire_varint(erg_wire *wire, int64_t end, uint64_t *out);
/* A length that fits between here and end. */
bool erg_wire_length(erg_wire *wire, int64_t end, int64_t *out);
bool erg_wire_bytes(erg_wire *wire, int64_t end, void *to, size_t count);
/* Past the value of a field, groups with all that is in them. */
bool erg_wire_skip(erg_wire *wire, int64_t end, erg_wire_key key);

#endif
