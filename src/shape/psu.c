/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdbool.h>
#include "shape/psu.h"

const erg_psu_row erg_psu_atx[ERG_PSU_ATX_ROWS] = {
    { 2.0, 100e-6, 0.05 }, { 1.8, 1e-3, 0.08 }, { 1.6, 10e-3, 0.125 }, { 1.2, 100e-3, 0.25 },
    { 1.0, 1, 1 },
};

#define DUTY_S 1.0
#define ROUNDING 1e-9

/* Stretches in which the mean of `width` values is above level_w. */
static size_t count_means(const double power_w[], size_t n, size_t width, double level_w)
{
    double sum_w = 0;
    size_t found = 0;
    bool was_over = false;

    for (size_t i = 0; i < n; i++) {
        sum_w += power_w[i] - (i >= width ? power_w[i - width] : 0);
        bool is_over = i + 1 >= width && sum_w / (double)width > level_w * (1 + ROUNDING);
        found += is_over && !was_over;
        was_over = is_over;
    }
    return found;
}

/* Stretches in which more than `duty` of the last second was above level_w. */
static size_t count_duty(const double power_w[], size_t n, size_t second, const double limits[2])
{
    double level_w = limits[0] * (1 + ROUNDING), most = limits[1] * (double)second + 0.5;
    size_t above = 0, found = 0;
    bool was_over = false;

    for (size_t i = 0; i < n; i++) {
        above += power_w[i] > level_w;
        if (i >= second)
            above -= power_w[i - second] > level_w;
        bool is_over = (double)above > most;
        found += is_over && !was_over;
        was_over = is_over;
    }
    return found;
}

erg_psu_found erg_psu_check(const double power_w[], size_t n, double dt_s, double rating_w,
                            const erg_psu_row rows[ERG_PSU_ATX_ROWS])
{
    size_t second = (size_t)fmax(1, round(DUTY_S / dt_s));
    erg_psu_found found = { 0 };

    for (int k = 0; k < ERG_PSU_ATX_ROWS; k++) {
        if (rows[k].window_s < dt_s * (1 - ROUNDING)) {
            found.unseen++;
            continue;
        }
        size_t width = (size_t)fmax(1, round(rows[k].window_s / dt_s));
        found.violations += count_means(power_w, n, width, rows[k].over * rating_w);
        if (k + 1 < ERG_PSU_ATX_ROWS)
            found.violations += count_duty(power_w, n, second, (double[]){
                rows[k + 1].over * rating_w, rows[k].duty });
    }
    return found;
}
