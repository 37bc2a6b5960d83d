/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns are scaled to length 1, and each is held to 0 by a row of 1e-7: far below what
 * measured rows say, but enough that a constant or repeated column has an answer.
 */
#include <math.h>
#include <stdlib.h>
#include "fit/regress.h"
#include "math/linear.h"

static const double whisper = 1e-7;

bool erg_regress_begin(erg_regress *system, const erg_train *in, size_t columns,
                       erg_error *err)
{
    size_t most = 2 * columns;

    for (size_t i = 0; i < in->count; i++)
        most += in->curves[i].count;
    *system = (erg_regress){ .a = calloc(most * columns, sizeof(double)),
                             .b = calloc(most, sizeof(double)),
                             .columns = columns };
    if (system->a && system->b)
        return true;
    free(system->a);
    free(system->b);
    return erg_fail(err, ERG_NO_MEMORY, "no memory for a fit of %zu rows", most);
}

void erg_regress_row(erg_regress *system, const double x[], double y)
{
    for (size_t j = 0; j < system->columns; j++)
        system->a[system->rows * system->columns + j] = x[j];
    system->b[system->rows++] = y;
}

void erg_regress_prior(erg_regress *system, size_t j, double value, double weight)
{
    system->a[system->rows * system->columns + j] = sqrt(weight);
    system->b[system->rows++] = sqrt(weight) * value;
}

/* The length it had; 1 for a column of zeros. */
static double scale_column(erg_regress *system, size_t j)
{
    double squares = 0;

    for (size_t i = 0; i < system->rows; i++)
        squares += pow(system->a[i * system->columns + j], 2);
    double length = squares > 0 ? sqrt(squares) : 1;
    for (size_t i = 0; i < system->rows; i++)
        system->a[i * system->columns + j] /= length;
    return length;
}

bool erg_regress_end(erg_regress *system, double x[], erg_error *err)
{
    size_t rows = system->rows;

    for (size_t j = 0; j < system->columns; j++)
        x[j] = scale_column(system, j);
    for (size_t j = 0; j < system->columns; j++)
        erg_regress_prior(system, j, 0, whisper * whisper);
    bool good = rows
        ? erg_least_squares(system->a, system->b, system->rows, system->columns, err)
        : erg_fail(err, ERG_NO_DATA, "there is no row to learn from");
    for (size_t j = 0; good && j < system->columns; j++)
        x[j] = system->b[j] / x[j];
    free(system->a);
    free(system->b);
    return good;
}
