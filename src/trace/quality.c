/* SPDX-License-Identifier: Apache-2.0 */
/* Words for how good a figure is, and for what was subtracted. */
#include <string.h>
#include "base/base.h"
#include "trace/ends.h"

static const struct { const char *name, *about; } qualities[] = {
    [ERG_QUALITY_GOOD] = { "good", "at least 50 sensor updates, 99 % covered, no flag" },
    [ERG_QUALITY_FAIR] = { "fair", "at least 10 sensor updates and 95 % covered" },
    [ERG_QUALITY_TOO_SHORT] = { "too_short",
        "fewer than 10 sensor updates: repeat the work until it lasts longer" },
    [ERG_QUALITY_PARTIAL] = { "partial",
        "less than 95 % of the window was seen; the figure is for that part" },
    [ERG_QUALITY_ALIASED] = { "aliased",
        "the sensor looks at nearly the period of the load: use --dither or a counter" },
    [ERG_QUALITY_SHARED] = { "shared", "joules of others on the same device are in it" },
    [ERG_QUALITY_MODELLED] = { "modelled", "estimated by a model, nothing was measured" },
    [ERG_QUALITY_SIMULATED] = { "simulated", "a simulated device, nothing was measured" },
    [ERG_QUALITY_NO_DATA] = { "no_data", "nothing was measured there" },
};

static const char *const policies[] = {
    [ERG_IDLE_GROSS]         = "gross",
    [ERG_IDLE_DEEP]          = "deep_idle",
    [ERG_IDLE_CONTEXT]       = "context_idle",
    [ERG_IDLE_CLOCKS_LOCKED] = "clocks_locked_idle",
};

erg_bounds erg_bounds_of(erg_method method, double value, double half_width)
{
    double low = value - half_width;
    if (method == ERG_METHOD_MODEL && value > 0)
        low = value / (1 + half_width / value);
    return (erg_bounds){ low, value + half_width };
}

erg_energy_ends erg_energy_ends_of(const erg_energy *energy)
{
    return (erg_energy_ends){
        .gross_j = erg_bounds_of(energy->method, energy->energy_j, energy->spread_j),
        .net_j = erg_bounds_of(energy->method, energy->net_j, energy->net_spread_j),
        .mean_w = erg_bounds_of(energy->method, energy->mean_w, energy->mean_spread_w),
        .peak_w = erg_bounds_of(energy->method, energy->peak_w, energy->peak_spread_w),
        .min_w = erg_bounds_of(energy->method, energy->min_w, energy->min_spread_w),
        .idle_w = erg_bounds_of(energy->method, energy->idle_w, energy->idle_spread_w),
    };
}

const char *erg_quality_name(erg_quality quality)
{
    return (size_t)quality < ERG_COUNT(qualities) ? qualities[quality].name : NULL;
}

const char *erg_quality_about(erg_quality quality)
{
    return (size_t)quality < ERG_COUNT(qualities) ? qualities[quality].about : NULL;
}

const char *erg_idle_policy_name(erg_idle_policy policy)
{
    return (size_t)policy < ERG_COUNT(policies) ? policies[policy] : NULL;
}

bool erg_idle_policy_parse(const char *name, erg_idle_policy *out)
{
    for (size_t i = 0; i < ERG_COUNT(policies); i++)
        if (strcmp(policies[i], name) == 0) {
            *out = (erg_idle_policy)i;
            return true;
        }
    return false;
}
