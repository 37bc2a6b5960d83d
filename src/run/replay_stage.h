/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan brought to an engine: every kernel in the layouts that its library asks for, with
 * the reorders that this costs as launches of their own (tier of movement), and memory for
 * all of it. What stands here is what is launched, whole or kernel by kernel.
 *
 *   Owning   erg_stage_open gives a stage that is yours: erg_stage_close.
 *   Weights  lie in the layout asked for from the start: a model reorders them once.
 */
#ifndef ERG_RUN_REPLAY_STAGE_H
#define ERG_RUN_REPLAY_STAGE_H

#include "engine/engine.h"
#include "replay/plan.h"

typedef struct erg_stage {
    const erg_engine *engine;
    erg_engine_session *session;
    erg_replay_plan *plan; /* as launched; tensors of its launches are memories */
    erg_engine_job **jobs; /* by kernel; NULL: this engine has none */
    size_t job_count, jobs_ready;
    bool is_whole;                /* it has launches, and a job for each */
    erg_signature_tensor *shapes; /* by memory */
    bool *written;                /* by memory: some launch writes it */
    size_t memory_count;
    void **memories; /* of the whole; NULL before erg_stage_furnish */
    void **blocks;   /* what memories lie in */
    size_t block_count;
    double room_bytes; /* that may still be taken of the host; INFINITY: nobody says */
} erg_stage;

erg_stage *erg_stage_open(const erg_engine *engine, const erg_engine_options *options,
                          const erg_replay_plan *plan, erg_error *err);
/* Memory for the whole, used again once nobody reads it any more. */
bool erg_stage_furnish(erg_stage *stage, erg_error *err);
erg_engine_parts erg_stage_parts(const erg_stage *stage, size_t kernel);
bool erg_stage_launch(erg_stage *stage, size_t launch, erg_error *err);
void erg_stage_close(erg_stage *stage);

/* With the padding of its blocks; what no machine has where it is too much to count. */
size_t erg_stage_bytes(const erg_signature_tensor *tensor);

/* ---- kernels alone ------------------------------------------------------------------- */

/* Sets of buffers for one kernel, one behind the other in pools that are there once: inputs
 * keep their numbers, outputs lie apart. Behind them are the first tensors: one that is
 * read in parts is there once for as many sets as it has parts. */
typedef struct erg_rotation {
    size_t sets;
    erg_engine_parts parts;
    const erg_signature *signature;
    char *pools[3];
    size_t set_bytes[3], offsets[ERG_SIGNATURE_TENSORS];
    int pool[ERG_SIGNATURE_TENSORS];
} erg_rotation;

typedef struct erg_pools {
    void *pools[3]; /* inputs, vectors, outputs */
    size_t bytes[3];
    double cache_bytes; /* of the last level */
} erg_pools;

bool erg_pools_take(erg_stage *stage, double cache_bytes, erg_pools *pools,
                    erg_error *err);
void erg_pools_give(const erg_stage *stage, erg_pools *pools);
/* is_cold: as many sets as make four caches, by the bytes that a launch
 * touches; else one. */
void erg_rotation_of(const erg_pools *pools, const erg_signature *signature,
                     const erg_engine_parts *parts, bool is_cold, erg_rotation *out);
void erg_rotation_at(const erg_rotation *rotation, size_t run,
                     void *memory[ERG_SIGNATURE_TENSORS]);

#endif
