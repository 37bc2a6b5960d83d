/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a shaping policy would do to power over time: a recorded run, a synthetic load or a
 * scenario of racks is played through the same policies that a daemon runs.
 *
 *   Units    SI; ratios are 0..1. Not to be seen or not known is NAN.
 *   Owning   An erg_scenario * is yours: erg_scenario_free it; so is an erg_result *.
 *   Failing  Takes erg_error *err (or NULL) last; returns false or NULL.
 *   Threads  One scenario may be run by any number of threads.
 *   Source   docs/shape.md.
 */
#ifndef ERG_SHAPE_H
#define ERG_SHAPE_H

#include "erg/table.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_scenario erg_scenario;

/* A YAML file: racks, GPUs, jobs, breaker, policies (docs/formats.md). */
erg_scenario *erg_scenario_load(const char *path, erg_error *err);
/* The same from memory; name is for sentences. */
erg_scenario *erg_scenario_parse(const char *name, const char *bytes, size_t size,
                                 erg_error *err);

/* What a load does not say of itself; 0 or NAN: taken from it, with a note. */
typedef struct erg_load_options {
    int units;          /* of a synthetic load or of a record with one: so many alike; 0:
                         * 1 */
    double idle_w;      /* of a unit */
    double high_w;      /* of a record: work is above; 0: by Otsu's threshold */
    double window_s;    /* of a record's meter, where the file does not say */
} erg_load_options;

/* "square:1000W/750ms,300W/250ms": high and low, of one synchronous job. */
erg_scenario *erg_scenario_synthetic(const char *text, const erg_load_options *options,
                                     erg_error *err);
/* A run file, or a CSV with t_ns or t_s, power_w and perhaps unit. */
erg_scenario *erg_scenario_record(const char *path, const erg_load_options *options,
                                  erg_error *err);
void erg_scenario_free(erg_scenario *scenario);

typedef struct erg_shape_options {
    const char *policies;   /* "none,limit=850W,stagger=4"; NULL or "all": the scenario's */
    uint64_t rng_key;
    double peak_cut;        /* 0: 0.1 */
    double ramp_w_per_s, band_rms;      /* limits that pass the gate as well; 0: none */
    bool strict;            /* at most 2 % throughput lost, not 5 % */
    bool explain;           /* the table of every clause */
    bool wave;              /* the table of power over time */
    double wave_s;          /* its step; 0: 10 ms */
    bool spectrum;          /* the table of swings by frequency, up to 25 Hz */
} erg_shape_options;

typedef enum erg_verdict { ERG_ACCEPTED, ERG_REJECTED, ERG_NOT_ASSESSABLE } erg_verdict;

/* policies, and as asked explain, wave and spectrum. *verdict (may be NULL): accepted if
 * any policy is. */
erg_result *erg_shape_run(const erg_scenario *scenario, const erg_shape_options *options,
                          erg_verdict *verdict, erg_error *err);
/* A real change: two records, before and after. Steps are what rises above the threshold
 * of a record; the loss of throughput is the upper end of its 95 % interval. */
erg_result *erg_shape_compare(const erg_scenario *base, const erg_scenario *changed,
                              const erg_shape_options *options, erg_verdict *verdict,
                              erg_error *err);
/* The same of 3 to 64 records of each, recorded in turns: base[0], changed[0], base[1], ..;
 * where the files tell their times, in that order. What the gate compares are changes with
 * the drift over all records out of them, tables changes and records. */
erg_result *erg_shape_compare_turns(const char *const base[], const char *const changed[],
                                    size_t pairs, const erg_load_options *how,
                                    const erg_shape_options *options, erg_verdict *verdict,
                                    erg_error *err);
/* The policies there are. */
erg_result *erg_shape_list(erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
