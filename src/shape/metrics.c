/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "math/spectrum.h"
#include "math/stats.h"
#include "shape/metrics.h"

const double erg_window_s[ERG_WINDOWS] = { 0.01, 0.1, 1, 60 };
const double erg_band_hz[ERG_BANDS + 1] = { 0.1, 0.7, 2.5, 20 };

#define SEGMENT_LEAST_S 20.0
#define RATE_LEAST_HZ 50.0      /* twice the band and a margin */
#define WINDOW_MOST_S 0.02      /* a longer mean hides the band's upper end */
#define SLACK 1.02              /* a meter's own clock is off by a percent */
#define SEEN_LEAST 0.7          /* of a line's amplitude, behind the mean over a window */

/* Values in a window of length s; 0: the wave is too coarse or too short for it. */
static size_t window_of(const erg_wave_view *wave, double s)
{
    double values = s / wave->dt_s;

    if (values < 1 - 1e-6 || wave->window_s > s * SLACK
        || values * 2 > (double)wave->count + 0.5)
        return 0;
    return (size_t)(values + 0.5);
}

/* sums[i]: of the first i values. */
static double mean_of(const double sums[], size_t begin, size_t count)
{
    return (sums[begin + count] - sums[begin]) / (double)count;
}

static void look_through_window(const erg_wave_view *wave, const double sums[], int which,
                                erg_metrics *out)
{
    size_t width = window_of(wave, erg_window_s[which]);
    double peak_w = -INFINITY, rise_w = 0, fall_w = 0;

    out->peak_mean_w[which] = out->ramp_w_per_s[which] = NAN;
    if (width == 0)
        return;
    for (size_t i = 0; i + width <= wave->count; i++)
        peak_w = fmax(peak_w, mean_of(sums, i, width));
    for (size_t i = 0; i + 2 * width <= wave->count; i++) {
        double change_w = mean_of(sums, i + width, width) - mean_of(sums, i, width);
        rise_w = fmax(rise_w, change_w);
        fall_w = fmax(fall_w, -change_w);
    }
    double width_s = (double)width * wave->dt_s;
    out->peak_mean_w[which] = peak_w;
    out->ramp_w_per_s[which] = fmax(rise_w, fall_w) / width_s;
    if (which > 0)
        return;
    out->ramp_up_w_per_s = rise_w / width_s;
    out->ramp_down_w_per_s = fall_w / width_s;
}

static bool look_through_windows(const erg_wave_view *wave, erg_metrics *out,
                                 erg_error *err)
{
    double *sums = malloc((wave->count + 1) * sizeof(*sums));
    erg_sum sum = { 0 };

    if (!sums)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a wave");
    sums[0] = 0;
    for (size_t i = 0; i < wave->count; i++) {
        /* Around the mean: a long sum of watts would lose the digits of a difference. */
        erg_sum_add(&sum, wave->power_w[i] - out->mean_w);
        sums[i + 1] = erg_sum_value(&sum);
    }
    for (int i = 0; i < ERG_WINDOWS; i++) {
        look_through_window(wave, sums, i, out);
        out->peak_mean_w[i] += out->mean_w;
    }
    free(sums);
    return true;
}

static void look_at_values(const erg_wave_view *wave, erg_metrics *out)
{
    erg_sum sum = { 0 }, squares = { 0 };
    double peak_w = -INFINITY, least_w = INFINITY, step_w = 0;
    size_t apart = window_of(wave, erg_window_s[0]);

    for (size_t i = 0; i < wave->count; i++) {
        double power_w = wave->power_w[i];
        erg_sum_add(&sum, power_w);
        erg_sum_add(&squares, power_w * power_w);
        peak_w = fmax(peak_w, power_w);
        least_w = fmin(least_w, power_w);
        if (apart && i >= apart)
            step_w = fmax(step_w, fabs(power_w - wave->power_w[i - apart]));
    }
    out->mean_w = erg_sum_value(&sum) / (double)wave->count;
    out->peak_w = peak_w;
    out->least_w = least_w;
    out->peak_to_mean = peak_w / out->mean_w;
    out->range = (peak_w - least_w) / out->mean_w;
    double square = erg_sum_value(&squares) / (double)wave->count;
    out->crest = peak_w / sqrt(square);
    /* All of it, by Parseval. */
    out->ac_rms = sqrt(fmax(0, square - out->mean_w * out->mean_w)) / out->mean_w;
    out->step_10ms_w = apart ? step_w : NAN;
}

/* ---- spectrum ------------------------------------------------------------------------ */

/* 20 s, an even count; less where the record is short. */
static size_t segment_of(const erg_wave_view *wave, bool *is_short)
{
    double values = SEGMENT_LEAST_S / wave->dt_s;

    *is_short = values > (double)wave->count + 0.5;
    return (*is_short ? wave->count : (size_t)(values + 0.5)) / 2 * 2;
}

/* The band whole; parts of it by what is_seen. */
static bool shows_band(const erg_wave_view *wave)
{
    return wave->dt_s * RATE_LEAST_HZ <= 1 + 1e-9
        && wave->window_s <= WINDOW_MOST_S * SLACK;
}

