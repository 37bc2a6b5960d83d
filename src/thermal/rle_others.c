/* SPDX-License-Identifier: Apache-2.0 */
/* The dialects of telephones and of test programs, and the sound one. */
#include <math.h>
#include "thermal/rle_inside.h"

enum { LAST = 10, SMOOTHED = 5 };
#define TAU_MOST_S 600.0

static void finish(erg_rle_state *state, double use, erg_rle *out)
{
    double over = 1 + 1 / out->sustain_s;

    out->raw = use * out->stability / (out->load * over);
    out->e_th = out->stability / over;
    out->e_pw = use / out->load;
    erg_rle_remember(&state->raw, out->raw);
    out->smoothed = erg_rle_mean(&state->raw, SMOOTHED);
}

/* ---- mobile, suite ---------------------------------------------------------------- */

/* With n - 1; NAN below `least` samples. */
static double sample_sd(const erg_rle_history *use, size_t least)
{
    size_t n = use->count < LAST ? use->count : LAST;

    if (n < least || n < 2)
        return NAN;
    return erg_rle_sd(use, LAST, 0) * sqrt((double)n / (double)(n - 1));
}

static double mobile_sustain_s(erg_rle_state *state, double temp_k)
{
    const erg_rle_history *temp = &state->temp_k;

    erg_rle_remember(&state->temp_k, isnan(temp_k) ? 40 + ERG_CELSIUS_K : temp_k);
    if (temp->count < 2)
        return TAU_MOST_S;
    return erg_clamp((erg_rle_limit_c(&state->setup, 80) - erg_celsius(temp->at[0]))
                     / fmax(temp->at[0] - temp->at[1], 0.01), 1, TAU_MOST_S);
}

static void finish_mobile(erg_rle_state *state, double use, size_t least, erg_rle *out)
{
    finish(state, use, out);
    if (state->raw.count < least)
        out->smoothed = NAN;
    else
        state->peak = fmax(state->peak, out->smoothed);
    out->norm = erg_clamp(out->smoothed / 4, 0, 1);
    out->peak = state->peak;
}

static void step_mobile(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    double measured_w = in->voltage_v * fabs(in->current_a);
    double power_w = isnan(in->power_w) ? measured_w : in->power_w;

    erg_rle_remember(&state->use, 100 * in->use);
    double sd = sample_sd(&state->use, LAST);
    out->stability = 1 / (1 + (isnan(sd) ? 0 : sd));
    out->load = (isnan(power_w) ? 3 + 0.07 * 100 * in->use : power_w) / 5;
    out->sustain_s = mobile_sustain_s(state, in->temp_k);
    finish_mobile(state, in->use, SMOOTHED, out);
}

const erg_rle_dialect erg_rle_mobile = {
    "mobile", "telephone logger: battery power over 5 W", "peak", false, step_mobile,
};

static void step_suite(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    double voltage_v = isnan(in->voltage_v) ? 3.8 : in->voltage_v;
    double power_w = voltage_v * fabs(in->current_a);

    erg_rle_remember(&state->use, 100 * in->use);
    double sd = sample_sd(&state->use, SMOOTHED);
    out->stability = 1 / (1 + (isnan(sd) ? 0 : sd));
    out->load = isnan(power_w) ? 0.012 * 100 * in->use
                               : power_w / erg_rle_rated_w(&state->setup, 8);
    out->sustain_s = mobile_sustain_s(state, in->temp_k);
    finish_mobile(state, in->use, 1, out);
}

const erg_rle_dialect erg_rle_suite = {
    "suite", "telephone logger over exports of sensor suites: over 8 W", "peak", false,
    step_suite,
};

/* ---- harness, domain, control, math -------------------------------------------------- */

static void step_harness(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    double temp_c = erg_celsius(in->temp_k);

    out->stability = fmax(0.1, 1 - (temp_c - 30) / 50);
    out->load = fmin(1, in->power_w / 100);
    out->sustain_s = fmax(1, 60 - 2 * (temp_c - 30));
    finish(state, in->use, out);
    if (100 * in->use < 1)
        out->raw = 0;
    out->smoothed = out->raw;
    state->peak = out->raw > state->peak ? out->raw : 0.998 * state->peak;
    out->peak = state->peak;
}

const erg_rle_dialect erg_rle_harness = {
    "harness", "test harness: temperature alone, no smoothing", "peak", false, step_harness,
};

static double domain_sustain_s(const erg_rle_state *state, double limit_c)
{
    const erg_rle_history *temp = &state->temp_k;
    double rise = temp->count < 2 ? 0 : temp->at[0] - temp->at[1];

    return rise > 0 ? erg_clamp((limit_c - erg_celsius(temp->at[0])) / rise, 1, TAU_MOST_S)
                    : TAU_MOST_S;
}

