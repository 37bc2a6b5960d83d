/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which joules lie inside which.
 *
 * DRAM is beside the package, as on servers: there its rail is metered apart. psys
 * holds both but is not comparable between vendors. A module (Grace Hopper, Jetson)
 * is CPU, GPU and memory on one carrier. A node is all behind one plug.
 */
#include "trace/scope.h"

#define IN(scope) (1u << ERG_SCOPE_##scope)

static const unsigned contents[] = {
    [ERG_SCOPE_CHIP]    = 0,
    [ERG_SCOPE_MEMORY]  = 0,
    [ERG_SCOPE_BOARD]   = IN(CHIP) | IN(MEMORY),
    [ERG_SCOPE_PACKAGE] = IN(CORE),
    [ERG_SCOPE_CORE]    = 0,
    [ERG_SCOPE_DRAM]    = 0,
    [ERG_SCOPE_PSYS]    = IN(PACKAGE) | IN(CORE) | IN(DRAM),
    [ERG_SCOPE_MODULE]  = IN(CHIP) | IN(MEMORY) | IN(BOARD)
                        | IN(PACKAGE) | IN(CORE) | IN(DRAM),
    [ERG_SCOPE_NODE]    = IN(CHIP) | IN(MEMORY) | IN(BOARD)
                        | IN(PACKAGE) | IN(CORE) | IN(DRAM)
                        | IN(PSYS) | IN(MODULE),
};

bool erg_scope_contains(erg_scope outer, erg_scope inner)
{
    return contents[outer] >> inner & 1u;
}

void erg_scope_outermost(const erg_scope scopes[], size_t count, bool chosen[])
{
    for (size_t i = 0; i < count; i++) {
        chosen[i] = true;
        for (size_t k = 0; k < count; k++)
            chosen[i] = chosen[i] && !erg_scope_contains(scopes[k], scopes[i]);
    }
}
