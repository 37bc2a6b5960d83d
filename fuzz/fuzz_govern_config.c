/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as ergd's configuration: one that makes sense, or a sentence. */
#include <stdlib.h>
#include "erg/govern.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    erg_govern_config *config = erg_govern_config_parse("fuzz.yaml",
                                                        (const char *)bytes, size, &err);

    if (!config && (err.code == ERG_OK || !err.text[0]))
        abort();
    if (config && (!(config->period_s > 0) || config->node.floor_w > config->node.ceil_w))
        abort();
    erg_govern_config_free(config);
    return 0;
}
