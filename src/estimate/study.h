/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a study and what its tables and its advice share.
 *
 * Graphs, devices and profiles are loaded once and kept; a hint that needs
 * another batch or precision asks for the graph here.
 */
#ifndef ERG_ESTIMATE_STUDY_H
#define ERG_ESTIMATE_STUDY_H

#include "estimate/concurrency.h"
#include "estimate/memory.h"
#include "erg/study.h"
#include "format/cells.h"
#include "workload/source.h"

/* One combination and how it is run. */
typedef struct erg_variant {
    size_t device;                      /* of the study */
    int64_t batch;
    erg_precision precision;
    erg_estimate_options options;
} erg_variant;

typedef struct erg_case {
    erg_variant setting;
    const erg_graph *graph;             /* NULL: failed, see why */
    erg_estimation *estimation;
    erg_memory *memory;
    erg_concurrency concurrency;
    double energy_per_j, throughput, edp_js;    /* per inference; inferences per second */
    bool by_memory;                     /* steps in an order by memory */
    erg_error why;
} erg_case;

typedef struct erg_study_graph {
    struct erg_study_graph *next;
    erg_graph *graph;
    erg_partition *cut[ERG_FUSIONS];    /* NULL: not asked for yet */
    struct erg_study_graph *twin;       /* another precision is cut the same; NULL: none */
    erg_partition shared[ERG_FUSIONS];  /* of the twin, under these operators */
    int64_t batch;
    erg_precision precision;
    erg_runtime runtime;
    bool is_twin;                       /* hangs on another one's tensors */
} erg_study_graph;

typedef struct erg_study_device {
    erg_hardware *hardware;
    erg_profile *profile;               /* NULL in compat mode */
} erg_study_device;

typedef struct erg_desk {
    const erg_study *study;
    const erg_env *env;
    const erg_catalog *catalog;
    erg_arena *arena;
    erg_source *source;                 /* of the workload */
    erg_study_graph *graphs;
    erg_study_device *devices;
    erg_case *cases;
    size_t case_count;
    double accuracy[ERG_PRECISIONS];    /* NAN: not given */
    erg_result *result;
    bool passed;
    erg_error *err;
} erg_desk;

/* The graph of a setting, loaded once. */
erg_study_graph *erg_desk_find(erg_desk *desk, const erg_variant *setting, erg_error *err);
/* Its launches, cut once. */
const erg_partition *erg_desk_cut(erg_study_graph *of, erg_fusion fusion, erg_error *err);
/* Drops the graphs made since down_to was the newest: no case may stand on them. */
void erg_desk_drop(erg_desk *desk, const erg_study_graph *down_to);
/* Drops one that no twin stands on. */
void erg_desk_forget(erg_desk *desk, const erg_graph *graph);
void erg_desk_end(erg_desk *desk);
/* The accuracies that the study names, of the workload of its cases. */
bool erg_desk_accuracy(erg_desk *desk);
/* False: *why is filled and the case holds unknowns. Free with erg_case_end. */
bool erg_case_run(erg_desk *desk, const erg_variant *setting, erg_case *out);
/* Time and energy alone: no memory plan, no concurrency. */
bool erg_case_price(erg_desk *desk, const erg_variant *setting, erg_case *out);
/* Likewise of a graph that is not the workload's own. */
bool erg_case_price_of(erg_desk *desk, const erg_variant *setting, erg_study_graph *found,
                       erg_case *out);
/* The memory that a priced case needs. */
bool erg_case_plan(const erg_desk *desk, erg_case *one);
void erg_case_end(erg_case *one);
const char *erg_case_hardware(const erg_desk *desk, const erg_case *one);
/* 0.3 to 1, for people: by grade, then by the width of the interval. */
double erg_case_confidence(const erg_case *one);
bool erg_case_fits(const erg_case *one);
bool erg_case_keeps(const erg_desk *desk, const erg_case *one);

/* "none" */
const char *erg_fusion_name(erg_fusion fusion);

/* ---- tables ----------------------------------------------------------------- */

bool erg_tables_summary(erg_desk *desk);
bool erg_tables_subgraphs(erg_desk *desk);
bool erg_tables_consumers(erg_desk *desk);
bool erg_tables_roofline(erg_desk *desk);
bool erg_tables_memory(erg_desk *desk);
bool erg_tables_timeline(erg_desk *desk);
bool erg_tables_concurrency(erg_desk *desk);
bool erg_tables_comparison(erg_desk *desk);
bool erg_tables_checks(erg_desk *desk);
bool erg_tables_strategies(erg_desk *desk);
/* Compat mode only: its parts and its fused chains. */
bool erg_tables_compat(erg_desk *desk);
bool erg_compat_put_hints(const erg_desk *desk, erg_table *table, const erg_case *one);
bool erg_advise_hints(erg_desk *desk);
bool erg_advise_batches(erg_desk *desk);
bool erg_advise_front(erg_desk *desk);
bool erg_advise_explain(erg_desk *desk);

/* Graphviz text; free() it. NULL: no memory. */
char *erg_dot_of(const erg_case *one);

/* ---- rows by name ------------------------------------------------------------ */

/* A new row that begins with hardware, precision, batch. */
bool erg_put_case(const erg_desk *desk, erg_table *table, const erg_case *one);
/* A new table with what put gives for each case that has an estimate. */
typedef bool erg_case_put(erg_desk *desk, erg_table *table, const erg_case *one);
bool erg_put_cases(erg_desk *desk, const char *name, const erg_column columns[],
                   size_t count, erg_case_put *put);

#endif
