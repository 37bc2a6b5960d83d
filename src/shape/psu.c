/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "shape/psu.h"

const erg_psu_row erg_psu_atx[ERG_PSU_ROWS] = {
    { 2.0, 100e-6, 0.05 }, { 1.8, 1e-3, 0.08 }, { 1.6, 10e-3, 0.125 },
    { 1.2, 100e-3, 0.25 }, { 1.0, 1, 1 },
};

#define SECOND_S 1.0
#define ROUNDING 1e-9

size_t erg_psu_room(double dt_s)
{
    return (size_t)fmax(1, round(SECOND_S / dt_s));
}

static bool is_seen(const erg_psu *psu, int row)
{
    return psu->rows[row].window_s >= psu->dt_s * (1 - ROUNDING);
}

/* No window is longer than the second that is remembered. */
static size_t width_of(const erg_psu *psu, int row)
{
    size_t width = (size_t)fmax(1, round(psu->rows[row].window_s / psu->dt_s));

    return width < psu->second ? width : psu->second;
}

static double level_w(const erg_psu *psu, int row)
{
    return psu->rows[row].over * psu->rating_w * (1 + ROUNDING);
}

void erg_psu_begin(erg_psu *psu, const erg_psu_row rows[ERG_PSU_ROWS], double rating_w,
                   double dt_s, double ring[])
{
    *psu = (erg_psu){ .rows = rows, .rating_w = rating_w, .dt_s = dt_s, .ring = ring,
                      .second = erg_psu_room(dt_s) };
    for (int row = 0; row < ERG_PSU_ROWS; row++)
        psu->unseen += !is_seen(psu, row);
}

/* The value of so many steps ago; 1: the last. */
static double ago_w(const erg_psu *psu, size_t steps)
{
    return psu->ring[(psu->at + psu->second - steps) % psu->second];
}

/* The mean of a window, summed anew once a second, as differences gather rounding. */
static bool is_high(const erg_psu *psu, int row)
{
    size_t width = width_of(psu, row);

    return psu->seen >= width && psu->sums_w[row] / (double)width > level_w(psu, row);
}

static void slide(erg_psu *psu, int row, double power_w)
{
    size_t width = width_of(psu, row);

    if (psu->seen >= width)
        psu->sums_w[row] -= ago_w(psu, width);
    psu->sums_w[row] += power_w;
    if (row + 1 == ERG_PSU_ROWS)
        return;
    if (psu->seen == psu->second)
        psu->above[row] -= ago_w(psu, psu->second) > level_w(psu, row + 1);
    psu->above[row] += power_w > level_w(psu, row + 1);
}

static void sum_anew(erg_psu *psu)
{
    for (int row = 0; row < ERG_PSU_ROWS; row++) {
        psu->sums_w[row] = 0;
        for (size_t steps = width_of(psu, row); steps > 0; steps--)
            psu->sums_w[row] += ago_w(psu, steps);
    }
}

static void judge(erg_psu *psu, int row)
{
    double most = psu->rows[row].duty * (double)psu->second + 0.5;
    bool high = is_high(psu, row);
    bool is_long = row + 1 < ERG_PSU_ROWS && (double)psu->above[row] > most;

    psu->violations += (high && !psu->was_high[row]) + (is_long && !psu->was_long[row]);
    psu->was_high[row] = high;
    psu->was_long[row] = is_long;
}

void erg_psu_step(erg_psu *psu, double power_w)
{
    for (int row = 0; row < ERG_PSU_ROWS; row++)
        slide(psu, row, power_w);
    psu->ring[psu->at] = power_w;
    psu->at = (psu->at + 1) % psu->second;
    psu->seen += psu->seen < psu->second;
    if (psu->at == 0)
        sum_anew(psu);
    for (int row = 0; row < ERG_PSU_ROWS; row++)
        if (is_seen(psu, row))
            judge(psu, row);
}
