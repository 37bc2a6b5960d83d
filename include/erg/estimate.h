/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it should cost: time, energy, power and memory of a workload on a
 * device, per part and in total, with intervals, without running anything.
 *
 *   Units    SI. low and high bound the 95 % interval.
 *   Source   Physical mode: roofline with tiles, waves and launches; energy by
 *            s(f) (e_op FLOP + e_byte bytes) + P_idle(f) t. Compat mode: the
 *            formulas of branes-ai/graphs of 2025-10-28, not physical.
 *   Owning   erg_estimate_run gives an estimation: erg_estimation_free. Graph,
 *            hardware and profile must outlive it.
 *   Failing  ERG_UNSUPPORTED: the record of the device lacks a number that the workload
 *            needs; ERG_BAD_INPUT: a profile or rows, with file and place.
 *   Threads  None shared.
 */
#ifndef ERG_ESTIMATE_H
#define ERG_ESTIMATE_H

#include "erg/hardware.h"
#include "erg/workload.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

struct erg_compat;
typedef enum erg_mode { ERG_PHYSICAL, ERG_COMPAT } erg_mode;
typedef enum erg_bound { ERG_BOUND_COMPUTE, ERG_BOUND_BANDWIDTH, ERG_BOUND_BALANCED,
                         ERG_BOUND_LAUNCH, ERG_BOUNDS } erg_bound;
/* How much of an estimate was fitted: on this device, near it, or from a datasheet. */
typedef enum erg_grade {
    ERG_CALIBRATED, ERG_INTERPOLATED, ERG_THEORETICAL, ERG_GRADE_UNKNOWN, ERG_GRADES
} erg_grade;

const char *erg_bound_name(erg_bound bound);
const char *erg_grade_name(erg_grade grade);

/* ---- a profile: what calibration knows of a device beyond its datasheet ---- */

typedef enum erg_byte_class { ERG_BYTES_MATRIX, ERG_BYTES_ELEMENTWISE, ERG_BYTES_SOFTMAX,
                              ERG_BYTES_NORM, ERG_BYTE_CLASSES } erg_byte_class;

typedef struct erg_time_terms {     /* of one unit class */
    double share;                   /* u: of peak reached by large tiles */
    double fill_k;                  /* K0: filling and draining a tile, in K */
    double tile_64, tile_32;        /* e: relative efficiency of smaller tiles */
    double batched_rows;            /* of batches: times e of tiles of below 128 rows, */
    double batched_columns;         /* or columns; 0: as in other products */
    double long_k, long_cost;       /* of many tiles products of a longer k take
                                     * 1 + long_cost ln(k / long_k) times as long; 0: no */
    double bandwidth[ERG_BYTE_CLASSES];     /* beta: share of DRAM bandwidth */
    double launch_s;                /* kappa: device time of one launch */
    double host_s;                  /* h: host time of one launch */
    double cap_w;                   /* the rows ran from the top clock under this cap: the
                                     * share holds what it took; 0: clocks were held */
    double half_width;              /* q: of ln(measured / predicted), 95 %, held out */
    int rows;                       /* fitted on; 0: not fitted */
} erg_time_terms;

typedef struct erg_energy_terms {
    /* At the voltage of the profile's clock; NAN: none. op_rows: measured rows
     * that hold it; 0: carried over from another precision or process node. */
    double op_j_per_flop[ERG_UNIT_CLASSES][ERG_PRECISIONS];
    int op_rows[ERG_UNIT_CLASSES][ERG_PRECISIONS];
    double byte_j;                  /* of one algorithmic byte under byte_rule */
    double far_byte_j;              /* on top of it, of launches beyond the last cache */
    double static_w;                /* at the profile's clock; NAN: the idle curve's */
    double half_width;              /* q: of ln(measured / predicted), 95 %, held out */
    int rows;                       /* fitted on; 0: none, all is theoretical */
} erg_energy_terms;

typedef struct erg_profile {
    const char *name, *hardware, *date, *source;
    const char *byte_rule;          /* "unfused", "unfused+far": others are refused */
    double clock_hz, cap_w;         /* where it was calibrated; NAN: nowhere */
    erg_runtime runtime;            /* of the rows */
    erg_time_terms time[ERG_UNIT_CLASSES];
    erg_energy_terms energy;
    void *inside;
} erg_profile;

/* path NULL: the catalogue's profile of the device, else shared constants and
 * process-node energies graded theoretical. Never NULL without an error. */
