/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the CUDA engine share: one device with one stream, and one kernel
 * ready to be put on it. Memory goes as the device's own addresses.
 */
#ifndef ERG_ENGINE_CUDA_H
#define ERG_ENGINE_CUDA_H

#include "engine/cuda_abi.h"
#include "engine/engine.h"

enum { CUDA_ELEMENTS = 3 };     /* types that our own kernels are compiled for */

struct erg_engine_session {
    cuda_driver driver;
    cuda_blas blas;
    cuda_compiler compiler;
    cuda_dnn dnn;
    cuda_module modules[CUDA_ELEMENTS]; /* NULL: not compiled yet */
    int device, capability;             /* 90 is 9.0 */
    cuda_context context;
    cuda_stream stream;
    void *blas_handle, *dnn_handle;     /* NULL: not opened yet */
    cuda_address workspace;             /* CUDA_WORKSPACE_BYTES; 0: not taken yet */
};

enum { CUDA_BURST_EVENTS = 33 };
/* Captured graphs hold its address, so it never grows. */
#define CUDA_WORKSPACE_BYTES ((size_t)64 << 20)

/* How one kind of kernel is put on the stream, and what it leaves. */
typedef struct cuda_how {
    bool (*launch)(erg_engine_job *job, void *const memory[], erg_error *err);
    void (*free)(erg_engine_job *job);
} cuda_how;

struct erg_engine_job {
    erg_engine_session *session;
    const cuda_how *how;                /* NULL: not prepared */
    void *own;
    char implementation[96];
    int tensor_count;
    cuda_ready burst;                   /* NULL: none was captured */
    cuda_event events[CUDA_BURST_EVENTS];
};

/* False, with the call's name and the driver's word for the code. */
bool cuda_worked(const erg_engine_session *session, int code, const char *call,
                 erg_error *err);
/* The same for a library that has only numbers. */
bool cuda_library_worked(int code, const char *call, erg_error *err);
/* Takes the room that every launch may overwrite, if that was not done yet. */
bool cuda_workspace(erg_engine_session *session, erg_error *err);
/* Bytes from the first element to behind the last; false: more than a size holds. */
bool cuda_tensor_bytes(const erg_signature_tensor *tensor, size_t *bytes, erg_error *err);
/* Fills `count` elements of this precision with the numbers of cuda_numbers.c. */
bool cuda_numbers(erg_precision precision, bool is_vector, uint64_t seed, void *to,
                  size_t count);

/* The module of our own kernels for this type, compiled when it is first asked for. */
bool cuda_module_of(erg_engine_session *session, erg_precision precision, cuda_module *out,
                    erg_error *err);

/* Each sets job->how and job->own, or frees what it had made. */
typedef bool cuda_prepare(erg_engine_job *job, const erg_signature *signature,
                          erg_error *err);
cuda_prepare cuda_matmul_prepare, cuda_conv_prepare, cuda_kernel_prepare;
/* Is one of our own kernels for this? */
bool cuda_kernel_has(erg_op_kind op);

#endif
