/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compat mode: the formulas of branes-ai/graphs (MIT) as of 2025-10-28, to the
 * last digit, faults and all. NOT PHYSICAL: stages, paths and memory lose every
 * edge that passes a function (a residual add), fp16 "costs" four times fp32.
 * Nothing here may be used by physical mode.
 *
 * It sees modules, as torch.fx traces them: the order of `nodes` is that of
 * execution, the order of `parts` is modules first, then functions add, mul, ..
 */
#ifndef ERG_ESTIMATE_COMPAT_H
#define ERG_ESTIMATE_COMPAT_H

#include "base/base.h"
#include "erg/estimate.h"

#define ERG_COMPAT_NOTE "compat mode: the formulas of 2025-10-28, not physical"

/* What the old code knew of a module: one row a kind, see compat_graph.c. */
typedef struct erg_compat_rule {
    erg_op_kind kind;
    const char *module;         /* class of the module, or name of the function */
    const char *type;           /* in the partition */
    int flop_per_output;
} erg_compat_rule;

typedef struct erg_compat_node {
    const char *name;           /* "layer1_0_conv1", "add_3" */
    const char *module, *type;
    const erg_operator *op;     /* NULL: a flatten */
    const erg_compat_rule *rule;
    bool is_module;
    const int32_t *inputs;      /* nodes it reads, once each, -1: an input of the graph */
    const int64_t *input_bytes; /* of each of them */
    int32_t input_count;
    int32_t readers;            /* distinct nodes */
    int32_t consumers;          /* the same, and the output of the graph */
    int32_t consumer;           /* the last reader, -1: none */
    int64_t flop, macs, in_bytes, out_bytes, weight_bytes, parameter_bytes;
    int64_t batch, spatial, threads;
} erg_compat_node;

/* A subgraph of the partition: one node, unfused. */
typedef struct erg_compat_part {
    const erg_compat_node *node;
    const char *reason, *static_class;
    const int32_t *needs;       /* parts; only direct arguments that are modules */
    int32_t need_count;
    int64_t bytes;
    double intensity;
    erg_latency latency;        /* utilization: that of threads, as energy uses it */
    double flop_share, bandwidth_share;     /* attained over peak */
    erg_estimate energy;
    double peak_j;              /* dynamic energy over utilization */
    int64_t workspace_bytes;
} erg_compat_part;

/* ---- totals ----------------------------------------------------------------- */

typedef struct erg_compat_energy {
    double compute_j, memory_j, static_j, total_j, wasted_j;
    double latency_s, compute_s, memory_s, overhead_s;
    double efficiency, utilization, flop_share, bandwidth_share;    /* unweighted means */
    double mean_w, peak_w;
    int compute_bound, memory_bound, balanced;
} erg_compat_energy;

typedef struct erg_compat_partition {
    int64_t flop, macs, bytes;
    double mean_intensity;      /* over parts that have any */
} erg_compat_partition;

typedef struct erg_compat_step {
    int32_t part;
    int64_t total_bytes, activation_bytes, workspace_bytes;
    int32_t live_tensors;
} erg_compat_step;

typedef struct erg_compat_memory {
    int64_t peak_bytes, activation_bytes, weights_bytes, workspace_bytes;
    double mean_bytes, mean_over_peak;
    int32_t peak_step;
    const char *peak_name;
    const erg_compat_step *steps;       /* one a part */
    bool fits_l2, fits_device;
} erg_compat_memory;

typedef struct erg_compat_concurrency {
    int32_t stages, widest, independent, sequential, path_length;
    int64_t path_flop, parallel_flop;
    double use, efficiency;
    int64_t batch, speedup;
} erg_compat_concurrency;

typedef struct erg_compat_units {       /* of one part */
    double efficiency;
    int64_t independent, optimal, most;
} erg_compat_units;

typedef struct erg_compat_chain {       /* a fused subgraph */
    const int32_t *nodes;
    int32_t node_count;
    const char *pattern;        /* "Conv2d_BatchNorm2d_ReLU", "Unfused" */
    int64_t flop, in_bytes, out_bytes, weight_bytes, internal_bytes;
} erg_compat_chain;

typedef struct erg_compat_fusion {
    const erg_compat_chain *chains;
    int32_t chain_count, longest;
    int64_t flop, fused_bytes, unfused_bytes;
    double reduction;
} erg_compat_fusion;

typedef struct erg_compat_hint {
    const char *text;
    double saves_j, saves_bytes;        /* NAN: it says nothing of it */
} erg_compat_hint;

typedef struct erg_compat_hints {
    erg_compat_hint list[8];
    int32_t count;
} erg_compat_hints;

/* The device, as the old code asks for it. */
typedef struct erg_compat_machine {
    double peak_flop_per_s, bytes_per_s, op_j, byte_j;
    double cap_w, idle_w, launch_s;
    double l2_bytes, memory_bytes;
    int64_t threads;            /* units x threads of a unit */
} erg_compat_machine;

typedef struct erg_compat {
    const erg_graph *graph;
    const erg_hardware *hardware;
    erg_compat_machine machine;
    erg_compat_node *nodes;
    erg_compat_part *parts;
    int32_t node_count, part_count;
    erg_compat_partition partition;
    erg_compat_energy energy;
    erg_compat_memory memory;
    erg_compat_concurrency concurrency;
    erg_compat_fusion fusion;
    erg_compat_hints energy_hints, memory_hints;
    erg_arena *arena;
} erg_compat;

/* Graph and hardware must outlive it. ERG_UNSUPPORTED where the record lacks
 * a peak, a bandwidth or the energies. */
erg_compat *erg_compat_new(const erg_graph *graph, const erg_hardware *hardware,
                           erg_error *err);
void erg_compat_free(erg_compat *compat);
/* The same as an estimation like any other, with the note that it is not physical;
 * a measured latency is spread over the parts in proportion. */
erg_estimation *erg_compat_estimate(const erg_graph *graph, const erg_hardware *hardware,
                                    const erg_estimate_options *options, erg_error *err);

/* ---- the steps, in their order ---------------------------------------------- */

bool erg_compat_nodes(erg_compat *compat, erg_error *err);
bool erg_compat_count(const erg_graph *graph, erg_compat_node *node);
bool erg_compat_parts(erg_compat *compat, erg_error *err);
bool erg_compat_machine_fill(erg_compat *compat, erg_error *err);
void erg_compat_roofline(erg_compat *compat);
/* latencies of the parts; NULL: by a plain roofline; a missing one is 1 ms. */
void erg_compat_energy_fill(erg_compat *compat, const double *latencies, int32_t count);
bool erg_compat_memory_fill(erg_compat *compat, erg_error *err);
bool erg_compat_concurrency_fill(erg_compat *compat, erg_error *err);
erg_compat_units erg_compat_units_of(const erg_compat_part *part);
bool erg_compat_fusion_fill(erg_compat *compat, erg_error *err);
bool erg_compat_hints_fill(erg_compat *compat, erg_error *err);

/* Kahn's order of the parts, first in first out; NULL: no memory. */
int32_t *erg_compat_order(const erg_compat *compat, erg_error *err);
/* Parts from most to least energy, equal ones in their order. */
int32_t *erg_compat_rank(const erg_compat *compat, erg_error *err);
/* "conv1: 8761.4uJ total, compute dominant (53.9%)", with the sign for micro. */
bool erg_compat_explain(const erg_compat_part *part, erg_text *to);
/* The report the old demo printed, byte by byte; top: subgraphs shown, 0: none. */
bool erg_compat_print(const erg_compat *compat, int top, erg_text *to, erg_error *err);

#endif
