/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tensors on a GPU are filled with, in the bits of each type. Zeros would do for
 * time, but power depends on the bits: up to 67 % between patterns.
 */
#include <math.h>
#include <string.h>
#include "engine/cuda.h"
#include "math/random.h"

/* The bits of x with `exponent` and `fraction` bits, to the nearest, ties to even; what is
 * too large becomes the largest. Small ones lose bits as the type's own small ones do. */
static unsigned narrow(double x, int exponent, int fraction, double most)
{
    const int bias = (1 << (exponent - 1)) - 1;
    unsigned sign = signbit(x) ? 1u << (exponent + fraction) : 0;
    double size = fmin(fabs(x), most);
    int power;

    if (size == 0)
        return sign;
    frexp(size, &power);
    int scale = power - 1 < 1 - bias ? 1 - bias : power - 1;
    unsigned steps = (unsigned)nearbyint(ldexp(size, fraction - scale));
    /* Steps carry into the exponent by themselves. */
    return sign | (((unsigned)(scale + bias - 1) << fraction) + steps);
}

static void put(erg_precision precision, double x, void *to, size_t at)
{
    switch (precision) {
    case ERG_FP64: ((double *)to)[at] = x; return;
    case ERG_FP32: case ERG_TF32: ((float *)to)[at] = (float)x; return;
    case ERG_FP16: ((uint16_t *)to)[at] = (uint16_t)narrow(x, 5, 10, 65504); return;
    case ERG_BF16: ((uint16_t *)to)[at] = (uint16_t)narrow(x, 8, 7, 3.3e38); return;
    case ERG_FP8: ((uint8_t *)to)[at] = (uint8_t)narrow(x, 4, 3, 448); return;
    case ERG_INT8:
        ((int8_t *)to)[at] = (int8_t)lround(fmax(-127, fmin(127, 400 * x)));
        return;
    case ERG_INT4: case ERG_PRECISIONS: return;
    }
}

bool cuda_numbers(erg_precision precision, bool is_vector, uint64_t seed, void *to,
                  size_t count)
{
    erg_random random = { erg_random_mix(seed) };

    if (precision == ERG_INT4 || precision >= ERG_PRECISIONS)
        return false;
    for (size_t i = 0; i < count; i++)
        put(precision, (is_vector ? 1 : 0) + 0.05 * erg_random_normal(&random), to, i);
    return true;
}
