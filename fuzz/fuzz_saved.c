/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the file of what knobs were at. */
#include "device/saved.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_saved saved;
    if (erg_saved_parse((const char *)bytes, size, "fuzz", &saved, NULL))
        erg_saved_free(&saved);
    return 0;
}
