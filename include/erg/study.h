/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A study: one workload over hardware x precision x batch in one call, told as
 * tables, with advice that is itself computed.
 *
 *   Units    SI. Energy of a row is that of its batch; per inference is that over
 *            the batch (in decode: per token). Limits of 0 are no limits.
 *   Owning   Texts of erg_study are borrowed for the call. The result is yours.
 *   Failing  A combination that a device cannot run is a row of unknowns and a
 *            note; the call fails only if none can.
 *   Threads  None shared.
 *   Source   docs/estimate.md.
 */
#ifndef ERG_STUDY_H
#define ERG_STUDY_H

#include "erg/estimate.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef enum erg_goal { ERG_GOAL_NONE, ERG_GOAL_LATENCY, ERG_GOAL_THROUGHPUT,
                        ERG_GOAL_ENERGY, ERG_GOAL_EDP } erg_goal;

typedef struct erg_limits { double latency_s, energy_j, power_w, memory_bytes; } erg_limits;

typedef struct erg_study {              /* zero means unset */
    const char *workload;               /* as erg_graph_load takes it */
    const char *const *hardware;
    size_t hardware_count;
    const int64_t *batches;             /* none: 1 */
    size_t batch_count;
    const erg_precision *precisions;    /* none: fp32 */
    size_t precision_count;
    const erg_fusion *fusions;          /* the first holds for the rows; more: compared */
    size_t fusion_count;                /* none: as the runtime does */
    erg_graph_options graph;            /* batch, precision and runtime are not read */
    erg_estimate_options estimate;
    const char *profile_path;           /* NULL: the catalogue's */
    bool by_memory;                     /* order of the timeline that holds least */
    size_t top;                         /* consumers; 0: 5 */
    const char *sort;                   /* a column of the summary; NULL: as given */
    erg_limits limits;                  /* energy: per inference */
    erg_goal tune;                      /* choose the batch for this */
    const char *pareto;                 /* "energy,latency,accuracy": the front */
    const char *accuracy_path;          /* CSV workload,precision,accuracy */
    const char *explain;                /* two rows: "1,2" or "l4/fp16,l4/fp32/8" */
    bool no_advice;                     /* leave the hints out */
} erg_study;

bool erg_goal_parse(const char *word, erg_goal *out);

/* *passed: no limit was broken. */
erg_result *erg_study_run(const erg_env *env, const erg_catalog *catalog,
                          const erg_study *study, bool *passed, erg_error *err);
/* Estimates beside the measured rows of a CSV: model, precision, batch, and as far as
 * there gpu, seq, freq_mhz, time_ms, energy_j. The workload may be a folder of kernel
 * lists. Tables validation and validation_groups. */
erg_result *erg_study_verify(const erg_env *env, const erg_catalog *catalog,
                             const erg_study *study, const char *path, erg_error *err);
/* Adds table reconciliation: the regions of a run beside the estimate's first row, by
 * workload or by kernel, with the agreement number E_n. */
struct erg_trace;
bool erg_study_reconcile(erg_result *estimate, const struct erg_trace *trace,
                         erg_error *err);
/* The same with kernels of a replay, by operator, FLOP and bytes, and with its whole. */
struct erg_replay;
bool erg_study_reconcile_replay(erg_result *estimate, struct erg_replay *replay,
                                erg_error *err);
/* The partition of the first row as Graphviz text; free() it. */
char *erg_study_dot(const erg_env *env, const erg_catalog *catalog, const erg_study *study,
                    erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
