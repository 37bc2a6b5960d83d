/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf written by hand, right or wrong: what no honest encoder would make. */
#ifndef ERG_TEST_WIRE_H
#define ERG_TEST_WIRE_H

#include "test.h"

static inline void wire_varint(erg_text *to, uint64_t value)
{
    for (; value > 127; value >>= 7)
        erg_text_add_bytes(to, (char[]){ (char)(value | 128) }, 1);
    erg_text_add_bytes(to, (char[]){ (char)value }, 1);
}

static inline void wire_key(erg_text *to, uint32_t field, int type)
{
    wire_varint(to, (uint64_t)field << 3 | (unsigned)type);
}

static inline void wire_number(erg_text *to, uint32_t field, uint64_t value)
{
    wire_key(to, field, 0);
    wire_varint(to, value);
}

static inline void wire_bytes(erg_text *to, uint32_t field, const void *bytes, size_t count)
{
    wire_key(to, field, 2);
    wire_varint(to, count);
    erg_text_add_bytes(to, bytes, count);
}

static inline void wire_text(erg_text *to, uint32_t field, const char *text)
{
    wire_bytes(to, field, text, strlen(text));
}

/* Empties part into a field of to. */
static inline void wire_part(erg_text *to, uint32_t field, erg_text *part)
{
    wire_bytes(to, field, part->data ? part->data : "", part->count);
    erg_text_free(part);
    *part = (erg_text){ 0 };
}

/* A new file of these bytes. Good until the next call. */
static inline const char *wire_file(const char *bytes, size_t count)
{
    static char path[ERG_PATH_MOST], folder[ERG_PATH_MOST - 16];

    if (!folder[0])
        erg_text_put(folder, sizeof(folder), test_folder());
    snprintf(path, sizeof(path), "%s/model.onnx", folder);
    FILE *file = fopen(path, "wb");
    CHECK(file);
    CHECK(fwrite(bytes, 1, count, file) == count);
    CHECK(fclose(file) == 0);
    return path;
}

#endif
