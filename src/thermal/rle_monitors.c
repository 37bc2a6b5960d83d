/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialects of the desktop monitors: v1, core, core2, enhanced. Inside they count in
 * percent and Celsius, as their programs did: their constants have those units.
 *
 *   RLE = eta s / (A (1 + 1/tau)),  E_th = s / (1 + 1/tau),  E_pw = eta / A
 */
#include <math.h>
#include <string.h>
#include "math/stats.h"
#include "thermal/rle_inside.h"

enum { SMOOTHED = 5, STABLE_V1 = 10, STABLE_CORE = 5 };
#define TAU_MOST_S 600.0
#define PEAK_KEPT 0.998         /* of the peak, a sample later */

/* Seconds to the limit at the last rise; 600 where nothing rises. */
static double sustain_s(const erg_rle_history *temp_k, double limit_c, double dt_s)
{
    if (temp_k->count < 2)
        return TAU_MOST_S;
    double rise = (temp_k->at[0] - temp_k->at[1]) / fmax(dt_s, 1e-3);
    return erg_clamp((limit_c - erg_celsius(temp_k->at[0])) / fmax(rise, 1e-3), 1,
                     TAU_MOST_S);
}

static void finish(erg_rle_state *state, double use, double load, erg_rle *out)
{
    double over = 1 + 1 / out->sustain_s;

    out->raw = use * out->stability / (load * over);
    out->e_th = out->stability / over;
    out->e_pw = use / load;
    erg_rle_remember(&state->raw, out->raw);
    out->smoothed = erg_rle_mean(&state->raw, SMOOTHED);
}

/* ---- v1 ----------------------------------------------------------------------- */

static void step_v1(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    const erg_rle_device *device = erg_rle_device_of(state->setup.device);
    double period_s = state->setup.period_s > 0 ? state->setup.period_s : 1;
    double rated_w = erg_rle_rated_w(&state->setup, device->rated_w);

    erg_rle_remember(&state->use, 100 * in->use);
    /* A CPU without a sensor has two temperatures of 40 C: it never rises. */
    erg_rle_remember(&state->temp_k, in->temp_k);
    out->stability = 1 / (1 + erg_rle_sd(&state->use, STABLE_V1, SMOOTHED));
    out->load = isnan(in->power_w) || rated_w <= 0 ? 0 : in->power_w / rated_w;
    out->sustain_s = sustain_s(&state->temp_k,
                               erg_rle_limit_c(&state->setup, device->limit_c), period_s);
    finish(state, in->use, fmax(out->load, 1e-3), out);
    out->norm = erg_rle_norm(device, out->smoothed, 100 * in->use);
}

const erg_rle_dialect erg_rle_v1 = {
    "v1", "desktop monitor of 2025-10, layouts old and v1", "v1", false, step_v1,
};

/* ---- core --------------------------------------------------------------------- */

static void step_core(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    double use = erg_clamp(in->use, 0, 1), rated_w = erg_rle_rated_w(&state->setup, 100);
    double power_w = in->power_w > 0 ? in->power_w : rated_w * use;

    erg_rle_remember(&state->use, 100 * use);
    erg_rle_remember(&state->temp_k, in->temp_k);
    out->stability = 1 / (1 + erg_rle_sd(&state->use, STABLE_CORE, 2));
    out->load = power_w / rated_w;
    out->sustain_s = fmax(
        sustain_s(&state->temp_k, erg_rle_limit_c(&state->setup, 85), 1), 1e-6);
    finish(state, use, fmax(out->load, 1e-6), out);
    out->norm = erg_rle_norm(erg_rle_device_of("cpu"), out->smoothed, 100 * use);
}

const erg_rle_dialect erg_rle_core = {
    "core", "the library of the same authors: five samples, any device", "core", true,
    step_core,
};

/* ---- core2: core, its own unit of time, and a penalty for noise ------------------ */

enum { T0_EVERY_S = 60, NOISE_SAMPLES = 5 };
#define GAP 3.0                 /* medians of the intervals before it */

/* The mean of what rose, over the last 256 differences. */
static double mean_rise(const erg_rle_history *rises)
{
    double sum = 0;
    size_t n = 0;

    for (size_t i = 0; i < rises->count; i++)
        if (rises->at[i] > 0) {
            sum += rises->at[i];
            n++;
        }
    return n ? sum / (double)n : NAN;
}

static void adapt_t0(erg_rle_state *state, double dt_s)
{
    double rise = mean_rise(&state->rise_k_per_s);

    if (!(state->t0_s > 0))
        state->t0_s = T0_EVERY_S;
    state->since_t0_s += dt_s;
    if (state->since_t0_s < T0_EVERY_S)
        return;
    state->since_t0_s = 0;
    if (isnan(rise))
        return;
    double wanted = 0.8 * state->t0_s + 0.2 * erg_clamp(10 / rise, 5, 600);
    state->t0_s = erg_clamp(wanted, 0.9 * state->t0_s, 1.1 * state->t0_s);
}

/* Kahan's sum: theta grows by small steps for days. */
static void advance_theta(erg_rle_state *state, double dt_s)
{
    double step = dt_s / state->t0_s - state->theta_rest, next = state->theta + step;

    state->theta_rest = (next - state->theta) - step;
    state->theta = next;
}

