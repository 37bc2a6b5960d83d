/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "run/replay_alone.h"

enum { LOOK_EVERY = 64 };

bool erg_alone_run(void *self, size_t first, size_t count, erg_error *err)
{
    erg_alone *a = self;
    const erg_stage *stage = a->bench->stage;
    void *memory[ERG_SIGNATURE_TENSORS];
    size_t begin = a->done;

    (void)first;
    for (size_t i = begin; i < begin + count; i++, a->done++) {
        if (i == begin || a->rotation.sets > 1)
            erg_rotation_at(&a->rotation, i, memory);
        if (i % LOOK_EVERY == 0 && !erg_replay_goes_on(a->bench, err))
            return false;
        if (!stage->engine->launch(a->job, memory, err))
            return false;
    }
    return stage->engine->wait(stage->session, err);
}

/* Where the engine has them. A burst that went over fewer sets than there are would find
 * them in the cache the next time; a graph of more launches than this takes longer to make
 * than all its runs, and such kernels are bound by their launch. */
enum { BURST_MOST = 8192 };

static size_t capture(void *self, size_t count, erg_error *err)
{
    erg_alone *a = self;
    const erg_stage *stage = a->bench->stage;
    size_t sets = a->rotation.sets < BURST_MOST ? a->rotation.sets : BURST_MOST;
    size_t launches = count > BURST_MOST ? BURST_MOST : count > sets ? count : sets;
    void *(*memory)[ERG_SIGNATURE_TENSORS] = calloc(sets, sizeof(*memory));

    if (!memory) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu sets", sets);
        return 0;
    }
    for (size_t i = 0; i < sets; i++)
        erg_rotation_at(&a->rotation, i, memory[i]);
    if (launches != a->captured
        && !stage->engine->capture(a->job,
                                   &(erg_engine_burst){
                                       (void *const (*)[ERG_SIGNATURE_TENSORS])memory, sets,
                                       launches },
                                   err))
        launches = 0;
    a->captured = launches;
    free(memory);
    return launches;
}

static bool run_burst(void *self, size_t first, size_t count, erg_error *err)
{
    erg_alone *a = self;

    (void)first;
    (void)count;
    return a->bench->stage->engine->burst(a->job, 1, &a->burst_s, err);
}

static double burst_s(const void *self) { return ((const erg_alone *)self)->burst_s; }

erg_timed_work erg_alone_work(erg_alone *a)
{
    return a->bench->stage->engine->capture
               ? (erg_timed_work){ run_burst, a, capture, burst_s }
               : (erg_timed_work){ .run = erg_alone_run, .self = a };
}

erg_alone erg_alone_of(erg_replay_bench *bench, int32_t kernel, bool is_cold)
{
    erg_alone a = { .bench = bench, .job = bench->stage->jobs[kernel] };

    erg_engine_parts parts = erg_stage_parts(bench->stage, (size_t)kernel);
    erg_rotation_of(&bench->pools, &bench->stage->plan->kernels[kernel].signature, &parts,
                    is_cold, &a.rotation);
    return a;
}

bool erg_replay_launch_alone(erg_replay_bench *bench, int32_t kernel, bool is_cold,
                             size_t first, size_t count, erg_error *err)
{
    erg_alone a = erg_alone_of(bench, kernel, is_cold);

    a.done = first;
    return erg_alone_run(&a, first, count, err);
}
