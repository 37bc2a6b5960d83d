/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo of the first dialect: power rises from 50 to 260 W in 300 s on a part that is
 * rated at 200 W.
 *
 *   RLE = U S e / ((A + 1/tau)(1 + N))
 */
#include <math.h>
#include "thermal/rle_inside.h"

enum { LAST = 10 };

/* An insertion keeps order; sums run from the oldest. */
static double index_of(const erg_rle_history *useful_w, const erg_rle_history *temp_k,
                       double efficiency, double rise_k)
{
    double load = useful_w->at[0] / 200, temp_c = temp_k->at[0] - ERG_CELSIUS_K;
    double cv = erg_rle_sd(useful_w, LAST, 1) / erg_rle_mean(useful_w, LAST);
    double noise = erg_rle_sd(temp_k, LAST, 1) / 5;
    double tau_s = temp_c >= 90 ? 1e-6 : rise_k > 0 ? (90 - temp_c) / rise_k : 1e6;

    /* All heat in is power over efficiency: U, 1 - waste/Q_in, is the efficiency too. */
    return efficiency * efficiency / (1 + cv) / ((load + 1 / tau_s) * (1 + noise));
}

void erg_rle_demo(double index[ERG_RLE_DEMO], double temp_k[ERG_RLE_DEMO], size_t *collapse)
{
    erg_rle_history power = { .count = 0 }, temp = { .count = 0 };
    double now_c = 40, most = 0;
    size_t top = 0;

    for (size_t i = 0; i < ERG_RLE_DEMO; i++) {
        double useful_w = 50 + 210 * (double)i / ERG_RLE_DEMO, load = useful_w / 200;
        double efficiency = 0.7 - 0.2 * erg_clamp((now_c - 40) / 50, 0, 1);
        double rise_k = load <= 1 ? 0.1 * load + 0.01 : 0.1 + 0.3 * (load - 1) * (load - 1);
        now_c += rise_k;
        erg_rle_remember(&power, useful_w);
        erg_rle_remember(&temp, now_c + ERG_CELSIUS_K);
        temp_k[i] = now_c + ERG_CELSIUS_K;
        index[i] = index_of(&power, &temp, efficiency, rise_k);
        if (index[i] > most) {
            most = index[i];
            top = i;
        }
    }
    *collapse = ERG_RLE_DEMO;
    for (size_t i = top + 10; i < ERG_RLE_DEMO && *collapse == ERG_RLE_DEMO; i++) {
        double sum = 0;
        for (size_t j = i - 5; j <= i; j++)
            sum += index[j];
        if (sum / 6 < most - 0.3 && 50 + 210 * (double)i / ERG_RLE_DEMO > 200)
            *collapse = i;
    }
}
