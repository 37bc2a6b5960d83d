/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which unit of a device an operator's products run on. Time and energy must
 * agree on it, so both ask here.
 */
#ifndef ERG_ESTIMATE_UNIT_H
#define ERG_ESTIMATE_UNIT_H

#include "erg/hardware.h"
#include "erg/workload.h"

typedef struct erg_engine {
    erg_unit_class class;
    erg_precision precision;        /* that the unit computes in */
} erg_engine;

const char *erg_unit_class_name(erg_unit_class class);

/* FLOP of matrix work: 0 for elementwise passes, whose FLOP are inside e_byte. */
double erg_matrix_flop(const erg_operator *op);

/* No unit of the device computes in the operator's precision: a wider one stands in. */
bool erg_is_emulated(const erg_operator *op, const erg_hardware *hardware);
erg_engine erg_engine_of(const erg_operator *op, const erg_hardware *hardware);

#endif
