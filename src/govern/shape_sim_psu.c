/* SPDX-License-Identifier: Apache-2.0 */
/* The power supplies of racks in a simulation: what they give, sample by sample. */
#include <math.h>
#include <stdlib.h>
#include "govern/shape_sim_inside.h"

bool erg_sim_psu_start(erg_sim *it, erg_error *err)
{
    const erg_scenario *scenario = it->scenario;
    size_t racks = it->cluster.rack_count, room = erg_psu_room(scenario->sample_s);

    if (!(scenario->psu_w > 0))
        return true;
    it->psu_rings = calloc(racks * room, sizeof(*it->psu_rings));
    it->psu_j = calloc(racks, sizeof(*it->psu_j));
    it->psus = calloc(racks, sizeof(*it->psus));
    if (!it->psu_rings || !it->psu_j || !it->psus)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for the supplies of %zu racks",
                        racks);
    for (size_t i = 0; i < racks; i++)
        erg_psu_begin(&it->psus[i], erg_psu_atx, scenario->psu_w, scenario->sample_s,
                      it->psu_rings + i * room);
    return true;
}

void erg_sim_psu_step(erg_sim *it, int64_t now_ns, bool is_counted)
{
    for (size_t i = 0; it->psus && i < it->cluster.rack_count; i++) {
        erg_sim_settle_rack(it, (uint32_t)i, now_ns);
        if (is_counted)
            erg_psu_step(&it->psus[i], it->psu_j[i] / it->scenario->sample_s);
        it->psu_j[i] = 0;
    }
}

void erg_sim_psu_sum(const erg_sim *it, erg_shaped *out)
{
    out->psu_violations = it->psus ? 0 : -1;
    for (size_t i = 0; it->psus && i < it->cluster.rack_count; i++) {
        out->psu_violations += (int64_t)it->psus[i].violations;
        out->psu_unseen = (int)it->psus[i].unseen;
    }
}
