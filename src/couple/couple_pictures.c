/* SPDX-License-Identifier: Apache-2.0 */
/* What pictures of each pair are drawn from: the values side by side, and what the models
 * of the past left in the residuals. */
#include <math.h>
#include <stdlib.h>
#include "couple/couple_inside.h"

enum { DOTS_MOST = 300, ACF_LAGS = 20 };

#define BAND_SIGMA 1.96

static const erg_column dot_columns[] = {
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "second of the pair" },
    { "x_value", ERG_REAL, "SI, on the grid" },
    { "y_value", ERG_REAL, "SI, on the grid, of the same bin" },
    { "device", ERG_TEXT, "as the log names it" },
};

static const erg_column residual_columns[] = {
    { "x", ERG_TEXT, "first of the pair" },
    { "y", ERG_TEXT, "second of the pair" },
    { "lag_s", ERG_REAL, "between two residuals" },
    { "acf_x", ERG_REAL, "autocorrelation of the residuals of x" },
    { "acf_y", ERG_REAL, "autocorrelation of the residuals of y" },
    { "band", ERG_REAL, "95 % of white noise lie inside, lag by lag" },
    { "device", ERG_TEXT, "as the log names it" },
};

static bool begin_row(const erg_joint *joint, erg_table *to, const erg_joint_pair *pair,
                      erg_error *err)
{
    const char *device = pair->device < 0 ? NULL : joint->devices[pair->device].log->name;

    return erg_table_row(to, err)
        && erg_table_text(to, "x", joint->channels[pair->x].name, err)
        && erg_table_text(to, "y", joint->channels[pair->y].name, err)
        && erg_table_text(to, "device", device, err);
}

/* Every so many bins, so that a page stays small. */
static bool put_dots(const erg_joint *joint, erg_table *to, const erg_joint_pair *pair,
                     erg_error *err)
{
    const double *x = erg_joint_run(joint, &joint->channels[pair->x]);
    const double *y = erg_joint_run(joint, &joint->channels[pair->y]);
    size_t n = erg_joint_n(joint), step = n / DOTS_MOST + 1;

    for (size_t i = 0; i < n; i += step)
        if (isfinite(x[i]) && isfinite(y[i])
            && (!begin_row(joint, to, pair, err)
                || !erg_table_real(to, "x_value", x[i], err)
                || !erg_table_real(to, "y_value", y[i], err)))
            return false;
    return true;
}

static bool put_residuals(const erg_joint *joint, erg_table *to, const erg_joint_pair *pair,
                          erg_error *err)
{
    const erg_pair *test = &pair->test;
    size_t most = test->count / 4 < ACF_LAGS ? test->count / 4 : ACF_LAGS;
    double acf_x[ACF_LAGS + 1], acf_y[ACF_LAGS + 1];
    double band = BAND_SIGMA / sqrt((double)test->count);

    if (most < 1 || !erg_acf(test->residual_x, test->n, most, acf_x)
        || !erg_acf(test->residual_y, test->n, most, acf_y))
        return true;
    for (size_t k = 1; k <= most; k++)
        if (!begin_row(joint, to, pair, err)
            || !erg_table_real(to, "lag_s", (double)k * joint->dt_s, err)
            || !erg_table_real(to, "acf_x", acf_x[k], err)
            || !erg_table_real(to, "acf_y", acf_y[k], err)
            || !erg_table_real(to, "band", band, err))
            return false;
    return true;
}

bool erg_joint_pictures(const erg_joint *joint, erg_error *err)
{
    erg_table *dots = erg_result_add(joint->result, "scatter", dot_columns,
                                     ERG_COUNT(dot_columns), err);
    erg_table *residuals = dots
        ? erg_result_add(joint->result, "residuals", residual_columns,
                         ERG_COUNT(residual_columns), err) : NULL;
    bool ok = residuals != NULL;

    for (size_t i = 0; ok && i < joint->pair_count; i++)
        if (joint->pairs[i].is_tested)
            ok = put_dots(joint, dots, &joint->pairs[i], err)
              && put_residuals(joint, residuals, &joint->pairs[i], err);
    return ok;
}
