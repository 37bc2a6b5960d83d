/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two measured boards, and what is known of other nodes.
 *
 *   Source   7 and 8 nm: fits to rows of EnergAIzer (ISPASS 2026) on an A100 and an
 *            A10; vector units at 12 and 16 nm read off the caps of T4 and P4.
 */
#include <math.h>
#include "base/base.h"
#include "hardware/node.h"

typedef struct node_row {
    double nm, alu_pj;
    double op_pj[ERG_UNIT_CLASSES];         /* vector fp32, tensor bf16; 0: not measured */
} node_row;

static const node_row nodes[] = {
    { 3, 1.20, { 0, 0 } },   { 4, 1.30, { 0, 0 } },  { 5, 1.50, { 0, 0 } },
    { 6, 1.65, { 0, 0 } },   { 7, 1.80, { 9.1, 0.71 } },
    { 8, 1.90, { 8.7, 1.21 } },
    { 10, 2.10, { 0, 0 } },  { 12, 2.50, { 12, 0 } }, { 14, 2.60, { 0, 0 } },
    { 16, 2.70, { 15, 0 } }, { 22, 3.20, { 0, 0 } }, { 28, 4.00, { 0, 0 } },
};
enum { NODES = ERG_COUNT(nodes), NODE_7NM = 4 };

double erg_node_alu_pj(double nm)
{
    size_t i = 1;

    if (isnan(nm) || nm <= nodes[0].nm)
        return isnan(nm) ? NAN : nodes[0].alu_pj;
    while (i < NODES - 1 && nodes[i].nm < nm)
        i++;

    const node_row *a = &nodes[i - 1], *b = &nodes[i];
    double share = fmin(1, (nm - a->nm) / (b->nm - a->nm));
    return a->alu_pj + share * (b->alu_pj - a->alu_pj);
}

double erg_node_op_j(double nm, erg_unit_class unit)
{
    const node_row *base = &nodes[NODE_7NM];

    for (size_t i = 0; i < NODES; i++)
        if (nodes[i].nm == nm && nodes[i].op_pj[unit] > 0)
            return 1e-12 * nodes[i].op_pj[unit];
    return 1e-12 * base->op_pj[unit] * erg_node_alu_pj(nm) / base->alu_pj;
}
