/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room between a front and a reference point that is worse than all of it: one
 * figure for how good a front is (Zitzler and Thiele 1999). By a sweep along the last
 * figure over the staircase of the first two.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "decide/decide.h"
#include "math/order.h"

typedef struct step { double x, y; } step;

/* x rises and y falls from step to step. */
typedef struct staircase {
    step *steps;
    size_t count;
    double right, top;      /* the reference */
    double area;
} staircase;

static size_t place_of(const staircase *stairs, double x)
{
    size_t low = 0, high = stairs->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stairs->steps[middle].x < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Adds a corner and the area that it alone commands. */
static void add_step(staircase *stairs, step one)
{
    size_t at = place_of(stairs, one.x), end = at;
    double height = at ? stairs->steps[at - 1].y : stairs->top, left = one.x;

    if (height <= one.y || (at < stairs->count && stairs->steps[at].x <= one.x
                            && stairs->steps[at].y <= one.y))
        return;
    for (; end < stairs->count && stairs->steps[end].y >= one.y; end++) {
        stairs->area += (stairs->steps[end].x - left) * (height - one.y);
        left = stairs->steps[end].x;
        height = stairs->steps[end].y;
    }
    double right = end < stairs->count ? stairs->steps[end].x : stairs->right;
    stairs->area += (right - left) * (height - one.y);
    memmove(&stairs->steps[at + 1], &stairs->steps[end],
            (stairs->count - end) * sizeof(*stairs->steps));
    stairs->steps[at] = one;
    stairs->count += 1 + at - end;
}

static bool is_within(const double *row, size_t dims, const double reference[])
{
    for (size_t i = 0; i < dims; i++)
        if (!(row[i] < reference[i]))
            return false;
    return true;
}

static size_t *by_last(const double *values, size_t rows, size_t dims,
                       const double reference[], size_t *count)
{
    size_t *order = malloc((rows + !rows) * sizeof(*order));

    *count = 0;
    for (size_t i = 0; order && i < rows; i++)
        if (is_within(values + dims * i, dims, reference))
            order[(*count)++] = i;
    if (order && !erg_order(values + dims - 1, dims, order, *count)) {
        free(order);
        return NULL;
    }
    return order;
}

bool erg_hypervolume(const double *values, size_t rows, size_t dims,
                     const double reference[], double *out, erg_error *err)
{
    size_t count;

    if (dims != 2 && dims != 3)
        return erg_fail(err, ERG_UNSUPPORTED, "a front of %zu figures: it is 2 or 3", dims);
    size_t *order = by_last(values, rows, dims, reference, &count);
    staircase stairs = { .steps = malloc((count + 1) * sizeof(step)),
                         .right = reference[0], .top = reference[1] };
    double volume = 0;

    for (size_t i = 0; order && stairs.steps && i < count; i++) {
        const double *row = values + dims * order[i];
        add_step(&stairs, (step){ row[0], row[1] });
        if (dims == 3)
            volume +=
                stairs.area
                * ((i + 1 < count ? values[3 * order[i + 1] + 2] : reference[2]) - row[2]);
    }
    bool ok = order && stairs.steps;
    free(order);
    free(stairs.steps);
    *out = dims == 3 ? volume : stairs.area;
    return ok || erg_fail(err, ERG_NO_MEMORY, "no memory for a front of %zu rows", rows);
}
