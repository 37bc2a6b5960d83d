/* SPDX-License-Identifier: Apache-2.0 */
/* All that can make two launches two kernels. By 64 bits: two of a million do not meet. */
#include "replay/plan_chrome.h"

uint64_t erg_plan_chrome_mix(uint64_t hash, const int64_t numbers[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ (uint64_t)numbers[i]) * 0x9e3779b97f4a7c15;
        hash ^= hash >> 29;
    }
    return hash;
}

static uint64_t hash_of(uint64_t hash, const erg_chrome_text *text)
{
    for (size_t i = 0; i < text->count; i++)
        hash = (hash ^ (unsigned char)text->at[i]) * 0x100000001b3;
    return hash;
}

int64_t erg_plan_chrome_key(const erg_replay_plan_options *options,
                            const erg_chrome_launch *l)
{
    int64_t parts[] = { l->kind, l->grid[0], l->grid[1], l->grid[2], l->block[0],
                        l->block[1], l->block[2], l->shared_bytes, l->bytes, l->by,
                        l->is_communication, options->keep_stream ? l->stream : -1,
                        options->device ? l->device : -1 };
    uint64_t hash = hash_of(0xcbf29ce484222325, &l->name);

    hash = hash_of(hash_of(hash, &l->node_inputs), &l->node_outputs);
    return (int64_t)(erg_plan_chrome_mix(hash, parts, ERG_COUNT(parts)) >> 1);
}
