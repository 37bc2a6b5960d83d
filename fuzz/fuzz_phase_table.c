/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a table of phases out of a sweep: clocks above 0, or a sentence. */
#include <stdlib.h>
#include "govern/phase_table.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_phase_table table;
    erg_error err = { 0 };

    if (!erg_phase_table_parse("fuzz.csv", (const char *)bytes, size, &table, &err)) {
        if (err.code == ERG_OK || !err.text[0])
            abort();
        return 0;
    }
    if (table.count == 0 || table.count > ERG_PHASE_TABLE_MOST)
        abort();
    for (size_t i = 0; i < table.count; i++)
        if (!(erg_phase_table_find(&table, table.rows[i].name) > 0))
            abort();
    return 0;
}
