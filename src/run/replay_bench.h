/* SPDX-License-Identifier: Apache-2.0 */
/* One replay while it is measured: what its files share, and nobody else. */
#ifndef ERG_RUN_REPLAY_BENCH_H
#define ERG_RUN_REPLAY_BENCH_H

#include "replay/replay.h"
#include "run/recording.h"
#include "run/replay_log.h"
#include "run/replay_stage.h"
#include "run/replay_time.h"

typedef struct erg_replay_bench {
    const erg_env *env;
    const erg_replay_run_options *options;
    const erg_engine *engine;
    erg_stage *stage;
    erg_recording *rec; /* NULL: nothing is recorded */
    erg_replay *replay; /* what is found; spans are monotonic until the end */
    erg_pools pools;
    erg_drift drifts[ERG_REFERENCES];
    struct erg_time_blocks *blocks; /* by kernel of the replay, while they are timed */
    int32_t references[ERG_REFERENCES]; /* kernels; -1: none can be */
    double empty_s;    /* of a launch that does nothing */
    erg_replay_log log;
    double energy_s;   /* how long a window must be for its energy; 0: none */
} erg_replay_bench;

/* Runs, seconds, intervals of this replay; for_energy: windows as long as meters need. */
erg_time_rule erg_replay_rule(const erg_replay_bench *bench, bool for_energy);
/* Passes over all launches, each alone. */
bool erg_replay_time_whole(erg_replay_bench *bench, erg_error *err);
/* Each kernel in each wanted state, in an order by chance. */
bool erg_replay_time_kernels(erg_replay_bench *bench, erg_error *err);
/* Runs first .. first + count - 1 of one kernel. */
bool erg_replay_launch_alone(erg_replay_bench *bench, int32_t kernel, bool is_cold,
                             size_t first, size_t count, erg_error *err);
/* Where it is wanted, the kernels of each tier together, for as long as meters need. */
bool erg_replay_meter_each_tier(erg_replay_bench *bench, erg_error *err);
/* Times with the drift removed, as of when the reference takes its own lower quartile. */
bool erg_replay_remove_drift(erg_replay_bench *bench, erg_error *err);
double erg_replay_cache_bytes(const erg_env *env);
/* Of memory that can be taken now; INFINITY: nobody says. */
double erg_replay_room_bytes(const erg_env *env);
/* False once it was asked to stop. */
bool erg_replay_goes_on(const erg_replay_bench *bench, erg_error *err);
/* Hz of the first core now; NAN: not told. */
double erg_replay_clock_hz(const erg_env *env);
void erg_replay_tell(const erg_replay_bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A region, if anything is recorded. */
int64_t erg_replay_region(const erg_replay_bench *bench, const char *name);
void erg_replay_region_end(const erg_replay_bench *bench, int64_t id, double runs);

/* All of the above on this stage, without files: what a test's own engine is put to. */
bool erg_replay_measure(erg_replay_bench *bench, erg_error *err);

#endif
