/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the tables of erg shape, for a policy simulated and for a record compared. */
#ifndef ERG_GOVERN_SHAPE_ROWS_H
#define ERG_GOVERN_SHAPE_ROWS_H

#include "govern/shape_gate.h"

typedef struct erg_shape_tables {
    erg_result *result;
    erg_table *policies, *explain;      /* explain: NULL where it was not asked for */
    erg_table *details;                 /* likewise; made with its first row */
    const erg_shape_options *options;
} erg_shape_tables;

bool erg_shape_tables_begin(erg_shape_tables *tables, const erg_shape_options *options,
                            erg_error *err);

typedef struct erg_shape_row {
    const char *policy;
    const erg_shaped *shaped;
    double loss;                        /* of throughput, against base */
    bool is_base, is_open;
    erg_gate_side base, new;
} erg_shape_row;

/* A row of policies and, unless it is the base, its clauses; *verdict: of the gate. */
bool erg_shape_tables_add(const erg_shape_tables *tables, const erg_shape_row *row,
                          erg_verdict *verdict, erg_error *err);

/* With the clauses: steps, swings and breakers of a row, table details; and a note where
 * steps vary so much that who waits for them may take some for lost. */
bool erg_shape_details_add(erg_shape_tables *tables, const char *policy,
                           const erg_shaped *shaped, erg_error *err);

/* The tables wave and spectrum, each as the options ask, of waves by name. */
typedef struct erg_shape_wave {
    const char *name;
    const erg_shaped *shaped;
} erg_shape_wave;
bool erg_shape_waves_add(const erg_shape_tables *tables, const erg_shape_wave waves[],
                         size_t count, erg_error *err);

#endif
