/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine of NVIDIA GPUs: CUDA's own libraries, opened when they are needed. One that
 * is missing makes its operators not replayable, each by name.
 */
#include <stdlib.h>
#include <string.h>
#include "engine/cuda.h"

enum { FILL_COUNT = 65521 };        /* numbers that are drawn; longer tensors repeat them */

static bool open_driver(cuda_driver *driver, erg_error *err)
{
    int count = 0, code = 0;

    if (!cuda_library_open(&cuda_library_driver, driver, sizeof(*driver), err))
        return false;
    if ((code = driver->init(0)) == CUDA_DONE)
        code = driver->count(&count);
    if (code == CUDA_DONE && count > 0)
        return true;
    cuda_library_close(driver, sizeof(*driver));
    return erg_fail(err, ERG_UNSUPPORTED,
                    "the CUDA driver finds no GPU (code %d): nvidia-smi shows what it sees",
                    code);
}

static bool cuda_find(char *why, size_t size)
{
    cuda_driver driver;
    erg_error err = { 0 };
    int version = 0, device;
    char name[96] = "";

    if (!open_driver(&driver, &err)) {
        erg_text_put(why, size, err.text);
        return false;
    }
    driver.version(&version);
    if (driver.get(&device, 0) == CUDA_DONE)
        driver.name(name, sizeof(name), device);
    snprintf(why, size, "CUDA %d.%d, %s", version / 1000, version % 1000 / 10, name);
    cuda_library_close(&driver, sizeof(driver));
    return true;
}

/* ---- a session ---------------------------------------------------------------------- */

static void cuda_close(erg_engine_session *session)
{
    if (!session)
        return;
    if (session->blas_handle)
        session->blas.close(session->blas_handle);
    cuda_library_close(&session->blas, sizeof(session->blas));
    if (session->dnn_handle)
        session->dnn.close(session->dnn_handle);
    cuda_library_close(&session->dnn, sizeof(session->dnn));
    for (int i = 0; i < CUDA_ELEMENTS; i++)
        if (session->modules[i])
            session->driver.module_free(session->modules[i]);
    cuda_library_close(&session->compiler, sizeof(session->compiler));
    if (session->workspace)
        session->driver.give(session->workspace);
    if (session->stream)
        session->driver.stream_free(session->stream);
    if (session->context)
        session->driver.release(session->device);
    cuda_library_close(&session->driver, sizeof(session->driver));
    free(session);
}

static bool open_device(erg_engine_session *session, int ordinal, erg_error *err)
{
    const cuda_driver *driver = &session->driver;
    int major = 0, minor = 0;

    if (!cuda_worked(session, driver->get(&session->device, ordinal), "cuDeviceGet", err)
        || !cuda_worked(session,
                        driver->attribute(&major, CUDA_CAPABILITY_MAJOR, session->device),
                        "cuDeviceGetAttribute", err)
        || !cuda_worked(session,
                        driver->attribute(&minor, CUDA_CAPABILITY_MINOR, session->device),
                        "cuDeviceGetAttribute", err)
        || !cuda_worked(session, driver->retain(&session->context, session->device),
                        "cuDevicePrimaryCtxRetain", err))
        return false;
    session->capability = 10 * major + minor;
    return cuda_worked(session, driver->use(session->context), "cuCtxSetCurrent", err)
           && cuda_worked(session,
                          driver->stream_new(&session->stream, CUDA_STREAM_ON_ITS_OWN),
                          "cuStreamCreate", err);
}

static erg_engine_session *cuda_open(const erg_engine_options *options, erg_error *err)
{
    erg_engine_session *session = calloc(1, sizeof(*session));

    if (!session)
        erg_fail(err, ERG_NO_MEMORY, "no memory for a CUDA session");
    else if (!open_driver(&session->driver, err)
             || !open_device(session, options ? options->device : 0, err)) {
        cuda_close(session);
        session = NULL;
    }
    return session;
}

/* ---- memory ------------------------------------------------------------------------- */

/* Sizes pass 2^31 elements and 2^32 bytes as a matter of course. */
static bool tensor_elements(const erg_signature_tensor *tensor, int64_t *count)
{
    bool is_dense = true, fits = true;
    int64_t dense = 1, last = 0;

    for (int i = 0; i < tensor->rank; i++) {
        int64_t step = 0;
        is_dense &= tensor->strides[i] == 0;
        fits = fits && tensor->dims[i] >= 0 && tensor->strides[i] >= 0
            && !__builtin_mul_overflow(dense, tensor->dims[i], &dense)
            && !__builtin_mul_overflow(tensor->dims[i] - 1, tensor->strides[i], &step)
            && !__builtin_add_overflow(last, step, &last);
    }
    *count = is_dense || dense == 0 ? dense : last + 1;
    return fits;
}

