/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sample codec: whole numbers, differenced, split into byte planes, each
 * plane through zstd's entropy coder.
 *
 * Planes are coded apart because the low byte of a jitter is noise and the high
 * byte is nearly constant: one table for both costs half a byte a sample more.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include "trace/block.h"

enum {
    BLOCK_VERSION = 1,
    ZSTD_LEVEL = 3,
    PLANE_MOST = ERG_BLOCK_MOST + 512,      /* a plane after zstd, at worst */
    STREAM_MOST = 8 * (PLANE_MOST + 8) + 16,
    BLOCK_BYTES_MOST = 3 * STREAM_MOST
};

typedef enum plane_mode { PLANE_EQUAL, PLANE_RAW, PLANE_ZSTD } plane_mode;
typedef enum stamp_guess { STAMP_STEP, STAMP_GRID, STAMP_GUESS_COUNT } stamp_guess;
typedef enum value_guess { VALUE_STEP, VALUE_PLAIN, VALUE_GUESS_COUNT } value_guess;

typedef struct bytes { unsigned char *data; size_t count, capacity; } bytes;
typedef struct source { const unsigned char *data; size_t count; bool bad; } source;

struct erg_block {
    ZSTD_CCtx *packer;
    ZSTD_DCtx *unpacker;
    uint64_t residuals[ERG_BLOCK_MOST];
    int64_t numbers[ERG_BLOCK_MOST];        /* stamps in steps, then values in units */
    int64_t widths_ns[ERG_BLOCK_MOST];
    double values[ERG_BLOCK_MOST];          /* gaps filled with their neighbour */
    unsigned char plane[ERG_BLOCK_MOST];
    unsigned char gaps[ERG_BLOCK_MOST / 8];
    unsigned char stream[2][STREAM_MOST];   /* the rivals */
    unsigned char out[BLOCK_BYTES_MOST];
};

/* How drivers make a double from a whole number n. The value is kept as n where
 * the same arithmetic gives back every bit: n / 1000 and n * 0.001 often differ. */
typedef struct scale { double factor; bool multiply; double offset; } scale;

static const scale scales[] = {
    { 1, false, 0 },        { 1e6, true, 0 },       { 10, false, 0 },
    { 100, false, 0 },      { 1000, false, 0 },     { 1e-3, true, 0 },
    { 1e-6, true, 0 },      { 1e6, false, 0 },      { 0.01, true, 0 },
    { 0.1, true, 0 },       { 1, false, 273.15 },   { 1000, false, 273.15 },
    { 1e-3, true, 273.15 }, { 10, false, 273.15 },  { 1e4, false, 0 },
    { 1e5, false, 0 },      { 1e-9, true, 0 },      { 1e9, false, 0 },
    { 0x1p-14, true, 0 },   { 0x1p-16, true, 0 },   { 0x1p-32, true, 0 },
};
enum { SCALE_NONE = 255 };      /* bits of the double, against those before */

/* ---- bytes ----------------------------------------------------------------- */

static void put_byte(bytes *to, unsigned byte)
{
    to->data[to->count++] = (unsigned char)byte;
}

static void put_number(bytes *to, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        put_byte(to, (unsigned)(number & 0x7f) | 0x80);
    put_byte(to, (unsigned)number);
}

static unsigned get_byte(source *from)
{
    if (from->count == 0) {
        from->bad = true;
        return 0;
    }
    from->count--;
    return *from->data++;
}

static uint64_t get_number(source *from)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = get_byte(from);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    from->bad = true;
    return 0;
}

/* Small magnitudes of either sign become small unsigned numbers. */
static uint64_t fold(uint64_t difference)
{
    return (difference << 1) ^ (0 - (difference >> 63));
}

static uint64_t unfold(uint64_t folded)
{
    return (folded >> 1) ^ (0 - (folded & 1));
}

/* ---- planes ---------------------------------------------------------------- */

static bool all_equal(const unsigned char data[], size_t count)
{
    return count < 2 || memcmp(data, data + 1, count - 1) == 0;
}

