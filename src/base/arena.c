/* SPDX-License-Identifier: Apache-2.0 */
/* Arena: blocks that only grow, dropped together. */
#include <stdlib.h>
#include <string.h>
#include "base/base.h"

enum { BLOCK_BYTES = 16384, ALIGNMENT = 16 };

typedef struct block {
    struct block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
} block;

struct erg_arena { block *first; };

erg_arena *erg_arena_new(erg_error *err)
{
    erg_arena *arena = calloc(1, sizeof(*arena));
    if (!arena)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return arena;
}

void erg_arena_free(erg_arena *arena)
{
    if (!arena)
        return;
    for (block *one = arena->first, *next; one; one = next) {
        next = one->next;
        free(one);
    }
    free(arena);
}

bool erg_arena_reserve(erg_arena *arena, size_t bytes, erg_error *err)
{
    block *one = arena->first;

    if (one && one->size - one->used >= bytes)
        return true;
    size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    one = size > PTRDIFF_MAX - sizeof(*one) ? NULL : malloc(sizeof(*one) + size);
    if (!one)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    *one = (block){ .next = arena->first, .size = size };
    arena->first = one;
    return true;
}

void *erg_arena_room(erg_arena *arena, size_t bytes, erg_error *err)
{
    size_t need = bytes > PTRDIFF_MAX ? bytes
                                      : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

    if (!erg_arena_reserve(arena, need, err))
        return NULL;
    arena->first->used += need;
    return arena->first->bytes + arena->first->used - need;
}

void *erg_arena_take(erg_arena *arena, size_t bytes, erg_error *err)
{
    void *taken = erg_arena_room(arena, bytes, err);
    return taken ? memset(taken, 0, bytes) : NULL;
}

char *erg_arena_text(erg_arena *arena, const char *text, erg_error *err)
{
    size_t size = strlen(text) + 1;
    char *copy = erg_arena_take(arena, size, err);
    return copy ? memcpy(copy, text, size) : NULL;
}

bool erg_grow(void **items, size_t *capacity, size_t count, size_t size, erg_error *err)
{
    if (count < *capacity)
        return true;
    size_t more = *capacity ? *capacity * 2 : 16;
    void *grown = more > SIZE_MAX / size ? NULL : realloc(*items, more * size);
    if (!grown)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    *items = grown;
    *capacity = more;
    return true;
}
