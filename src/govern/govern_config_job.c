/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration says for the tools beside a node's jobs, in the words of their own
 * environment variables: ergd only hands it out (govern_settings.c).
 */
#include <math.h>
#include <stdio.h>
#include "govern/govern_keys.h"

/* In the words of ERG_MPI. Whatever kind of group a communicator is, its ranks are delayed
 * as one: phase tells by how much at most. */
bool erg_govern_job_take(erg_govern_draft *is, erg_error *err)
{
    char *to = is->config.mpi;
    const size_t room = sizeof(is->config.mpi);

    if (!is->mpi)
        return true;
    if (is->job.staggers && isnan(is->job.delay_s))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%d: stagger needs shaper.phase.max_delay, over "
                        "which groups are spread", is->name,
                        erg_govern_line_of(is->mpi, "stagger"));
    int count = snprintf(to, room, "wait=%s,wait_after=%.9gs,pace=%.9gB/s,hierarchical=%s,"
                         "deterministic=%s", is->job.wait ? is->job.wait : "busy",
                         is->job.after_s, is->job.pace_bytes_per_s,
                         is->job.levels ? "on" : "off", is->job.exact ? "on" : "off");
    if (is->job.nap_s > 0)
        count += snprintf(to + count, room - (size_t)count, ",nap=%.9gs", is->job.nap_s);
    if (is->job.staggers)
        snprintf(to + count, room - (size_t)count, ",stagger=%.9gs", is->job.delay_s);
    return true;
}
