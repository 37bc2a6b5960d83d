/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matrix products come in tiles and tiles in waves: M = 129 costs as 256, and one
 * tile more than there are units costs half a wave more.
 *
 *   t = waves 2 x y (k / s + K0) / (P / U u e)    with the k axis split in s
 *
 * P peak, U units, u share of it that large tiles reach, e relative efficiency of a
 * smaller tile x by y, K0 the filling and draining of a tile. A library tries its
 * kernels: the fastest counts. Source: specs of tiled products (CUTLASS, stream-k);
 * constants fitted, see docs/time.md.
 *
 * Where rows lie far apart, k elements, each piece of a row comes from another page of
 * memory, and units that share rows drift apart until the cache has lost what the first
 * of them fetched: with many tiles, and so many rows, more than with few.
 */
#include <math.h>
#include "base/base.h"
#include "estimate/latency.h"

typedef enum tile_size { LARGE, MIDDLE, SMALL } tile_size;

static const struct tile { double x, y; tile_size size; } tiles[] = {
    { 128, 128, LARGE },
    { 128,  64, MIDDLE }, {  64, 128, MIDDLE }, { 64, 64, MIDDLE },
    { 128,  32, SMALL },  {  32, 128, SMALL },
};

/* A long k over few outputs is cut and the partial sums added afterwards. */
static const double splits[] = { 1, 2, 4, 8, 16 };

/* The units that have done with the last wave begin the next launch: a last wave of
 * a few tiles costs half of a full one. */
static const double whole_waves = 0.5;

static double waves(double tile_count, double units)
{
    double even = fmax(tile_count / units, 1);

    return whole_waves * ceil(tile_count / units) + (1 - whole_waves) * even;
}

static double partial_sums(const erg_product *p, double split)
{
    enum { FP32_BYTES = 4 };

    if (split <= 1)
        return 0;
    return (2 * split + 1) * FP32_BYTES * p->batch * p->m * p->n / p->partial_bytes_per_s;
}

/* No tiles of such a split are faster: full waves of the best of them, no edges. */
static double split_least(const erg_product *p, double units, double unit_flop_per_s,
                          const erg_time_terms *terms, double split)
{
    double efficiency = fmax(1, fmax(terms->tile_64, terms->tile_32));
    double depth = ceil(p->k / split) + terms->fill_k;
    double flop = split * p->batch * p->m * p->n * 2 * depth;

    return flop / (units * unit_flop_per_s * terms->share * efficiency)
        + partial_sums(p, split) + (split > 1 ? terms->launch_s : 0);
}

/* Libraries hold fewer kernels for batches: what has no narrow one runs in a wide one,
 * mostly empty. */
static double tile_efficiency(const struct tile *t, const erg_product *p,
                              const erg_time_terms *terms)
{
    enum { WIDE = 128 };
    const double by_size[] = { [LARGE] = 1, [MIDDLE] = terms->tile_64,
                               [SMALL] = terms->tile_32 };
    double efficiency = by_size[t->size];

    if (p->batch <= 1 || p->is_gathered)
        return efficiency;
    if (t->x < WIDE && terms->batched_rows > 0)
        efficiency *= terms->batched_rows;
    if (t->y < WIDE && terms->batched_columns > 0)
        efficiency *= terms->batched_columns;
    return efficiency;
}

static double split_time(const erg_product *p, double units, double unit_flop_per_s,
                         const erg_time_terms *terms, double split)
{
    double depth = ceil(p->k / split) + terms->fill_k;
    double best_s = INFINITY;

    for (size_t i = 0; i < ERG_COUNT(tiles); i++) {
        double x = tiles[i].x, y = tiles[i].y;
        double count = split * p->batch * ceil(p->m / x) * ceil(p->n / y);
        double rate =
            unit_flop_per_s * terms->share * tile_efficiency(&tiles[i], p, terms);
        best_s = fmin(best_s, waves(count, units) * 2 * x * y * depth / rate);
    }
    return best_s + partial_sums(p, split) + (split > 1 ? terms->launch_s : 0);
}

/* What k elements between two rows cost: see above. */
static double long_rows(const erg_product *p, const erg_time_terms *terms)
{
    enum { TILE = 128, HALF = 192 };    /* tiles in which half of the cost is reached */
    double count = p->batch * p->m * p->n / (TILE * TILE);

    if (p->is_gathered || !(terms->long_k > 0) || !(p->k > terms->long_k))
        return 1;
    return 1 + terms->long_cost * log(p->k / terms->long_k) * count / (count + HALF);
}

double erg_tile_time(const erg_product *product, const erg_hardware *hardware,
                     erg_unit unit, const erg_time_terms *terms)
{
    double units = hardware->units > 0 ? hardware->units : 1;
    double best_s = INFINITY;

    for (size_t i = 0; i < ERG_COUNT(splits); i++)
        if (!(split_least(product, units, unit.flop_per_s / units, terms,
                          splits[i]) > best_s))
            best_s = fmin(best_s, split_time(product, units, unit.flop_per_s / units, terms,
                                             splits[i]));
    return best_s * long_rows(product, terms);
}
