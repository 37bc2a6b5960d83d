/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measured shapes on a grid. A shape that was not measured lies between others that
 * differ from it in one size of the pair (n, k) or (heads, kv_heads) alone: those tell
 * what a library's choice of kernel or the state of the campaign did there, which no
 * formula of the shape knows.
 */
#include <math.h>
#include <stdlib.h>
#include "base/sort.h"
#include "estimate/kernel.h"

static const double step = 1.0 / 2048;
/* Of ln(size): neighbours a factor 1.05 apart count as close as they can. */
static const double least_gap = 0.05;
/* Attention hardly asks how many heads share their keys, but how many there are. */
#define FEWER_KV_HEADS 16
enum { PRODUCT_AXES = 4 };
#define NO_GAP 9                    /* the feature where there is one neighbour or none */

int16_t erg_kernel_cell_value(double value)
{
    double steps = round(value / step);

    return isnan(steps) ? ERG_KERNEL_MISSING
         : (int16_t)(steps > INT16_MAX ? INT16_MAX
                         : steps <= INT16_MIN ? INT16_MIN + 1 : steps);
}

/* ---- building ---------------------------------------------------------------------- */

static bool make_axis(erg_kernel_axis *to, double *values, size_t count, erg_error *err)
{
    qsort(values, count, sizeof(*values), erg_by_value);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && values[i] <= values[i - 1])
            continue;
        if (to->count == ERG_AXIS_MOST)
            return erg_fail(err, ERG_BAD_INPUT,
                            "over %d values of one size: a model learns "
                            "from shapes on a grid", ERG_AXIS_MOST);
        to->values[to->count++] = values[i];
    }
    return true;
}

bool erg_kernel_grid_make(erg_kernel_grid *grid, const double *rows, size_t count, int axes,
                          erg_error *err)
{
    double *values = calloc(count + 1, sizeof(*values));
    bool good = values || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu shapes", count);

    *grid = (erg_kernel_grid){ .axes = axes };
    for (int axis = 0; good && axis < axes; axis++) {
        for (size_t i = 0; i < count; i++)
            values[i] = rows[i * (size_t)axes + (size_t)axis];
        good = make_axis(&grid->axis[axis], values, count, err);
    }
    free(values);
    return good && erg_kernel_grid_finish(grid, err);
}

bool erg_kernel_grid_finish(erg_kernel_grid *grid, erg_error *err)
{
    grid->count = 1;
    for (int i = grid->axes - 1; i >= 0; i--) {
        erg_kernel_axis *axis = &grid->axis[i];
        grid->strides[i] = grid->count;
        grid->count *= axis->count;
        if (!axis->count || grid->count > ERG_KERNEL_CELLS)
            return erg_fail(err, ERG_BAD_INPUT, "a grid of over %d shapes, or of none",
                            ERG_KERNEL_CELLS);
        for (size_t j = 0; j < axis->count; j++) {
            axis->logs[j] = log(fmax(axis->values[j], 0.5));
            axis->middles[j] = j + 1 < axis->count
                ? sqrt(axis->values[j] * axis->values[j + 1])
                : INFINITY;
        }
    }
    grid->cells = malloc(grid->count * sizeof(*grid->cells));
    if (!grid->cells)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a grid of %zu shapes",
                        grid->count);
    for (size_t i = 0; i < grid->count; i++)
        for (int target = 0; target < ERG_TARGETS; target++)
            grid->cells[i].target[target] = ERG_KERNEL_MISSING;
    return true;
}

void erg_kernel_grid_free(erg_kernel_grid *grid)
{
    free(grid->cells);
    *grid = (erg_kernel_grid){ 0 };
}

/* ---- finding ----------------------------------------------------------------------- */

static size_t nearest(const erg_kernel_axis *axis, double value)
{
    size_t low = 0, count = axis->count;

    while (count > 1) {             /* the last whose lower middle lies below */
        size_t half = count / 2;
        low += axis->middles[low + half - 1] < value ? half : 0;
        count -= half;
    }
    return low;
}

erg_kernel_spot erg_kernel_spot_of(const erg_kernel_grid *grid,
                                   const double coordinates[])
{
    erg_kernel_spot spot = { 0 };
    int pair = grid->axes - 2;

    for (int i = 0; i < grid->axes; i++) {
        const erg_kernel_axis *axis = &grid->axis[i];
        double value = coordinates[i];
        size_t at = nearest(axis, value);
        spot.cell += at * grid->strides[i];
        if (i < pair) {
            spot.beyond |= value < axis->values[0] || value > axis->values[axis->count - 1];
            continue;
        }
        /* A factor 2 outside of the pair's sizes is as near as measured ones may be. */
        spot.beyond |= 2 * value < axis->values[0]
            || value > 2 * axis->values[axis->count - 1];
        spot.at[i - pair] = at;
        spot.pair[i - pair] = value;
        spot.logs[i - pair] = value < axis->values[at] || value > axis->values[at]
                            ? log(value) : axis->logs[at];
    }
    return spot;
}

