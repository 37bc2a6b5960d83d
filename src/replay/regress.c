/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/nnls.h"
#include "replay/regress.h"

static const double CONDITION_MOST = 1e4;

/* Counts of the groups, row by row, and the joules that they explain. */
typedef struct system_of_rows {
    double *x, *y, *value, *low, *high;
    size_t rows, columns, kernels;
} system_of_rows;

static bool begin(system_of_rows *s, const erg_regress_set *set, erg_error *err)
{
    size_t rows = set->window_count, columns = set->kernel_count;

    *s = (system_of_rows){ .rows = rows, .columns = columns, .kernels = columns };
    s->x = calloc(rows * columns + 1, sizeof(double));
    s->y = calloc(rows + 3 * columns + 1, sizeof(double));
    if (!s->x || !s->y)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for %zu kernels in %zu windows",
                        columns, rows);
    s->value = s->y + rows;
    s->low = s->value + columns;
    s->high = s->low + columns;
    return true;
}

static void end(system_of_rows *s)
{
    free(s->x);
    free(s->y);
}

static double base_j(const erg_regress_set *set, size_t window)
{
    return isnan(set->base_w) ? 0 : set->base_w * set->windows[window].time_s;
}

/* Without window `left_out`; rows close up. */
static void fill(system_of_rows *s, const erg_regress_set *set, size_t left_out)
{
    size_t columns = set->group_count;

    s->rows = set->window_count - (left_out < set->window_count);
    s->columns = columns;
    memset(s->x, 0, set->window_count * s->kernels * sizeof(double));
    for (size_t i = 0; i < set->count_count; i++) {
        size_t row = set->counts[i].window,
               group = set->kernels[set->counts[i].kernel].group;
        if (row != left_out)
            s->x[(row - (row > left_out)) * columns + group] += set->counts[i].count;
    }
    for (size_t row = 0; row < set->window_count; row++)
        if (row != left_out)
            s->y[row - (row > left_out)] = set->windows[row].energy_j - base_j(set, row);
}

/* ---- groups: what cannot be told apart ------------------------------------------- */

static double likeness(const system_of_rows *s, size_t a, size_t b)
{
    double ab = 0, aa = 0, bb = 0;

    for (size_t row = 0; row < s->rows; row++) {
        double x = s->x[row * s->columns + a], y = s->x[row * s->columns + b];
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : -1;
}

static erg_tier tier_of_group(const erg_regress_set *set, size_t group)
{
    for (size_t i = 0; i < set->kernel_count; i++)
        if (set->kernels[i].group == group)
            return set->kernels[i].tier;
    return ERG_TIER_UNKNOWN;
}

static void merge(erg_regress_set *set, size_t into, size_t from)
{
    for (size_t i = 0; i < set->kernel_count; i++) {
        size_t *group = &set->kernels[i].group;
        if (*group == from)
            *group = into;
        *group -= *group > from;
    }
    set->group_count--;
}

/* False: no two of one tier are left. */
static bool merge_likest(erg_regress_set *set, const system_of_rows *s)
{
    double most = -1;
    size_t into = 0, from = 0;

    for (size_t a = 0; a < set->group_count; a++)
        for (size_t b = a + 1; b < set->group_count; b++) {
            if (tier_of_group(set, a) != tier_of_group(set, b))
                continue;
            double like = likeness(s, a, b);
            if (like <= most)
                continue;
            most = like;
            into = a;
            from = b;
        }
    if (most < 0)
        return false;
    merge(set, into, from);
    return true;
}

static bool condition(erg_regress_set *set, const system_of_rows *s, erg_error *err)
{
    erg_nonnegative_rows in = { s->x, s->y, s->rows, s->columns };

    set->condition = INFINITY;
    return s->columns > s->rows || erg_columns_condition(&in, &set->condition, err);
}

static bool group(erg_regress_set *set, system_of_rows *s, erg_error *err)
{
    for (size_t i = 0; i < set->kernel_count; i++)
        set->kernels[i].group = i;
    set->group_count = set->kernel_count;
    do {
        fill(s, set, set->window_count);
        if (!condition(set, s, err))
            return false;
    } while (!(set->condition < CONDITION_MOST) && merge_likest(set, s));
    return true;
}

/* ---- the fit, and each window by the others --------------------------------------- */

static bool fit(system_of_rows *s, bool bounds, erg_error *err)
{
    erg_nonnegative_rows in = { s->x, s->y, s->rows, s->columns };
    erg_nonnegative out = { s->value, bounds ? s->low : NULL, bounds ? s->high : NULL, NAN,
                            NAN };
    return erg_nonnegative_fit(&in, &out, err);
}

static double predict(const erg_regress_set *set, const system_of_rows *s, size_t window)
{
    double sum = base_j(set, window);

    for (size_t i = 0; i < set->count_count; i++)
        if (set->counts[i].window == window)
            sum +=
                set->counts[i].count * s->value[set->kernels[set->counts[i].kernel].group];
    return sum;
}

static bool fit_all(erg_regress_set *set, system_of_rows *s, erg_error *err)
{
    fill(s, set, set->window_count);
    if (!fit(s, true, err))
        return false;
    for (size_t i = 0; i < set->kernel_count; i++) {
        erg_regress_kernel *kernel = &set->kernels[i];
        kernel->energy_j = s->value[kernel->group];
        kernel->low_j = s->low[kernel->group];
        kernel->high_j = s->high[kernel->group];
    }
    for (size_t i = 0; i < set->window_count; i++)
        set->predicted_j[i] = predict(set, s, i);
    return true;
}

static bool fit_left_out(erg_regress_set *set, system_of_rows *s, erg_error *err)
{
    double sum = 0;

    for (size_t i = 0; i < set->window_count; i++) {
        fill(s, set, i);
        if (!fit(s, false, err))
            return false;
        set->left_out_j[i] = predict(set, s, i);
        sum += fabs(set->left_out_j[i] / set->windows[i].energy_j - 1);
    }
    set->left_out_error = sum / (double)set->window_count;
    return true;
}

bool erg_regress_solve(erg_regress_set *set, erg_error *err)
{
    system_of_rows s = { 0 };

    if (set->window_count < 2 || !set->kernel_count)
        return erg_fail(
            err, ERG_NO_DATA,
            "%s: %zu windows with %zu kernels say nothing: at least two windows "
            "with different counts are needed",
            set->source, set->window_count, set->kernel_count);
    free(set->predicted_j);
    set->predicted_j = calloc(2 * set->window_count + set->kernel_count, sizeof(double));
    set->left_out_j = set->predicted_j ? set->predicted_j + set->window_count : NULL;
    set->group_en = set->left_out_j ? set->left_out_j + set->window_count : NULL;
    bool ok =
        (set->predicted_j
         || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu windows", set->window_count))
        && begin(&s, set, err) && group(set, &s, err) && fit_all(set, &s, err)
        && fit_left_out(set, &s, err);
    end(&s);
    return ok;
}
