/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a scenario: one that can be run, or a sentence. */
#include <stdlib.h>
#include "erg/shape.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    erg_scenario *scenario = erg_scenario_parse("fuzz.yaml", (const char *)bytes,
                                                size, &err);

    if (!scenario && (err.code == ERG_OK || !err.text[0]))
        abort();
    erg_scenario_free(scenario);
    return 0;
}
