/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes into the readers of a campaign's two logs, and into what tells them apart. */
#include <stdlib.h>
#include "sweep/campaign.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static const erg_campaign_log kinds[] = { ERG_LOG_TIMING, ERG_LOG_EXPERIMENT };
    const char *text = (const char *)bytes;

    erg_campaign_sniff(text, size);
    for (size_t i = 0; i < ERG_COUNT(kinds); i++) {
        erg_error err = { 0 };
        erg_campaign campaign = { .points = erg_points_new(&err) };
        bool good = campaign.points
            && erg_campaign_read_log(&campaign, kinds[i], "fuzz", text, size, &err);
        if (!good && err.code == ERG_OK)
            __builtin_trap();       /* a failure has a sentence */
        free(campaign.runs);
        erg_points_free(campaign.points);
    }
    return 0;
}
