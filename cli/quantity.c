/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "estimate.h"

typedef struct prefix { double factor; const char *name; } prefix;

static const prefix prefixes[] = {
    { 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" }, { 1, "" },
    { 1e-3, "m" }, { 1e-6, "u" }, { 1e-9, "n" },
};

static const prefix *prefix_of(double value)
{
    for (size_t i = 0; i < CLI_COUNT(prefixes); i++)
        if (fabs(value) >= 0.9995 * prefixes[i].factor)
            return &prefixes[i];
    return &prefixes[4];
}

void cli_quantity(double value, const char *unit, char to[CLI_QUANTITY_MOST])
{
    const prefix *by = prefix_of(value);

    if (isfinite(value))
        snprintf(to, CLI_QUANTITY_MOST, "%.3g %s%s", value / by->factor, by->name, unit);
    else
        snprintf(to, CLI_QUANTITY_MOST, "n/a");
}

void cli_bytes(int64_t bytes, char to[CLI_QUANTITY_MOST])
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    double value = (double)bytes;
    size_t at = 0;

    if (bytes == ERG_NONE) {
        snprintf(to, CLI_QUANTITY_MOST, "n/a");
        return;
    }
    while (value >= 999.5 && at + 1 < CLI_COUNT(units)) {
        value /= 1024;
        at++;
    }
    snprintf(to, CLI_QUANTITY_MOST, "%.3g %s", value, units[at]);
}

void cli_interval(const double at[3], const char *unit, char to[], size_t size)
{
    const prefix *by = prefix_of(at[0]);
    char value[CLI_QUANTITY_MOST];

    cli_quantity(at[0], unit, value);
    if (isfinite(at[1]) && isfinite(at[2]))
        snprintf(to, size, "%s (%.3g .. %.3g)", value, at[1] / by->factor,
                 at[2] / by->factor);
    else
        snprintf(to, size, "%s", value);
}
