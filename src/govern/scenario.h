/* SPDX-License-Identifier: Apache-2.0 */
/* A load to shape: jobs of phases on units in racks, and what stands behind them. */
#ifndef ERG_GOVERN_SCENARIO_H
#define ERG_GOVERN_SCENARIO_H

#include "erg/shape.h"
#include "govern/record_run.h"
#include "plant/cluster.h"
#include "shape/breaker.h"

enum { ERG_UNITS_MOST = 1 << 22, ERG_POLICY_LIST = 1024 };
#define ERG_SAMPLES_MOST 50000000.0

typedef struct erg_scenario_job {
    size_t first_phase, phase_count;
    uint32_t units;
    double wait_w, period_s, start_s;
    bool once;
} erg_scenario_job;

struct erg_scenario {
    char name[96];
    erg_phase *phases;
    size_t phase_count, phase_capacity;
    erg_scenario_job *jobs;
    size_t job_count, job_capacity;
    size_t units, units_per_rack;
    erg_silicon silicon;
    double spread;                  /* sd of units' watts above idle at equal work */
    double lag_s;                   /* first-order, of the supply of all */
    double warm_up_s, duration_s, sample_s;
    double window_s;                /* what the meter of a record shows is the mean of so
                                     * long, or so old; 0: an instant */
    double breaker_w, breaker_tau_s, breaker_trip;      /* of a rack; 0: none; default */
    erg_trip_curve breaker_curve;   /* count 0: thermal-magnetic */
    double psu_w;                   /* rating of the supplies of a rack; 0: none is
                                     * stated */
    double peak_w;                  /* of a unit: levels of --policy all come from it */
    erg_record_facts facts;         /* of a record */
    bool open_loop;                 /* a record: barriers are unknown */
    bool is_simulated;              /* else recorded */
    char policies[ERG_POLICY_LIST]; /* what "all" is; "": the usual */
    char note[320];
};

erg_scenario *erg_scenario_new(const char *name, erg_error *err);
bool erg_scenario_add_phase(erg_scenario *scenario, const erg_phase *phase, erg_error *err);
/* A job of the phases added since the last one; waits at wait_w. */
bool erg_scenario_add_job(erg_scenario *scenario, size_t units, double wait_w,
                          erg_error *err);
/* A record's CSV in memory; name is for sentences. */
erg_scenario *erg_scenario_record_parse(const char *name, const char *bytes, size_t size,
                                        const erg_load_options *options, erg_error *err);
/* Ready to run, or a sentence: lengths, levels, sizes. */
bool erg_scenario_check(const erg_scenario *scenario, erg_error *err);

#endif
