/* SPDX-License-Identifier: Apache-2.0 */
/* Sources: Benjamini and Hochberg, J. R. Statist. Soc. B 57 (1995); Benjamini and
 * Yekutieli, Annals of Statistics 29 (2001). */
#include <math.h>
#include <stdlib.h>
#include "math/contrast.h"
#include "math/order.h"

bool erg_false_discovery(double p[], size_t n, bool is_dependent)
{
    size_t *order = calloc(n + 1, sizeof(*order)), count = 0;
    double scale = 0, least = 1;

    if (!order)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i]))
            order[count++] = i;
    for (size_t i = 1; i <= count; i++)
        scale += is_dependent ? 1 / (double)i : 0;
    bool ok = erg_order(p, 1, order, count);
    for (size_t rank = count; ok && rank > 0; rank--) {
        double raised = p[order[rank - 1]] * (double)count / (double)rank;
        least = fmin(least, is_dependent ? raised * scale : raised);
        p[order[rank - 1]] = least;
    }
    free(order);
    return ok;
}
