/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a policy of the command line: a chain that starts, or a sentence. */
#include <stdlib.h>
#include <string.h>
#include "shape/policy.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    erg_policy_chain chain;

    if (!erg_policy_parse((const char *)bytes, size, &chain, &err)) {
        if (err.code == ERG_OK || !err.text[0])
            abort();
        return 0;
    }
    for (size_t i = 0; i < chain.count; i++) {
        erg_policy_setup setup = { .groups = 1 };
        erg_policy_state state;
        erg_policy_out out = erg_policy_free();
        const erg_policy_in in = { .power_w = 500, .item_j = 1, .wait_w = 100,
                                   .period_s = 1, .step_begins = true };
        memset(&state, 0, sizeof(state));
        memcpy(setup.values, chain.values[i], sizeof(setup.values));
        chain.policies[i]->start(&state, &setup);
        chain.policies[i]->step(&state, &in, 0.1, &out);
        if (out.wait_s < 0 || out.cap_w < 0 || out.floor_w < 0)
            abort();
    }
    return 0;
}
