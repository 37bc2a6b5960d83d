/* SPDX-License-Identifier: Apache-2.0 */
/* The table of policies. A new one is a file and a line here. */
#include <math.h>
#include <string.h>
#include "shape/policy.h"

const erg_policy *const erg_policies[] = {
    &erg_policy_limit, &erg_policy_firmware, &erg_policy_ramp, &erg_policy_soft_start,
    &erg_policy_rack_cap, &erg_policy_balance, &erg_policy_bucket, &erg_policy_jitter,
    &erg_policy_jitter_rack, &erg_policy_stagger, &erg_policy_interleave,
    &erg_policy_scatter, &erg_policy_lock,
    &erg_policy_floor, &erg_policy_storage, NULL,
};

const erg_policy *erg_policy_find(const char *name, size_t count)
{
    for (const erg_policy *const *at = erg_policies; *at; at++)
        if (strlen((*at)->name) == count && memcmp((*at)->name, name, count) == 0)
            return *at;
    return NULL;
}

erg_policy_out erg_policy_free(void)
{
    return (erg_policy_out){ .cap_w = INFINITY, .supply_w = NAN, .again_s = INFINITY };
}
