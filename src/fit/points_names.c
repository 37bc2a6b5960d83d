/* SPDX-License-Identifier: Apache-2.0 */
/* Knobs, states and definitions by name. */
#include <math.h>
#include <string.h>
#include "fit/points_inside.h"

const erg_knob_info erg_knob_infos[ERG_KNOBS] = {
    [ERG_SM_CLOCK]      = { "sm_clock",    "Hz", "sm_clock_mhz",  1e6 },
    [ERG_POWER_LIMIT]   = { "power_limit", "W",  "power_cap_w",   1   },
    [ERG_CPU_CLOCK]     = { "cpu_clock",   "Hz", "cpu_clock_mhz", 1e6 },
    [ERG_MEM_CLOCK]     = { "mem_clock",   "Hz", "mem_clock_mhz", 1e6 },
    [ERG_OTHER_SETTING] = { "setting",     "",   "setting",       1   },
    [ERG_FAN]           = { "fan",         "",   "fan_pct",       0.01 },
    [ERG_CPU_MAX]       = { "cpu_max",     "",   "cpu_max",       1   },
    [ERG_WORKLOAD_PROFILE]  = { "workload_profile",  "", "workload_profile",  1, true },
    [ERG_SMOOTHING]         = { "smoothing",         "", "smoothing",         1, true },
    [ERG_SMOOTHING_PROFILE] = { "smoothing_profile", "", "smoothing_profile", 1, true },
    [ERG_SMOOTHING_FLOOR]   = { "smoothing_floor", "", "smoothing_floor_pct", 0.01, true },
    [ERG_SMOOTHING_RAMP_UP] = { "smoothing_ramp_up", "W/s", "smoothing_ramp_up_w_per_s",
                                1 },
    [ERG_SMOOTHING_RAMP_DOWN]     = { "smoothing_ramp_down", "W/s",
                                      "smoothing_ramp_down_w_per_s", 1 },
    [ERG_SMOOTHING_HYSTERESIS]    = { "smoothing_hysteresis", "s",
                                      "smoothing_hysteresis_ms", 1e-3, true },
    [ERG_SMOOTHING_SECOND_FLOOR]  = { "smoothing_second_floor", "W",
                                      "smoothing_second_floor_w", 1, true },
    [ERG_SMOOTHING_ACTIVE_WINDOW] = { "smoothing_active_window", "",
                                      "smoothing_active_window", 1, true },
    [ERG_SMOOTHING_TARGET_WINDOW] = { "smoothing_target_window", "",
                                      "smoothing_target_window", 1, true },
    [ERG_SMOOTHING_OFFSET]        = { "smoothing_offset", "W", "smoothing_offset_w", 1,
                                      true },
};

static const char *const states[ERG_VISIT_STATES] = {
    [ERG_VISIT_OK] = "ok",
    [ERG_VISIT_NOT_COVERED] = "not_covered",
    [ERG_VISIT_CONTAMINATED] = "contaminated",
    [ERG_VISIT_CACHE_MISSES] = "cache_misses",
    [ERG_VISIT_THROTTLED] = "throttled",
    [ERG_VISIT_CLOCK_NOT_REACHED] = "clock_not_reached",
    [ERG_VISIT_TIMEOUT] = "timeout",
    [ERG_VISIT_FAILED] = "failed",
};

static const char *const activities[] = {
    [ERG_ACTIVITY_UNKNOWN] = "unknown",
    [ERG_ACTIVITY_HALF] = "half",
    [ERG_ACTIVITY_SUM] = "sum",
    [ERG_ACTIVITY_ALL] = "all",
};

static bool find(const char *const names[], size_t count, const char *name, size_t *out)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) {
            *out = i;
            return true;
        }
    return false;
}

bool erg_knob_parse(const char *name, erg_knob *out)
{
    for (int i = 0; i < ERG_KNOBS; i++)
        if (strcmp(erg_knob_infos[i].name, name) == 0) {
            *out = (erg_knob)i;
            return true;
        }
    return false;
}

bool erg_knob_value_parse(const char *text, size_t size, erg_knob knob, double *out)
{
    const erg_knob_info *info = &erg_knob_infos[knob];
    char copy[64];

    if (erg_number_parse(text, size, '.', out)) {
        *out *= info->per_column_unit;
    } else {
        if (size >= sizeof(copy))
            return false;
        memcpy(copy, text, size);
        copy[size] = '\0';
        if (!erg_quantity_parse(copy, *info->unit ? info->unit : "%", out, NULL))
            return false;
    }
    return *out > 0 || (info->from_zero && *out == 0);
}

const char *erg_visit_state_name(erg_visit_state state)
{
    return states[state];
}

bool erg_visit_state_parse(const char *name, erg_visit_state *out)
{
    size_t index;
    bool found = find(states, ERG_COUNT(states), name, &index);
    if (found)
        *out = (erg_visit_state)index;
    return found;
}

const char *erg_activity_name(erg_activity definition)
{
    return activities[definition];
}

bool erg_activity_parse(const char *name, erg_activity *out)
{
    size_t index;
    bool found = find(activities, ERG_COUNT(activities), name, &index);
    if (found)
        *out = (erg_activity)index;
    return found;
}

erg_knob_setting erg_knob_setting_none(void)
{
    erg_knob_setting none;
    for (int i = 0; i < ERG_KNOBS; i++)
        none.at[i] = NAN;
    return none;
}

int erg_knob_setting_compare(const erg_knob_setting *a, const erg_knob_setting *b)
{
    for (int i = 0; i < ERG_KNOBS; i++) {
        if (isnan(a->at[i]) || isnan(b->at[i])) {
            if (isnan(a->at[i]) != isnan(b->at[i]))
                return isnan(a->at[i]) ? 1 : -1;
            continue;
        }
        if (a->at[i] > b->at[i] || a->at[i] < b->at[i])
            return a->at[i] > b->at[i] ? -1 : 1;
    }
    return 0;
}

bool erg_knob_setting_equal(const erg_knob_setting *a, const erg_knob_setting *b)
{
    return erg_knob_setting_compare(a, b) == 0;
}
