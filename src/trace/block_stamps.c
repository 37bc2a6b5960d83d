/* SPDX-License-Identifier: Apache-2.0 */
/* When the samples of a block were read, and how long that took. */
#include <string.h>
#include "trace/block_inside.h"

typedef enum stamp_guess { STAMP_STEP, STAMP_GRID, STAMP_GUESS_COUNT } stamp_guess;

/* ---- stamps ------------------------------------------------------------------ */

/* The middle one of count numbers, which it reorders. Hoare's selection: a block is
 * encoded each second while recording, and a whole sort was an eighth of that. */
static int64_t middle(int64_t numbers[], size_t count)
{
    size_t low = 0, high = count - 1, target = count / 2;

    while (low < high) {
        int64_t pivot = numbers[low + (high - low) / 2];
        size_t left = low, right = high;
        while (left <= right) {
            while (numbers[left] < pivot)
                left++;
            while (numbers[right] > pivot)
                right--;
            if (left > right)
                break;
            int64_t held = numbers[left];
            numbers[left++] = numbers[right];
            numbers[right] = held;
            if (right == 0)
                break;
            right--;
        }
        if (target <= right)
            high = right;
        else if (target >= left)
            low = left;
        else
            break;
    }
    return numbers[target];
}

/* What all stamps are a multiple of after the first; 0 if they are all equal. */
static uint64_t exact_step_ns(const erg_sample samples[], size_t count)
{
    uint64_t step = 0;
    for (size_t i = 1; i < count && step != 1; i++)
        step = erg_common_divisor((uint64_t)samples[i].t_ns - (uint64_t)samples[0].t_ns,
                                  step);
    return step;
}

/* Whether the middle one of the half-widths is that long: none needs to be found. */
static bool middle_reaches(const erg_sample samples[], size_t count, int64_t width_ns)
{
    size_t below = 0;

    for (size_t i = 0; i < count; i++)
        below += samples[i].half_width_ns < width_ns;
    return below <= count / 2;
}

static int64_t longest_ns(const erg_sample samples[], size_t count)
{
    int64_t most_ns = samples[0].half_width_ns;

    for (size_t i = 1; i < count; i++)
        most_ns = samples[i].half_width_ns > most_ns ? samples[i].half_width_ns : most_ns;
    return most_ns;
}

/* Stamps of a clock in nanoseconds are noise below a microsecond and the store would
 * be full of it. They may move by half of a step that is no longer than the typical
 * half-width or 1/1000 of the mean period, from 1 to 100 us. Stamps in a coarser unit
 * (imports) and reads that took no time (simulations) are exact. */
static uint64_t allowed_step_ns(const erg_sample samples[], size_t count)
{
    static const int64_t steps_ns[] = { 100000, 50000, 20000, 10000, 5000, 2000 };
    uint64_t span = (uint64_t)samples[count - 1].t_ns - (uint64_t)samples[0].t_ns;
    uint64_t room_ns = span / count / 1000;
    /* Few reads take as long as the least step: then none of the longer is tried. */
    bool is_long = middle_reaches(samples, count, steps_ns[ERG_COUNT(steps_ns) - 1]);
    int64_t most_ns = is_long ? longest_ns(samples, count) : 0;

    if (!is_long && !middle_reaches(samples, count, 1))
        return 1;
    for (size_t i = 0; i < ERG_COUNT(steps_ns); i++)
        if (room_ns >= (uint64_t)steps_ns[i]
            || (most_ns >= steps_ns[i] && middle_reaches(samples, count, steps_ns[i])))
            return (uint64_t)steps_ns[i];
    return 1000;
}

/* What the decoder will expect at each place. GRID follows a sampler that wakes at
 * absolute deadlines: an eighth of each lateness is believed. */
static uint64_t guess_next(stamp_guess guess, uint64_t *grid, uint64_t before,
                           uint64_t period)
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

/* As middle(), by counting: the steps of a sampler lie near the first of them. Where they
 * are few the table alone would be more work: a recording codes a hundred such a second. */
static int64_t middle_step(int64_t steps[], size_t count)
{
    enum { WIDE = 2048 };
    if (count < WIDE / 8)
        return middle(steps, count);
    uint16_t hits[WIDE] = { 0 };
    uint64_t base = (uint64_t)steps[0] - WIDE / 2;
    size_t passed = 0, target = count / 2;

    for (size_t i = 0; i < count; i++) {
        uint64_t at = (uint64_t)steps[i] - base;
        if (at < WIDE)
            hits[at]++;
        else
            passed += steps[i] < steps[0];
    }
    if (passed <= target)
        for (size_t i = 0; i < WIDE; i++)
            if ((passed += hits[i]) > target)
                return (int64_t)(base + i);
    return middle(steps, count);
}

static uint64_t middle_period(erg_block *block, size_t count)
{
    int64_t *steps = (int64_t *)block->residuals;
    if (count < 2)
        return 0;
    for (size_t i = 1; i < count; i++)
        steps[i - 1] =
            (int64_t)((uint64_t)block->numbers[i] - (uint64_t)block->numbers[i - 1]);
    return (uint64_t)middle_step(steps, count - 1);
}