static void put_plane(erg_block *block, bytes *to, const unsigned char data[], size_t count)
{
    unsigned char packed[PLANE_MOST];

    if (all_equal(data, count)) {
        put_number(to, PLANE_EQUAL);
        put_byte(to, data[0]);
        return;
    }
    size_t size = ZSTD_compress2(block->packer, packed, sizeof(packed), data, count);
    bool smaller = !ZSTD_isError(size) && size < count;
    if (!smaller)
        size = count;
    put_number(to, (uint64_t)size << 2 | (smaller ? PLANE_ZSTD : PLANE_RAW));
    memcpy(to->data + to->count, smaller ? packed : data, size);
    to->count += size;
}

static bool get_plane(erg_block *block, source *from, unsigned char data[], size_t count)
{
    uint64_t head = get_number(from);
    uint64_t size = head >> 2;

    if (head == PLANE_EQUAL) {
        memset(data, (int)get_byte(from), count);
        return !from->bad;
    }
    if (from->bad || size > from->count)
        return false;
    if ((head & 3) == PLANE_RAW && size == count)
        memcpy(data, from->data, count);
    else if ((head & 3) != PLANE_ZSTD
             || ZSTD_decompressDCtx(block->unpacker, data, count, from->data, size) != count)
        return false;
    from->data += size;
    from->count -= size;
    return true;
}

/* The residuals of the block, lowest byte first, as many planes as they need. */
static void put_residuals(erg_block *block, bytes *to, size_t count)
{
    uint64_t all = 0;
    unsigned planes = 0;

    for (size_t i = 0; i < count; i++)
        all |= block->residuals[i];
    for (; all; all >>= 8)
        planes++;
    put_byte(to, planes);
    for (unsigned p = 0; p < planes; p++) {
        for (size_t i = 0; i < count; i++)
            block->plane[i] = (unsigned char)(block->residuals[i] >> 8 * p);
        put_plane(block, to, block->plane, count);
    }
}

static bool get_residuals(erg_block *block, source *from, size_t count)
{
    unsigned planes = get_byte(from);
    if (planes > 8)
        return false;
    memset(block->residuals, 0, count * sizeof(block->residuals[0]));
    for (unsigned p = 0; p < planes; p++) {
        if (!get_plane(block, from, block->plane, count))
            return false;
        for (size_t i = 0; i < count; i++)
            block->residuals[i] |= (uint64_t)block->plane[i] << 8 * p;
    }
    return !from->bad;
}

/* ---- stamps ------------------------------------------------------------------ */

