/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two measured boards carried over to others. Moved between those two the
 * coefficients miss by 15 % (7 nm to 8 nm) and 25 % (back): that, not hope, sets
 * the interval of what is theoretical.
 *
 * Source: hardware/node.c, fits on rows of EnergAIzer (ISPASS 2026) on an A100 and an
 * A10; ALU energies by node are estimates that only scale, never stand alone.
 */
#include <math.h>
#include "estimate/fallback.h"
#include "hardware/node.h"

#define PJ 1e-12

#define NODE_NM 7                   /* of a device that does not say its own */
#define GDDR_NODE_NM 8

/* Over tensor bf16, or vector fp32. */
static const double tensor_over_bf16[ERG_PRECISIONS] = {
    [ERG_FP32] = 2, [ERG_FP64] = NAN, [ERG_TF32] = 1, [ERG_FP16] = 1, [ERG_BF16] = 1,
    [ERG_FP8] = 0.5, [ERG_INT8] = 0.5, [ERG_INT4] = 0.25,
};
static const double vector_over_fp32[ERG_PRECISIONS] = {
    [ERG_FP32] = 1, [ERG_FP64] = 2, [ERG_TF32] = 1, [ERG_FP16] = 0.5, [ERG_BF16] = 0.5,
    [ERG_FP8] = 0.25, [ERG_INT8] = 0.25, [ERG_INT4] = 0.25,
};
#define TENSOR_FP64_OVER_VECTOR_FP32 2

/* Stacked memory sits on buses of 1024 bits and more, soldered one on 384 at most. */
#define HBM_BUS_BITS 1024
/* Out of the last cache, and what memory adds: fitted at 7 nm (A100), 8 nm (A10). */
#define CACHE_BYTE_J (97 * PJ)
#define HBM_BYTE_J (59 * PJ)
#define CACHE_8NM_BYTE_J (117 * PJ)
#define GDDR_BYTE_J (76 * PJ)
#define CPU_DYNAMIC_SHARE 0.3       /* of the limit: what a busy package draws on top */

static double nm_of(const erg_hardware *hardware)
{
    return isnan(hardware->node_nm) ? NODE_NM : hardware->node_nm;
}

/* Of a board like the A100, like the A10, or in between where the bus is not known. */
static double byte_by_node(const erg_hardware *hardware, double hbm_j, double gddr_j)
{
    double bus_bits = hardware->memory_bus_bits;
    double here_pj = erg_node_alu_pj(nm_of(hardware));

    hbm_j *= sqrt(here_pj / erg_node_alu_pj(NODE_NM));
    gddr_j *= sqrt(here_pj / erg_node_alu_pj(GDDR_NODE_NM));
    if (!(bus_bits > 0) || hardware->kind != ERG_GPU)
        return (hbm_j + gddr_j) / 2;
    return bus_bits >= HBM_BUS_BITS ? hbm_j : gddr_j;
}

/* One coefficient, of a record or of a fit, is of all bytes: memory adds nothing. */
static void fill_bytes(erg_energy_terms *terms, const erg_hardware *hardware)
{
    bool known = !isnan(terms->byte_j) || hardware->byte_j > 0;

    if (isnan(terms->far_byte_j))
        terms->far_byte_j = known ? 0 : byte_by_node(hardware, HBM_BYTE_J, GDDR_BYTE_J);
    if (isnan(terms->byte_j))
        terms->byte_j = known ? hardware->byte_j
                              : byte_by_node(hardware, CACHE_BYTE_J, CACHE_8NM_BYTE_J);
}

/* A CPU's sum of parts misses its real power by far; its limit does not. */
static double vector_fp32_j(const erg_hardware *hardware)
{
    double peak = hardware->peak_flop_per_s[ERG_UNIT_VECTOR][ERG_FP32];

    if (hardware->kind == ERG_CPU && peak > 0 && hardware->cap_w > 0)
        return CPU_DYNAMIC_SHARE * hardware->cap_w / peak;
    return erg_node_op_j(nm_of(hardware), ERG_UNIT_VECTOR);
}

/* The fitted coefficient of any precision of a class, brought to its base. */
static double fitted_base(const erg_energy_terms *terms, erg_unit_class class,
                          const double over[])
{
    static const erg_precision order[] = { ERG_BF16, ERG_FP16, ERG_FP32, ERG_TF32, ERG_INT8,
                                           ERG_FP8 };

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (terms->op_j_per_flop[class][order[i]] > 0)
            return terms->op_j_per_flop[class][order[i]] / over[order[i]];
    return NAN;
}

static void fill_class(erg_energy_terms *terms, const erg_hardware *hardware,
                       erg_unit_class class, double base_j)
{
    const double *over = class == ERG_UNIT_TENSOR ? tensor_over_bf16 : vector_over_fp32;
    double fitted_j = fitted_base(terms, class, over);

    for (int p = 0; p < ERG_PRECISIONS; p++) {
        double recorded_j = hardware->op_j_per_flop[class][p];
        double *to = &terms->op_j_per_flop[class][p];

        if (isnan(*to))
            *to = !isnan(fitted_j) ? fitted_j * over[p]
                : recorded_j > 0 ? recorded_j : base_j * over[p];
    }
}

void erg_energy_fill(erg_energy_terms *terms, const erg_hardware *hardware)
{
    fill_class(terms, hardware, ERG_UNIT_VECTOR, vector_fp32_j(hardware));
    fill_class(terms, hardware, ERG_UNIT_TENSOR,
               erg_node_op_j(nm_of(hardware), ERG_UNIT_TENSOR));

    double *fp64 = &terms->op_j_per_flop[ERG_UNIT_TENSOR][ERG_FP64];
    if (isnan(*fp64))
        *fp64 =
            TENSOR_FP64_OVER_VECTOR_FP32 * terms->op_j_per_flop[ERG_UNIT_VECTOR][ERG_FP32];
    fill_bytes(terms, hardware);
}