static void step_domain_of(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    const erg_rle_device *device = erg_rle_device_of(state->setup.device);

    erg_rle_remember(&state->use, 100 * in->use);
    erg_rle_remember(&state->temp_k, in->temp_k);
    out->load = fmax(in->power_w / erg_rle_rated_w(&state->setup, device->rated_w), 1e-3);
    out->sustain_s = domain_sustain_s(state,
                                      erg_rle_limit_c(&state->setup, device->limit_c));
}

static void step_domain(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    step_domain_of(state, in, out);
    out->stability = 1 / (1 + pow(erg_rle_sd(&state->temp_k, ERG_RLE_HISTORY, 2), 2));
    finish(state, in->use, out);
}

static void step_control(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    step_domain_of(state, in, out);
    out->stability = 1 / (erg_rle_sd(&state->use, LAST, 2) + 0.01);
    finish(state, in->use, out);
}

static void step_math(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    step_domain_of(state, in, out);
    double sd = erg_rle_sd(&state->use, LAST, 2);
    out->stability = sd > 0 ? 1 / sd : NAN;
    out->sustain_s = state->setup.time_constant_s > 0 ? state->setup.time_constant_s : NAN;
    finish(state, in->use, out);
}

const erg_rle_dialect erg_rle_domain = {
    "domain", "steadiness by the variance of temperature", "v1", false, step_domain,
};
const erg_rle_dialect erg_rle_control = {
    "control", "steadiness 1/(SD + 0.01)", "v1", false, step_control,
};
const erg_rle_dialect erg_rle_math = {
    "math", "steadiness 1/SD, tau = C/G as stated by --time-constant", "v1", false,
    step_math,
};

/* ---- sound --------------------------------------------------------------------------- */

/* Least squares over what the last 20 s hold, in kelvin per second: one whole-degree tick
 * says nothing about a slope. */
static double slope_k_per_s(const erg_rle_state *state)
{
    double t = 0, sum_t = 0, sum_y = 0, sum_tt = 0, sum_ty = 0;
    size_t n = 0;

    for (; n < state->temp_k.count && n < state->dt_s.count && t <= 20; n++) {
        double y = state->temp_k.at[n] - state->temp_k.at[0];
        sum_t -= t;
        sum_y += y;
        sum_tt += t * t;
        sum_ty -= t * y;
        t += state->dt_s.at[n];
    }
    double spread = (double)n * sum_tt - sum_t * sum_t;
    return n > 2 && spread > 0 ? ((double)n * sum_ty - sum_t * sum_y) / spread : NAN;
}

static double sound_sustain_s(const erg_rle_state *state, double limit_c)
{
    double room_k = limit_c - erg_celsius(state->temp_k.at[0]),
           slope = slope_k_per_s(state);

    if (room_k <= 0)
        return 0;
    return slope > 0 ? room_k / slope : INFINITY;
}

/* How many of the newest samples lie within ten seconds. */
static size_t within_10_s(const erg_rle_state *state)
{
    double t = 0;
    size_t n = 0;

    while (n < state->dt_s.count && t <= 10)
        t += state->dt_s.at[n++];
    return n;
}

static void step_sound(erg_rle_state *state, const erg_rle_input *in, erg_rle *out)
{
    const erg_rle_device *device = erg_rle_device_of(state->setup.device);
    double limit_c = erg_rle_limit_c(&state->setup, device->limit_c);
    double reference_s = state->setup.reference_s > 0 ? state->setup.reference_s : 60;
    double ambient_k = state->setup.ambient_k;

    erg_rle_remember(&state->dt_s, in->dt_s);
    erg_rle_remember(&state->use, in->use);
    erg_rle_remember(&state->temp_k, in->temp_k);
    out->stability = 1 / (1 + erg_rle_sd(&state->use, within_10_s(state), 1));
    out->load = in->power_w / erg_rle_rated_w(&state->setup, device->rated_w);
    if (!state->temp_k.count || isnan(in->temp_k) || !(ambient_k > 0))
        return;
    double room = limit_c - erg_celsius(ambient_k);
    double headroom = room > 0
        ? erg_clamp((limit_c - erg_celsius(in->temp_k)) / room, 0, 1) : NAN;
    out->sustain_s = in->model_s > 0 ? in->model_s : sound_sustain_s(state, limit_c);
    double over = out->sustain_s > 0 ? 1 + reference_s / out->sustain_s : INFINITY;
    out->e_th = out->stability * headroom / over;
    out->e_pw = in->use / fmax(out->load, 1e-3);
    out->raw = in->use * out->e_th / fmax(out->load, 1e-3);
    erg_rle_remember(&state->raw, out->raw);
    out->smoothed = erg_rle_mean(&state->raw, SMOOTHED);
}

const erg_rle_dialect erg_rle_sound = {
    "sound", "no unit hidden in it: an explicit reference time, headroom over ambient",
    "sound", false, step_sound,
};
