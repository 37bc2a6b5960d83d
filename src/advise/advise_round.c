/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stochastic rounding: r16 is added below the bits that stay, the rest is cut off. A carry
 * happens for exactly `low` of the 65,536 values, each worth one step: the mean is exact.
 */
#include <math.h>
#include <string.h>
#include "advise/advise.h"

float erg_sr_bf16(float x, uint16_t r16)
{
    uint32_t bits;

    if (isnan(x))
        return NAN; /* a carry could turn its payload into a number */
    memcpy(&bits, &x, sizeof(bits));
    bits = (bits + r16) & 0xffff0000u;
    memcpy(&x, &bits, sizeof(bits));
    return x;
}
