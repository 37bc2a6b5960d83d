/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a line of ergd's socket or journal:
 * a request that makes sense, or a sentence. */
#include <math.h>
#include <stdlib.h>
#include "erg/govern.h"
#include "govern/journal.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    erg_govern_request request;
    erg_journal_entry entry;

    if (!erg_govern_request_parse((const char *)bytes, size, &request, &err)) {
        if (err.code == ERG_OK || !err.text[0])
            abort();
    } else if (!(request.for_s > 0)
               || (request.verb == ERG_GOVERN_SET
                   && !(request.cap_w > 0 || request.clock_hz > 0 || request.knob[0]))
               || (request.verb == ERG_GOVERN_WORK
                   && (request.units < 0
                       || (!isnan(request.units) && !request.phase[0])))) {
        abort();
    }
    erg_journal_parse((const char *)bytes, size, &entry);
    return 0;
}
