/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who computes one operator: oneDNN on this processor, CUDA's libraries on a GPU.
 * A library that is missing makes its operators not replayable, by name.
 *
 *   Owning   open/close, prepare/free. A job borrows its session and its memory.
 *   Threads  One session, one thread; the library may use many inside.
 *   Failing  ERG_UNSUPPORTED: no library, no device, or no such operator; err says which.
 */
#ifndef ERG_ENGINE_ENGINE_H
#define ERG_ENGINE_ENGINE_H

#include "base/base.h"
#include "workload/signature.h"

typedef struct erg_engine_session erg_engine_session;     /* one engine, opened on one
                                                           * device */
typedef struct erg_engine_job erg_engine_job;             /* one kernel, ready to be
                                                           * launched */

typedef struct erg_engine_options {
    int device;                 /* of a GPU */
    int threads;                /* of a processor; 0: all but one, left to the sampler */
} erg_engine_options;

/* Launch i works on memory[i % sets], so that the last-level cache can be made cold. */
typedef struct erg_engine_burst {
    void *const (*memory)[ERG_SIGNATURE_TENSORS];
    size_t sets, launches;
} erg_engine_burst;

/* Of a job's first tensor: one launch reads `bytes` of it. Where it begins step_bytes later
 * they are other ones: `count` steps meet nothing of each other. */
typedef struct erg_engine_parts {
    size_t count, step_bytes, bytes;
} erg_engine_parts;

typedef struct erg_engine {
    const char *name, *about;
    bool is_host;               /* computes on this processor, in the memory of the
                                 * machine */
    /* Is it here? why gets "libdnnl 2.6.3", or what is missing and its cure. */
    bool (*find)(char *why, size_t size);
    erg_engine_session *(*open)(const erg_engine_options *options, erg_error *err);
    void (*close)(erg_engine_session *session);
    /* Memory of the device, filled with normal numbers from a fixed seed: small
     * ones, near one in vectors, so that no depth of layers leaves the range of normal
     * floats. */
    void *(*take)(erg_engine_session *session, const erg_signature_tensor *tensor,
                  uint64_t seed, erg_error *err);
    void (*give)(erg_engine_session *session, void *memory);
    /* Input layouts are as they come; leaves all layouts as the library likes them best.
     * Where an input's has changed a reorder is due before it. NULL: all is taken as it
     * comes. */
    bool (*settle)(erg_engine_session *session, erg_signature *signature, erg_error *err);
    /* Compiles for the layouts of the signature. */
    erg_engine_job *(*prepare)(erg_engine_session *session, const erg_signature *signature,
                               erg_error *err);
    /* Starts one launch on memory by tensor of the signature, and does not wait. */
    bool (*launch)(erg_engine_job *job, void *const memory[ERG_SIGNATURE_TENSORS],
                   erg_error *err);
    bool (*wait)(erg_engine_session *session, erg_error *err);
    /* That compute a launch, the caller's among them; 0: not known. NULL: none of here. */
    int (*threads)(const erg_engine_session *session);
    /* Many launches as one, so that the host is not in their time: captured
     * once, outside of any window; then started `times` times, each with its seconds by the
     * device's own clock. The memory stays the caller's until free. NULL, both: stamp
     * batches of launch and wait instead. */
    bool (*capture)(erg_engine_job *job, const erg_engine_burst *burst, erg_error *err);
    bool (*burst)(erg_engine_job *job, size_t times, double time_s[], erg_error *err);
    /* NULL, or a count of 1: it reads the whole of it. */
    erg_engine_parts (*parts)(const erg_engine_job *job);
    const char *(*implementation)(const erg_engine_job *job); /* "jit:avx2"; as its library
                                                               * says */
    void (*free)(erg_engine_job *job);
} erg_engine;

extern const erg_engine *const erg_engines[];       /* ends with NULL */
/* NULL: no such name. */
const erg_engine *erg_engine_find(const char *name);

#endif