typedef struct side { bool found; double log, value[ERG_TARGETS]; } side;

/* The next measured shape along one axis, up or down from the spot. */
static side look(const erg_kernel_grid *grid, const erg_kernel_spot *spot,
                 int which, int by)
{
    int number = grid->axes - 2 + which;
    const erg_kernel_axis *axis = &grid->axis[number];
    ptrdiff_t at = (ptrdiff_t)spot->at[which], stride = (ptrdiff_t)grid->strides[number];
    const erg_kernel_cell *cells = grid->cells + spot->cell - at * stride;
    double apart = (axis->values[at] - spot->pair[which]) * by;

    for (at += apart > 0 ? 0 : by; at >= 0 && at < (ptrdiff_t)axis->count; at += by) {
        const int16_t *values = cells[at * stride].target;
        if (values[ERG_TARGET_LATENCY] == ERG_KERNEL_MISSING)
            continue;
        return (side){ true, axis->logs[at],
                       { values[ERG_TARGET_LATENCY] * step,
                         values[ERG_TARGET_POWER] * step } };
    }
    return (side){ 0 };
}

static bool is_known(const erg_kernel_grid *grid, const erg_kernel_spot *spot)
{
    bool found = grid->cells[spot->cell].target[ERG_TARGET_LATENCY] != ERG_KERNEL_MISSING;

    for (int i = 0; i < 4 && !found; i++)
        found = look(grid, spot, i / 2, i % 2 ? 1 : -1).found;
    return found;
}

void erg_kernel_spot_settle(const erg_kernel_grid *grid, const double coordinates[],
                            erg_kernel_spot *spot)
{
    int number = grid->axes - 3;
    const erg_kernel_axis *axis = &grid->axis[number];
    ptrdiff_t at = (ptrdiff_t)nearest(axis, coordinates[number]), best = at;
    double wished = log(coordinates[number]), least = INFINITY;
    int sides = 0;

    if (is_known(grid, spot))
        return;
    for (int by = -1; by <= 1; by += 2)
        for (ptrdiff_t i = at + by; i >= 0 && i < (ptrdiff_t)axis->count; i += by) {
            erg_kernel_spot moved = *spot;
            moved.cell = (size_t)((ptrdiff_t)spot->cell
                                  + (i - at) * (ptrdiff_t)grid->strides[number]);
            if (!is_known(grid, &moved))
                continue;
            double apart = fabs(axis->logs[i] - wished);
            best = apart < least ? i : best;
            least = fmin(apart, least);
            sides++;
            break;
        }
    spot->cell = (size_t)((ptrdiff_t)spot->cell
                          + (best - at) * (ptrdiff_t)grid->strides[number]);
    spot->beyond |= sides < 2;
}

typedef struct span { side low, high; double gap, weight, share; } span;

static span look_along(const erg_kernel_grid *grid, const erg_kernel_spot *spot, int which)
{
    span of = { look(grid, spot, which, -1), look(grid, spot, which, 1), NO_GAP, 0, 0 };

    if (!of.low.found && !of.high.found)
        return of;
    of.weight = 0.1;  /* one side alone says little: as if a factor e^10 apart */
    if (!of.low.found)
        of.low = of.high;
    else if (!of.high.found)
        of.high = of.low;
    else {
        of.gap = of.high.log - of.low.log;
        of.weight = 1 / (of.gap + least_gap);
        of.share = (spot->logs[which] - of.low.log) / of.gap;
    }
    return of;
}

static double between(const span *of, int target)
{
    return of->low.value[target]
        + of->share * (of->high.value[target] - of->low.value[target]);
}

void erg_kernel_near(const erg_kernel_grid *grid, const erg_kernel_spot *spot,
                     float to[ERG_TARGETS][ERG_KERNEL_NEAR])
{
    const span n = look_along(grid, spot, 0);
    span k = look_along(grid, spot, 1);
    k.weight *= grid->axes > PRODUCT_AXES ? FEWER_KV_HEADS : 1;
    double weight = n.weight + k.weight;

    for (int target = 0; target < ERG_TARGETS; target++) {
        double along_n = between(&n, target), along_k = between(&k, target);
        double base = weight > 0 ? (n.weight * along_n + k.weight * along_k) / weight : 0;
        const double all[ERG_KERNEL_NEAR] = {
            k.low.value[target], k.high.value[target], n.low.value[target],
            n.high.value[target], along_k, along_n, k.gap, n.gap, base, along_k - along_n,
        };
        for (int i = 0; i < ERG_KERNEL_NEAR; i++)
            to[target][i] = (float)all[i];
    }
}
