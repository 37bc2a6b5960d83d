/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the enums, as files and tables write them. */
#include "base/base.h"
#include "erg/trace.h"

static const char *const kinds[] = {
    [ERG_INSTANT]  = "instant",
    [ERG_AVG_PREV] = "average",
    [ERG_SMOOTHED] = "smoothed",
    [ERG_COUNTER]  = "counter",
};

static const char *const methods[] = {
    [ERG_METHOD_COUNTER]   = "counter",
    [ERG_METHOD_INTEGRAL]  = "integral",
    [ERG_METHOD_MODEL]     = "model",
    [ERG_METHOD_SIMULATED] = "simulated",
};

static const char *const scopes[] = {
    [ERG_SCOPE_CHIP]    = "chip",
    [ERG_SCOPE_MEMORY]  = "memory",
    [ERG_SCOPE_BOARD]   = "board",
    [ERG_SCOPE_PACKAGE] = "package",
    [ERG_SCOPE_CORE]    = "core",
    [ERG_SCOPE_DRAM]    = "dram",
    [ERG_SCOPE_PSYS]    = "psys",
    [ERG_SCOPE_MODULE]  = "module",
    [ERG_SCOPE_NODE]    = "node",
};

static const char *const quantities[] = {
    [ERG_POWER]       = "power",
    [ERG_ENERGY]      = "energy",
    [ERG_TEMPERATURE] = "temperature",
    [ERG_CLOCK_RATE]  = "clock",
    [ERG_USE]         = "use",
    [ERG_BYTES]       = "bytes",
    [ERG_DURATION]    = "duration",
    [ERG_OTHER]       = "other",
};

const char *erg_kind_name(erg_kind kind)
{
    return (size_t)kind < ERG_COUNT(kinds) ? kinds[kind] : NULL;
}

const char *erg_method_name(erg_method method)
{
    return (size_t)method < ERG_COUNT(methods) ? methods[method] : NULL;
}

const char *erg_scope_name(erg_scope scope)
{
    return (size_t)scope < ERG_COUNT(scopes) ? scopes[scope] : NULL;
}

const char *erg_quantity_name(erg_quantity quantity)
{
    return (size_t)quantity < ERG_COUNT(quantities) ? quantities[quantity] : NULL;
}

bool erg_has_joules(erg_quantity quantity)
{
    return quantity == ERG_POWER || quantity == ERG_ENERGY;
}
