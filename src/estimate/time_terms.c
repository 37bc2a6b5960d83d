/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms of devices that nobody calibrated on: one row a kind of device and unit.
 * Shapes of tiles were fitted to single fp32 operators of five GPUs (NeuSight,
 * operators_fp32.csv), never to whole networks; docs/time.md says how.
 */
#include <math.h>
#include "base/base.h"
#include "estimate/latency.h"

#define US * 1e-6

typedef struct shared_row {
    erg_hardware_kind kind;
    erg_unit_class unit;
    erg_time_terms terms;
} shared_row;

static const shared_row shared[] = {
    { ERG_GPU, ERG_UNIT_VECTOR,
      { .share = 0.95, .fill_k = 60, .tile_64 = 0.9, .tile_32 = 0.7, .long_k = 24000,
        .long_cost = 0.2,
        .bandwidth = { 0.70, 0.82, 0.60, 0.53 }, .launch_s = 12 US, .host_s = 33 US,
        .half_width = 0.4 } },
    { ERG_GPU, ERG_UNIT_TENSOR,
      { .share = 0.75, .fill_k = 300, .tile_64 = 0.9, .tile_32 = 0.7,
        .bandwidth = { 0.85, 0.85, 0.68, 0.68 }, .launch_s = 15 US, .host_s = 33 US,
        .half_width = 0.4 } },
    { ERG_CPU, ERG_UNIT_VECTOR,
      { .share = 0.7, .tile_64 = 1, .tile_32 = 1, .bandwidth = { 0.7, 0.7, 0.7, 0.7 },
        .half_width = 0.6 } },
    { ERG_TPU, ERG_UNIT_TENSOR,
      { .share = 0.7, .tile_64 = 1, .tile_32 = 1, .bandwidth = { 0.7, 0.7, 0.7, 0.7 },
        .launch_s = 0.064 US, .half_width = 0.6 } },
};

/* What has no row of its own: estimates without measurement. */
static const erg_time_terms others = {
    .share = 0.6, .tile_64 = 1, .tile_32 = 1, .bandwidth = { 0.7, 0.7, 0.7, 0.7 },
    .launch_s = 10 US, .host_s = 10 US, .half_width = 0.8,
};

static bool has_tensor(const erg_hardware *hardware)
{
    for (int precision = 0; precision < ERG_PRECISIONS; precision++)
        if (hardware->peak_flop_per_s[ERG_UNIT_TENSOR][precision] > 0)
            return true;
    return false;
}

/* Matrix units that multiply fp32 itself (AMD) fill like vector units; libraries
 * reach 0.6 to 0.7 of their peak (mi100, mi210). */
static bool is_fp32_matrix(const erg_hardware *hardware, erg_unit_class unit)
{
    return hardware->kind == ERG_GPU && unit == ERG_UNIT_TENSOR
        && hardware->peak_flop_per_s[ERG_UNIT_TENSOR][ERG_FP32] > 0;
}

/* From Volta on integers have lanes of their own; before, the loop's own counting takes
 * slots of the products (p4, p100: 0.81 to 0.83). 128 lanes draw on the shared memory and
 * the issue slots that 64 lanes had (a10, ViT: 0.66; published plain rooflines). 64 lanes
 * reach 0.95 where no cap holds the clock (t4, v100, a100). */
static double share_of(const erg_hardware *hardware, erg_unit_class unit, double share)
{
    enum { WIDE_UNIT = 128 };

    if (is_fp32_matrix(hardware, unit))
        return 0.65;
    if (hardware->kind != ERG_GPU || unit != ERG_UNIT_VECTOR)
        return share;
    if (!has_tensor(hardware))
        return 0.82;
    return hardware->lanes_per_unit >= WIDE_UNIT ? 0.78 : share;
}

/* What passes reach of the bandwidth is a matter of the memory, not of the unit: stacked
 * memory behind a controller of Volta or later (v100 0.91, a100 0.88) more than soldered
 * one (p4 0.75, t4 0.74, a10 0.75) and the first stacked one (p100 0.73). */
static double pass_share(const erg_hardware *hardware, double share)
{
    enum { STACKED_BITS = 1024 };

    if (hardware->kind != ERG_GPU || !(hardware->memory_bus_bits > 0)
        || is_fp32_matrix(hardware, ERG_UNIT_TENSOR))
        return share;
    return hardware->memory_bus_bits >= STACKED_BITS && has_tensor(hardware) ? 0.90 : 0.74;
}

/* Before Volta rows that lie 20 KB apart are too far already, and cost more (p4, p100);
 * later ones bear 96 KB (v100, a100; the t4 shows none of it). */
static void take_long_rows(erg_time_terms *terms, const erg_hardware *hardware)
{
    if (terms->long_k > 0 && !has_tensor(hardware)) {
        terms->long_k = 5200;
        terms->long_cost = 0.7;
    }
}

/* Narrow tiles of batched products. The result is tiled 128 wide along the axis that lies
 * in memory; before Volta there is no other width (p4, p100: 64 columns at half the rate,
 * 64 rows at the full one), on Volta and Turing narrower ones cost a fifth (v100, t4),
 * from Ampere on batches run in tiles of 128 x 128 alone (a100). */
static void take_batched_tiles(erg_time_terms *terms, const erg_hardware *hardware,
                               erg_unit_class unit)
{
    bool is_ampere = hardware->peak_flop_per_s[ERG_UNIT_TENSOR][ERG_TF32] > 0;

    terms->batched_rows = terms->batched_columns = 1;
    if (hardware->kind != ERG_GPU || unit != ERG_UNIT_VECTOR
        || is_fp32_matrix(hardware, ERG_UNIT_TENSOR))
        return;
    terms->batched_rows = is_ampere ? 0.6 : 1;
    terms->batched_columns = is_ampere ? 0.6 : has_tensor(hardware) ? 0.8 : 0.55;
}

/* A processor measured by `erg calibrate this-cpu` says itself what it reaches. */
static void take_measured(erg_time_terms *terms, const erg_hardware *hardware)
{
    double reached = hardware->gemm_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32]
        / hardware->peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32];

    if (hardware->kind != ERG_CPU)
        return;
    if (reached > 0)
        terms->share = reached;
    for (int i = 0; i < ERG_BYTE_CLASSES; i++)
        if (hardware->memory_share > 0)
            terms->bandwidth[i] = hardware->memory_share;
}

erg_time_terms erg_time_shared(const erg_hardware *hardware, erg_unit_class unit)
{
    erg_time_terms terms = others;
    erg_unit_class row = is_fp32_matrix(hardware, unit) ? ERG_UNIT_VECTOR : unit;

    for (size_t i = 0; i < ERG_COUNT(shared); i++)
        if (shared[i].kind == hardware->kind
            && (shared[i].unit == row || hardware->kind != ERG_GPU))
            terms = shared[i].terms;
    terms.share = share_of(hardware, unit, terms.share);
    terms.bandwidth[ERG_BYTES_ELEMENTWISE] =
        pass_share(hardware, terms.bandwidth[ERG_BYTES_ELEMENTWISE]);
    take_long_rows(&terms, hardware);
    take_batched_tiles(&terms, hardware, unit);
    take_measured(&terms, hardware);
    if (hardware->launch_s > 0)
        terms.launch_s = hardware->launch_s;
    if (hardware->host_s > 0)
        terms.host_s = hardware->host_s;
    return terms;
}
