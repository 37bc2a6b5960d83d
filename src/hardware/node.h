/* SPDX-License-Identifier: Apache-2.0 */
/* Energy by process node: for checks of the catalogue and for devices never measured. */
#ifndef ERG_HARDWARE_NODE_H
#define ERG_HARDWARE_NODE_H

#include "erg/hardware.h"

/* pJ of one fp32 ALU operation, linear between the nodes of the table: an estimate,
 * only its ratios are used. NAN gives NAN. */
double erg_node_alu_pj(double nm);
/* Joules per FLOP at the lowest voltage: bf16 on tensor units, fp32 on vector units.
 * Measured at some nodes, elsewhere the 7 nm figure in proportion to the ALU. */
double erg_node_op_j(double nm, erg_unit_class unit);

#endif