static double noise_factor(const erg_rle_state *state, const erg_rle_input *in)
{
    const double boltzmann_j_per_k = 1.380649e-23;
    double power_w = in->power_w > 0 ? in->power_w : 0, sd_k = erg_rle_sd(&state->temp_k,
                                                                       NOISE_SAMPLES, 2);
    double quanta = power_w * in->dt_s / (boltzmann_j_per_k * in->temp_k);
    double f_quantum = 1 - exp(-fmin(quanta, 50));
    double f_sensor = sd_k > 0 ? 1 / (1 + pow(0.1 / sd_k, 2)) : 0;

    return cbrt(f_quantum * f_sensor * power_w / (power_w + 3));
}

static double live_norm(const char *device, double rle, double use)
{
    if (erg_rle_device_of(device) != erg_rle_device_of("cpu"))
        return erg_clamp(0.1 + 0.8 * (rle - 0.01) / 0.14, 0, 1);
    double low = use > 0.5 ? 0.25 : 0.2;
    if (rle <= 0.005)
        return low * rle / 0.005;
    if (rle <= 0.05)
        return low + (0.6 - low) * (rle - 0.005) / 0.045;
    return erg_clamp(0.6 + 0.35 * (rle - 0.05) / 0.11, 0, 1);
}

/* 1: longer than three of the usual intervals so far. */
static double gap_of(erg_rle_state *state, double dt_s)
{
    double sorted[ERG_RLE_HISTORY];
    size_t n = state->dt_s.count;

    memcpy(sorted, state->dt_s.at, n * sizeof(*sorted));
    double usual_s = n ? erg_median(sorted, n) : NAN;
    if (dt_s > 0)
        erg_rle_remember(&state->dt_s, dt_s);
    return dt_s > GAP * usual_s;
}

static void step_core2(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    double before_k = state->temp_k.count ? state->temp_k.at[0] : NAN;

    step_core(state, in, out);
    if (in->dt_s > 0)
        erg_rle_remember(&state->rise_k_per_s, (in->temp_k - before_k) / in->dt_s);
    out->theta_gap = gap_of(state, in->dt_s);
    adapt_t0(state, in->dt_s);
    advance_theta(state, in->dt_s);
    double factor = noise_factor(state, in),
           weight = erg_clamp((0.98 - factor) / 0.08, 0, 1);
    out->t0_s = state->t0_s;
    out->theta = state->theta;
    out->sustain_hat = out->sustain_s / state->t0_s;
    out->noise_factor = factor;
    out->with_noise = out->raw * (1 - weight + weight * factor);
    out->norm = live_norm(state->setup.device, out->smoothed, in->use);
}

const erg_rle_dialect erg_rle_core2 = {
    "core2", "core with a unit of time of its own and a penalty for noise", "core", true,
    step_core2,
};

/* ---- enhanced ------------------------------------------------------------------- */

#define ENHANCED_LOAD 0.8       /* a constant: power plays no part */

/* Of the sample `ago` samples back, with tau of at least `least_s`. */
static double enhanced_sustain_s(const erg_rle_state *state, size_t ago, double limit_c)
{
    const erg_rle_history *temp = &state->temp_k;
    double now_c = erg_celsius(temp->at[ago]);

    if (temp->count - ago < 3)
        return TAU_MOST_S;
    if (now_c >= limit_c)
        return 0;
    double rise = (temp->at[ago] - temp->at[ago + 2]) / 2;
    return rise > 0 ? erg_clamp((limit_c - now_c) / rise, 0, TAU_MOST_S) : TAU_MOST_S;
}

static double enhanced_raw(const erg_rle_state *state, size_t ago, double tau_s,
                           double limit_c)
{
    double s = fmax(0, (limit_c - erg_celsius(state->temp_k.at[ago])) / limit_c);

    return tau_s > 0 ? state->use.at[ago] / 100 * s / (ENHANCED_LOAD * (1 + 1 / tau_s)) : 0;
}

/* The last five are reckoned anew with tau >= 1, the first sample too. */
static void enhanced_smooth(const erg_rle_state *state, double limit_c, erg_rle *out)
{
    double sum = 0, most = 0;

    out->smoothed = out->peak = out->raw;
    if (state->use.count < SMOOTHED)
        return;
    for (size_t ago = SMOOTHED; ago-- > 0;) {
        double tau_s = fmax(enhanced_sustain_s(state, ago, limit_c), 1);
        double raw = enhanced_raw(state, ago, tau_s, limit_c);
        sum += raw;
        most = fmax(most, raw);
    }
    out->smoothed = sum / SMOOTHED;
    out->peak = PEAK_KEPT * most;
}

static void step_enhanced(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    const erg_rle_device *device = erg_rle_device_of(state->setup.device);
    double limit_c = erg_rle_limit_c(&state->setup, device->limit_c);

    if (isnan(in->use) || isnan(in->temp_k))
        return;
    erg_rle_remember(&state->use, 100 * in->use);
    erg_rle_remember(&state->temp_k, in->temp_k);
    out->load = ENHANCED_LOAD;
    if (state->samples == 0) {      /* as logged: a false minimum */
        out->stability = out->sustain_s = out->raw = out->smoothed = 0;
        out->e_th = out->e_pw = out->peak = 0;
        return;
    }
    out->sustain_s = enhanced_sustain_s(state, 0, limit_c);
    out->stability = fmax(0, (limit_c - erg_celsius(in->temp_k)) / limit_c);
    out->raw = enhanced_raw(state, 0, out->sustain_s, limit_c);
    out->e_th = out->sustain_s > 0 ? out->stability / (1 + 1 / out->sustain_s) : 0;
    out->e_pw = in->use / ENHANCED_LOAD;
    enhanced_smooth(state, limit_c, out);
}

const erg_rle_dialect erg_rle_enhanced = {
    "enhanced", "desktop monitor with 42 columns: power plays no part", "v2", false,
    step_enhanced,
};
