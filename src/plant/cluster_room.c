/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster from outside: its room, what a unit draws at work, steps counted. */
#include <math.h>
#include <stdlib.h>
#include "plant/cluster.h"

bool erg_cluster_begin(erg_cluster *cluster, size_t jobs, size_t ranks, size_t racks,
                       erg_error *err)
{
    *cluster = (erg_cluster){ .job_count = jobs, .rank_count = ranks, .rack_count = racks,
                              .item_s = 1e-3 };
    cluster->jobs = calloc(jobs + 1, sizeof(*cluster->jobs));
    cluster->ranks = calloc(ranks + 1, sizeof(*cluster->ranks));
    cluster->rack_nw = calloc(racks + 1, sizeof(*cluster->rack_nw));
    if (!cluster->jobs || !cluster->ranks || !cluster->rack_nw) {
        erg_cluster_free(cluster);
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu units", ranks);
    }
    for (size_t i = 0; i < ranks; i++)
        cluster->ranks[i].twins = 1, cluster->ranks[i].lot = 1;
    return true;
}

double erg_cluster_work_w(const erg_cluster *cluster, const erg_rank *rank, double power_w)
{
    double idle_w = cluster->silicon.idle_w;

    return rank->lot == 1 ? power_w : idle_w + (power_w - idle_w) * rank->lot;
}

void erg_cluster_mark(erg_cluster *cluster)
{
    for (size_t i = 0; i < cluster->job_count; i++)
        cluster->jobs[i].marked_steps = 0;
}

double erg_job_rate(const erg_job *job)
{
    return job->marked_steps < 2 ? NAN
         : (double)(job->marked_steps - 1)
               / erg_s_from_ns(job->last_step_ns - job->first_step_ns);
}

void erg_cluster_free(erg_cluster *cluster)
{
    free(cluster->jobs);
    free(cluster->ranks);
    free(cluster->rack_nw);
    erg_agenda_free(&cluster->agenda);
    *cluster = (erg_cluster){ 0 };
}