/* A mean over a window leaves sinc(f w) of a line. */
static bool is_seen(const erg_wave_view *wave, double f_hz)
{
    double x = M_PI * f_hz * wave->window_s;

    return f_hz * 2 * wave->dt_s <= 1 + 1e-9 && sin(x) >= SEEN_LEAST * x;
}

bool erg_spectrum_of(const erg_wave_view *wave, double mean_w, erg_spectrum *out,
                     erg_error *err)
{
    *out = (erg_spectrum){ 0 };
    size_t segment = segment_of(wave, &out->is_short);

    if (!is_seen(wave, erg_band_hz[1]) || segment < 16)
        return true;
    double *swing = malloc(wave->count * sizeof(*swing));
    out->density = malloc((segment / 2 + 1) * sizeof(*out->density));
    bool ok = out->density && swing;
    for (size_t i = 0; ok && i < wave->count; i++)
        swing[i] = wave->power_w[i] - mean_w;
    ok = ok && erg_welch(swing, wave->count, wave->dt_s, segment, out->density);
    free(swing);
    if (!ok) {
        free(out->density);
        *out = (erg_spectrum){ 0 };
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a spectrum");
    }
    out->count = segment / 2 + 1;
    out->df_hz = 1 / ((double)segment * wave->dt_s);
    while (out->seen < out->count && is_seen(wave, (double)out->seen * out->df_hz))
        out->seen++;
    return true;
}

/* A line on bin k leaves 2/3 of its power A^2/2 there: a Hann window is 1.5 bins wide. */
double erg_spectrum_line_w(const erg_spectrum *spectrum, size_t k)
{
    return sqrt(2 * 1.5 * spectrum->density[k] * spectrum->df_hz);
}

/* A Hann window spreads a line over two bins to each side. */
static void read_line(const double density[], size_t half, double df_hz, size_t at,
                      erg_metrics *out)
{
    double power = 0, moment = 0;

    for (size_t k = at > 2 ? at - 2 : 1; k <= at + 2 && k <= half; k++) {
        power += density[k] * df_hz;
        moment += density[k] * df_hz * (double)k * df_hz;
    }
    out->line_hz = moment / power;
    out->line_w = sqrt(2 * power);
}

static void read_bands(const erg_wave_view *wave, const erg_spectrum *spectrum,
                       erg_metrics *out)
{
    double in_band = 0, all = 0, bands[ERG_BANDS] = { 0 };
    const double *density = spectrum->density, df_hz = spectrum->df_hz;
    size_t strongest = 0, half = spectrum->count - 1;
    bool is_whole = shows_band(wave);

    for (size_t k = 1; k <= half; k++) {
        double f_hz = (double)k * df_hz, power = density[k] * df_hz;
        all += power;
        for (int b = 0; b < ERG_BANDS; b++)
            if (f_hz >= erg_band_hz[b]
                && f_hz < erg_band_hz[b + 1] + (b == ERG_BANDS - 1) * 1e-9)
                bands[b] += power, in_band += power;
        if (f_hz >= erg_band_hz[0] && f_hz <= erg_band_hz[ERG_BANDS] && power > 0
            && (strongest == 0 || density[k] > density[strongest]))
            strongest = k;
    }
    for (int b = 0; b < ERG_BANDS; b++)
        if (is_whole || (b < ERG_BANDS - 1 && is_seen(wave, erg_band_hz[b + 1])))
            out->bands[b] = sqrt(bands[b]) / out->mean_w;
    if (!is_whole)
        return;
    out->band_rms = sqrt(in_band) / out->mean_w;
    out->band_share = all > 0 ? in_band / all : 0;
    if (strongest)
        read_line(density, half, df_hz, strongest, out);
}

static bool look_at_spectrum(const erg_wave_view *wave, erg_metrics *out, erg_error *err)
{
    erg_spectrum spectrum;

    if (!erg_spectrum_of(wave, out->mean_w, &spectrum, err))
        return false;
    out->short_record = spectrum.is_short;
    if (spectrum.count)
        read_bands(wave, &spectrum, out);
    free(spectrum.density);
    return true;
}

static bool find_p99(const erg_wave_view *wave, erg_metrics *out, erg_error *err)
{
    double *copy = malloc(wave->count * sizeof(*copy));

    if (!copy)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a wave");
    for (size_t i = 0; i < wave->count; i++)
        copy[i] = wave->power_w[i];
    out->p99_w = erg_quantile(copy, wave->count, 0.99);
    free(copy);
    return true;
}

bool erg_metrics_of(const erg_wave_view *wave, erg_metrics *out, erg_error *err)
{
    *out = (erg_metrics){ .band_rms = NAN, .band_share = NAN, .line_hz = NAN,
                          .line_w = NAN, .bands = { NAN, NAN, NAN },
                          .ramp_up_w_per_s = NAN, .ramp_down_w_per_s = NAN };
    if (wave->count < 2)
        return erg_fail(err, ERG_NO_DATA, "a wave needs two samples");
    look_at_values(wave, out);
    return look_through_windows(wave, out, err) && find_p99(wave, out, err)
        && look_at_spectrum(wave, out, err);
}
