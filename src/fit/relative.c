/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of one network are near copies of each other: folds are by group, never
 * by row. A random split looks 2 to 3 points better than it is.
 */
#include <math.h>
#include <stdlib.h>
#include "fit/relative.h"

#define HELD_ELSEWHERE 0.05         /* of a column's sum, outside the group */
#define NEEDED 0.05                 /* of a row's prediction, to need a column */

typedef struct system_of_rows {
    double *x, *y;
    size_t rows;
} system_of_rows;

static void add_rows(system_of_rows *to, const erg_fit_row *rows, size_t count, int without,
                     const erg_fit_form *form)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].group == without)
            continue;
        for (size_t j = 0; j < form->columns; j++)
            to->x[to->rows * form->columns + j] = rows[i].x[j] / rows[i].target;
        to->y[to->rows++] = 1;
    }
}

static void add_priors(system_of_rows *to, const erg_fit_form *form)
{
    double root = sqrt(form->weight * (double)to->rows);

    for (size_t j = 0; j < form->columns; j++) {
        if (!(form->prior[j] > 0) || !(root > 0))
            continue;
        for (size_t k = 0; k < form->columns; k++)
            to->x[to->rows * form->columns + k] = k == j ? root / form->prior[j] : 0;
        to->y[to->rows++] = root;
    }
}

enum { NO_GROUP = -1 };

static bool fit_without(const erg_fit_row *rows, size_t count, int without,
                        const erg_fit_form *form, erg_nnls *out, erg_error *err)
{
    size_t most = count + ERG_NNLS_MOST;
    system_of_rows all = { .x = calloc(most * ERG_NNLS_MOST, sizeof(double)),
                           .y = calloc(most, sizeof(double)) };
    bool good = false;

    if (!all.x || !all.y) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for a fit of %zu rows", count);
    } else {
        add_rows(&all, rows, count, without, form);
        add_priors(&all, form);
        good = erg_nnls_solve(all.x, all.y, all.rows, form->columns, out, err);
    }
    free(all.x);
    free(all.y);
    return good;
}

bool erg_fit_relative(const erg_fit_row *rows, size_t count, const erg_fit_form *form,
                      erg_nnls *out, erg_error *err)
{
    return fit_without(rows, count, NO_GROUP, form, out, err);
}

double erg_fit_predict(const erg_nnls *fit, const erg_fit_row *row)
{
    double sum = 0;

    for (size_t j = 0; j < ERG_NNLS_MOST; j++)
        sum += fit->value[j] * row->x[j];
    return sum;
}

static bool is_first_of_group(const erg_fit_row *rows, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (rows[i].group == rows[index].group)
            return false;
    return true;
}

/* Which columns the rows of other groups say something of, relative to targets. */
static void find_held(const erg_fit_row *rows, size_t count, int group, bool held[])
{
    for (size_t j = 0; j < ERG_NNLS_MOST; j++) {
        double inside = 0, outside = 0;
        for (size_t i = 0; i < count; i++)
            *(rows[i].group == group ? &inside : &outside) += rows[i].x[j] / rows[i].target;
        held[j] = outside > HELD_ELSEWHERE * (inside + outside);
    }
}

static double judge(const erg_nnls *fit, const erg_nnls *all, const bool held[],
                    const erg_fit_row *row)
{
    for (size_t j = 0; j < ERG_NNLS_MOST; j++)
        if (!held[j] && all->value[j] * row->x[j] > NEEDED * row->target)
            return NAN;
    return erg_fit_predict(fit, row) / row->target - 1;
}

bool erg_fit_folds(const erg_fit_row *rows, const erg_fit_row *judged, size_t count,
                   const erg_fit_form *form, double error[], erg_error *err)
{
    erg_nnls all, fit;
    bool held[ERG_NNLS_MOST];

    if (!erg_fit_relative(rows, count, form, &all, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_first_of_group(rows, i))
            continue;
        find_held(rows, count, rows[i].group, held);
        bool known = fit_without(rows, count, rows[i].group, form, &fit, NULL);
        for (size_t k = i; k < count; k++)
            if (rows[k].group == rows[i].group)
                error[k] = known ? judge(&fit, &all, held, &judged[k]) : NAN;
    }
    return true;
}
