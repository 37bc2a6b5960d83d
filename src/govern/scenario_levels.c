/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "math/stats.h"
#include "govern/scenario_levels.h"

enum { BINS = 256 };

/* Between the two classes that differ most from each other: Otsu (1979). */
static double otsu(const double x[], size_t n, double low, double high)
{
    double counts[BINS] = { 0 }, sum = 0, below = 0, below_sum = 0, best = -1, at = low;

    for (size_t i = 0; i < n; i++) {
        int bin = (int)((x[i] - low) / (high - low) * BINS);
        counts[bin < BINS ? bin : BINS - 1]++;
    }
    for (int b = 0; b < BINS; b++)
        sum += b * counts[b];
    for (int b = 0; b < BINS - 1; b++) {
        below += counts[b];
        below_sum += b * counts[b];
        double above = (double)n - below;
        if (below == 0 || above == 0)
            continue;
        double apart = below_sum / below - (sum - below_sum) / above;
        if (below * above * apart * apart > best)
            best = below * above * apart * apart, at = low + (b + 1) * (high - low) / BINS;
    }
    return at;
}

erg_levels erg_levels_of(const double power_w[], size_t count, double high_w)
{
    erg_levels found = { INFINITY, -INFINITY, high_w, 0 };
    erg_sum quiet = { 0 };
    size_t below = 0;

    for (size_t i = 0; i < count; i++) {
        found.low_w = fmin(found.low_w, power_w[i]);
        found.high_w = fmax(found.high_w, power_w[i]);
    }
    if (!(high_w > 0))
        found.threshold_w = found.high_w > found.low_w
                          ? otsu(power_w, count, found.low_w, found.high_w)
            : found.high_w;
    for (size_t i = 0; i < count; i++)
        if (power_w[i] < found.threshold_w)
            erg_sum_add(&quiet, power_w[i]), below++;
    found.quiet_w = below ? erg_sum_value(&quiet) / (double)below : found.low_w;
    return found;
}
