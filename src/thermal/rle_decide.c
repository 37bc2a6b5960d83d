/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules by which the index was to steer a machine, as they were published. They are
 * printed for whoever wants to compare, and nothing in erg acts on them: a low index is any
 * heavy load.
 */
#include <math.h>
#include "base/base.h"
#include "thermal/rle_inside.h"

/* The first whose index or prediction is below. */
static const struct {
    double index, predicted;
    const char *state;
    double cpu_clock_hz, gpu_clock_hz, fan, power, work;
} rules[] = {
    { 0.2, 0.1, "emergency",  0.8e9, 0.2e9, 1.00, 0.50, 0.50 },
    { 0.4, 0.3, "aggressive", 1.2e9, 0.5e9, 0.80, 0.70, 0.75 },
    { 0.6, 0.5, "moderate",   2.5e9, 0.9e9, 0.60, 0.85, 0.90 },
    { INFINITY, INFINITY, "maintain", NAN, NAN, NAN, NAN, NAN },
};

#define HEADROOM_K 5.0
#define HEADROOM_FAN (-0.10)

static double scaled(const erg_rle_now *now)
{
    double temp_c = erg_celsius(now->temp_k);

    if (!(now->power_w > 0 && temp_c > 0 && now->sustain_s > 0))
        return NAN;
    return now->index * pow(100 / now->power_w, 0.12) * pow(60 / temp_c, 0.08)
        * pow(300 / now->sustain_s, 0.10);
}

/* A hot room takes 2 % a degree, down to a half; a cold one gives 1 %. */
static double ambient_factor(double ambient_k)
{
    double above_c = erg_celsius(ambient_k) - 25;

    return !(ambient_k > 0) ? NAN
        : above_c > 0 ? fmax(0.5, 1 - 0.02 * above_c) : 1 - 0.01 * above_c;
}

void erg_rle_decide(const erg_rle_now *now, erg_rle_decision *out)
{
    double predicted = isnan(now->predicted) ? now->index : now->predicted;

    *out = (erg_rle_decision){
        .cpu_clock_hz = NAN, .gpu_clock_hz = NAN, .fan = NAN, .power = NAN, .work = NAN,
        .fan_change = now->limit_k - now->temp_k > HEADROOM_K ? HEADROOM_FAN : 0,
        .feed_forward = isnan(now->norm) ? NAN
            : now->norm < 0.3 ? 0.5 : now->norm < 0.5 ? 0.8 : 1,
        .ambient_factor = ambient_factor(now->ambient_k), .scaled = scaled(now),
    };
    for (size_t i = 0; !out->state && i < ERG_COUNT(rules); i++)
        if (now->index < rules[i].index || predicted < rules[i].predicted) {
            out->state = rules[i].state;
            out->cpu_clock_hz = rules[i].cpu_clock_hz;
            out->gpu_clock_hz = rules[i].gpu_clock_hz;
            out->fan = rules[i].fan;
            out->power = rules[i].power;
            out->work = rules[i].work;
        }
}