erg_profile *erg_profile_load(const erg_catalog *catalog, const erg_hardware *hardware,
                              const char *path, erg_error *err);
bool erg_profile_save(const erg_profile *profile, const char *path, erg_error *err);
void erg_profile_free(erg_profile *profile);

/* ---- calibration: measured rows into a profile ------------------------------ */

typedef struct erg_calibrate_options {
    /* CSV: gpu model precision batch seq freq_mhz time_ms energy_j (power_w updates). */
    const char *rows_path;
    const char *workloads_dir;  /* kernel lists <model>_p<precision>_b<batch>[_s<seq>].. */
    const char *source, *date;  /* of the rows, for the profile; NULL: as it was */
    bool one_byte_class;        /* do not ask which bytes memory served */
    bool energy_only;           /* time terms stay as they are */
} erg_calibrate_options;

/* Fits energy and the time of tensor units into *profile, which then borrows the
 * options' texts. Tables terms, folds (a model left out), rejected. */
erg_result *erg_calibrate(const erg_hardware *hardware,
                          const erg_calibrate_options *options, erg_profile *profile,
                          erg_error *err);

/* ---- one estimate ---------------------------------------------------------- */

typedef struct erg_estimate_options {   /* zero means unset */
    erg_mode mode;
    erg_runtime runtime;
    erg_fusion fusion;                  /* physical mode; auto: as the runtime does */
    double clock_hz, power_cap_w;       /* 0: top clock, the record's cap */
    const char *thermal_point;
    bool power_gating;
    int streams;                        /* 0: 1 */
    double measured_latency_s;          /* 0: predicted */
} erg_estimate_options;

typedef struct erg_latency {
    double compute_s, memory_s, overhead_s, total_s;
    double host_s;                      /* of the host, to launch it */
    double intensity, utilization;      /* FLOP per byte; time at the roof / time */
    double roof_s;                      /* plain roofline: a lower bound */
    erg_bound bound;
} erg_latency;

typedef struct erg_estimate {
    double compute_j, memory_j, static_j, total_j, low_j, high_j;
    double wasted_j, efficiency;
} erg_estimate;

/* ---- time ------------------------------------------------------------------- */

typedef struct erg_timing {             /* what is asked; all borrowed */
    const erg_partition *partition;
    const erg_hardware *hardware;
    const erg_time_terms *terms;        /* one a unit class: of a profile, or shared */
    erg_runtime runtime;
    double clock_hz;                    /* core clock held; 0: that of the quoted peaks */
    double free_cap_w;                  /* nobody holds the clock but this cap; 0: held */
    int streams;                        /* independent branches at once; 0: 1 */
    const double *cached_bytes;         /* one a subgraph; NULL: found each time */
} erg_timing;

/* Of a device nobody calibrated on: one set of constants for all of its kind. */
erg_time_terms erg_time_shared(const erg_hardware *hardware, erg_unit_class unit);
/* One subgraph as if it ran alone, every byte from memory. */
erg_latency erg_latency_subgraph(const erg_timing *timing, int32_t index);
/* All, one after another or on streams; out: one a subgraph, their total_s add up to the
 * total given. Where the host is slower than the device, its waiting is in overhead_s and
 * *host_bound is set; where launches overlap, total_s is the share of the whole and the
 * other parts are those of the launch alone. NAN: no memory. */
double erg_latency_graph(const erg_timing *timing, erg_latency *out, bool *host_bound);

typedef struct erg_estimation {
    const erg_graph *graph;
    const erg_hardware *hardware;
    const erg_partition *partition;
    erg_partition *own_partition;       /* freed with it; NULL: borrowed */
    const erg_latency *latency;         /* one a subgraph */
    const erg_estimate *energy;
    double latency_s, latency_low_s, latency_high_s;
    erg_estimate total;
    double marginal_j;                  /* above a board that idles anyway */
    double mean_w, peak_w, utilization, clock_hz, cap_w;
    bool capped, host_bound;
    erg_grade grade;
    double peak_memory_bytes;
    const struct erg_compat *compat;    /* all that compat mode knows; NULL: physical */
    const char *const *notes;
    size_t note_count;
    void *inside;
} erg_estimation;

erg_estimation *erg_estimate_run(const erg_graph *graph, const erg_hardware *hardware,
                                 const erg_profile *profile,
                                 const erg_estimate_options *options, erg_error *err);
void erg_estimation_free(erg_estimation *estimation);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
