/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of the parts: as memory walks them, and by energy. */
#include <string.h>
#include "estimate/compat.h"

int32_t *erg_compat_order(const erg_compat *compat, erg_error *err)
{
    size_t count = (size_t)compat->part_count;
    int32_t *order = erg_arena_take(compat->arena, (count + 1) * sizeof(*order), err);
    int32_t *waiting = erg_arena_take(compat->arena, (count + 1) * sizeof(*waiting), err);
    int32_t tail = 0;

    if (!order || !waiting)
        return NULL;
    for (int32_t i = 0; i < compat->part_count; i++) {
        waiting[i] = compat->parts[i].need_count;
        if (waiting[i] == 0)
            order[tail++] = i;
    }
    for (int32_t head = 0; head < tail; head++)
        for (int32_t i = 0; i < compat->part_count; i++)
            for (int32_t j = 0; j < compat->parts[i].need_count; j++)
                if (compat->parts[i].needs[j] == order[head] && --waiting[i] == 0)
                    order[tail++] = i;
    return order;
}

/* By insertion: stable, and there are a few hundred. */
int32_t *erg_compat_rank(const erg_compat *compat, erg_error *err)
{
    size_t count = (size_t)compat->part_count;
    int32_t *rank = erg_arena_take(compat->arena, (count + 1) * sizeof(*rank), err);

    for (int32_t i = 0; rank && i < compat->part_count; i++) {
        int32_t at = i;
        double energy_j = compat->parts[i].energy.total_j;
        while (at > 0 && compat->parts[rank[at - 1]].energy.total_j < energy_j) {
            rank[at] = rank[at - 1];
            at--;
        }
        rank[at] = i;
    }
    return rank;
}
