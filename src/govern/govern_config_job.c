/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration says for the tools beside a node's jobs, in the words of their own
 * environment variables: ergd only hands it out (govern_settings.c).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "govern/govern_keys.h"

/* Delays by chance, in the words of both variables; "": none. */
static void put_jitter(const erg_govern_draft *is, char *to, size_t room)
{
    const erg_govern_range *jitter = &is->config.shaper.jitter_s;

    to[0] = '\0';
    if (jitter->high > 0)
        snprintf(to, room, "jitter_from=%.9gs,jitter=%.9gs,rng_key=%lld,every=%lld",
                 jitter->low, jitter->high, (long long)is->config.shaper.rng_key,
                 (long long)is->job.every);
}

/* In the words of ERG_MPI. Whatever kind of group a communicator is, its ranks are delayed
 * as one: phase tells by how much at most. */
bool erg_govern_job_take(erg_govern_draft *is, erg_error *err)
{
    char *to = is->config.mpi;
    const size_t room = sizeof(is->config.mpi);

    put_jitter(is, is->config.offsets, sizeof(is->config.offsets));
    erg_text_put(to, room, is->config.offsets);
    if (!is->mpi)
        return true;
    if (is->job.staggers && isnan(is->job.delay_s))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:%d: stagger needs shaper.phase.max_delay, over "
                        "which groups are spread", is->name,
                        erg_yaml_line_of(is->mpi, "stagger"));
    int count = snprintf(to, room, "wait=%s,wait_after=%.9gs,pace=%.9gB/s,hierarchical=%s,"
                         "deterministic=%s", is->job.wait ? is->job.wait : "busy",
                         is->job.after_s, is->job.pace_bytes_per_s,
                         is->job.levels ? "on" : "off", is->job.exact ? "on" : "off");
    if (is->job.nap_s > 0)
        count += snprintf(to + count, room - (size_t)count, ",nap=%.9gs", is->job.nap_s);
    if (is->job.staggers)
        count += snprintf(to + count, room - (size_t)count, ",stagger=%.9gs",
                          is->job.delay_s);
    if (is->config.offsets[0])
        snprintf(to + count, room - (size_t)count, ",%s", is->config.offsets);
    return true;
}

/* ---- cap ----------------------------------------------------------------------------- */

static bool has_way(const erg_govern_config *config, const char *way)
{
    const erg_govern_list *ways = &config->cap.enforcement;

    for (size_t i = 0; i < ways->count; i++)
        if (strcmp(ways->items[i], way) == 0)
            return true;
    return false;
}

bool erg_govern_has_gate(const erg_govern_config *config)
{
    return has_way(config, "launch_gate");
}

bool erg_govern_has_bucket(const erg_govern_config *config)
{
    const char *policy = config->cap.policy;

    return policy && strcmp(policy, "token_bucket") == 0;
}

/* The bucket is in the launch gate of the jobs: without it the cap is the power limits'. */
bool erg_govern_cap_take(erg_govern_draft *is, erg_error *err)
{
    erg_govern_config *config = &is->config;
    const erg_govern_list *ways = &config->cap.enforcement;

    for (size_t i = 0; i < ways->count; i++)
        if (strcmp(ways->items[i], "power_limit") != 0
            && strcmp(ways->items[i], "launch_gate") != 0)
            return erg_fail(err, ERG_BAD_INPUT, "%s:%d: enforcement lists power_limit and "
                            "launch_gate, not '%.40s'", is->name, is->enforcement->line,
                            ways->items[i]);
    config->cap.by_gate = erg_govern_has_gate(config) && erg_govern_has_bucket(config);
    config->cap.by_limit = !config->cap.by_gate || has_way(config, "power_limit");
    return !config->cap.by_gate || config->cap.limit_w > 0
        || erg_fail(err, ERG_BAD_INPUT, "%s:%d: a token bucket needs cap.limit, the watts "
                    "that flow into it", is->name, erg_yaml_line_of(is->cap, "policy"));
}
