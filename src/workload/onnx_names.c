/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing, at most half full. */
#include <string.h>
#include "workload/onnx_names.h"

enum { SLOTS_FIRST = 64 };

/* A product carries nothing downwards: its upper half is folded in. */
static uint64_t mix(uint64_t value, uint64_t word)
{
    value = (value ^ word) * 1099511628211u;
    return value ^ value >> 32;
}

/* FNV-1a (Fowler, Noll, Vo 1991), of words in place of bytes: names are paths of dozens of
 * letters, and are looked for again and again. */
uint64_t erg_onnx_name_hash(const char *name)
{
    size_t count = strlen(name);
    uint64_t value = 14695981039346656037u ^ count;

    for (; count >= sizeof(value); name += sizeof(value), count -= sizeof(value)) {
        uint64_t word;
        memcpy(&word, name, sizeof(word));
        value = mix(value, word);
    }
    uint64_t rest = 0;
    memcpy(&rest, name, count);
    return mix(value, rest);
}

/* Where the name is or would go; slot_count is a power of two. */
static erg_onnx_name *slot_of(erg_onnx_name *slots, size_t slot_count, const char *name)
{
    size_t at = (size_t)erg_onnx_name_hash(name) & (slot_count - 1);

    while (slots[at].name && strcmp(slots[at].name, name) != 0)
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static bool slots_grow(erg_onnx_names *names, erg_error *err)
{
    size_t more = names->slot_count ? names->slot_count * 2 : SLOTS_FIRST;
    erg_onnx_name *slots = erg_arena_take(names->arena, more * sizeof(*slots), err);

    if (!slots)
        return false;
    for (size_t i = 0; i < names->slot_count; i++)
        if (names->slots[i].name)
            *slot_of(slots, more, names->slots[i].name) = names->slots[i];
    names->slots = slots;
    names->slot_count = more;
    return true;
}

erg_onnx_name *erg_onnx_name_find(const erg_onnx_names *names, const char *name)
{
    if (!names->slot_count)
        return NULL;
    erg_onnx_name *slot = slot_of(names->slots, names->slot_count, name);
    return slot->name ? slot : NULL;
}

erg_onnx_name *erg_onnx_name_add(erg_onnx_names *names, const char *name, erg_error *err)
{
    if (2 * names->count >= names->slot_count && !slots_grow(names, err))
        return NULL;
    erg_onnx_name *slot = slot_of(names->slots, names->slot_count, name);
    if (!slot->name) {
        slot->name = name;
        names->count++;
    }
    return slot;
}
