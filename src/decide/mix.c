/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the points of a front: where it bends, and two settings in turn.
 *
 * Work done partly at one setting and partly at another takes the mean of the times
 * and of the energies, by share: every point of the lower convex hull can be had.
 */
#include <math.h>
#include "decide/decide.h"

typedef struct ends { double first, last; } ends;

static double between(ends of, double value)
{
    return (log(value) - of.first) / (of.last - of.first);
}

size_t erg_pareto_knee(const double *values, size_t rows, const bool keep[])
{
    ends time = { INFINITY, -INFINITY }, energy = time;
    size_t knee = ERG_NO_OPTION, count = 0;
    double farthest = -INFINITY;

    for (size_t i = 0; i < rows; i++) {
        if (!keep[i])
            continue;
        count++;
        time = (ends){ fmin(time.first, log(values[2 * i])),
                       fmax(time.last, log(values[2 * i])) };
        energy = (ends){ fmin(energy.first, log(values[2 * i + 1])),
                         fmax(energy.last, log(values[2 * i + 1])) };
    }
    for (size_t i = 0; i < rows && count > 2; i++) {
        if (!keep[i])
            continue;
        double below =
            1 - between(time, values[2 * i]) - between(energy, values[2 * i + 1]);
        if (below > farthest) {
            farthest = below;
            knee = i;
        }
    }
    return knee;
}

/* Is c below the line from a to b, or is there no line? */
static bool is_lower(const double *a, const double *b, const double *c)
{
    return (b[0] - a[0]) * (c[1] - a[1]) < (b[1] - a[1]) * (c[0] - a[0]);
}

/* The row that comes after `from` on the lower hull, going slower; itself at the end. */
static size_t next_on_hull(const double *values, size_t rows, size_t from)
{
    size_t next = from;

    for (size_t i = 0; i < rows; i++) {
        const double *one = values + 2 * i, *at = values + 2 * from;
        if (!(one[0] > at[0]) || !(one[1] < at[1]))
            continue;
        if (next == from || is_lower(at, values + 2 * next, one))
            next = i;
    }
    return next;
}

bool erg_mix_for(const double *values, size_t rows, double deadline_s, erg_mix *out)
{
    size_t a = ERG_NO_OPTION;

    for (size_t i = 0; i < rows; i++) /* the fastest; of equally fast ones the thriftiest */
        if (!isnan(values[2 * i]) && !isnan(values[2 * i + 1])
            && (a == ERG_NO_OPTION || values[2 * i] < values[2 * a]
                || (values[2 * i] <= values[2 * a]
                    && values[2 * i + 1] < values[2 * a + 1])))
            a = i;
    if (a == ERG_NO_OPTION || !(values[2 * a] <= deadline_s))
        return false;

    size_t b = next_on_hull(values, rows, a);
    while (b != a && values[2 * b] <= deadline_s) {
        a = b;
        b = next_on_hull(values, rows, a);
    }
    double share =
        b == a ? 1 : (values[2 * b] - deadline_s) / (values[2 * b] - values[2 * a]);
    *out = (erg_mix){ .a = a,
                      .b = b,
                      .share = share,
                      .time_s = b == a ? values[2 * a] : deadline_s,
                      .energy_j =
                          share * values[2 * a + 1] + (1 - share) * values[2 * b + 1] };
    return true;
}
