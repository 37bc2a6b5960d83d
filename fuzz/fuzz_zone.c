/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a TZif file. */
#include "format/stamp.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_zone *zone = erg_zone_parse((const char *)bytes, size, NULL);
    int64_t earlier, later;
    for (int64_t s = -4000000000; zone && s < 7000000000; s += 555555555)
        erg_zone_utc(zone, s, &earlier, &later);
    erg_zone_free(zone);
    return 0;
}
