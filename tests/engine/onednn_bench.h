/* SPDX-License-Identifier: Apache-2.0 */
/* One operator on the engine of this processor, its tensors filled and in reach. */
#ifndef ERG_TESTS_ONEDNN_BENCH_H
#define ERG_TESTS_ONEDNN_BENCH_H

#include <string.h>
#include "engine/engine.h"
#include "test.h"

static const erg_engine *engine;

typedef struct bench {
    erg_engine_session *session;
    erg_signature signature;
    float *memory[ERG_SIGNATURE_TENSORS];
    int count;
} bench;

static inline size_t elements(const erg_signature_tensor *tensor)
{
    size_t count = 1;

    for (int i = 0; i < tensor->rank; i++)
        count *= (size_t)tensor->dims[i];
    return count;
}

static inline bench begin(erg_op_kind op)
{
    char why[200];
    bench on = { .signature = {
                     .op = op, .shape_known = true, .axis = -1, .output_count = 1 } };
    erg_error err = { 0 };

    engine = erg_engine_find("onednn");
    CHECK(engine);
    if (!engine->find(why, sizeof(why)))
        SKIP(why);
    on.session = engine->open(&(erg_engine_options){ .threads = 1 }, &err);
    CHECK_OK(on.session != NULL, err);
    return on;
}

/* Inputs first; the last one given is the output. */
static inline void tensor(bench *on, int rank, const int64_t *dims)
{
    erg_signature_tensor *added = &on->signature.tensors[on->count];
    erg_error err = { 0 };

    added->rank = rank;
    memcpy(added->dims, dims, (size_t)rank * sizeof(dims[0]));
    on->memory[on->count] = engine->take(on->session, added, (uint64_t)on->count, &err);
    CHECK_OK(on->memory[on->count] != NULL, err);
    on->signature.input_count = on->count++;
}

#define TENSOR(on, ...)                                                                    \
    tensor(on, (int)ERG_COUNT(((int64_t[]){ __VA_ARGS__ })), (int64_t[]){ __VA_ARGS__ })

static inline void launch(bench *on)
{
    erg_error err = { 0 };
    erg_engine_job *job = engine->prepare(on->session, &on->signature, &err);

    CHECK_OK(job != NULL, err);
    CHECK(engine->implementation(job)[0]);
    CHECK_OK(engine->launch(job, (void *const *)on->memory, &err), err);
    CHECK_OK(engine->wait(on->session, &err), err);
    engine->free(job);
}

static inline void end(bench *on)
{
    for (int i = 0; i < on->count; i++)
        engine->give(on->session, on->memory[i]);
    engine->close(on->session);
}

#endif
