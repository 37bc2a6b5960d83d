/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine of this processor: oneDNN 2.x. A job is a primitive with its memory objects;
 * a launch hands them other addresses and executes.
 *
 *   Threads  The caller's thread is kept to as many cores as the library gets threads, and
 *            OpenMP's inherit that: what is left belongs to the sampler.
 */
#include <stdlib.h>
#include <string.h>
#include "engine/onednn_inside.h"
#include "math/random.h"

enum { ALIGNMENT = 64, BLOCK = 65521 }; /* a prime: no two rows of a matrix are alike */

static const dnn_operator *const operators[] = {
    erg_dnn_matrix, erg_dnn_maps, erg_dnn_norms, erg_dnn_moves, erg_dnn_recurrent,
};

struct erg_engine_job {
    erg_engine_session *session;
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arguments[DNN_ARGS];
    int tensors[DNN_ARGS]; /* of the signature, by argument */
    void *set[DNN_ARGS];   /* the address that each argument has now */
    int count;
    dnn_rows *rows;
    dnn_parts *parts;
    char implementation[48];
};

static bool find(char *why, size_t size)
{
    dnn_library library;
    erg_error err = { 0 };

    if (!erg_dnn_open(&library, &err)) {
        snprintf(why, size, "%s", err.text);
        return false;
    }
    const dnnl_version_t *version = library.version();
    snprintf(why, size, "libdnnl %d.%d.%d", version->major, version->minor, version->patch);
    return true;
}

/* ---- a session ------------------------------------------------------------------- */

static void stay(erg_engine_session *session, int threads)
{
    int left = threads > 0 ? threads : CPU_COUNT(&session->before) - 1;
    int count = left > 0 ? left : 1;
    cpu_set_t own;

    session->threads = count;
    if (session->library.set_threads)
        session->library.set_threads(count);
    CPU_ZERO(&own);
    for (int cpu = 0; cpu < CPU_SETSIZE && count > 0; cpu++)
        if (CPU_ISSET(cpu, &session->before)) {
            CPU_SET(cpu, &own);
            count--;
        }
    sched_setaffinity(0, sizeof(own), &own);
}

/* More than there are wait for each other, and each takes memory of its own. */
static bool are_there(const erg_engine_session *session, int threads, erg_error *err)
{
    int most = CPU_COUNT(&session->before);

    return threads <= most
           || erg_fail(err, ERG_BAD_INPUT, "%d threads: this process has %d processors",
                       threads, most);
}

static void shut(erg_engine_session *session)
{
    if (session->stream)
        session->library.stream_destroy(session->stream);
    if (session->engine)
        session->library.engine_destroy(session->engine);
    sched_setaffinity(0, sizeof(session->before), &session->before);
    free(session);
}

static erg_engine_session *start(const erg_engine_options *options, erg_error *err)
{
    erg_engine_session *session = calloc(1, sizeof(*session));

    if (!session) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for an engine");
        return NULL;
    }
    const dnn_library *library = &session->library;
    sched_getaffinity(0, sizeof(session->before), &session->before);
    if (are_there(session, options->threads, err) && erg_dnn_open(&session->library, err)
        && erg_dnn_ok(library, library->engine_create(&session->engine, dnnl_cpu, 0),
                      "an engine", err)
        && erg_dnn_ok(library,
                      library->stream_create(&session->stream, session->engine,
                                             dnnl_stream_default_flags),
                      "a stream", err)) {
        stay(session, options->threads);
        return session;
    }
    shut(session);
    return NULL;
}

/* ---- memory ---------------------------------------------------------------------- */

/* One block of normal numbers, again and again: 10 ns each would be seconds. */
static void fill_floats(float *to, size_t count, bool is_vector, uint64_t seed)
{
    erg_random random = { erg_random_mix(seed) };
    size_t first = count < BLOCK ? count : BLOCK;
    const double mean = is_vector ? 1 : 0, sd = is_vector ? 0.1 : 0.05;

    for (size_t i = 0; i < first; i++)
        to[i] = (float)(mean + sd * erg_random_normal(&random));
    for (size_t done = first; done < count; done += first)
        memcpy(to + done, to,
               (count - done < first ? count - done : first) * sizeof(float));
}

