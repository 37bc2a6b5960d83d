/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole numbers as bytes: split into planes of bytes, or into leads and tails, each
 * plane through zstd's entropy coder.
 *
 * Planes are coded apart because the low byte of a jitter is noise and the high byte
 * is nearly constant: one table for both costs half a byte a sample more.
 */
#include <string.h>
#include "trace/block_inside.h"

typedef enum plane_mode { PLANE_EQUAL, PLANE_RAW, PLANE_ZSTD } plane_mode;

/* zstd's shortest frame: magic, descriptor, window, head of a block and one byte of it. No
 * longer plane becomes shorter, and to make zstd ready takes far more than a short run. */
enum { FRAME_LEAST = 4 + 1 + 1 + 3 + 1 };

/* ---- planes ---------------------------------------------------------------- */

static bool all_equal(const unsigned char data[], size_t count)
{
    return count < 2 || memcmp(data, data + 1, count - 1) == 0;
}

void erg_plane_put(erg_block *block, bytes *to, const unsigned char data[], size_t count)
{
    unsigned char packed[PLANE_MOST];

    if (all_equal(data, count)) {
        erg_bytes_put_number(to, PLANE_EQUAL);
        erg_bytes_put(to, data[0]);
        return;
    }
    size_t size = block->is_brief || count <= FRAME_LEAST
        ? count : ZSTD_compress2(block->packer, packed, sizeof(packed), data, count);
    bool smaller = !ZSTD_isError(size) && size < count;
    if (!smaller)
        size = count;
    erg_bytes_put_number(to, (uint64_t)size << 2 | (smaller ? PLANE_ZSTD : PLANE_RAW));
    memcpy(to->data + to->count, smaller ? packed : data, size);
    to->count += size;
}

bool erg_plane_get(erg_block *block, source *from, unsigned char data[], size_t count)
{
    uint64_t head = erg_bytes_get_number(from);
    uint64_t size = head >> 2;

    if (head == PLANE_EQUAL) {
        memset(data, (int)erg_bytes_get(from), count);
        return !from->bad;
    }
    if (from->bad || size > from->count)
        return false;
    if ((head & 3) == PLANE_RAW && size == count)
        memcpy(data, from->data, count);
    else if ((head & 3) != PLANE_ZSTD
             || ZSTD_decompressDCtx(block->unpacker, data, count, from->data,
                                    size) != count)
        return false;
    from->data += size;
    from->count -= size;
    return true;
}

/* ---- residuals as byte planes: best where few different numbers come ------------- */

static void put_planes(erg_block *block, bytes *to, size_t count)
{
    uint64_t all = 0;
    unsigned planes = 0;

    for (size_t i = 0; i < count; i++)
        all |= block->residuals[i];
    for (; all; all >>= 8)
        planes++;
    erg_bytes_put(to, planes);
    for (unsigned p = 0; p < planes; p++) {
        for (size_t i = 0; i < count; i++)
            block->plane[i] = (unsigned char)(block->residuals[i] >> 8 * p);
        erg_plane_put(block, to, block->plane, count);
    }
}

static bool get_planes(erg_block *block, source *from, unsigned planes, size_t count)
{
    memset(block->residuals, 0, count * sizeof(block->residuals[0]));
    for (unsigned p = 0; p < planes; p++) {
        if (!erg_plane_get(block, from, block->plane, count))
            return false;
        for (size_t i = 0; i < count; i++)
            block->residuals[i] |= (uint64_t)block->plane[i] << 8 * p;
    }
    return true;
}

/* ---- residuals as size and tail: best where they are noise ------------------------ */

enum { LEAD_DIRECT = 8, LEAD_ESCAPE = 9 };  /* LEAD_ESCAPE in place of a plane count */

/* Numbers under 8 are their own lead; else a lead names the three first bits (the first
 * of them is 1) and how many follow; those, evenly spread, are written as they are. */
static unsigned tail_bits(uint64_t number)
{
    return number < LEAD_DIRECT ? 0 : 61 - (unsigned)__builtin_clzll(number);
}

static unsigned lead_of(uint64_t number)
{
    if (number < LEAD_DIRECT)
        return (unsigned)number;
    unsigned tail = tail_bits(number);
    return LEAD_DIRECT + (tail - 1) * 4 + (unsigned)(number >> tail & 3);
}

static void put_leads(erg_block *block, bytes *to, size_t count)
{
    uint64_t waiting = 0;
    unsigned held = 0;

    for (size_t i = 0; i < count; i++)
        block->plane[i] = (unsigned char)lead_of(block->residuals[i]);
    erg_bytes_put(to, LEAD_ESCAPE);
    erg_plane_put(block, to, block->plane, count);
    for (size_t i = 0; i < count; i++) {
        unsigned left = tail_bits(block->residuals[i]);
        uint64_t tail = block->residuals[i] & ((1ull << left) - 1);
        while (left) {
            unsigned some = left < 8 ? left : 8;
            waiting |= (tail & 0xff) << held;
            tail >>= 8;
            left -= some;
            for (held += some; held >= 8; held -= 8, waiting >>= 8)
                erg_bytes_put(to, (unsigned)waiting & 0xff);
        }
    }
    if (held)
        erg_bytes_put(to, (unsigned)waiting & 0xff);
}

static bool get_leads(erg_block *block, source *from, size_t count)
{
    uint64_t waiting = 0;
    unsigned held = 0;

    if (!erg_plane_get(block, from, block->plane, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        unsigned lead = block->plane[i];
        block->residuals[i] = lead;
        if (lead < LEAD_DIRECT)
            continue;
        unsigned tail = (lead - LEAD_DIRECT) / 4 + 1;
        if (tail > 61)
            return false;
        uint64_t number = (uint64_t)(4 | (lead - LEAD_DIRECT) % 4) << tail;
        for (unsigned done = 0; done < tail;) {
            unsigned some = tail - done < 8 ? tail - done : 8;
            if (held < some) {
                waiting |= (uint64_t)erg_bytes_get(from) << held;
                held += 8;
            }
            number |= (waiting & ((1u << some) - 1)) << done;
            waiting >>= some;
            held -= some;
            done += some;
        }
        block->residuals[i] = number;
    }
    return !from->bad;
}

void erg_residuals_put(erg_block *block, bytes *to, size_t count)
{
    bytes rival = { block->stream, 0 };
    size_t begin = to->count;

    if (block->is_brief) {
        put_leads(block, to, count);
        return;
    }
    put_planes(block, to, count);
    if (to->count - begin < count / 8)
        return;             /* repeats: nothing to win */
    put_leads(block, &rival, count);
    if (rival.count < to->count - begin) {
        memcpy(to->data + begin, rival.data, rival.count);
        to->count = begin + rival.count;
    }
}

bool erg_residuals_get(erg_block *block, source *from, size_t count)
{
    unsigned planes = erg_bytes_get(from);
    if (planes == LEAD_ESCAPE)
        return get_leads(block, from, count);
    return planes <= 8 && get_planes(block, from, planes, count) && !from->bad;
}

uint64_t erg_common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}
