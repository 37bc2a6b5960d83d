/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a block, bit for bit: as whole numbers where they are some. */
#include <math.h>
#include <string.h>
#include "trace/block_inside.h"

typedef enum value_guess { VALUE_STEP, VALUE_PLAIN, VALUE_GUESS_COUNT } value_guess;

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

/* ---- values -------------------------------------------------------------------- */

static double apply_scale(const scale *one, int64_t number)
{
    double n = (double)number;
    n = one->multiply ? n * one->factor : n / one->factor;
    /* Adding 0 would turn -0 into 0, and costs nothing to leave out. */
    return one->offset != 0 ? n + one->offset : n;
}

static bool fits_scale(erg_block *block, const scale *one, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i && erg_bits_of(block->values[i]) == erg_bits_of(block->values[i - 1])) {
            block->numbers[i] = block->numbers[i - 1];
            continue;
        }
        double n = block->values[i] - one->offset;
        n = one->multiply ? n / one->factor : n * one->factor;
        if (!(fabs(n) < 0x1p53))
            return false;
        block->numbers[i] = llrint(n);
        if (erg_bits_of(apply_scale(one, block->numbers[i]))
            != erg_bits_of(block->values[i]))
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
        if (block->numbers[i] != block->numbers[i - 1])
            unit = erg_common_divisor((uint64_t)(step < 0 ? -step : step), unit);
    }
    return unit ? unit : 1;
}

/* Returns what they would cost. A poll mostly finds the value before: no division. */
static uint64_t value_residuals(erg_block *block, value_guess guess, size_t count,
                                int64_t unit)
{
    int64_t first = block->numbers[0];
    uint64_t bits = 0;

    block->residuals[0] = 0;
    for (size_t i = 1; i < count; i++) {
        int64_t before = guess == VALUE_STEP ? block->numbers[i - 1] : first;
        int64_t step = block->numbers[i] - before;
        if (guess == VALUE_PLAIN && block->numbers[i] == block->numbers[i - 1])
            block->residuals[i] = block->residuals[i - 1];
        else
            block->residuals[i] = step ? erg_fold((uint64_t)(step / unit)) : 0;
        bits += erg_residual_cost(block->residuals[i]);
    }
    return bits;
}

static void put_scaled(erg_block *block, bytes *to, size_t count)
{
    int64_t unit = (int64_t)common_unit(block, count);
    value_guess guess = VALUE_STEP;

    uint64_t plain = value_residuals(block, VALUE_PLAIN, count, unit);
    if (plain < value_residuals(block, VALUE_STEP, count, unit)) {
        guess = VALUE_PLAIN;
        value_residuals(block, guess, count, unit);
    }
    erg_bytes_put_number(to, erg_fold((uint64_t)block->numbers[0]));
    erg_bytes_put_number(to, (uint64_t)unit);
    erg_bytes_put(to, guess);
    erg_residuals_put(block, to, count);
}

void erg_values_put(erg_block *block, bytes *to, const erg_sample samples[], size_t count)
{
    bool gaps = split_gaps(block, samples, count);
    erg_bytes_put(to, gaps);
    if (gaps)
        erg_plane_put(block, to, block->gaps, (count + 7) / 8);

    for (size_t s = 0; s < ERG_COUNT(scales); s++)
        if (fits_scale(block, &scales[s], count)) {
            erg_bytes_put(to, (unsigned)s);
            put_scaled(block, to, count);
            return;
        }
    erg_bytes_put(to, SCALE_NONE);
    for (size_t i = 0; i < count; i++)
        block->residuals[i] = erg_bits_of(block->values[i])
                            ^ (i ? erg_bits_of(block->values[i - 1]) : 0);
    erg_residuals_put(block, to, count);
}

static bool get_scaled(erg_block *block, source *from, const scale *one, size_t count)
{
    uint64_t first = erg_unfold(erg_bytes_get_number(from));
    uint64_t unit = erg_bytes_get_number(from);
    unsigned guess = erg_bytes_get(from);
    uint64_t number = first;

    if (guess >= VALUE_GUESS_COUNT || !erg_residuals_get(block, from, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        uint64_t step = erg_unfold(block->residuals[i]) * unit;
        number = guess == VALUE_STEP ? number + step : first + step;
        block->values[i] = apply_scale(one, (int64_t)number);
    }
    return true;
}

bool erg_values_get(erg_block *block, source *from, erg_sample samples[], size_t count)
{
    unsigned gaps = erg_bytes_get(from);
    if (gaps && !erg_plane_get(block, from, block->gaps, (count + 7) / 8))
        return false;

    unsigned scale_index = erg_bytes_get(from);
    if (scale_index < ERG_COUNT(scales)) {
        if (!get_scaled(block, from, &scales[scale_index], count))
            return false;
    } else if (scale_index == SCALE_NONE && erg_residuals_get(block, from, count)) {
        uint64_t bits = 0;
        for (size_t i = 0; i < count; i++) {
            bits ^= block->residuals[i];
            memcpy(&block->values[i], &bits, sizeof(bits));
        }
    } else {
        return false;
    }
    for (size_t i = 0; i < count; i++)
        samples[i].value = gaps && (block->gaps[i / 8] >> i % 8 & 1)
            ? NAN : block->values[i];
    return !from->bad;
}

