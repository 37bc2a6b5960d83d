/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as analysis_ID.json and as CSV_metadata.json: facts whose texts end, or a
 * sentence. */
#include <stdlib.h>
#include <string.h>
#include "couple/session_inside.h"

static void parse_sidecar(const char *bytes, size_t size)
{
    erg_session_facts facts = erg_session_unknown;
    erg_error err = { 0 };
    bool ok = erg_session_sidecar_parse("fuzz", bytes, size, &facts, &err);

    if (ok ? strlen(facts.notes) >= sizeof(facts.notes) || strchr(facts.notes, '\n') != NULL
           : err.code == ERG_OK || !err.text[0])
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_session_facts facts = erg_session_unknown;
    erg_error err = { 0 };

    parse_sidecar((const char *)bytes, size);
    if (!erg_session_facts_parse("fuzz", (const char *)bytes, size, &facts, &err)) {
        if (err.code == ERG_OK || !err.text[0])
            abort();
        return 0;
    }
    if (strlen(facts.id) >= sizeof(facts.id) || strlen(facts.stamp) >= sizeof(facts.stamp))
        abort();
    return 0;
}
