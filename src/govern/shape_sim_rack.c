/* SPDX-License-Identifier: Apache-2.0 */
/* Governors of racks in a simulation: they look at a mean, and share a budget out. */
#include <math.h>
#include <stdlib.h>
#include "govern/shape_sim_inside.h"
#include "shape/water_fill.h"

static size_t first_of(const erg_sim *it, size_t rack)
{
    return rack * it->scenario->units_per_rack;
}

static size_t end_of(const erg_sim *it, size_t rack)
{
    size_t end = first_of(it, rack + 1);

    return end < it->scenario->units ? end : it->scenario->units;
}

bool erg_sim_govern(erg_sim *it, uint64_t key, erg_error *err)
{
    size_t racks = it->cluster.rack_count, units = it->scenario->units;

    if (it->over == it->chain->count)
        return true;
    it->governors = calloc(racks, sizeof(*it->governors));
    it->rack_j = calloc(racks, sizeof(*it->rack_j));
    it->unit_cap_w = calloc(units, sizeof(*it->unit_cap_w));
    if (!it->governors || !it->rack_j || !it->unit_cap_w)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu governors", racks);
    for (size_t i = 0; i < units; i++)
        it->unit_cap_w[i] = INFINITY;
    for (size_t i = 0; i < racks; i++) {
        erg_policy_setup setup = erg_sim_setup(it, it->over, key, (uint64_t)4 << 40 | i);
        it->chain->policies[it->over]->start(&it->governors[i], &setup);
    }
    const erg_policy_in in = { .heat = NAN };
    erg_policy_out out = erg_policy_free();
    it->chain->policies[it->over]->step(&it->governors[0], &in, 0, &out);
    it->look_s = out.again_s;
    it->look_ns = erg_ns_from_s(it->look_s);
    return true;
}

/* Shares budget_w among the units of a rack by what they want;
 * tells those that it changes. */
static bool share_out(erg_sim *it, size_t rack, double budget_w, erg_error *err)
{
    size_t first = first_of(it, rack), n = end_of(it, rack) - first;
    double idle_w = it->scenario->silicon.idle_w, most_w = it->scenario->peak_w;
    erg_claim *claims = calloc(n, sizeof(*claims));
    size_t *order = calloc(n, sizeof(*order));
    double *grants_w = calloc(n, sizeof(*grants_w));
    bool ok = (claims && order && grants_w)
           || erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu units", n);

    for (size_t i = 0; ok && i < n; i++) {
        double want_w = it->cluster.ranks[first + i].want_w;
        claims[i] = (erg_claim){ idle_w, fmax(idle_w, fmin(want_w, most_w)), most_w, 1, 0 };
    }
    if (ok)
        erg_water_fill(claims, n, fmin(budget_w, (double)n * most_w), order, grants_w);
    for (size_t i = 0; ok && i < n; i++) {
        double cap_w = grants_w[i] < most_w ? grants_w[i] : INFINITY;
        if (cap_w == it->unit_cap_w[first + i])
            continue;
        it->unit_cap_w[first + i] = cap_w;
        ok = erg_cluster_poke(&it->cluster, first + i, err);
    }
    free(claims);
    free(order);
    free(grants_w);
    return ok;
}

static bool look(erg_sim *it, size_t rack, erg_error *err)
{
    erg_policy_out out = erg_policy_free();

    erg_sim_settle_rack(it, (uint32_t)rack, it->look_ns);
    const erg_policy_in in = {
        .power_w = it->rack_j[rack] / it->look_s,
        .heat = it->breakers ? it->breakers[rack].theta / it->breakers[rack].trip : NAN,
    };
    it->rack_j[rack] = 0;
    it->chain->policies[it->over]->step(&it->governors[rack], &in, it->look_s, &out);
    return share_out(it, rack, out.cap_w, err);
}

bool erg_sim_advance(erg_sim *it, int64_t until_ns, erg_error *err)
{
    while (it->governors && it->look_ns <= until_ns) {
        if (!erg_cluster_run(&it->cluster, it->look_ns, err))
            return false;
        for (size_t i = 0; i < it->cluster.rack_count; i++)
            if (!look(it, i, err))
                return false;
        it->look_ns += erg_ns_from_s(it->look_s);
    }
    return erg_cluster_run(&it->cluster, until_ns, err);
}
