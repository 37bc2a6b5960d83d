/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a stamp, in every order of dates. */
#include "format/stamp.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    for (int order = ERG_DATE_UNSAID; order <= ERG_DATE_YMD; order++) {
        erg_stamp_style style = { .order = (erg_date_order)order,
                                  .decimal = size % 2 ? '.' : ',' };
        erg_stamp stamp;
        int64_t count_ns;
        erg_stamp_parse((const char *)bytes, size, &style, &stamp);
        erg_stamp_count((const char *)bytes, size, ERG_NS_PER_MS, '.', &count_ns);
    }
    double value;
    erg_number_parse((const char *)bytes, size, '.', &value);
    return 0;
}