bool cuda_tensor_bytes(const erg_signature_tensor *tensor, size_t *bytes, erg_error *err)
{
    int64_t count, bits;

    if (!tensor_elements(tensor, &count)
        || __builtin_mul_overflow(count, erg_precision_bits(tensor->precision), &bits))
        return erg_fail(err, ERG_BAD_INPUT, "a tensor is larger than 2^63 bits");
    *bytes = (size_t)((bits + 7) / 8);
    return true;
}

static bool fill(erg_engine_session *session, cuda_address to,
                 const erg_signature_tensor *tensor, size_t bytes, uint64_t seed)
{
    size_t one = (size_t)erg_precision_bits(tensor->precision) / 8;
    size_t most = FILL_COUNT * one, room = bytes < most ? bytes : most;
    void *numbers = room > 0 ? malloc(room) : NULL;
    bool good = numbers
        && cuda_numbers(tensor->precision, tensor->rank < 2, seed, numbers, room / one);

    for (size_t at = 0; good && at < bytes; at += room) {
        size_t part = bytes - at < room ? bytes - at : room;
        good = session->driver.upload(to + at, numbers, part) == CUDA_DONE;
    }
    free(numbers);
    return good;
}

/* CUDA takes no memory of no bytes; an address that is never followed is as good. */
static void *cuda_take(erg_engine_session *session, const erg_signature_tensor *tensor,
                       uint64_t seed, erg_error *err)
{
    cuda_address memory = 0;
    size_t bytes;

    if (!cuda_tensor_bytes(tensor, &bytes, err))
        return NULL;
    if (erg_precision_bits(tensor->precision) < 8) {
        erg_fail(err, ERG_UNSUPPORTED, "a tensor of %s is not replayable on a GPU",
                 erg_precision_name(tensor->precision));
        return NULL;
    }
    if (!cuda_worked(session, session->driver.take(&memory, bytes > 0 ? bytes : 1),
                     "cuMemAlloc", err))
        return NULL;
    if (bytes > 0 && !fill(session, memory, tensor, bytes, seed)) {
        session->driver.give(memory);
        erg_fail(err, ERG_IO, "%zu bytes of a tensor could not be filled", bytes);
        return NULL;
    }
    return (void *)(uintptr_t)memory;
}

static void cuda_give(erg_engine_session *session, void *memory)
{
    if (memory)
        session->driver.give((cuda_address)(uintptr_t)memory);
}

/* ---- jobs --------------------------------------------------------------------------- */

static const struct { erg_op_kind op; cuda_prepare *prepare; } routes[] = {
    { ERG_OP_MATMUL, cuda_matmul_prepare },
    { ERG_OP_LINEAR, cuda_matmul_prepare },
    { ERG_OP_CONV, cuda_conv_prepare },
};

static void drop_burst(erg_engine_job *job)
{
    const cuda_driver *driver = &job->session->driver;

    if (job->burst)
        driver->ready_free(job->burst);
    job->burst = NULL;
    for (int i = 0; i < CUDA_BURST_EVENTS; i++) {
        if (job->events[i])
            driver->event_free(job->events[i]);
        job->events[i] = NULL;
    }
}

static void cuda_free(erg_engine_job *job)
{
    if (!job)
        return;
    drop_burst(job);
    if (job->how)
        job->how->free(job);
    free(job);
}

static bool prepare(erg_engine_job *job, const erg_signature *signature, erg_error *err)
{
    if (!signature->shape_known)
        return erg_fail(err, ERG_UNSUPPORTED, "a kernel without a shape is not replayable");
    for (size_t i = 0; i < ERG_COUNT(routes); i++)
        if (routes[i].op == signature->op)
            return routes[i].prepare(job, signature, err);
    if (cuda_kernel_has(signature->op))
        return cuda_kernel_prepare(job, signature, err);
    return erg_fail(err, ERG_UNSUPPORTED,
                    "%s is not replayable on a GPU: no library here has it",
                    erg_op_kinds[signature->op].name);
}

static erg_engine_job *cuda_job(erg_engine_session *session, const erg_signature *signature,
                                erg_error *err)
{
    erg_engine_job *job = calloc(1, sizeof(*job));

    if (!job) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for a kernel");
        return NULL;
    }
    job->session = session;
    job->tensor_count = signature->input_count + signature->output_count;
    if (!prepare(job, signature, err)) {
        cuda_free(job);
        job = NULL;
    }
    return job;
}

