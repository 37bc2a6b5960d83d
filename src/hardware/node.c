/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy of one operation by process node, where nothing was measured.
 *
 *   Source   7 and 8 nm: fits to the measured rows of an A100 and an A10 (EnergAIzer,
 *            ISPASS 2026); 12 and 16 nm: read off the caps of T4 and P4. Elsewhere in
 *            proportion to an ALU table. Between two GPUs they miss by 15 to 25 %.
 */
#include <math.h>
#include "hardware/node.h"

typedef struct node_row { double nm, pj; } node_row;

/* pJ of an fp32 ALU operation: an estimate; only its ratios are used. */
static const node_row alu[] = {
    { 3, 1.2 },  { 4, 1.3 },  { 5, 1.5 },  { 6, 1.65 }, { 7, 1.8 },  { 8, 1.9 },
    { 10, 2.1 }, { 12, 2.5 }, { 14, 2.6 }, { 16, 2.7 }, { 22, 3.2 }, { 28, 4.0 },
};

typedef struct fit_row { double nm, tensor_pj, vector_pj; } fit_row;

static const fit_row fits[] = {
    { 7, 0.709, 9.07 }, { 8, 1.206, 8.71 }, { 12, NAN, 12 }, { 16, NAN, 15 },
};

/* Of the fitted one: bf16 on tensor units, fp32 on vector units. */
static const double tensor_ratios[ERG_PRECISIONS] = {
    [ERG_FP32] = NAN, [ERG_FP64] = NAN, [ERG_TF32] = 1,   [ERG_FP16] = 1,
    [ERG_BF16] = 1,   [ERG_FP8] = 0.5,  [ERG_INT8] = 0.5, [ERG_INT4] = 0.25,
};
static const double vector_ratios[ERG_PRECISIONS] = {
    [ERG_FP32] = 1,   [ERG_FP64] = 2,   [ERG_TF32] = NAN,  [ERG_FP16] = 0.5,
    [ERG_BF16] = 0.5, [ERG_FP8] = 0.25, [ERG_INT8] = 0.25, [ERG_INT4] = 0.125,
};

double erg_node_alu_pj(double nm)
{
    size_t last = ERG_COUNT(alu) - 1;

    if (isnan(nm) || nm <= alu[0].nm)
        return isnan(nm) ? NAN : alu[0].pj;
    for (size_t i = 1; i <= last; i++)
        if (nm <= alu[i].nm)
            return alu[i - 1].pj + (alu[i].pj - alu[i - 1].pj) * (nm - alu[i - 1].nm)
                / (alu[i].nm - alu[i - 1].nm);
    return alu[last].pj;
}

static double fitted_pj(double nm, bool is_tensor)
{
    double at_7_pj = is_tensor ? fits[0].tensor_pj : fits[0].vector_pj;

    for (size_t i = 0; i < ERG_COUNT(fits); i++) {
        double pj = is_tensor ? fits[i].tensor_pj : fits[i].vector_pj;
        if (fits[i].nm == nm && !isnan(pj))
            return pj;
    }
    return at_7_pj * erg_node_alu_pj(nm) / erg_node_alu_pj(7);
}

double erg_node_op_j(double nm, erg_unit_class unit, erg_precision precision)
{
    bool is_tensor = unit == ERG_UNIT_TENSOR;

    /* A matrix unit of full precision costs what its vector lanes cost. */
    if (is_tensor && isnan(tensor_ratios[precision]))
        return 1e-12 * fitted_pj(nm, false) * vector_ratios[precision];
    return 1e-12 * fitted_pj(nm, is_tensor)
        * (is_tensor ? tensor_ratios[precision] : vector_ratios[precision]);
}
