/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far readings of power scatter by themselves: a floor under any error. Attention
 * computes in bf16 whatever its cache holds, so a shape with a bf16 and with an fp8 cache
 * that took as long (3 %) is the same work read twice. Half of the variance of the ratio
 * of two readings is that of one: mean |ln ratio - its median| / sqrt(2). Twins were read
 * one after the other, so what drifts over a campaign is not in it: a lower bound.
 */
#include <math.h>
#include <stdlib.h>
#include "accuracy.h"
#include "math/stats.h"
#include "run/kernel_samples.h"

#define SAME_TIME 0.03
enum { TWINS_LEAST = 100 };

/* Sizes first, then the type of the cache: twins lie side by side. */
static int by_shape(const void *a, const void *b)
{
    const erg_kernel_sample *x = a, *y = b;
    double left[ERG_KERNEL_AXES], right[ERG_KERNEL_AXES];
    int axes = erg_kernel_coordinates(&x->shape, left);

    erg_kernel_coordinates(&y->shape, right);
    for (int i = 1; i <= axes; i++) {
        int axis = i % axes;        /* axis 0 is the type */
        if (left[axis] != right[axis])
            return left[axis] < right[axis] ? -1 : 1;
    }
    return 0;
}

static bool are_twins(const erg_kernel_sample *a, const erg_kernel_sample *b)
{
    erg_kernel_sample other = *b;

    other.shape.type = a->shape.type;
    return by_shape(a, &other) == 0 && a->shape.type != b->shape.type
        && fabs(log(a->latency_s / b->latency_s)) < SAME_TIME;
}

double twins_floor(erg_kernel_samples *samples)
{
    double *ratios = malloc((samples->count + 1) * sizeof(*ratios)), sum = 0;
    size_t count = 0;
    bool is_read = samples->has_power && samples->count > 0
        && samples->rows[0].shape.kind != ERG_KERNEL_GEMM;

    if (!ratios || !is_read) {
        free(ratios);
        return NAN;
    }
    qsort(samples->rows, samples->count, sizeof(*samples->rows), by_shape);
    for (size_t i = 1; i < samples->count; i++) {
        const erg_kernel_sample *a = &samples->rows[i - 1], *b = &samples->rows[i];
        if (are_twins(a, b))
            ratios[count++] = log(a->power_w / b->power_w);
    }
    double middle = count ? erg_median(ratios, count) : NAN;
    for (size_t i = 0; i < count; i++)
        sum += fabs(ratios[i] - middle);
    free(ratios);
    return count >= TWINS_LEAST ? sum / (double)count / sqrt(2) : NAN;
}
