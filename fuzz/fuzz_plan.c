/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a calibration's plan: what is read has bounds that hold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "erg/plan.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    char text[2048];
    erg_plan plan;

    if (size >= sizeof(text))
        return 0;
    memcpy(text, bytes, size);
    text[size] = '\0';
    if (!erg_plan_parse(text, &plan, NULL))
        return 0;
    for (int i = 0; i <= 100; i++) {
        double power_w = erg_plan_power_w(&plan, plan.duration_s * i / 100);
        if (!(power_w >= 0) || power_w > plan.high_w * (1 + 1e-9))
            abort();
    }
    return 0;
}
