/* SPDX-License-Identifier: Apache-2.0 */
/* Means over stretches from a running integral. */
#include <math.h>
#include <stdlib.h>
#include "trace/boxcar.h"

/* Never falls with t: who is earlier is in no later cell. */
static size_t cell_of(const erg_boxcar *boxcar, double t_s)
{
    size_t cell = (size_t)(t_s * boxcar->cells_per_s);
    return cell < boxcar->count ? cell : boxcar->count - 1;
}

static void sort_into_cells(erg_boxcar *boxcar)
{
    size_t i = 0;

    boxcar->cells_per_s = (double)boxcar->count / boxcar->at_s[boxcar->count - 1];
    for (size_t cell = 0; cell <= boxcar->count; cell++) {
        while (i < boxcar->count && cell_of(boxcar, boxcar->at_s[i]) < cell)
            i++;
        boxcar->before[cell] = (uint32_t)(i ? i - 1 : 0);
    }
}

static void take(erg_boxcar *to, const erg_sample *one)
{
    size_t k = to->count;

    if (k == 0)
        to->origin_ns = one->t_ns;
    to->at_s[k] = erg_s_from_ns(one->t_ns - to->origin_ns);
    to->value[k] = one->value;
    if (k > 0)
        to->sum[k] = to->sum[k - 1]
                   + 0.5 * (to->value[k - 1] + to->value[k])
                         * (to->at_s[k] - to->at_s[k - 1]);
    to->count++;
}

bool erg_boxcar_make(erg_samples samples, erg_boxcar *out, erg_error *err)
{
    size_t count = samples.count;

    *out = (erg_boxcar){ .at_s = calloc(3 * count + 1, sizeof(double)),
                         .before = calloc(count + 1, sizeof(*out->before)) };
    if (!out->at_s || !out->before) {
        erg_boxcar_free(out);
        return erg_fail(err, ERG_NO_MEMORY, "no memory for the means of %zu samples",
                        count);
    }
    out->value = out->at_s + count;
    out->sum = out->value + count;
    for (size_t i = 0; i < count; i++)
        if (!isnan(samples.at[i].value))
            take(out, &samples.at[i]);
    if (out->count >= 2 && out->at_s[out->count - 1] > 0) {
        sort_into_cells(out);
        return true;
    }
    erg_boxcar_free(out);
    return erg_fail(err, ERG_NO_DATA, "a signal of %zu samples has no means", count);
}

void erg_boxcar_free(erg_boxcar *boxcar)
{
    free(boxcar->at_s);
    free(boxcar->before);
    *boxcar = (erg_boxcar){ 0 };
}

/* The segment [i, i+1) that holds t. */
static size_t segment_of(const erg_boxcar *boxcar, double t_s)
{
    size_t cell = cell_of(boxcar, t_s);
    size_t low = boxcar->before[cell], high = boxcar->before[cell + 1];

    while (low < high) {
        size_t middle = high - (high - low) / 2;
        if (boxcar->at_s[middle] <= t_s)
            low = middle;
        else
            high = middle - 1;
    }
    return low + 2 <= boxcar->count ? low : boxcar->count - 2;
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

double erg_boxcar_mean(const erg_boxcar *boxcar, double begin_s, double end_s)
{
    if (!(begin_s >= 0) || !(end_s <= boxcar->at_s[boxcar->count - 1]) || end_s < begin_s)
        return NAN;

    size_t first = segment_of(boxcar, begin_s);
    if (end_s <= boxcar->at_s[first + 1])       /* the mean of a straight line */
        return value_at(boxcar, 0.5 * (begin_s + end_s), first);
    size_t last = segment_of(boxcar, end_s);
    return (integral_to(boxcar, end_s, last) - integral_to(boxcar, begin_s, first))
         / (end_s - begin_s);
}
