/* SPDX-License-Identifier: Apache-2.0 */
/* Rules behind erg advise: pure, figures in, an answer out. A layout is a CSV's columns. */
#ifndef ERG_ADVISE_ADVISE_H
#define ERG_ADVISE_ADVISE_H

#include "base/base.h"
#include "erg/advise.h"
#include "format/rows.h"

/* ---- advise_precision.c ------------------------------------------------------------- */

typedef struct erg_precision_variant {
    char name[64];
    double energy_per_step_j, steps; /* steps to the same target */
    double error;                    /* most relative error against fp64 */
} erg_precision_variant;

typedef struct erg_precision_phase {
    char name[64];
    double tolerance; /* of the relative error */
    double steps;     /* that the most exact variant takes in it */
} erg_precision_phase;

extern const erg_row_layout erg_variants_layout, erg_phases_layout;

/* energy_j[phase * variants + variant]; NAN: not allowed there. The choice of least sum of
 * energies and of switch_j for each change, exact; of equal ones the lower variant. The
 * sum; NAN: a phase allows none. */
double erg_precision_plan(const double energy_j[], size_t phases, size_t variants,
                          double switch_j, size_t chosen[], erg_error *err);

/* ---- advise_sparse.c ---------------------------------------------------------------- */

/* Density below which an all-gather of (index, value) moves less than a ring all-reduce. */
double erg_sparse_break_even(double ranks, double element_bytes, double index_bytes);

/* ---- advise_map.c ------------------------------------------------------------------- */

enum { ERG_RANKS_MOST = 512, ERG_SLOTS_MOST = 1024, ERG_SLOT_NAME = 64 };

typedef struct erg_map_problem {
    const double *bytes; /* ranks x ranks, from row to column; diagonal 0 */
    size_t ranks;
    const double *hops; /* slots x slots, either way alike; diagonal 0 */
    size_t slots;       /* at least as many */
} erg_map_problem;

double erg_map_cost(const erg_map_problem *is, const size_t slots[]);
/* slots[rank], one each; never dearer than slots[i] = i. */
bool erg_map_solve(const erg_map_problem *is, size_t slots[], erg_error *err);

/* advise_map_read.c */
typedef struct erg_slots {
    char names[ERG_SLOTS_MOST][ERG_SLOT_NAME];
    size_t count;
    double *hops;
} erg_slots;

/* ranks x ranks; free() it. */
double *erg_map_traffic_parse(const char *name, const char *bytes, size_t size,
                              size_t *ranks, erg_error *err);
erg_slots *erg_map_slots_parse(const char *name, const char *bytes, size_t size,
                               erg_error *err);
void erg_slots_free(erg_slots *slots);

/* ---- advise_place.c ----------------------------------------------------------------- */

typedef struct erg_place_problem {
    const double *power_w;          /* loads x samples */
    size_t loads, samples, domains; /* domains: at most loads */
} erg_place_problem;

/* Sum of peaks over the peak of the sum, of one domain. */
double erg_place_asynchrony(const erg_place_problem *is, const size_t domain[],
                            size_t which);
/* In their order, equally many to each. */
void erg_place_given(const erg_place_problem *is, size_t domain[]);
/* Equally many to each; the least asynchrony is never less than as given. */
bool erg_place_solve(const erg_place_problem *is, size_t domain[], erg_error *err);
/* First-fit decreasing; how many nodes. No peak is above node_w. */
size_t erg_place_pack(const double peaks_w[], size_t count, double node_w, size_t node[]);

/* ---- advise_recompute.c ------------------------------------------------------------- */

typedef struct erg_energy_costs {
    double flop_j, byte_j, static_w;
} erg_energy_costs;

typedef struct erg_recompute_item {
    char name[96];
    double flop, bytes, time_s; /* of its operator once more; of what is kept */
    double input_bytes;         /* that the operator reads; NAN: not said */
    double recompute_j, store_j, inputs_j;
} erg_recompute_item;

extern const erg_row_layout erg_recompute_layout;
void erg_recompute_judge(erg_recompute_item *item, const erg_energy_costs *costs);
/* Sorts items; the first top are rows, the notes are of all. */
erg_result *erg_recompute_result(erg_recompute_item items[], size_t count, size_t top,
                                 const char *source, erg_error *err);

/* ---- advise_offload.c --------------------------------------------------------------- */

typedef struct erg_offload_item {
    char name[96];
    double cpu_s, copy_s, slack_s, cpu_j, copy_j, gpu_j;
} erg_offload_item;

extern const erg_row_layout erg_offload_layout;
bool erg_offload_pays(const erg_offload_item *item);

/* ---- advise_order.c ------------------------------------------------------------------ */

typedef struct erg_order_item {
    char name[96], after[256];      /* after: names of those it needs, blanks between */
    double time_s, power_w;
} erg_order_item;

/* By their place in the given order: from must be over before to begins. */
typedef struct erg_order_edge { size_t from, to; } erg_order_edge;

typedef struct erg_order_problem {
    const erg_order_item *items;
    size_t count;
    const erg_order_edge *edges;    /* none of them backwards */
    size_t edge_count;
    double window_s;
} erg_order_problem;

/* Greatest mean over a window that lies within the work, or the mean of all of it where
 * that is shorter. NAN: no memory. */
double erg_order_peak_w(const erg_order_problem *is, const size_t order[], erg_error *err);
/* order[place] = item; its peak is never above that of the given order. */
bool erg_order_solve(const erg_order_problem *is, size_t order[], erg_error *err);

/* advise_order_read.c */
extern const erg_row_layout erg_order_layout;
/* Of all `after`; free() it. A name that is not there, or comes later, is ERG_BAD_INPUT. */
erg_order_edge *erg_order_edges(const erg_order_item items[], size_t count,
                                size_t *edge_count, erg_error *err);
/* Tables totals and order. source: where the figures are from. */
erg_result *erg_order_result(const erg_order_problem *is, const char *source,
                             erg_error *err);

/* ---- advise_stages_read.c ------------------------------------------------------------ */

/* One measured point of a stage. */
typedef struct erg_stage_row {
    char name[64], after[256];      /* after: names of those it needs, blanks between */
    double time_s, energy_j;
} erg_stage_row;

extern const erg_row_layout erg_stages_layout;

#endif
