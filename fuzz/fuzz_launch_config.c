/* SPDX-License-Identifier: Apache-2.0 */
/* Any ERG_LAUNCH: read within bounds, or refused with a sentence and the neutral left. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "launch/gate.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    char *text = calloc(1, size + 1);
    gate_config config;
    erg_error err = { 0 };

    if (!text)
        return 0;
    if (size)
        memcpy(text, bytes, size);
    bool good = gate_config_parse(text, &config, &err);
    const erg_launch_budget *asked = &config.budget.budget;
    bool has_budget = asked->power_w > 0 || asked->slot_w > 0;
    if (!good && (!*err.text || config.in_flight > 0 || has_budget))
        abort();
    if (!memchr(config.budget.sensor, '\0', sizeof(config.budget.sensor))
        || !(config.in_flight >= 0 && config.in_flight <= GATE_MOST)
        || !(offset_s(&config.offset, 3, 0) >= 0))
        abort();
    erg_launch_gate *gate = has_budget ? erg_launch_gate_new(asked, &err) : NULL;
    if (has_budget && !gate)
        abort();                /* what was taken is a budget */
    erg_launch_gate_free(gate);
    free(text);
    return 0;
}
