/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hint is told where it saves at least 5 % and more than the interval of the
 * difference.
 *
 * Two runs of one profile share its residual: the difference D is then as
 * uncertain as D itself, plus what one grade is more uncertain than the other.
 * Runs of two devices share nothing.
 */
#include <math.h>
#include <stdio.h>
#include "estimate/hints.h"

enum { TOUCHED_MOST = 3 };
const double erg_saving_least = 0.05;

static double half_width(const erg_estimate *energy)
{
    return 0.5 * log(energy->high_j / energy->low_j);
}

static double difference_half_width(const erg_case *base, const erg_case *other,
                                    double saving_j, double other_j)
{
    double q = half_width(&base->estimation->total),
           p = half_width(&other->estimation->total);

    if (base->setting.device != other->setting.device)
        return hypot(base->estimation->total.total_j * q, other_j * p);
    return hypot(saving_j * q, other_j * sqrt(fabs(p * p - q * q)));
}

/* Names of the subgraphs that save most, where both runs have the same ones. */
static void name_touched(const erg_adviser *all, const erg_case *other, erg_hint *one)
{
    const erg_estimation *a = all->base->estimation, *b = other->estimation;
    double scale = (double)all->base->setting.batch / (double)other->setting.batch;
    double least = INFINITY;
    size_t used = 0;

    if (a->partition->subgraph_count != b->partition->subgraph_count)
        return;
    for (int found = 0; found < TOUCHED_MOST; found++) {
        int32_t best = -1;
        double most = 0;
        for (int32_t s = 0; s < a->partition->subgraph_count; s++) {
            double saved = a->energy[s].total_j - scale * b->energy[s].total_j;
            if (saved < least && saved > most) {
                most = saved;
                best = s;
            }
        }
        if (best < 0 || used >= sizeof(one->touches))
            return;
        least = most;
        int wrote = snprintf(one->touches + used, sizeof(one->touches) - used, "%s%s",
                             used ? " " : "", a->partition->subgraphs[best].name);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

/* Memory is planned only for what is worth telling. */
static bool is_told(const erg_adviser *all, erg_case *other, erg_hint *one)
{
    if (all->count == ERG_HINTS_MOST
        || (!other->memory && !erg_case_plan(all->desk, other)))
        return false;
    one->memory_bytes = other->estimation->peak_memory_bytes
        - all->base->estimation->peak_memory_bytes;
    return erg_case_fits(other);
}

void erg_hint_weigh(erg_adviser *all, erg_case *other, erg_hint one)
{
    const erg_estimation *a = all->base->estimation, *b = other->estimation;
    double scale = (double)all->base->setting.batch / (double)other->setting.batch;
    double other_j = scale * b->total.total_j;

    one.saving_j = a->total.total_j - other_j;
    one.saving = one.saving_j / a->total.total_j;
    one.latency_s = b->latency_s - a->latency_s;
    if (fabs(one.latency_s) < 1e-9 * a->latency_s)
        one.latency_s = 0;      /* sums in another order */
    one.half_width_j = difference_half_width(all->base, other, one.saving_j, other_j);
    bool pays = one.saving >= erg_saving_least && one.saving_j > one.half_width_j;
    if ((!pays && !one.for_memory) || !is_told(all, other, &one))
        return;
    if (!pays && !(-one.memory_bytes >= erg_saving_least * a->peak_memory_bytes))
        return;
    name_touched(all, other, &one);
    all->list[all->count++] = one;
}
