/* SPDX-License-Identifier: Apache-2.0 */
/* Compat mode from graph to hints, in one arena. See compat.h: not physical. */
#include <stdlib.h>
#include "estimate/compat.h"

static bool fill(erg_compat *compat, erg_error *err)
{
    bool ok = erg_compat_machine_fill(compat, err) && erg_compat_nodes(compat, err)
        && erg_compat_parts(compat, err);

    if (!ok)
        return false;
    int32_t count = compat->part_count;
    erg_compat_roofline(compat);
    size_t bytes = ((size_t)count + 1) * sizeof(double);
    double *latencies = erg_arena_take(compat->arena, bytes, err);
    if (!latencies)
        return false;
    for (int32_t i = 0; i < count; i++)
        latencies[i] = compat->parts[i].latency.total_s;
    erg_compat_energy_fill(compat, latencies, count);
    return erg_compat_memory_fill(compat, err) && erg_compat_concurrency_fill(compat, err)
        && erg_compat_fusion_fill(compat, err) && erg_compat_hints_fill(compat, err);
}

erg_compat *erg_compat_new(const erg_graph *graph, const erg_hardware *hardware,
                           erg_error *err)
{
    erg_arena *arena = erg_arena_new(err);
    erg_compat *compat = arena ? erg_arena_take(arena, sizeof(*compat), err) : NULL;

    if (compat)
        *compat = (erg_compat){ .graph = graph, .hardware = hardware, .arena = arena };
    if (!compat || !fill(compat, err)) {
        erg_arena_free(arena);
        return NULL;
    }
    return compat;
}

void erg_compat_free(erg_compat *compat)
{
    if (compat)
        erg_arena_free(compat->arena);
}
