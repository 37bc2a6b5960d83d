/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are kept once and known by number: names of events and of regions. */
#include <stdlib.h>
#include <string.h>
#include "trace/intern.h"

void erg_interned_free(erg_interned *names)
{
    erg_arena_free(names->texts);
    free(names->rows.items);
    free(names->slots);
    *names = (erg_interned){ 0 };
}

static const char *text_at(const erg_interned *names, int32_t number)
{
    return ((const char *const *)names->rows.items)[number];
}

/* FNV-1a, its high bits folded in: slots take the low ones. */
static size_t hash_of(const char *text, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
    return (size_t)(hash ^ hash >> 29);
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t slot_of(const erg_interned *names, const char *text, size_t count)
{
    size_t mask = names->slot_count - 1, at = hash_of(text, count) & mask;

    for (; names->slots[at]; at = (at + 1) & mask) {
        const char *there = text_at(names, names->slots[at] - 1);
        if (strncmp(there, text, count) == 0 && !there[count])
            break;
    }
    return at;
}

static bool make_room(erg_interned *names, erg_error *err)
{
    if (2 * (names->rows.count + 1) <= names->slot_count)
        return true;
    erg_interned more = *names;
    more.slot_count = names->slot_count ? 2 * names->slot_count : 64;
    more.slots = calloc(more.slot_count, sizeof(*more.slots));
    if (!more.slots)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < names->rows.count; i++) {
        const char *text = text_at(names, (int32_t)i);
        more.slots[slot_of(&more, text, strlen(text))] = (int32_t)i + 1;
    }
    int32_t *before = names->slots;
    names->slots = more.slots;
    names->slot_count = more.slot_count;
    free(before);
    return true;
}

static char *keep_text(erg_interned *names, const char *text, size_t count, erg_error *err)
{
    if (!names->texts && !(names->texts = erg_arena_new(err)))
        return NULL;
    char *kept = erg_arena_take(names->texts, count + 1, err);
    return kept ? memcpy(kept, text, count) : NULL;
}

int32_t erg_intern(erg_interned *names, const char *text, size_t count, erg_error *err)
{
    if (!make_room(names, err))
        return -1;
    size_t slot = slot_of(names, text, count);
    if (names->slots[slot])
        return names->slots[slot] - 1;
    if (names->rows.count >= INT32_MAX - 1)
        return erg_fail(err, ERG_NO_MEMORY, "more than 2^31 names"), -1;
    char *kept = keep_text(names, text, count, err);
    if (!kept || !erg_rows_add(&names->rows, &kept, 1, sizeof(kept), err))
        return -1;
    names->slots[slot] = (int32_t)names->rows.count;
    return (int32_t)names->rows.count - 1;
}

int32_t erg_interned_find(const erg_interned *names, const char *text, size_t count)
{
    return names->slot_count ? names->slots[slot_of(names, text, count)] - 1 : -1;
}

const char *erg_interned_at(const erg_interned *names, int32_t number)
{
    bool is_there = number >= 0 && (size_t)number < names->rows.count;
    return is_there ? text_at(names, number) : NULL;
}
