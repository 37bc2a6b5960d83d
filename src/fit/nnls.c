/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include "fit/nnls.h"
#include "math/nnls.h"

bool erg_nnls_solve(const double *x, const double *y, size_t rows, size_t columns,
                    erg_nnls *out, erg_error *err)
{
    *out = (erg_nnls){ .squares = NAN };
    if (columns < 1 || columns > ERG_NNLS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "cannot fit %zu coefficients, only 1 to %d",
                        columns, ERG_NNLS_MOST);

    erg_nonnegative_rows in = { x, y, rows, columns };
    erg_nonnegative found = { out->value, out->low, out->high, NAN, NAN };
    bool ok = erg_nonnegative_fit(&in, &found, err);
    out->squares = found.squares;
    out->condition = found.condition;
    return ok;
}
