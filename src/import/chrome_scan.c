/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes and brackets by masks of bits, after G. Langdale and D. Lemire, "Parsing gigabytes
 * of JSON per second", VLDB Journal 28 (2019), section 3.1.
 */
#include "import/chrome_scan.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { LOWER = 0x20 }; /* '[' and ']' with this bit are '{' and '}' */

erg_scan_masks erg_scan_look_plain(const unsigned char bytes[ERG_SCAN_STEP])
{
    erg_scan_masks masks = { 0 };

    for (unsigned i = 0; i < ERG_SCAN_STEP; i++) {
        unsigned folded = bytes[i] | LOWER;
        masks.quotes |= (uint64_t)(bytes[i] == '"') << i;
        masks.escapes |= (uint64_t)(bytes[i] == '\\') << i;
        masks.brackets |= (uint64_t)(folded == '{' || folded == '}') << i;
    }
    return masks;
}

#ifdef __SSE2__
static uint64_t bits_of(__m128i found, unsigned part)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(found) << 16 * part;
}

erg_scan_masks erg_scan_look(const unsigned char bytes[ERG_SCAN_STEP])
{
    erg_scan_masks masks = { 0 };

    for (unsigned part = 0; part < 4; part++) {
        __m128i some = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 16 * part));
        __m128i folded = _mm_or_si128(some, _mm_set1_epi8(LOWER));
        __m128i open = _mm_cmpeq_epi8(folded, _mm_set1_epi8('{'));
        __m128i close = _mm_cmpeq_epi8(folded, _mm_set1_epi8('}'));
        masks.quotes |= bits_of(_mm_cmpeq_epi8(some, _mm_set1_epi8('"')), part);
        masks.escapes |= bits_of(_mm_cmpeq_epi8(some, _mm_set1_epi8('\\')), part);
        masks.brackets |= bits_of(_mm_or_si128(open, close), part);
    }
    return masks;
}
#else
erg_scan_masks erg_scan_look(const unsigned char bytes[ERG_SCAN_STEP])
{
    return erg_scan_look_plain(bytes);
}
#endif

/* The bytes that follow a backslash which is not itself one of them. */
static uint64_t escaped_by(erg_scan *scan, uint64_t escapes)
{
    uint64_t escaped = scan->escaped;

    scan->escaped = 0;
    escapes &= ~escaped;
    while (escapes) {
        unsigned at = (unsigned)__builtin_ctzll(escapes);
        if (at == ERG_SCAN_STEP - 1) {
            scan->escaped = 1;
            break;
        }
        escaped |= 2ull << at;
        escapes &= ~(3ull << at);
    }
    return escaped;
}

/* Bit i is the parity of bits 0 to i: from an opening quote to before its closing one. */
static uint64_t parity_before(uint64_t bits)
{
    for (unsigned shift = 1; shift < ERG_SCAN_STEP; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

static unsigned count_of(uint64_t bits)
{
    bits -= bits >> 1 & 0x5555555555555555;
    bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (unsigned)(bits * 0x0101010101010101 >> 56);
}

/* Eight at a time, whether they are there or not: the processor cannot guess how many are,
 * and wrong guesses cost more than writing in vain. */
static unsigned put_tokens(uint64_t bits, uint32_t from, uint32_t tokens[ERG_SCAN_STEP])
{
    const uint64_t sentinel = 1ull << (ERG_SCAN_STEP - 1);
    unsigned count = count_of(bits);

    for (unsigned done = 0; done < count; done += 8)
        for (unsigned i = 0; i < 8; i++, bits &= bits - 1)
            tokens[done + i] = from + (uint32_t)__builtin_ctzll(bits | sentinel);
    return count;
}

size_t erg_scan_tokens(erg_scan *scan, const unsigned char bytes[], size_t from, size_t to,
                       uint32_t tokens[])
{
    size_t count = 0;

    for (; from < to; from += ERG_SCAN_STEP) {
        erg_scan_masks masks = erg_scan_look(bytes + from);
        if (masks.escapes | scan->escaped)
            masks.quotes &= ~escaped_by(scan, masks.escapes);
        uint64_t inside = parity_before(masks.quotes) ^ scan->inside;
        scan->inside = inside >> 63 ? UINT64_MAX : 0;
        count += put_tokens(masks.quotes | (masks.brackets & ~inside), (uint32_t)from,
                            tokens + count);
    }
    return count;
}
