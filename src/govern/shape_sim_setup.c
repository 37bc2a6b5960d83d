/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy of the chain is told before it starts. */
#include <math.h>
#include <string.h>
#include "govern/shape_sim_inside.h"

int erg_sim_groups(const erg_sim *it)
{
    const erg_policy_chain *chain = it->chain;

    for (size_t i = 0; i < chain->count; i++)
        if (chain->policies[i]->scope == ERG_PER_GROUP)
            return isnan(chain->values[i][0]) ? (int)it->scenario->job_count
                                              : (int)chain->values[i][0];
    return 1;
}

erg_policy_setup erg_sim_setup(const erg_sim *it, size_t which, uint64_t key,
                               uint64_t entity)
{
    erg_policy_setup setup = {
        .key = key, .entity = entity, .groups = erg_sim_groups(it),
        .units = it->scenario->units, .idle_w = it->scenario->silicon.idle_w,
        .most_w = it->scenario->peak_w,
    };

    memcpy(setup.values, it->chain->values[which], sizeof(setup.values));
    return setup;
}
