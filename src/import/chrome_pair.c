/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beginnings that wait for their end: on each thread the last one ends first ("Trace Event
 * Format", duration events). How many may wait is bounded.
 */
#include <stdlib.h>
#include <string.h>
#include "import/chrome_inside.h"

enum { OPEN_MOST = 1 << 16, THREADS_MOST = 1 << 14, NAME_MOST = 120, CATEGORY_MOST = 32 };

typedef struct waiting {
    int64_t begin_ns;
    int32_t below; /* the one that waits under it, or the next free one; -1: none */
    uint8_t name_count, category_count;
    char name[NAME_MOST], category[CATEGORY_MOST];
} waiting;

typedef struct thread {
    uint64_t key;
    int32_t top;
} thread;

struct erg_chrome_pairs {
    waiting *rows;
    size_t count, capacity;
    int32_t free;
    thread threads[THREADS_MOST];
    size_t thread_count;
    int64_t open;
    waiting ended; /* what the last end gave out: its texts live here */
};

erg_chrome_pairs *erg_chrome_pairs_new(erg_error *err)
{
    erg_chrome_pairs *pairs = calloc(1, sizeof(*pairs));

    if (!pairs)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    else
        pairs->free = -1;
    return pairs;
}

void erg_chrome_pairs_free(erg_chrome_pairs *pairs)
{
    if (pairs)
        free(pairs->rows);
    free(pairs);
}

static uint64_t mixed(uint64_t key, const erg_chrome_text *text)
{
    for (size_t i = 0; i < text->count; i++)
        key = (key ^ (unsigned char)text->at[i]) * 0x100000001b3;
    return (key ^ 0xff) * 0x100000001b3;
}

/* Of process and thread, by a hash of 64 bits: two of them do not meet. NULL: no room. */
static thread *thread_of(erg_chrome_pairs *pairs, const erg_chrome_event *event)
{
    uint64_t key = mixed(mixed(0xcbf29ce484222325, &event->process), &event->thread) | 1;
    size_t at = (size_t)(key >> 20) % THREADS_MOST;

    while (pairs->threads[at].key && pairs->threads[at].key != key)
        at = (at + 1) % THREADS_MOST;
    if (pairs->threads[at].key)
        return &pairs->threads[at];
    if (pairs->thread_count == THREADS_MOST / 2)
        return NULL;
    pairs->thread_count++;
    pairs->threads[at] = (thread){ key, -1 };
    return &pairs->threads[at];
}

static int32_t take_row(erg_chrome_pairs *pairs)
{
    int32_t row = pairs->free;

    if (row >= 0) {
        pairs->free = pairs->rows[row].below;
        return row;
    }
    if (pairs->count == OPEN_MOST
        || !erg_grow((void **)&pairs->rows, &pairs->capacity, pairs->count,
                     sizeof(*pairs->rows), NULL))
        return -1;
    return (int32_t)pairs->count++;
}

static uint8_t keep(char *to, size_t most, const erg_chrome_text *text)
{
    size_t count = text->count < most ? text->count : most;

    if (count)
        memcpy(to, text->at, count);
    return (uint8_t)count;
}

bool erg_chrome_pairs_begin(erg_chrome_pairs *pairs, const erg_chrome_event *event)
{
    thread *on = thread_of(pairs, event);
    int32_t row = on ? take_row(pairs) : -1;

    if (row < 0)
        return false;
    waiting *one = &pairs->rows[row];
    one->begin_ns = event->begin_ns;
    one->name_count = keep(one->name, NAME_MOST, &event->name);
    one->category_count = keep(one->category, CATEGORY_MOST, &event->category);
    one->below = on->top;
    on->top = row;
    pairs->open++;
    return true;
}

bool erg_chrome_pairs_end(erg_chrome_pairs *pairs, erg_chrome_event *event)
{
    thread *on = thread_of(pairs, event);

    if (!on || on->top < 0)
        return false;
    int32_t row = on->top;
    pairs->ended = pairs->rows[row];
    on->top = pairs->rows[row].below;
    pairs->rows[row].below = pairs->free;
    pairs->free = row;
    pairs->open--;

    int64_t end_ns = event->begin_ns;
    event->phase = 'X';
    event->begin_ns = pairs->ended.begin_ns;
    event->name = (erg_chrome_text){ pairs->ended.name, pairs->ended.name_count };
    event->category =
        (erg_chrome_text){ pairs->ended.category, pairs->ended.category_count };
    return !__builtin_sub_overflow(end_ns, event->begin_ns, &event->duration_ns)
           && event->duration_ns >= 0;
}

int64_t erg_chrome_pairs_open(const erg_chrome_pairs *pairs) { return pairs->open; }