static int compare_i64(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* What all stamps are a multiple of after the first; 0 if they are all equal. */
static uint64_t exact_step_ns(const erg_sample samples[], size_t count)
{
    uint64_t step = 0;
    for (size_t i = 1; i < count && step != 1; i++)
        step = common_divisor((uint64_t)samples[i].t_ns - (uint64_t)samples[0].t_ns, step);
    return step;
}

/* No coarser than half of the typical read's own width, from 1 to 10 us. */
static uint64_t allowed_step_ns(erg_block *block, const erg_sample samples[], size_t count)
{
    static const int64_t steps_ns[] = { 10000, 5000, 2000 };

    for (size_t i = 0; i < count; i++)
        block->numbers[i] = samples[i].half_width_ns;
    qsort(block->numbers, count, sizeof(block->numbers[0]), compare_i64);
    int64_t middle = block->numbers[count / 2];
    if (middle <= 0)
        return 1;
    for (size_t i = 0; i < ERG_COUNT(steps_ns); i++)
        if (middle >= steps_ns[i])
            return (uint64_t)steps_ns[i];
    return 1000;
}

/* What the decoder will expect at each place. GRID follows a sampler that wakes at
 * absolute deadlines: an eighth of each lateness is believed. */
static uint64_t guess_next(stamp_guess guess, uint64_t *grid, uint64_t before, uint64_t period)
{
    if (guess == STAMP_STEP)
        return before + period;

    int64_t late = (int64_t)(before - *grid);
    int64_t half = (int64_t)(period / 2);
    if (late > half || late < -half)
        *grid = before;
    else
        *grid += (uint64_t)(late / 8);
    return *grid += period;
}

static uint64_t middle_period(erg_block *block, size_t count)
{
    int64_t *steps = (int64_t *)block->residuals;
    if (count < 2)
        return 0;
    for (size_t i = 1; i < count; i++)
        steps[i - 1] = (int64_t)((uint64_t)block->numbers[i] - (uint64_t)block->numbers[i - 1]);
    qsort(steps, count - 1, sizeof(steps[0]), compare_i64);
    return (uint64_t)steps[(count - 1) / 2];
}

static void stamp_residuals(erg_block *block, stamp_guess guess, size_t count, uint64_t period)
{
    uint64_t grid = 0;
    block->residuals[0] = 0;
    for (size_t i = 1; i < count; i++) {
        uint64_t before = (uint64_t)block->numbers[i - 1];
        uint64_t expected = guess_next(guess, &grid, before, period);
        block->residuals[i] = fold((uint64_t)block->numbers[i] - expected);
    }
}

/* Stamps in steps from the first into numbers, half-widths that cover the change. */
static uint64_t settle_stamps(erg_block *block, const erg_sample samples[], size_t count)
{
    uint64_t exact = exact_step_ns(samples, count);
    uint64_t allowed = allowed_step_ns(block, samples, count);
    uint64_t span = (uint64_t)samples[count - 1].t_ns - (uint64_t)samples[0].t_ns;
    uint64_t step = exact >= allowed || span > INT64_MAX / 2 ? exact : allowed;
    if (span == 0)
        step = 1;

    for (size_t i = 0; i < count; i++) {
        uint64_t since = (uint64_t)samples[i].t_ns - (uint64_t)samples[0].t_ns;
        uint64_t steps = since / step + (since % step > (step - 1) / 2);
        uint64_t kept = steps * step;
        int64_t moved = (int64_t)(kept > since ? kept - since : since - kept);
        int64_t width = samples[i].half_width_ns > 0 ? samples[i].half_width_ns : 0;
        block->numbers[i] = (int64_t)steps;
        block->widths_ns[i] = width > INT64_MAX - moved ? INT64_MAX : width + moved;
    }
    return step;
}

static void put_stamps(erg_block *block, bytes *to, const erg_sample samples[], size_t count)
{
    uint64_t step = settle_stamps(block, samples, count);
    uint64_t period = middle_period(block, count);
    bytes rivals[STAMP_GUESS_COUNT];
    int best = 0;

    put_number(to, fold((uint64_t)samples[0].t_ns));
    put_number(to, step);
    put_number(to, period);
    for (int guess = 0; guess < STAMP_GUESS_COUNT; guess++) {
        rivals[guess] = (bytes){ block->stream[guess], 0, STREAM_MOST };
        stamp_residuals(block, (stamp_guess)guess, count, period);
        put_residuals(block, &rivals[guess], count);
        if (rivals[guess].count < rivals[best].count)
            best = guess;
    }
    put_byte(to, (unsigned)best);
    memcpy(to->data + to->count, rivals[best].data, rivals[best].count);
    to->count += rivals[best].count;
}

static bool get_stamps(erg_block *block, source *from, erg_sample samples[], size_t count)
{
    uint64_t first = unfold(get_number(from));
    uint64_t step = get_number(from);
    uint64_t period = get_number(from);
    unsigned guess = get_byte(from);
    uint64_t grid = 0, steps = 0;

    if (guess >= STAMP_GUESS_COUNT || !get_residuals(block, from, count))
        return false;
    samples[0].t_ns = (int64_t)first;
    for (size_t i = 1; i < count; i++) {
        steps = guess_next((stamp_guess)guess, &grid, steps, period)
              + unfold(block->residuals[i]);
        samples[i].t_ns = (int64_t)(first + steps * step);
        if (samples[i].t_ns < samples[i - 1].t_ns)
            return false;
    }
    return true;
}

/* ---- half-widths --------------------------------------------------------------- */

/* 0, then 1 2 3 4 6 8 12 16 24 ... ns: two to the octave. */
static int64_t width_of_code(unsigned code)
{
    if (code < 2)
        return code;
    return (code & 1) ? (int64_t)3 << (code - 3) / 2 : (int64_t)1 << code / 2;
}

enum { WIDTH_CODE_MOST = 124 };

/* Upward, by less than a half: a half-width may grow, never shrink. */
static unsigned code_of_width(int64_t width_ns)
{
    if (width_ns < 2)
        return (unsigned)width_ns;
    unsigned top = 63 - (unsigned)__builtin_clzll((unsigned long long)width_ns);
    unsigned code = 2 * top;
    while (code < WIDTH_CODE_MOST && width_of_code(code) < width_ns)
        code++;
    return code;
}

static void put_widths(erg_block *block, bytes *to, size_t count)
{
    bool same = true;
    for (size_t i = 1; i < count && same; i++)
        same = block->widths_ns[i] == block->widths_ns[0];
    put_byte(to, same);
    if (same) {
        put_number(to, (uint64_t)block->widths_ns[0]);
        return;
    }
    for (size_t i = 0; i < count; i++)
        block->plane[i] = (unsigned char)code_of_width(block->widths_ns[i]);
    put_plane(block, to, block->plane, count);
}

static bool get_widths(erg_block *block, source *from, erg_sample samples[], size_t count)
{
    if (get_byte(from)) {
        uint64_t width_ns = get_number(from);
        for (size_t i = 0; i < count; i++)
            samples[i].half_width_ns = (int64_t)width_ns;
        return !from->bad && width_ns <= INT64_MAX;
    }
    if (!get_plane(block, from, block->plane, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (block->plane[i] > WIDTH_CODE_MOST)
            return false;
        samples[i].half_width_ns = width_of_code(block->plane[i]);
    }
    return true;
}

/* ---- values -------------------------------------------------------------------- */

static double apply_scale(const scale *one, int64_t number)
{
    double n = (double)number;
    n = one->multiply ? n * one->factor : n / one->factor;
    /* Adding 0 would turn -0 into 0, and costs nothing to leave out. */
    return one->offset != 0 ? n + one->offset : n;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static bool fits_scale(erg_block *block, const scale *one, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double n = block->values[i] - one->offset;
        n = one->multiply ? n / one->factor : n * one->factor;
        if (!(fabs(n) < 0x1p53))
            return false;
        block->numbers[i] = llrint(n);
        if (bits_of(apply_scale(one, block->numbers[i])) != bits_of(block->values[i]))
            return false;
    }
    return true;
}

/* Values without their gaps; true if there were any. */
static bool split_gaps(erg_block *block, const erg_sample samples[], size_t count)
{
    double last = 0;
    bool any = false;

    for (size_t i = 0; i < count; i++)
        if (!isnan(samples[i].value)) {
            last = samples[i].value;
            break;
        }
    memset(block->gaps, 0, sizeof(block->gaps));
    for (size_t i = 0; i < count; i++) {
        if (isnan(samples[i].value)) {
            block->gaps[i / 8] |= (unsigned char)(1u << i % 8);
            any = true;
        } else {
            last = samples[i].value;
        }
        block->values[i] = last;
    }
    return any;
}

/* Counters step in units coarser than their last digit (RAPL: 2^18 of 2^-32 J). */
static uint64_t common_unit(erg_block *block, size_t count)
{
    uint64_t unit = 0;
    for (size_t i = 1; i < count && unit != 1; i++) {
        int64_t step = block->numbers[i] - block->numbers[0];
        unit = common_divisor((uint64_t)(step < 0 ? -step : step), unit);
    }
    return unit ? unit : 1;
}

static void put_scaled(erg_block *block, bytes *to, size_t count)
{
    int64_t unit = (int64_t)common_unit(block, count);
    int64_t first = block->numbers[0];
    bytes rivals[VALUE_GUESS_COUNT];
    int best = 0;

    put_number(to, fold((uint64_t)first));
    put_number(to, (uint64_t)unit);
    for (int guess = 0; guess < VALUE_GUESS_COUNT; guess++) {
        rivals[guess] = (bytes){ block->stream[guess], 0, STREAM_MOST };
        block->residuals[0] = 0;
        for (size_t i = 1; i < count; i++) {
            int64_t before = guess == VALUE_STEP ? block->numbers[i - 1] : first;
            block->residuals[i] = fold((uint64_t)((block->numbers[i] - before) / unit));
        }
        put_residuals(block, &rivals[guess], count);
        if (rivals[guess].count < rivals[best].count)
            best = guess;
    }
    put_byte(to, (unsigned)best);
    memcpy(to->data + to->count, rivals[best].data, rivals[best].count);
    to->count += rivals[best].count;
}

static void put_values(erg_block *block, bytes *to, const erg_sample samples[], size_t count)
{
    bool gaps = split_gaps(block, samples, count);
    put_byte(to, gaps);
    if (gaps)
        put_plane(block, to, block->gaps, (count + 7) / 8);

    for (size_t s = 0; s < ERG_COUNT(scales); s++)
        if (fits_scale(block, &scales[s], count)) {
            put_byte(to, (unsigned)s);
            put_scaled(block, to, count);
            return;
        }
    put_byte(to, SCALE_NONE);
    for (size_t i = 0; i < count; i++)
        block->residuals[i] = bits_of(block->values[i])
                            ^ (i ? bits_of(block->values[i - 1]) : 0);
    put_residuals(block, to, count);
}

static bool get_scaled(erg_block *block, source *from, const scale *one, size_t count)
{
    uint64_t first = unfold(get_number(from));
    uint64_t unit = get_number(from);
    unsigned guess = get_byte(from);
    uint64_t number = first;

    if (guess >= VALUE_GUESS_COUNT || !get_residuals(block, from, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        uint64_t step = unfold(block->residuals[i]) * unit;
        number = guess == VALUE_STEP ? number + step : first + step;
        block->values[i] = apply_scale(one, (int64_t)number);
    }
    return true;
}

static bool get_values(erg_block *block, source *from, erg_sample samples[], size_t count)
{
    unsigned gaps = get_byte(from);
    if (gaps && !get_plane(block, from, block->gaps, (count + 7) / 8))
        return false;

    unsigned scale_index = get_byte(from);
    if (scale_index < ERG_COUNT(scales)) {
        if (!get_scaled(block, from, &scales[scale_index], count))
            return false;
    } else if (scale_index == SCALE_NONE && get_residuals(block, from, count)) {
        uint64_t bits = 0;
        for (size_t i = 0; i < count; i++) {
            bits ^= block->residuals[i];
            memcpy(&block->values[i], &bits, sizeof(bits));
        }
    } else {
        return false;
    }
    for (size_t i = 0; i < count; i++)
        samples[i].value = gaps && (block->gaps[i / 8] >> i % 8 & 1) ? NAN : block->values[i];
    return !from->bad;
}

/* ---- the block ------------------------------------------------------------------- */

erg_block *erg_block_new(erg_error *err)
{
    erg_block *block = calloc(1, sizeof(*block));
    if (block) {
        block->packer = ZSTD_createCCtx();
        block->unpacker = ZSTD_createDCtx();
    }
    if (!block || !block->packer || !block->unpacker) {
        erg_block_free(block);
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    ZSTD_CCtx_setParameter(block->packer, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setParameter(block->packer, ZSTD_c_contentSizeFlag, 0);
    ZSTD_CCtx_setParameter(block->packer, ZSTD_c_windowLog, 11);
    return block;
}

void erg_block_free(erg_block *block)
{
    if (!block)
        return;
    ZSTD_freeCCtx(block->packer);
    ZSTD_freeDCtx(block->unpacker);
    free(block);
}

bool erg_block_encode(erg_block *block, const erg_sample samples[], size_t count,
                      const unsigned char **bytes_out, size_t *size)
{
    bytes to = { block->out, 0, sizeof(block->out) };
    if (count == 0 || count > ERG_BLOCK_MOST)
        return false;

    put_byte(&to, BLOCK_VERSION);
    put_number(&to, count);
    put_stamps(block, &to, samples, count);
    put_widths(block, &to, count);
    put_values(block, &to, samples, count);
    *bytes_out = to.data;
    *size = to.count;
    return true;
}

size_t erg_block_decode(erg_block *block, const unsigned char data[], size_t size,
                        erg_sample samples[])
{
    source from = { data, size, false };
    if (get_byte(&from) != BLOCK_VERSION)
        return 0;
    uint64_t count = get_number(&from);
    if (from.bad || count == 0 || count > ERG_BLOCK_MOST)
        return 0;
    bool good = get_stamps(block, &from, samples, count)
             && get_widths(block, &from, samples, count)
             && get_values(block, &from, samples, count);
    return good && !from.bad && from.count == 0 ? count : 0;
}
