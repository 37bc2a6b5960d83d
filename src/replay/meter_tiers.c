/* SPDX-License-Identifier: Apache-2.0 */
/* Joules of tiers: a recording has a region for each, run as often as it says. */
#include <math.h>
#include <string.h>
#include "erg/energy.h"
#include "replay/meter.h"

/* "tier:gemm:hot" */
static bool parse(const char *name, int *tier, erg_replay_state *state)
{
    const char *word = name + strlen(ERG_REPLAY_TIER);

    if (strncmp(name, ERG_REPLAY_TIER, strlen(ERG_REPLAY_TIER)) != 0)
        return false;
    for (*tier = 0; *tier < ERG_TIERS; ++*tier) {
        size_t count = strlen(erg_tier_name((erg_tier)*tier));
        const char *rest = word + count;

        if (strncmp(word, erg_tier_name((erg_tier)*tier), count) != 0)
            continue;
        *state = strcmp(rest, ":cold") == 0 ? ERG_STATE_COLD : ERG_STATE_HOT;
        if (strcmp(rest, ":cold") == 0 || strcmp(rest, ":hot") == 0)
            return true;
    }
    return false;
}

static bool see(const erg_replay *replay, const erg_region *region, erg_tier_energy *to)
{
    double window_s = erg_s_from_ns(region->end_ns - region->begin_ns);
    erg_span span = { region->begin_ns, region->end_ns };
    erg_energy seen, system;

    if (region->end_ns == INT64_MAX || !(region->runs > 0)
        || !erg_trace_energy(replay->trace, replay->channel, span, &seen, NULL)
        || !seen.samples)
        return false;
    bool has_system = erg_replay_meter_system(replay, span, &system);
    *to = (erg_tier_energy){
        .steps = region->runs,
        .window_s = window_s,
        .gross_j = seen.energy_j / region->runs,
        .gross_u_j = erg_replay_without_gain(&seen) / region->runs,
        .dynamic_j = (seen.energy_j - replay->base_w * window_s) / region->runs,
        .mean_w = seen.mean_w,
        .updates = (double)seen.updates,
        .system_j = has_system ? system.energy_j / region->runs : NAN,
    };
    return true;
}

bool erg_replay_meter_tiers(erg_replay *replay)
{
    replay->has_tiers = false;
    memset(replay->tiers, 0, sizeof(replay->tiers));
    for (size_t i = 0; i < erg_trace_region_count(replay->trace); i++) {
        const erg_region *region = erg_trace_region(replay->trace, i);
        erg_replay_state state;
        int tier;

        if (parse(region->name, &tier, &state))
            replay->has_tiers |= see(replay, region, &replay->tiers[tier][state]);
    }
    return replay->has_tiers;
}
