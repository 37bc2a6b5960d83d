/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a power wave does to a grid: peaks, ramps, the band of 0.1 to 20 Hz. Figures that a
 * sensor of so slow a refresh cannot see are NAN; of the band's parts those that it can are
 * told.
 *
 *   Units    SI; ratios are of the mean. The wave has one value every dt_s.
 *   Source   Welch, IEEE Trans. Audio Electroacoust. 15 (1967); docs/shape.md.
 */
#ifndef ERG_SHAPE_METRICS_H
#define ERG_SHAPE_METRICS_H

#include "base/base.h"

enum { ERG_WINDOWS = 4, ERG_BANDS = 3 };
extern const double erg_window_s[ERG_WINDOWS];  /* 10 ms, 100 ms, 1 s, 60 s */
extern const double erg_band_hz[ERG_BANDS + 1]; /* 0.1 0.7 2.5 20 */

typedef struct erg_wave_view {
    const double *power_w;
    size_t count;
    double dt_s;
    double window_s;    /* each value is the mean of so long, or so old; 0: an instant */
} erg_wave_view;

typedef struct erg_metrics {
    double mean_w, peak_w, p99_w, least_w, peak_to_mean, crest, range;
    double peak_mean_w[ERG_WINDOWS];            /* of moving means so long */
    double ramp_w_per_s[ERG_WINDOWS];           /* of moving means so long */
    double ramp_up_w_per_s, ramp_down_w_per_s;  /* of those of 10 ms */
    double step_10ms_w;                         /* largest |P(t + 10 ms) - P(t)| */
    double band_rms, band_share, bands[ERG_BANDS], ac_rms;  /* rms over mean */
    double line_hz, line_w;                     /* strongest in the band, its amplitude */
    bool short_record;                          /* a segment under 20 s */
} erg_metrics;

bool erg_metrics_of(const erg_wave_view *wave, erg_metrics *out, erg_error *err);

/* Power density around the mean, by Welch over 20 s segments: watts squared a hertz. */
typedef struct erg_spectrum {
    double *density;        /* count values, one every df_hz from 0; yours to free */
    size_t count;           /* 0: too slow a sensor or too short a record to see any band */
    size_t seen;            /* of them the sensor shows, from the lowest on */
    double df_hz;
    bool is_short;          /* a segment under 20 s */
} erg_spectrum;
bool erg_spectrum_of(const erg_wave_view *wave, double mean_w, erg_spectrum *out,
                     erg_error *err);
/* Of the line that would give bin k what it holds. */
double erg_spectrum_line_w(const erg_spectrum *spectrum, size_t k);

#endif
