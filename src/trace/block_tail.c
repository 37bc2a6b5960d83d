/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each sample as two numbers, how far its step differs from the one before and its
 * half-width, and a third where the value has changed: which of its bits did. A poll of
 * 1 kHz takes 5 bytes while the sensor has no new value.
 */
#include <stdlib.h>
#include <string.h>
#include "trace/block_inside.h"
#include "trace/block_tail.h"

/* Slow channels, of which there are many, take as little as they need; what outgrows them
 * is fast and goes on to fill a block: little is copied or left behind on the way. */
enum { ROOM_FIRST = 64, ROOM_SLOW = 1024, GROWTH_SLOW = 2, GROWTH = 16 };
enum { NUMBER_MOST = 10, SAMPLE_MOST = 4 * NUMBER_MOST };    /* bytes */

static double value_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static bool widen(erg_tail *tail, erg_error *err)
{
    size_t growth = tail->capacity < ROOM_SLOW ? GROWTH_SLOW : GROWTH;
    size_t capacity = tail->capacity ? growth * tail->capacity : ROOM_FIRST;
    unsigned char *room = realloc(tail->bytes, capacity);

    if (!room)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu bytes of samples",
                        capacity);
    tail->bytes = room;
    tail->capacity = capacity;
    return true;
}

/* With whether the value changed, in one number; 0 stands before a width that leaves no
 * bit for that, as no reading has. */
static void put_width(bytes *to, uint64_t width_ns, bool changed)
{
    bool fits = width_ns < UINT64_MAX >> 2;

    erg_bytes_put_number(to, (fits ? width_ns + 1 : 0) << 1 | changed);
    if (!fits)
        erg_bytes_put_number(to, width_ns);
}

/* Of our own bytes, which end where they should: nothing is asked of each. */
static inline uint64_t take_number(const unsigned char **at)
{
    uint64_t byte = *(*at)++, number = byte & 0x7f;

    for (unsigned shift = 7; byte >= 0x80; shift += 7) {
        byte = *(*at)++;
        number |= (byte & 0x7f) << shift;
    }
    return number;
}

static inline uint64_t take_width(const unsigned char **at, bool *changed)
{
    uint64_t number = take_number(at);

    *changed = number & 1;
    return number >> 1 ? (number >> 1) - 1 : take_number(at);
}

bool erg_tail_put(erg_tail *tail, const erg_sample *sample, erg_error *err)
{
    if (tail->capacity - tail->size < SAMPLE_MOST && !widen(tail, err))
        return false;
    bytes to = { tail->bytes, tail->size };
    uint64_t step_ns = (uint64_t)sample->t_ns - (uint64_t)tail->last.t_ns;
    uint64_t changed = erg_bits_of(sample->value) ^ erg_bits_of(tail->last.value);

    erg_bytes_put_number(&to, erg_fold(step_ns - tail->step_ns));
    put_width(&to, (uint64_t)sample->half_width_ns, changed != 0);
    if (changed)
        erg_bytes_put_number(&to, changed);
    tail->step_ns = tail->count ? step_ns : 0;  /* the first is a moment, not a step */
    tail->last = *sample;
    tail->size = to.count;
    tail->count++;
    return true;
}

void erg_tail_get(const erg_tail *tail, erg_sample to[])
{
    const unsigned char *at = tail->bytes;
    uint64_t at_ns = 0, step_ns = 0, bits = 0;

    for (size_t i = 0; i < tail->count; i++) {
        step_ns += erg_unfold(take_number(&at));
        at_ns += step_ns;
        to[i].t_ns = (int64_t)at_ns;
        bool changed = false;
        to[i].half_width_ns = (int64_t)take_width(&at, &changed);
        if (changed)
            bits ^= take_number(&at);
        to[i].value = value_of(bits);
        if (i == 0)
            step_ns = 0;
    }
}

void erg_tail_clear(erg_tail *tail)
{
    *tail = (erg_tail){ .bytes = tail->bytes, .capacity = tail->capacity };
}

void erg_tail_free(erg_tail *tail)
{
    free(tail->bytes);
    *tail = (erg_tail){ .bytes = NULL };
}
