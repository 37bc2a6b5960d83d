/* SPDX-License-Identifier: Apache-2.0 */
/* Every engine there is, in the order in which they are asked. */
#include <string.h>
#include "engine/engine.h"

extern const erg_engine erg_engine_onednn, erg_engine_cuda;

const erg_engine *const erg_engines[] = {
    &erg_engine_onednn,
    &erg_engine_cuda,
    NULL
};

const erg_engine *erg_engine_find(const char *name)
{
    for (const erg_engine *const *engine = erg_engines; *engine; engine++)
        if (strcmp((*engine)->name, name) == 0) return *engine;
    return NULL;
}