/* Returns what they would cost. */
static uint64_t stamp_residuals(erg_block *block, stamp_guess guess, size_t count,
                                uint64_t period)
{
    uint64_t grid = 0, bits = 0;
    block->residuals[0] = 0;
    for (size_t i = 1; i < count; i++) {
        uint64_t before = (uint64_t)block->numbers[i - 1];
        uint64_t expected = guess_next(guess, &grid, before, period);
        block->residuals[i] = erg_fold((uint64_t)block->numbers[i] - expected);
        bits += erg_residual_cost(block->residuals[i]);
    }
    return bits;
}

/* A division of half as many bits takes a third of the time. */
static uint64_t whole_steps(uint64_t since, uint64_t step)
{
    return (since | step) >> 32 ? since / step : (uint32_t)since / (uint32_t)step;
}

/* Stamps in steps from the first into numbers, half-widths that cover the change. */
static uint64_t settle_stamps(erg_block *block, const erg_sample samples[], size_t count)
{
    uint64_t exact = exact_step_ns(samples, count);
    uint64_t allowed = allowed_step_ns(samples, count);
    uint64_t span = (uint64_t)samples[count - 1].t_ns - (uint64_t)samples[0].t_ns;
    bool keeps = exact >= 1000 || exact >= allowed || span > INT64_MAX / 2;
    uint64_t step = span == 0 || exact == 0 ? 1 : keeps ? exact : allowed;
    int64_t moved = keeps || span == 0 ? 0 : (int64_t)(step / 2);

    for (size_t i = 0; i < count; i++) {
        uint64_t since = (uint64_t)samples[i].t_ns - (uint64_t)samples[0].t_ns;
        int64_t width = samples[i].half_width_ns > 0 ? samples[i].half_width_ns : 0;
        uint64_t steps = whole_steps(since, step);
        block->numbers[i] = (int64_t)(steps + (since - steps * step > step / 2));
        block->widths_ns[i] = width > INT64_MAX - moved ? INT64_MAX : width + moved;
    }
    return step;
}

void erg_stamps_put(erg_block *block, bytes *to, const erg_sample samples[], size_t count)
{
    uint64_t step = settle_stamps(block, samples, count);
    uint64_t period = middle_period(block, count);
    uint64_t least = UINT64_MAX;
    int best = 0;

    for (int guess = 0; guess < STAMP_GUESS_COUNT; guess++) {
        uint64_t cost = stamp_residuals(block, (stamp_guess)guess, count, period);
        if (cost < least) {
            least = cost;
            best = guess;
        }
    }
    if (best + 1 < STAMP_GUESS_COUNT)   /* the residuals are those of the last guess */
        stamp_residuals(block, (stamp_guess)best, count, period);
    erg_bytes_put_number(to, erg_fold((uint64_t)samples[0].t_ns));
    erg_bytes_put_number(to, step);
    erg_bytes_put_number(to, period);
    erg_bytes_put(to, (unsigned)best);
    erg_residuals_put(block, to, count);
}

bool erg_stamps_get(erg_block *block, source *from, erg_sample samples[], size_t count)
{
    uint64_t first = erg_unfold(erg_bytes_get_number(from));
    uint64_t step = erg_bytes_get_number(from);
    uint64_t period = erg_bytes_get_number(from);
    unsigned guess = erg_bytes_get(from);
    uint64_t grid = 0, steps = 0;

    if (guess >= STAMP_GUESS_COUNT || !erg_residuals_get(block, from, count))
        return false;
    samples[0].t_ns = (int64_t)first;
    for (size_t i = 1; i < count; i++) {
        steps = guess_next((stamp_guess)guess, &grid, steps, period)
              + erg_unfold(block->residuals[i]);
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
    unsigned code = 2 * top + (width_ns > (int64_t)1 << top)
        + (width_ns > (int64_t)3 << (top - 1));
    return code < WIDTH_CODE_MOST ? code : WIDTH_CODE_MOST;
}

void erg_widths_put(erg_block *block, bytes *to, size_t count)
{
    bool same = true;
    for (size_t i = 1; i < count && same; i++)
        same = block->widths_ns[i] == block->widths_ns[0];
    erg_bytes_put(to, same);
    if (same) {
        erg_bytes_put_number(to, (uint64_t)block->widths_ns[0]);
        return;
    }
    for (size_t i = 0; i < count; i++)
        block->plane[i] = (unsigned char)code_of_width(block->widths_ns[i]);
    erg_plane_put(block, to, block->plane, count);
}

bool erg_widths_get(erg_block *block, source *from, erg_sample samples[], size_t count)
{
    if (erg_bytes_get(from)) {
        uint64_t width_ns = erg_bytes_get_number(from);
        for (size_t i = 0; i < count; i++)
            samples[i].half_width_ns = (int64_t)width_ns;
        return !from->bad && width_ns <= INT64_MAX;
    }
    if (!erg_plane_get(block, from, block->plane, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (block->plane[i] > WIDTH_CODE_MOST)
            return false;
        samples[i].half_width_ns = width_of_code(block->plane[i]);
    }
    return true;
}

