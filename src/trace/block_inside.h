/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the sample codec, for block*.c only. */
#ifndef ERG_TRACE_BLOCK_INSIDE_H
#define ERG_TRACE_BLOCK_INSIDE_H

#include <string.h>
#include <zstd.h>
#include "trace/block.h"

enum {
    PLANE_MOST = ERG_BLOCK_MOST + 512,      /* a plane after zstd, at worst */
    STREAM_MOST = 8 * (PLANE_MOST + 8) + 16,
    BLOCK_BYTES_MOST = 7 * STREAM_MOST
};

typedef struct bytes { unsigned char *data; size_t count; } bytes;
typedef struct source { const unsigned char *data; size_t count; bool bad; } source;

struct erg_block {
    ZSTD_CCtx *packer;
    ZSTD_DCtx *unpacker;
    bool is_brief;                          /* nothing is packed, nothing tried twice */
    uint64_t residuals[ERG_BLOCK_MOST];
    int64_t numbers[ERG_BLOCK_MOST];        /* stamps in steps, then values in units */
    union {                                 /* one after the other */
        int64_t widths_ns[ERG_BLOCK_MOST];
        double values[ERG_BLOCK_MOST];      /* gaps filled with their neighbour */
    };
    unsigned char plane[ERG_BLOCK_MOST];
    unsigned char gaps[ERG_BLOCK_MOST / 8];
    unsigned char stream[STREAM_MOST];
    unsigned char out[BLOCK_BYTES_MOST];
};

/* ---- block_bytes.c: bytes, planes, residuals ---------------------------------- */

/* Here, as each is of a few instructions and is called for each sample. */
static inline void erg_bytes_put(bytes *to, unsigned byte)
{
    to->data[to->count++] = (unsigned char)byte;
}

static inline void erg_bytes_put_number(bytes *to, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        erg_bytes_put(to, (unsigned)(number & 0x7f) | 0x80);
    erg_bytes_put(to, (unsigned)number);
}

static inline unsigned erg_bytes_get(source *from)
{
    if (from->count == 0) {
        from->bad = true;
        return 0;
    }
    from->count--;
    return *from->data++;
}

static inline uint64_t erg_bytes_get_number(source *from)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = erg_bytes_get(from);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    from->bad = true;
    return 0;
}

static inline uint64_t erg_bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* Small magnitudes of either sign become small unsigned numbers. */
static inline uint64_t erg_fold(uint64_t difference)
{
    return (difference << 1) ^ (0 - (difference >> 63));
}

static inline uint64_t erg_unfold(uint64_t folded)
{
    return (folded >> 1) ^ (0 - (folded & 1));
}

void erg_plane_put(erg_block *block, bytes *to, const unsigned char data[], size_t count);
bool erg_plane_get(erg_block *block, source *from, unsigned char data[], size_t count);
/* block->residuals, in the smaller of two ways; briefly in one. */
void erg_residuals_put(erg_block *block, bytes *to, size_t count);
bool erg_residuals_get(erg_block *block, source *from, size_t count);
/* What a residual would about cost, in bits. */
static inline unsigned erg_residual_cost(uint64_t residual)
{
    return residual ? 65 - (unsigned)__builtin_clzll(residual) : 0;
}
uint64_t erg_common_divisor(uint64_t a, uint64_t b);

/* ---- block_stamps.c, block_values.c ------------------------------------------- */

void erg_stamps_put(erg_block *block, bytes *to, const erg_sample samples[], size_t count);
bool erg_stamps_get(erg_block *block, source *from, erg_sample samples[], size_t count);
void erg_widths_put(erg_block *block, bytes *to, size_t count);
bool erg_widths_get(erg_block *block, source *from, erg_sample samples[], size_t count);
void erg_values_put(erg_block *block, bytes *to, const erg_sample samples[], size_t count);
bool erg_values_get(erg_block *block, source *from, erg_sample samples[], size_t count);

#endif
