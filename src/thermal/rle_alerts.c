/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of some dialects warned of, sample by sample. */
#include <math.h>
#include <string.h>
#include "base/base.h"
#include "thermal/rle_inside.h"

typedef enum what { TEMP_C, VRAM_C, LOAD } what;

/* In the order in which they were joined. A limit of a temperature gives way to --limit,
 * where it is the device's own. */
static const struct {
    const erg_rle_dialect *dialect;
    const char *device;         /* NULL: any */
    what of;
    double limit;
    bool from;                  /* at the limit already, not only above it */
    const char *name;
} alerts[] = {
    { &erg_rle_v1,     "gpu", TEMP_C, 83,   true,  "GPU_TEMP_LIMIT" },
    { &erg_rle_v1,     "gpu", VRAM_C, 90,   true,  "VRAM_TEMP_LIMIT" },
    { &erg_rle_v1,     "gpu", LOAD,   1.10, false, "GPU_A_LOAD>1.10" },
    { &erg_rle_v1,     "cpu", TEMP_C, 80,   true,  "CPU_TEMP_LIMIT" },
    { &erg_rle_v1,     "cpu", LOAD,   1.10, false, "CPU_A_LOAD>1.10" },
    { &erg_rle_mobile, NULL,  TEMP_C, 50,   false, "BATTERY_TEMP_HIGH" },
    { &erg_rle_mobile, NULL,  LOAD,   1.10, false, "POWER_LIMIT" },
    { &erg_rle_suite,  NULL,  TEMP_C, 50,   false, "BATTERY_TEMP_HIGH" },
    { &erg_rle_suite,  NULL,  LOAD,   1.10, false, "POWER_LIMIT" },
};

static bool has_alerts(const erg_rle_dialect *dialect)
{
    for (size_t i = 0; i < ERG_COUNT(alerts); i++)
        if (alerts[i].dialect == dialect)
            return true;
    return false;
}

/* An unknown value warns of nothing. */
static bool is_raised(size_t at, const erg_rle_setup *setup, const erg_rle_input *in,
                      const erg_rle *out)
{
    double vram_c = in->vram_k > 0 ? erg_celsius(in->vram_k) : NAN;
    double is = alerts[at].of == LOAD ? out->load
              : alerts[at].of == VRAM_C ? vram_c : erg_celsius(in->temp_k);
    double limit = alerts[at].of == TEMP_C && alerts[at].device
        ? erg_rle_limit_c(setup, alerts[at].limit) : alerts[at].limit;

    return alerts[at].from ? is >= limit : is > limit;
}

bool erg_rle_alerts(const erg_rle_dialect *dialect, const erg_rle_setup *setup,
                    const erg_rle_input *in, const erg_rle *out, char text[], size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < ERG_COUNT(alerts); i++) {
        const char *device = alerts[i].device;
        if (alerts[i].dialect != dialect || !is_raised(i, setup, in, out))
            continue;
        if (device && strcmp(erg_rle_device_of(setup->device)->name, device) != 0)
            continue;
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "|" : "",
                                     alerts[i].name);
    }
    return has_alerts(dialect);
}
