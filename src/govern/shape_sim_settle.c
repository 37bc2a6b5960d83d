/* SPDX-License-Identifier: Apache-2.0 */
/* What a rack drew since it was last looked at, handed on to its supplies and breaker. */
#include "govern/shape_sim_inside.h"

void erg_sim_settle_rack(erg_sim *it, uint32_t rack, int64_t now_ns)
{
    double dt_s = erg_s_from_ns(now_ns - it->rack_at_ns[rack]);
    double load_w = erg_w_from_nw(it->cluster.rack_nw[rack]), mean_w = load_w;

    if (dt_s <= 0)
        return;
    it->rack_at_ns[rack] = now_ns;
    if (it->governors)
        it->rack_j[rack] += load_w * dt_s;
    if (it->supplies) {
        erg_policy_out out = erg_policy_free();
        erg_policy_in in = { .power_w = load_w };
        it->chain->policies[it->supply]->step(&it->supplies[rack], &in, dt_s, &out);
        mean_w = (it->supply_w[rack] + out.supply_w) / 2;
        it->supply_w[rack] = out.supply_w;
    }
    if (it->psus)
        it->psu_j[rack] += mean_w * dt_s;
    if (!it->breakers)
        return;
    erg_breaker_step(&it->breakers[rack], mean_w, dt_s);
    it->rack_w2s[rack] += mean_w * mean_w * dt_s;
}
