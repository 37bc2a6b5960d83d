/* SPDX-License-Identifier: Apache-2.0 */
/* Energy by process node: for checks of the catalogue and for devices never measured. */
#ifndef ERG_HARDWARE_NODE_H
#define ERG_HARDWARE_NODE_H

#include "base/base.h"
#include "erg/hardware.h"

/* pJ of one fp32 ALU operation, linear between the nodes of the table. */
double erg_node_alu_pj(double nm);
/* Joules per FLOP at the lowest voltage; NAN: the unit has no such precision. */
double erg_node_op_j(double nm, erg_unit_class unit, erg_precision precision);

#endif
