/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "fit/activity.h"

/* Unknown, half, sum, all. */
const erg_activity_part erg_activity_parts[ERG_ACTIVITY_PARTS] = {
    { "fp64_active", { 0, 1, 1, 1 } },
    { "fp32_active", { 0, 0.5, 1, 1 } },
    { "fp16_active", { 0, 0, 0, 1 } },
    { "tensor_active", { 0, 0, 0, 1 } },
};

double erg_activity_fp(erg_activity definition, const double shares[ERG_ACTIVITY_PARTS])
{
    double sum = definition == ERG_ACTIVITY_UNKNOWN ? NAN : 0;

    for (size_t i = 0; i < ERG_ACTIVITY_PARTS; i++)
        if (erg_activity_parts[i].weight[definition] > 0)
            sum += erg_activity_parts[i].weight[definition] * shares[i];
    return sum > 1 ? 1 : sum;
}
