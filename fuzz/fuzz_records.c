/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as result records: records, or a sentence. */
#include <stdlib.h>
#include "decide/decide.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    size_t count;
    erg_choice_record *records =
        erg_choice_records_parse("fuzz", (const char *)bytes, size, &count, &err);

    if (!records && (err.code == ERG_OK || !err.text[0]))
        abort();
    free(records);
    return 0;
}
