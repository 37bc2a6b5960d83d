/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it runs on: the catalogue. One JSON file a device, every number with
 * unit, source, grade and date; a number without a source is refused.
 *
 *   Units    SI, in the last word: _hz _w _flop_per_s _bytes_per_s _bytes _j.
 *            Peaks are dense; sparse ones are named so and never used.
 *            Not known is NAN (counts: 0).
 *   Owning   erg_hardware_load gives a record that is yours: erg_hardware_free.
 *   Failing  ERG_NOT_FOUND (the text lists near names), ERG_BAD_INPUT.
 *   Threads  A loaded record is read only.
 *   Source   docs/formats.md, "A device record".
 */
#ifndef ERG_HARDWARE_H
#define ERG_HARDWARE_H

#include <stddef.h>
#include "erg/env.h"
#include "erg/error.h"
#include "erg/table.h"
#include "erg/workload.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef enum erg_hardware_kind { ERG_GPU, ERG_CPU, ERG_NPU, ERG_TPU, ERG_DSP, ERG_CGRA,
                                 ERG_DPU, ERG_HARDWARE_KINDS } erg_hardware_kind;

/* Units that compute: one clock cycle of each does a different amount. */
typedef enum erg_unit_class {
    ERG_UNIT_VECTOR, ERG_UNIT_TENSOR, ERG_UNIT_CLASSES
} erg_unit_class;

typedef struct erg_knot { double x, y; } erg_knot;

/* Straight between points, clamped outside; NAN if there are none. */
typedef struct erg_curve { const erg_knot *points; size_t count; } erg_curve;
double erg_curve_at(const erg_curve *curve, double x);

typedef struct erg_thermal_point {
    const char *name, *cooling;         /* cooling NULL: not said */
    double cap_w, base_hz, boost_hz, sustained_hz, efficiency;
} erg_thermal_point;

typedef struct erg_hardware {
    const char *name, *maker, *about;
    const char *accumulator, *provenance;   /* NULL: not said */
    erg_hardware_kind kind;
    const char *boundary;               /* what joules cover: board package module wall */
    double node_nm;
    int units, lanes_per_unit, threads_per_unit, warp;
    int devices;                        /* as which a system sees it; 0: as one */
    /* Dense peak at peak_clock_hz of that unit class; NAN: it has no such unit.
     * A precision with no unit of its own is converted and runs as fp32. */
    double peak_flop_per_s[ERG_UNIT_CLASSES][ERG_PRECISIONS];
    double peak_clock_hz[ERG_UNIT_CLASSES];
    /* What large products were measured to reach; NAN: not measured. */
    double gemm_flop_per_s[ERG_UNIT_CLASSES][ERG_PRECISIONS];
    double emulated_share[ERG_PRECISIONS];      /* of the fp32 rate; NAN: all of it */
    double memory_bytes, memory_bytes_per_s;
    double memory_share;                        /* of it that streams reach; NAN: unknown */
    double memory_bus_bits;                     /* width of the bus; NAN: unknown */
    double l2_bytes, l2_bytes_per_s;            /* last level on chip */
    double l1_bytes_per_unit, l1_bytes_per_s;   /* shared memory and L1 of one unit */
    double cap_w, cap_low_w, cap_high_w;
    double idle_w;                              /* at its lowest clock, context alive */
    double busy_static_w;                       /* CPU: mean package power while a kernel
                                                 * runs */
    double top_clock_hz;
    const double *clocks_hz;                    /* settable, ascending */
    size_t clock_count;
    erg_curve voltage_v, idle_curve_w;          /* over core clock in Hz */
    const erg_thermal_point *thermal;
    size_t thermal_count;
    /* Energy of one operation and of one byte; NAN: by process node (estimate). */
    double op_j_per_flop[ERG_UNIT_CLASSES][ERG_PRECISIONS];
    double byte_j;
    double launch_s, host_s;                    /* device and host time of one launch */
    erg_precision precision;                    /* default */
    bool fictional;                             /* a demo machine: compat mode only */
    void *inside;
} erg_hardware;

/* One number as the record gives it. Key: "cap_w", "peak_flop_per_s.tensor.bf16",
 * "levels.l2.capacity_bytes", "thermal.15w.cap_w". */
typedef struct erg_number {
    const char *key, *unit, *source, *grade, *date;     /* grade: measured datasheet
                                                         * derived.. */
    const char *note;                                   /* NULL: none */
    double value;
} erg_number;

size_t erg_hardware_number_count(const erg_hardware *hardware);
const erg_number *erg_hardware_number_at(const erg_hardware *hardware, size_t index);
/* NULL if the record does not give it: asking is not an error. */
const erg_number *erg_hardware_number(const erg_hardware *hardware, const char *key);

/* name: a record, or a path of one, or "this-cpu" (read from env->root /proc, /sys).
 * Sought in user_dir (may be NULL), then in data_dir: see erg_catalog. */
typedef struct erg_catalog { const char *data_dir, *user_dir; } erg_catalog;

erg_hardware *erg_hardware_load(const erg_env *env, const erg_catalog *catalog,
                                const char *name, erg_error *err);
void erg_hardware_free(erg_hardware *hardware);

/* A row a device (all, or the named): name kind units peaks bandwidth cap ... */
erg_result *erg_hardware_table(const erg_env *env, const erg_catalog *catalog,
                               const char *const *names, size_t count, erg_error *err);
/* Table `checks`: device, check, value, limit, state, why. *passed: no fault. */
erg_result *erg_hardware_check(const erg_env *env, const erg_catalog *catalog,
                               const char *const *names, size_t count, bool *passed,
                               erg_error *err);

/* Streams and multiplies on all cores, each for about for_s (0: 1) seconds; keeps the
 * record in user_dir/hardware/this-cpu.json. Table `terms`: name, value, unit, low,
 * high, share. */
erg_result *erg_hardware_calibrate_cpu(const erg_env *env, const erg_catalog *catalog,
                                       double for_s, erg_error *err);

/* The same from rates that were measured elsewhere; NAN: that one stays as it was kept. */
typedef struct erg_cpu_rates {
    double flop_per_s, flop_low, flop_high;     /* of large fp32 products */
    double bytes_per_s, bytes_low, bytes_high;  /* of streams that no cache holds */
    const char *source, *date;                  /* date NULL: today */
} erg_cpu_rates;
erg_result *erg_hardware_keep_cpu(const erg_env *env, const erg_catalog *catalog,
                                  const erg_cpu_rates *rates, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