static bool cuda_launch(erg_engine_job *job, void *const memory[ERG_SIGNATURE_TENSORS],
                        erg_error *err)
{
    for (int i = 0; i < job->tensor_count; i++)
        if (!memory[i])
            return erg_fail(err, ERG_BAD_INPUT, "tensor %d of a kernel has no memory", i);
    return job->how->launch(job, memory, err);
}

static bool cuda_wait(erg_engine_session *session, erg_error *err)
{
    return cuda_worked(session, session->driver.wait(session->stream),
                       "cuStreamSynchronize", err);
}

static const char *implementation(const erg_engine_job *job) { return job->implementation; }

/* ---- bursts ------------------------------------------------------------------------- */

/* What went wrong inside is what is told; a capture has to be ended all the same. */
static bool record(erg_engine_job *job, const erg_engine_burst *burst, cuda_graph *graph,
                   erg_error *err)
{
    const cuda_driver *driver = &job->session->driver;
    cuda_stream stream = job->session->stream;
    bool good = cuda_worked(job->session, driver->capture(stream, CUDA_CAPTURE_THREAD),
                            "cuStreamBeginCapture", err);

    if (!good)
        return false;
    for (size_t i = 0; good && i < burst->launches; i++)
        good = cuda_launch(job, burst->memory[i % burst->sets], err);
    int code = driver->captured(stream, graph);
    return good && cuda_worked(job->session, code, "cuStreamEndCapture", err);
}

static bool make_events(erg_engine_job *job, erg_error *err)
{
    for (int i = 0; i < CUDA_BURST_EVENTS; i++)
        if (!cuda_worked(job->session, job->session->driver.event_new(&job->events[i], 0),
                         "cuEventCreate", err))
            return false;
    return true;
}

static bool cuda_capture(erg_engine_job *job, const erg_engine_burst *burst, erg_error *err)
{
    const cuda_driver *driver = &job->session->driver;
    cuda_graph graph = NULL;

    if (burst->sets < 1 || burst->launches < 1)
        return erg_fail(err, ERG_BAD_INPUT, "a burst has no memory or no launches");
    drop_burst(job);
    bool good = record(job, burst, &graph, err)
        && cuda_worked(job->session, driver->graph_ready(&job->burst, graph, 0),
                       "cuGraphInstantiate", err)
        && make_events(job, err);
    if (graph)
        driver->graph_free(graph);
    if (!good)
        drop_burst(job);
    return good;
}

/* Nothing but starts and events between the first and the last. */
static bool burst_some(erg_engine_job *job, size_t times, double time_s[], erg_error *err)
{
    const cuda_driver *driver = &job->session->driver;
    cuda_stream stream = job->session->stream;
    bool good = cuda_worked(job->session, driver->event_record(job->events[0], stream),
                            "cuEventRecord", err);

    for (size_t i = 0; good && i < times; i++)
        good = cuda_worked(job->session, driver->graph_start(job->burst, stream),
                           "cuGraphLaunch", err)
            && cuda_worked(job->session, driver->event_record(job->events[i + 1], stream),
                           "cuEventRecord", err);
    good = good && cuda_worked(job->session, driver->event_wait(job->events[times]),
                               "cuEventSynchronize", err);
    for (size_t i = 0; good && i < times; i++) {
        float time_ms = 0;
        good =
            cuda_worked(job->session,
                        driver->event_between(&time_ms, job->events[i], job->events[i + 1]),
                        "cuEventElapsedTime", err);
        time_s[i] = 1e-3 * (double)time_ms;
    }
    return good;
}

static bool cuda_burst(erg_engine_job *job, size_t times, double time_s[], erg_error *err)
{
    if (!job->burst)
        return erg_fail(err, ERG_BAD_INPUT, "no burst was captured");
    for (size_t done = 0; done < times;) {
        size_t left = times - done, most = CUDA_BURST_EVENTS - 1,
               some = left < most ? left : most;
        if (!burst_some(job, some, time_s + done, err))
            return false;
        done += some;
    }
    return true;
}

const erg_engine erg_engine_cuda = {
    .name = "cuda",
    .about = "NVIDIA GPUs by cuBLASLt, cuDNN and NVRTC",
    .find = cuda_find,
    .open = cuda_open,
    .close = cuda_close,
    .take = cuda_take,
    .give = cuda_give,
    .prepare = cuda_job,
    .launch = cuda_launch,
    .wait = cuda_wait,
    .capture = cuda_capture,
    .burst = cuda_burst,
    .implementation = implementation,
    .free = cuda_free,
};