static void fill_bytes(unsigned char *to, size_t bytes, const erg_signature_tensor *tensor,
                       uint64_t seed)
{
    erg_random random = { erg_random_mix(seed) };

    for (size_t i = 0; i < bytes; i++) {
        bool high = tensor->precision == ERG_BF16 && i % 2 == 1;

        /* The upper byte of a bfloat16 between 1/8 and 1/2. */
        to[i] = (unsigned char)(high ? 0x3e : erg_random_below(&random, 16));
    }
}

static void *take(erg_engine_session *session, const erg_signature_tensor *tensor,
                  uint64_t seed, erg_error *err)
{
    size_t bytes;

    if (!erg_dnn_size(&session->library, tensor, &bytes, err))
        return NULL;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *memory = aligned_alloc(ALIGNMENT, bytes > 0 ? bytes : ALIGNMENT);
    if (!memory) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for a tensor of %zu bytes", bytes);
        return NULL;
    }
    if (tensor->precision == ERG_FP32 || tensor->precision == ERG_TF32)
        fill_floats(memory, bytes / sizeof(float), tensor->rank == 1, seed);
    else
        fill_bytes(memory, bytes, tensor, seed);
    return memory;
}

static void give(erg_engine_session *session, void *memory)
{
    (void)session;
    free(memory);
}

/* ---- jobs ------------------------------------------------------------------------ */

static const dnn_operator *operator_of(erg_op_kind op)
{
    for (size_t i = 0; i < ERG_COUNT(operators); i++)
        for (const dnn_operator *row = operators[i]; row->describe; row++)
            if (row->op == op)
                return row;
    return NULL;
}

static void drop(const dnn_library *library, dnn_made *made)
{
    if (made->desc)
        library->primitive_desc_destroy(made->desc);
    made->desc = NULL;
}

/* Asks the library, then takes over the layouts that it has chosen. */
static bool describe(dnn_draft *draft)
{
    const dnn_library *library = &draft->session->library;
    const dnn_operator *row = operator_of(draft->signature->op);
    dnn_made *made = draft->made;

    if (!row || !draft->signature->shape_known)
        return erg_fail(draft->err, ERG_UNSUPPORTED, "oneDNN has no %s%s",
                        erg_op_kinds[draft->signature->op].name,
                        row ? " of unknown shape" : "");
    if (!row->describe(draft)) {
        drop(library, made);
        return false;
    }
    for (int i = 0; i < made->operand_count; i++) {
        const dnnl_memory_desc_t *desc = library->query_desc(
            made->desc, dnnl_query_exec_arg_md, made->operands[i].argument);

        if (desc && desc->ndims > 0)
            made->operands[i].desc = *desc;
    }
    return true;
}

/* Dims are the library's where a layout has an axis more than the tensor had. */
static bool take_over(const dnn_draft *draft, erg_signature *signature)
{
    for (int i = 0; i < draft->made->operand_count; i++) {
        const dnn_operand *operand = &draft->made->operands[i];
        erg_signature_tensor *tensor = &signature->tensors[operand->tensor];

        if (!erg_dnn_layout_name(&draft->session->library, &operand->desc,
                                 tensor->layout)) {
            tensor->layout[0] = '\0';
            if (draft->is_free)
                return false;
        }
        if (!tensor->layout[0])
            continue;
        memset(tensor->dims, 0, sizeof(tensor->dims));
        memset(tensor->strides, 0, sizeof(tensor->strides));
        tensor->rank = operand->desc.ndims;
        memcpy(tensor->dims, operand->desc.dims, (size_t)tensor->rank * sizeof(int64_t));
    }
    return true;
}

static bool settle(erg_engine_session *session, erg_signature *signature, erg_error *err)
{
    const dnn_operator *row = operator_of(signature->op);
    dnn_lies lies = row ? row->lies : DNN_ANYHOW;
    dnn_made made = { 0 };
    dnn_draft draft = { session, signature, true, &made, err };

    bool has_own = erg_dnn_has_parts(signature->op) || erg_dnn_is_rows(signature->op);
    for (int i = 0; has_own && i < signature->input_count; i++)
        signature->tensors[i].layout[0] = '\0';
    if (has_own)
        return true;
    for (int i = 0; lies != DNN_ANYHOW && i < signature->input_count; i++)
        signature->tensors[i].layout[0] = '\0';
    if (!describe(&draft))
        return false;
    erg_signature settled = *signature;
    bool named = lies == DNN_DENSE || take_over(&draft, &settled);
    drop(&session->library, &made);
    if (named)
        *signature = settled;
    return true;
}

