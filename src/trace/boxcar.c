/* SPDX-License-Identifier: Apache-2.0 */
/* Means over stretches from a running integral. */
#include <math.h>
#include <stdlib.h>
#include "trace/boxcar.h"

bool erg_boxcar_make(erg_samples samples, erg_boxcar *out, erg_error *err)
{
    size_t count = samples.count;

    *out = (erg_boxcar){ .at_s = calloc(3 * count + 1, sizeof(double)) };
    if (!out->at_s)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for the means of %zu samples",
                        count);
    out->value = out->at_s + count;
    out->sum = out->value + count;

    for (size_t i = 0; i < count; i++) {
        const erg_sample *one = &samples.at[i];
        size_t k = out->count;

        if (isnan(one->value))
            continue;
        if (k == 0)
            out->origin_ns = one->t_ns;
        out->at_s[k] = erg_s_from_ns(one->t_ns - out->origin_ns);
        out->value[k] = one->value;
        if (k > 0)
            out->sum[k] = out->sum[k - 1]
                          + 0.5 * (out->value[k - 1] + out->value[k])
                                * (out->at_s[k] - out->at_s[k - 1]);
        out->count++;
    }
    if (out->count >= 2 && out->at_s[out->count - 1] > 0)
        return true;
    erg_boxcar_free(out);
    return erg_fail(err, ERG_NO_DATA, "a signal of %zu samples has no means", count);
}

void erg_boxcar_free(erg_boxcar *boxcar)
{
    free(boxcar->at_s);
    *boxcar = (erg_boxcar){ 0 };
}

/* The segment [i, i+1) that holds t: walked to, for questions come in order. */
static size_t segment_of(const erg_boxcar *boxcar, double t_s, size_t i)
{
    while (i > 0 && boxcar->at_s[i] > t_s)
        i--;
    while (i + 2 < boxcar->count && boxcar->at_s[i + 1] <= t_s)
        i++;
    return i;
}

static double value_at(const erg_boxcar *boxcar, double t_s, size_t i)
{
    double length_s = boxcar->at_s[i + 1] - boxcar->at_s[i];
    double share = length_s > 0 ? (t_s - boxcar->at_s[i]) / length_s : 1;

    return boxcar->value[i] + share * (boxcar->value[i + 1] - boxcar->value[i]);
}

static double integral_to(const erg_boxcar *boxcar, double t_s, size_t i)
{
    double value = value_at(boxcar, t_s, i);

    return boxcar->sum[i] + 0.5 * (boxcar->value[i] + value) * (t_s - boxcar->at_s[i]);
}

double erg_boxcar_mean(erg_boxcar *boxcar, double begin_s, double end_s)
{
    if (!(begin_s >= 0) || !(end_s <= boxcar->at_s[boxcar->count - 1]) || end_s < begin_s)
        return NAN;

    size_t first = boxcar->near[0] = segment_of(boxcar, begin_s, boxcar->near[0]);
    size_t last = boxcar->near[1] = segment_of(boxcar, end_s, boxcar->near[1]);
    if (end_s == begin_s)
        return value_at(boxcar, end_s, last);
    return (integral_to(boxcar, end_s, last) - integral_to(boxcar, begin_s, first))
           / (end_s - begin_s);
}
