/* SPDX-License-Identifier: Apache-2.0 */
/* One block: its visits by chance, but for those that the file has. */
#include <stdlib.h>
#include "sweep/sweep_inside.h"

static bool is_known(const erg_sweep *s, const erg_sweep_place *at)
{
    for (size_t i = 0; i < s->known; i++) {
        const erg_visit *old = erg_points_visit_at(s->points, i);
        if (old->application == s->applications[at->job] && old->block == at->block
            && old->place == at->place)
            return true;
    }
    return false;
}

bool erg_sweep_list(erg_sweep *s, size_t job, int block, const erg_sweep_order *order,
                    erg_error *err)
{
    for (size_t i = 0; i < order->count && !erg_sweep_asked(s); i++) {
        erg_sweep_place at = { job, block, (int)i, order->visits[i] };
        if (!is_known(s, &at) && !erg_sweep_visit(s, &at, err))
            return false;
    }
    return true;
}

bool erg_sweep_run_block(erg_sweep *s, size_t job, int block, const bool open[],
                         erg_error *err)
{
    size_t *visits = calloc(erg_sweep_block_most(s->setup.count), sizeof(*visits));
    bool good = visits || erg_fail(err, ERG_NO_MEMORY, "out of memory for a block");
    uint64_t start = erg_sweep_start(s->options, block);
    size_t count = good ? erg_sweep_block(s->setup.count, open, start, visits) : 0;

    good = good && erg_sweep_list(s, job, block, &(erg_sweep_order){ visits, count }, err);
    free(visits);
    return good;
}