static bool bind(erg_engine_job *job, const dnn_made *made, erg_error *err)
{
    const dnn_library *library = &job->session->library;

    for (int i = 0; i < made->operand_count; i++) {
        const dnn_operand *operand = &made->operands[i];

        job->arguments[i].arg = operand->argument;
        job->tensors[i] = operand->tensor;
        if (!erg_dnn_ok(library,
                        library->memory_create(&job->arguments[i].memory, &operand->desc,
                                               job->session->engine, DNNL_MEMORY_NONE),
                        "a memory object", err))
            return false;
        job->count = i + 1;
    }
    return true;
}

static void free_job(erg_engine_job *job)
{
    if (!job)
        return;
    for (int i = 0; i < job->count; i++)
        job->session->library.memory_destroy(job->arguments[i].memory);
    if (job->primitive)
        job->session->library.primitive_destroy(job->primitive);
    erg_dnn_rows_free(job->rows);
    erg_dnn_parts_free(job->parts);
    free(job);
}

static bool compile(erg_engine_job *job, const erg_signature *signature, erg_error *err)
{
    const dnn_library *library = &job->session->library;
    dnn_made made = { 0 };
    dnn_draft draft = { job->session, signature, false, &made, err };
    const char *implementation = "";

    if (!describe(&draft))
        return false;
    library->query(made.desc, dnnl_query_impl_info_str, 0, &implementation);
    snprintf(job->implementation, sizeof(job->implementation), "%s", implementation);
    bool good = erg_dnn_ok(library, library->primitive_create(&job->primitive, made.desc),
                           "a primitive", err)
                && bind(job, &made, err);
    drop(library, &made);
    return good;
}

static erg_engine_job *prepare(erg_engine_session *session, const erg_signature *signature,
                               erg_error *err)
{
    erg_engine_job *job = calloc(1, sizeof(*job));

    if (!job) {
        erg_fail(err, ERG_NO_MEMORY, "no memory for a job");
        return NULL;
    }
    job->session = session;
    if (erg_dnn_is_rows(signature->op)) {
        job->rows = erg_dnn_rows_new(signature, err);
        if (job->rows) {
            snprintf(job->implementation, sizeof(job->implementation), "%s",
                     erg_dnn_rows_name(job->rows));
            return job;
        }
    } else if (erg_dnn_has_parts(signature->op)) {
        job->parts = erg_dnn_parts_new(session, signature, err);
        if (job->parts)
            return job;
    } else if (compile(job, signature, err)) {
        return job;
    }
    free_job(job);
    return NULL;
}

static bool launch(erg_engine_job *job, void *const memory[ERG_SIGNATURE_TENSORS],
                   erg_error *err)
{
    const dnn_library *library = &job->session->library;

    if (job->rows) {
        erg_dnn_rows_move(job->rows, memory);
        return true;
    }
    if (job->parts)
        return erg_dnn_parts_launch(job->parts, memory, err);
    for (int i = 0; i < job->count; i++) {
        void *address = memory[job->tensors[i]];

        if (address == job->set[i])
            continue;
        if (!erg_dnn_ok(library, library->memory_set(job->arguments[i].memory, address),
                        "an address", err))
            return false;
        job->set[i] = address;
    }
    return erg_dnn_ok(
        library,
        library->execute(job->primitive, job->session->stream, job->count, job->arguments),
        "a launch", err);
}

static bool wait(erg_engine_session *session, erg_error *err)
{
    return erg_dnn_ok(&session->library, session->library.stream_wait(session->stream),
                      "waiting", err);
}

/* Of a library that cannot be told, nobody knows. */
static int threads_of(const erg_engine_session *session)
{
    return session->library.set_threads ? session->threads : 0;
}

static erg_engine_parts parts(const erg_engine_job *job)
{
    return job->rows ? erg_dnn_rows_parts(job->rows) : (erg_engine_parts){ .count = 1 };
}

static const char *implementation(const erg_engine_job *job)
{
    return job->parts ? erg_dnn_parts_name(job->parts) : job->implementation;
}

const erg_engine erg_engine_onednn = {
    .name = "onednn",
    .about = "oneDNN on this processor",
    .is_host = true,
    .find = find,
    .open = start,
    .close = shut,
    .take = take,
    .give = give,
    .settle = settle,
    .prepare = prepare,
    .launch = launch,
    .wait = wait,
    .threads = threads_of,
    .parts = parts,
    .implementation = implementation,
    .free = free_job,
};
