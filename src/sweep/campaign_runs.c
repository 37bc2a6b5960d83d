/* SPDX-License-Identifier: Apache-2.0 */
/* The runs of a campaign, by the names of their files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "sweep/campaign.h"
#include "import/formats/named_clock.h"

static void put_part(char *to, size_t size, const char *begin, const char *end)
{
    snprintf(to, size, "%.*s", (int)(end - begin), begin);
}

void erg_campaign_name(const char *path, char *id, size_t size, double *clock_hz)
{
    const char *base = erg_path_base(path), *at = base;
    bool ours = strncmp(base, "run_", 4) == 0;
    const char *freq = ours ? strstr(base, "_freq_") : NULL;
    const char *end = freq;
    static const char *const tails[] = { "_profile", "_app", "." };

    for (size_t i = 0; i < ERG_COUNT(tails) && !end; i++)
        end = strstr(base, tails[i]);
    if (!end)
        end = base + strlen(base);
    put_part(id, size, ours ? base + 4 : base, end);
    double mhz = freq ? strtod(freq + strlen("_freq_"), NULL) : erg_named_clock(&at);
    *clock_hz = mhz > 0 && mhz < 1e5 ? 1e6 * mhz : NAN;
}

erg_campaign_run *erg_campaign_find(erg_campaign *campaign, const char *id, double clock_hz,
                                    erg_error *err)
{
    for (size_t i = 0; i < campaign->count; i++) {
        erg_campaign_run *run = &campaign->runs[i];
        if (strcmp(run->id, id) == 0 && !(fabs(run->clock_hz - clock_hz) > 0)) {
            if (isnan(run->clock_hz))
                run->clock_hz = clock_hz;
            return run;
        }
    }
    if (!erg_grow((void **)&campaign->runs, &campaign->capacity, campaign->count,
                  sizeof(*campaign->runs), err))
        return NULL;
    erg_campaign_run *run = &campaign->runs[campaign->count++];
    *run = (erg_campaign_run){ .clock_hz = clock_hz, .duration_s = NAN, .exit_code = -1 };
    erg_text_put(run->id, sizeof(run->id), id);
    return run;
}
