/* SPDX-License-Identifier: Apache-2.0 */
/* The watts of a synchronous job in a simulation, shared out by its units' epochs. */
#include <math.h>
#include <stdlib.h>
#include "govern/shape_sim_inside.h"
#include "shape/balance.h"

struct erg_sim_balance {
    double budget_w;            /* of a unit, in the mean */
    double *cap_w;              /* of each rank */
    double (*times_s)[ERG_BALANCE_EPOCHS];
    uint8_t *counts;            /* of those times */
    uint32_t *full;             /* of each job: ranks that have all of them */
    erg_balance_rank *ranks;
};

bool erg_sim_balance_start(erg_sim *it, erg_error *err)
{
    size_t ranks = it->cluster.rank_count, which = it->over_job;
    erg_policy_state state = { 0 };
    erg_policy_out out = erg_policy_free();
    const erg_policy_in in = { .heat = NAN };

    if (which == it->chain->count)
        return true;
    erg_sim_balance *made = it->balance = calloc(1, sizeof(*made));
    if (made) {
        made->cap_w = calloc(ranks, sizeof(*made->cap_w));
        made->times_s = calloc(ranks, sizeof(*made->times_s));
        made->counts = calloc(ranks, sizeof(*made->counts));
        made->full = calloc(it->cluster.job_count, sizeof(*made->full));
        made->ranks = calloc(ranks, sizeof(*made->ranks));
    }
    if (!made || !made->cap_w || !made->times_s || !made->counts || !made->full
        || !made->ranks)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu units", ranks);
    const erg_policy_setup setup = erg_sim_setup(it, which, 0, 0);
    it->chain->policies[which]->start(&state, &setup);
    it->chain->policies[which]->step(&state, &in, 0, &out);
    made->budget_w = out.cap_w;
    for (size_t i = 0; i < ranks; i++)
        made->cap_w[i] = out.cap_w;
    return true;
}

void erg_sim_balance_end(erg_sim *it)
{
    if (!it->balance)
        return;
    free(it->balance->cap_w);
    free(it->balance->times_s);
    free(it->balance->counts);
    free(it->balance->full);
    free(it->balance->ranks);
    free(it->balance);
}

double erg_sim_balance_cap(const erg_sim *it, uint32_t rank)
{
    return it->balance ? it->balance->cap_w[rank] : INFINITY;
}

/* Whoever draws what it wants is below its cap: more would not make it faster. */
static bool share(erg_sim *it, const erg_job *job, erg_error *err)
{
    erg_sim_balance *of = it->balance;
    erg_balance_rank *ranks = of->ranks;

    for (uint32_t k = 0; k < job->ranks; k++) {
        uint32_t rank = job->first + k;
        double work_w = erg_cluster_work_w(&it->cluster, &it->cluster.ranks[rank],
                                           it->scenario->peak_w);
        ranks[k] = (erg_balance_rank){
            erg_balance_epoch(of->times_s[rank]), work_w, it->scenario->silicon.idle_w,
            fmax(of->budget_w, work_w), of->cap_w[rank],
        };
        of->counts[rank] = 0;
    }
    erg_balance_share(ranks, job->ranks, of->budget_w * job->ranks);
    for (uint32_t k = 0; k < job->ranks; k++) {
        bool same = of->cap_w[job->first + k] == ranks[k].cap_w;
        of->cap_w[job->first + k] = ranks[k].cap_w;
        if (!same && !erg_cluster_poke(&it->cluster, job->first + k, err))
            return false;
    }
    return true;
}

bool erg_sim_balance_worked(erg_sim *it, uint32_t rank, double time_s, erg_error *err)
{
    erg_sim_balance *of = it->balance;
    uint32_t number = it->cluster.ranks[rank].job;
    const erg_job *job = &it->cluster.jobs[number];

    if (of->counts[rank] == ERG_BALANCE_EPOCHS)
        return true;
    of->times_s[rank][of->counts[rank]++] = time_s;
    if (of->counts[rank] < ERG_BALANCE_EPOCHS || ++of->full[number] < job->ranks)
        return true;
    of->full[number] = 0;
    return share(it, job, err);
}
