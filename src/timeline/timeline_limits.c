/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds a device back: NVML's reasons, and one label a second. */
#include <math.h>
#include "timeline/timeline.h"

/* ---- reasons ------------------------------------------------------------------------- */

/* nvml.h, nvmlClocksEventReason*. 0x08 (hardware slowdown) is decided by 0x40 and 0x80;
 * 0x01 is idle: "not zero" would call every idle GPU throttled. The strongest first. */
static const struct { uint64_t bits; erg_hold hold; } holds[] = {
    { 0x20 | 0x40,                  ERG_HOLD_THERMAL },
    { 0x04 | 0x80,                  ERG_HOLD_POWER },
    { 0x02 | 0x08 | 0x10 | 0x100,   ERG_HOLD_OTHER },
    { 0x01,                         ERG_HOLD_IDLE },
};

static const char *const hold_names[] = {
    [ERG_HOLD_NONE] = "none", [ERG_HOLD_IDLE] = "idle", [ERG_HOLD_OTHER] = "other",
    [ERG_HOLD_POWER] = "power", [ERG_HOLD_THERMAL] = "thermal",
};

erg_hold erg_hold_of(uint64_t reasons)
{
    for (size_t i = 0; i < ERG_COUNT(holds); i++)
        if (reasons & holds[i].bits)
            return holds[i].hold;
    return ERG_HOLD_NONE;
}

const char *erg_hold_name(erg_hold hold) { return hold_names[hold]; }

/* ---- labels -------------------------------------------------------------------------- */

/* A value that was not read satisfies no test: NAN compares false. */
static const double NEARLY_FULL = 0.95, AT_WORK = 0.30, LINK_FULL = 0.85, BUSY = 0.90;

static bool has_errors(const erg_limits *of) { return of->errors > 0; }
static bool is_memory_full(const erg_limits *of) { return of->memory_used >= NEARLY_FULL; }

static bool says(const erg_limits *of, erg_hold hold)
{
    return of->reasons >= 0 && of->reasons < 0x1p53
        && erg_hold_of((uint64_t)of->reasons) == hold;
}

/* Where the use was not read, the device's own word says whether it works. */
static bool is_at_work(const erg_limits *of, erg_hold hold)
{
    return of->use >= AT_WORK || (isnan(of->use) && says(of, hold));
}

static bool is_hot(const erg_limits *of)
{
    return says(of, ERG_HOLD_THERMAL)
        || (of->temperature >= NEARLY_FULL && of->use >= AT_WORK);
}

static bool is_capped(const erg_limits *of)
{
    return of->power >= NEARLY_FULL && is_at_work(of, ERG_HOLD_POWER);
}

static bool is_link_full(const erg_limits *of) { return of->fabric >= LINK_FULL; }
static bool is_idle(const erg_limits *of)
{
    return of->use < AT_WORK || (isnan(of->use) && says(of, ERG_HOLD_IDLE));
}

static bool is_memory_busy(const erg_limits *of)
{
    return of->memory_bandwidth >= LINK_FULL;
}
static bool is_busy(const erg_limits *of) { return of->use >= BUSY; }

/* The first that holds. */
static const struct { const char *name; bool (*holds)(const erg_limits *of); } labels[] = {
    { "reliability_risk",  has_errors },
    { "memory_pressured",  is_memory_full },
    { "thermal_throttled", is_hot },
    { "power_capped",      is_capped },
    { "fabric_limited",    is_link_full },
    { "idle",              is_idle },
    { "bandwidth_bound",   is_memory_busy },
    { "compute_bound",     is_busy },
};

const char *erg_limiter_of(const erg_limits *limits)
{
    for (size_t i = 0; i < ERG_COUNT(labels); i++)
        if (labels[i].holds(limits))
            return labels[i].name;
    return "gpu_active";
}
