/* SPDX-License-Identifier: Apache-2.0 */
/* What the dialects have in common: histories, and constants by kind of device. */
#ifndef ERG_THERMAL_RLE_INSIDE_H
#define ERG_THERMAL_RLE_INSIDE_H

#include "erg/rle.h"

#define ERG_CELSIUS_K 273.15
static inline double erg_celsius(double temp_k) { return temp_k - ERG_CELSIUS_K; }

/* A NAN is not remembered. */
void erg_rle_remember(erg_rle_history *history, double value);
/* Population SD of the newest `most`; 0 with fewer than `least` of them. */
double erg_rle_sd(const erg_rle_history *history, size_t most, size_t least);
double erg_rle_mean(const erg_rle_history *history, size_t most);
double erg_clamp(double x, double low, double high);

typedef struct erg_rle_device {
    const char *name;
    double rated_w, limit_c;
    double base, best, peak_pct;        /* of the expected index over use, for norm */
} erg_rle_device;

/* By the beginning of the name, "gpu:0" too; an unknown one is a GPU's. */
const erg_rle_device *erg_rle_device_of(const char *name);
double erg_rle_limit_c(const erg_rle_setup *setup, double otherwise_c);
double erg_rle_rated_w(const erg_rle_setup *setup, double otherwise_w);
double erg_rle_norm(const erg_rle_device *device, double smoothed, double use_pct);

/* Seconds to the limit by the networks of the device's steady stretches; NAN elsewhere. */
bool erg_rle_model_times(const erg_monitor_device *device, const erg_rle_setup *setup,
                         double limit_k, double time_s[], erg_error *err);

extern const erg_rle_dialect erg_rle_v1, erg_rle_core, erg_rle_core2, erg_rle_enhanced,
    erg_rle_mobile, erg_rle_suite, erg_rle_harness, erg_rle_domain, erg_rle_control,
    erg_rle_math, erg_rle_sound;

#endif
