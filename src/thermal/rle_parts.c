/* SPDX-License-Identifier: Apache-2.0 */
/* What the dialects share: histories, and constants by kind of device. */
#include <math.h>
#include <string.h>
#include "base/base.h"
#include "thermal/rle_inside.h"

static const erg_rle_device devices[] = {
    { "gpu",     200, 83, 0.1,  3, 60 },
    { "cpu",     125, 80, 0.3,  5, 67 },
    { "storage", 100, 75, 0.05, 2, 80 },
    { "network", 100, 75, 0.2,  4, 50 },
};

void erg_rle_remember(erg_rle_history *history, double value)
{
    if (isnan(value))
        return;
    if (history->count < ERG_RLE_HISTORY)
        history->count++;
    memmove(history->at + 1, history->at, (history->count - 1) * sizeof(double));
    history->at[0] = value;
}

/* Oldest first: sums then round as those of the programs did. */
double erg_rle_mean(const erg_rle_history *history, size_t most)
{
    size_t n = history->count < most ? history->count : most;
    double sum = 0;

    for (size_t i = n; i-- > 0;)
        sum += history->at[i];
    return n ? sum / (double)n : NAN;
}

double erg_rle_sd(const erg_rle_history *history, size_t most, size_t least)
{
    size_t n = history->count < most ? history->count : most;
    double mean = erg_rle_mean(history, most), sum = 0;

    if (n < least || n == 0)
        return 0;
    for (size_t i = n; i-- > 0;)
        sum += (history->at[i] - mean) * (history->at[i] - mean);
    return sqrt(sum / (double)n);
}

double erg_clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

const erg_rle_device *erg_rle_device_of(const char *name)
{
    for (size_t i = 0; i < ERG_COUNT(devices); i++)
        if (strncmp(name, devices[i].name, strlen(devices[i].name)) == 0)
            return &devices[i];
    return &devices[0];
}

double erg_rle_limit_c(const erg_rle_setup *setup, double otherwise_c)
{
    return setup->limit_k > 0 ? setup->limit_k - ERG_CELSIUS_K : otherwise_c;
}

double erg_rle_rated_w(const erg_rle_setup *setup, double otherwise_w)
{
    return setup->rated_w > 0 ? setup->rated_w : otherwise_w;
}

double erg_rle_norm(const erg_rle_device *device, double smoothed, double use_pct)
{
    double base = device->base, best = device->best, peak = device->peak_pct;
    double expected = use_pct <= peak
        ? base + (best - base) * use_pct / peak
        : best - (best - 0.5 * base) * (use_pct - peak) / (100 - peak);

    return erg_clamp(smoothed / expected, 0, 1);
}
