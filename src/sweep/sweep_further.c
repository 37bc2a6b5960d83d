/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one coordinate of the points beyond the clocks and the power limit: a knob that has
 * no column of its own, or a variable of the command's environment.
 */
#include <math.h>
#include "sweep/sweep_inside.h"

/* What has no column of its own is kept as the further coordinate, and there is one. */
static bool is_further(erg_knob which)
{
    return which > ERG_OTHER_SETTING && which != ERG_FAN;
}

bool erg_sweep_has_env(const erg_sweep_setup *setup) { return setup->env_name[0] != '\0'; }

const erg_knob_info *erg_sweep_further(const erg_sweep_setup *setup)
{
    for (size_t i = 0; i < setup->dial_count; i++)
        if (is_further(setup->dials[i].knob))
            return &erg_knob_infos[setup->dials[i].knob];
    return NULL;
}

const char *erg_sweep_other(const erg_sweep_setup *setup)
{
    const erg_knob_info *further = erg_sweep_further(setup);

    return erg_sweep_has_env(setup) ? setup->env_name : further ? further->column : NULL;
}

erg_knob_setting erg_sweep_kept(const erg_knob_setting *setting)
{
    erg_knob_setting kept = *setting;

    for (int i = 0; i < ERG_KNOBS; i++) {
        if (!is_further((erg_knob)i) || isnan(kept.at[i]))
            continue;
        kept.at[ERG_OTHER_SETTING] = kept.at[i] / erg_knob_infos[i].per_column_unit;
        kept.at[i] = NAN;
    }
    return kept;
}

bool erg_sweep_check_further(const erg_sweep_setup *setup, erg_knob which, erg_error *err)
{
    const erg_knob_info *had = erg_sweep_further(setup);

    if (!is_further(which) || (!had && !erg_sweep_has_env(setup)))
        return true;
    return erg_fail(err, ERG_BAD_INPUT, "--knob %s beside %s: a sweep takes one of those "
                    "that are neither a clock nor power_limit; make two sweeps of it",
                    erg_knob_infos[which].name, had ? had->name : setup->env_name);
}
