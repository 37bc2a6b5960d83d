/* SPDX-License-Identifier: Apache-2.0 */
/* One kernel of the plan, launched by itself, on buffers that stay or that rotate. */
#ifndef ERG_RUN_REPLAY_ALONE_H
#define ERG_RUN_REPLAY_ALONE_H

#include "run/replay_bench.h"

typedef struct erg_alone {
    erg_replay_bench *bench;
    erg_engine_job *job;
    erg_rotation rotation;
    size_t done;     /* launches so far: warming up leaves the sets that come next cold */
    size_t captured; /* launches that one burst has; 0: none is captured */
    double burst_s;
} erg_alone;

erg_alone erg_alone_of(erg_replay_bench *bench, int32_t kernel, bool is_cold);
/* What erg_time_measure takes: bursts where the engine has them. */
erg_timed_work erg_alone_work(erg_alone *a);
bool erg_alone_run(void *self, size_t first, size_t count, erg_error *err);

#endif
