/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel costs: roofline, times what neighbours reached of it, times the trees'
 * correction. Nothing is allocated. Energy is power times latency; its interval comes
 * from held-out energies, for the two errors are not independent.
 */
#include <math.h>
#include <stdlib.h>
#include "estimate/kernel.h"

const erg_near_use erg_near_uses[ERG_KERNEL_KINDS] = {
    [ERG_KERNEL_GEMM] = ERG_NEAR_START,
    [ERG_KERNEL_PREFILL] = ERG_NEAR_UNUSED,
    [ERG_KERNEL_DECODE] = ERG_NEAR_FEATURE,
};

/* Beyond all that was measured an interval is a guess: its logarithm, times this. */
#define BEYOND 2.0

static const double class_ends_s[ERG_KERNEL_CLASSES] = { 8e-6, 2e-5, 6e-5, 3e-4, INFINITY };

size_t erg_kernel_regime_of(erg_kernel_type type, double latency_s)
{
    size_t class = 0;

    while (latency_s > class_ends_s[class])
        class++;
    return (size_t)type * ERG_KERNEL_CLASSES + class;
}

void erg_kernel_row_fill(const erg_kernel_part *part, const erg_kernel_shape *shape,
                         const erg_kernel_roof *roof, erg_kernel_row *to)
{
    double coordinates[ERG_KERNEL_AXES];
    float near[ERG_TARGETS][ERG_KERNEL_NEAR];
    erg_near_use use = erg_near_uses[shape->kind];
    size_t count = erg_kernel_features(&part->machine, shape, roof, to->features);

    erg_kernel_coordinates(shape, coordinates);
    erg_kernel_spot spot = erg_kernel_spot_of(&part->grid, coordinates);
    if (use == ERG_NEAR_START)
        erg_kernel_spot_settle(&part->grid, coordinates, &spot);
    to->beyond = spot.beyond;
    to->bases[0] = to->bases[1] = 0;
    to->near_from = count;
    if (use != ERG_NEAR_UNUSED)
        erg_kernel_near(&part->grid, &spot, near);
    for (int target = 0; use != ERG_NEAR_UNUSED && target < ERG_TARGETS
         && (target == 0 || part->has_power); target++) {
        to->bases[target] = use == ERG_NEAR_START ? near[target][ERG_KERNEL_BASE] : 0;
        for (int i = 0; i < ERG_KERNEL_NEAR; i++)
            to->features[count++] = near[target][i];
    }
    to->near_to = to->counts[ERG_TARGET_LATENCY] = count;
    to->counts[ERG_TARGET_POWER] =
        count + erg_kernel_campaign(shape, to->features + count);
}

static erg_kernel_figure figure(double value, const erg_kernel_regime *regime,
                                erg_kernel_quantity which, bool beyond)
{
    double low = regime->low[which], high = regime->high[which];

    if (beyond) {
        low = pow(low, BEYOND);
        high = pow(high, BEYOND);
    }
    return (erg_kernel_figure){ value, value * low, value * high };
}

static bool has_type(const erg_kernel_part *part, erg_kernel_type type)
{
    const erg_kernel_axis *types = &part->grid.axis[0];

    for (size_t i = 0; i < types->count; i++)
        if ((int)types->values[i] == (int)type)
            return true;
    return false;
}

bool erg_kernels_cost(const erg_kernels *kernels, const erg_kernel_shape *shape,
                      erg_kernel_cost *out, erg_error *err)
{
    const erg_kernel_part *part = &kernels->parts[shape->kind];
    uint32_t keys[ERG_TREE_KEYS];
    erg_kernel_row row;

    if (!erg_kernel_shape_check(shape, err))
        return false;
    if (!part->rows || !has_type(part, shape->type))
        return erg_fail(err, ERG_UNSUPPORTED,
                        "the kernel model of %s has not learnt %s in %s: take another "
                        "type, or learn it with erg calibrate kernels",
                        kernels->hardware, erg_kernel_kind_name(shape->kind),
                        erg_kernel_type_name(shape->type));
    erg_kernel_roof roof = erg_kernel_roof_of(&part->machine, shape);
    erg_kernel_row_fill(part, shape, &roof, &row);
    erg_tree_row(row.features, row.counts[ERG_TARGET_POWER], keys);

    double ratio = (double)(row.bases[0] + erg_forest_sum(&part->forests[0], keys));
    double latency_s = roof.roof_s * exp(ratio), power_w = NAN;
    if (part->has_power)
        power_w = part->machine.cap_w
                * exp((double)(row.bases[1] + erg_forest_sum(&part->forests[1], keys)));
    const erg_kernel_regime *regime =
        &part->regimes[erg_kernel_regime_of(shape->type, latency_s)];
    *out = (erg_kernel_cost){
        .latency_s = figure(latency_s, regime, ERG_KERNEL_LATENCY, row.beyond),
        .power_w = figure(power_w, regime, ERG_KERNEL_POWER, row.beyond),
        .energy_j = figure(power_w * latency_s, regime, ERG_KERNEL_ENERGY, row.beyond),
        .flop = roof.flop, .bytes = roof.bytes, .beyond = row.beyond,
        .roofline_s = fmax(roof.compute_s, roof.memory_s),
    };
    return true;
}

void erg_kernels_free(erg_kernels *kernels)
{
    if (!kernels)
        return;
    for (int kind = 0; kind < ERG_KERNEL_KINDS; kind++) {
        erg_kernel_grid_free(&kernels->parts[kind].grid);
        for (int target = 0; target < ERG_TARGETS; target++)
            erg_forest_free(&kernels->parts[kind].forests[target]);
    }
    free(kernels);
}
