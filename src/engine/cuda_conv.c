/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions by cuDNN 9: a graph of one operation, described attribute by attribute, and
 * the first of the engines that its heuristic offers which fits into the workspace.
 */
#include <stdlib.h>
#include <string.h>
#include "engine/cuda.h"

enum { MADE_MOST = 32, OFFERS = 8, AXES = ERG_SIGNATURE_RANK };

typedef struct conv {
    void *made[MADE_MOST];      /* every descriptor, in the order in which they were made */
    int count;
    void *plan;                 /* one of them */
} conv;

/* One attribute of a descriptor. */
typedef struct given { int name, type; int64_t count; const void *values; } given;

static void *make(erg_engine_job *job, int kind, erg_error *err)
{
    conv *own = job->own;
    void *made = NULL;

    if (own->count == MADE_MOST) {
        erg_fail(err, ERG_UNSUPPORTED, "cuDNN offers more than is tried");
        return NULL;
    }
    if (!cuda_library_worked(job->session->dnn.make(kind, &made),
                             "cudnnBackendCreateDescriptor", err))
        return NULL;
    return own->made[own->count++] = made;
}

static bool set(const cuda_dnn *dnn, void *desc, const given *row, erg_error *err)
{
    return cuda_library_worked(
        dnn->set(desc, row->name, row->type, row->count, row->values),
        "cudnnBackendSetAttribute", err);
}

/* A descriptor with these attributes, ready; NULL and err. */
static void *build(erg_engine_job *job, int kind, const given rows[], size_t count,
                   erg_error *err)
{
    const cuda_dnn *dnn = &job->session->dnn;
    void *desc = make(job, kind, err);
    bool good = desc != NULL;

    for (size_t i = 0; good && i < count; i++)
        good = set(dnn, desc, &rows[i], err);
    good = good && cuda_library_worked(dnn->finish(desc), "cudnnBackendFinalize", err);
    return good ? desc : NULL;
}

/* ---- what is computed --------------------------------------------------------------- */

static const struct { erg_precision precision; int type; } types[] = {
    { ERG_FP32, DNN_FLOAT }, { ERG_TF32, DNN_FLOAT }, { ERG_FP16, DNN_HALF },
    { ERG_BF16, DNN_BFLOAT16 },
};

static int type_of(erg_precision precision)
{
    for (size_t i = 0; i < ERG_COUNT(types); i++)
        if (types[i].precision == precision)
            return types[i].type;
    return -1;
}

static void *tensor(erg_engine_job *job, const erg_signature_tensor *of, int64_t id,
                    erg_error *err)
{
    int64_t strides[AXES], step = 1, alignment = 16;
    int32_t type = type_of(of->precision);

    for (int i = of->rank - 1; i >= 0; i--) {
        strides[i] = of->strides[i] != 0 ? of->strides[i] : step;
        step *= of->dims[i];
    }
    const given rows[] = {
        { DNN_TENSOR_TYPE, DNN_IS_TYPE, 1, &type },
        { DNN_TENSOR_DIMS, DNN_IS_INT64, of->rank, of->dims },
        { DNN_TENSOR_STRIDES, DNN_IS_INT64, of->rank, strides },
        { DNN_TENSOR_ID, DNN_IS_INT64, 1, &id },
        { DNN_TENSOR_ALIGNMENT, DNN_IS_INT64, 1, &alignment },
    };
    return build(job, DNN_TENSOR, rows, ERG_COUNT(rows), err);
}

static void *window(erg_engine_job *job, const erg_window *of, erg_error *err)
{
    int64_t axes = of->axes;
    int32_t type = DNN_FLOAT, mode = DNN_CROSS_CORRELATION;
    const given rows[] = {
        { DNN_CONV_AXES, DNN_IS_INT64, 1, &axes },
        { DNN_CONV_TYPE, DNN_IS_TYPE, 1, &type },
        { DNN_CONV_MODE, DNN_IS_MODE, 1, &mode },
        { DNN_CONV_STRIDES, DNN_IS_INT64, axes, of->stride },
        { DNN_CONV_BEGIN, DNN_IS_INT64, axes, of->pad_begin },
        { DNN_CONV_END, DNN_IS_INT64, axes, of->pad_end },
        { DNN_CONV_DILATIONS, DNN_IS_INT64, axes, of->dilation },
    };
    return build(job, DNN_CONVOLUTION, rows, ERG_COUNT(rows), err);
}

static void *graph(erg_engine_job *job, const erg_signature *of, erg_error *err)
{
    float alpha = 1, beta = 0;
    void *x = tensor(job, &of->tensors[0], 0, err);
    void *w = x ? tensor(job, &of->tensors[1], 1, err) : NULL;
    void *y = w ? tensor(job, &of->tensors[2], 2, err) : NULL;
    void *shape = y ? window(job, &of->window, err) : NULL;
    const given rows[] = {
        { DNN_FORWARD_ALPHA, DNN_IS_FLOAT, 1, &alpha },
        { DNN_FORWARD_BETA, DNN_IS_FLOAT, 1, &beta },
        { DNN_FORWARD_CONV, DNN_IS_DESCRIPTOR, 1, &shape },
        { DNN_FORWARD_W, DNN_IS_DESCRIPTOR, 1, &w },
        { DNN_FORWARD_X, DNN_IS_DESCRIPTOR, 1, &x },
        { DNN_FORWARD_Y, DNN_IS_DESCRIPTOR, 1, &y },
    };
    void *operation = shape ? build(job, DNN_FORWARD, rows, ERG_COUNT(rows), err) : NULL;
    const given whole[] = {
        { DNN_GRAPH_HANDLE, DNN_IS_HANDLE, 1, &job->session->dnn_handle },
        { DNN_GRAPH_OPERATIONS, DNN_IS_DESCRIPTOR, 1, &operation },
    };
    return operation ? build(job, DNN_GRAPH, whole, ERG_COUNT(whole), err) : NULL;
}

/* ---- who computes it ---------------------------------------------------------------- */

static bool fits(erg_engine_job *job, void *plan)
{
    int64_t bytes = INT64_MAX, count = 0;
    int code =
        job->session->dnn.get(plan, DNN_PLAN_WORKSPACE, DNN_IS_INT64, 1, &count, &bytes);
    return code == 0 && bytes <= (int64_t)CUDA_WORKSPACE_BYTES;
}

static bool choose(erg_engine_job *job, void *of, erg_error *err)
{
    const cuda_dnn *dnn = &job->session->dnn;
    conv *own = job->own;
    int32_t mode = DNN_HEURISTIC_A;
    void *offers[OFFERS];
    int64_t count = 0;
    const given asked[] = { { DNN_HEURISTIC_GRAPH, DNN_IS_DESCRIPTOR, 1, &of },
                            { DNN_HEURISTIC_MODE, DNN_IS_HEURISTIC, 1, &mode } };
    void *heuristic = build(job, DNN_HEURISTIC, asked, ERG_COUNT(asked), err);

    for (int i = 0; heuristic && i < OFFERS; i++)
        if (!(offers[i] = make(job, DNN_ENGINE_CONFIG, err)))
            return false;
    if (!heuristic
        || !cuda_library_worked(dnn->get(heuristic, DNN_HEURISTIC_RESULTS,
                                         DNN_IS_DESCRIPTOR, OFFERS, &count, offers),
                                "cudnnBackendGetAttribute", err))
        return false;
    for (int64_t i = 0; i < count && !own->plan; i++) {
        const given rows[] = {
            { DNN_PLAN_HANDLE, DNN_IS_HANDLE, 1, &job->session->dnn_handle },
            { DNN_PLAN_CONFIG, DNN_IS_DESCRIPTOR, 1, &offers[i] },
        };
        /* What cannot be planned is passed over. */
        void *plan = build(job, DNN_PLAN, rows, ERG_COUNT(rows), NULL);
        if (plan && fits(job, plan))
            own->plan = plan;
    }
    return own->plan
        || erg_fail(err, ERG_UNSUPPORTED, "cuDNN has no engine for this convolution here");
}

/* ---- a job -------------------------------------------------------------------------- */

static bool conv_launch(erg_engine_job *job, void *const memory[], erg_error *err)
{
    const erg_engine_session *session = job->session;
    const cuda_dnn *dnn = &session->dnn;
    const conv *own = job->own;
    static const int64_t ids[] = { 0, 1, 2 };
    void *workspace = (void *)(uintptr_t)session->workspace, *pack = NULL;
    const given rows[] = { { DNN_PACK_POINTERS, DNN_IS_POINTER, 3, memory },
                           { DNN_PACK_IDS, DNN_IS_INT64, 3, ids },
                           { DNN_PACK_WORKSPACE, DNN_IS_POINTER, 1, &workspace } };
    bool good = cuda_library_worked(dnn->make(DNN_PACK, &pack),
                                    "cudnnBackendCreateDescriptor", err);

    for (size_t i = 0; good && i < ERG_COUNT(rows); i++)
        good = set(dnn, pack, &rows[i], err);
    good = good && cuda_library_worked(dnn->finish(pack), "cudnnBackendFinalize", err)
        && cuda_library_worked(dnn->execute(session->dnn_handle, own->plan, pack),
                               "cudnnBackendExecute", err);
    if (pack)
        dnn->drop(pack);
    return good;
}

static void conv_free(erg_engine_job *job)
{
    conv *own = job->own;

    while (own->count > 0)
        job->session->dnn.drop(own->made[--own->count]);
    free(own);
}

static const cuda_how how = { conv_launch, conv_free };

static bool open_dnn(erg_engine_session *session, erg_error *err)
{
    if (!session->dnn.library
        && !cuda_library_open(&cuda_library_dnn, &session->dnn, sizeof(session->dnn), err))
        return false;
    if (session->dnn_handle)
        return true;
    return cuda_library_worked(session->dnn.open(&session->dnn_handle), "cudnnCreate", err)
        && cuda_library_worked(session->dnn.use(session->dnn_handle, session->stream),
                               "cudnnSetStream", err);
}

bool cuda_conv_prepare(erg_engine_job *job, const erg_signature *of, erg_error *err)
{
    if (of->input_count != 2 || of->output_count != 1 || of->window.axes < 1)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "a convolution of %d inputs is not replayable by "
                        "cuDNN here: a bias is a kernel of its own",
                        of->input_count);
    for (int i = 0; i < 3; i++)
        if (type_of(of->tensors[i].precision) < 0
            || of->tensors[i].rank != of->window.axes + 2)
            return erg_fail(err, ERG_UNSUPPORTED,
                            "a convolution in %s with these shapes is not "
                            "replayable by cuDNN",
                            erg_precision_name(of->tensors[i].precision));
    if (!open_dnn(job->session, err) || !cuda_workspace(job->session, err))
        return false;
    if (!(job->own = calloc(1, sizeof(conv))))
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a kernel");
    job->how = &how;
    snprintf(job->implementation, sizeof(job->implementation), "cudnn %zu",
             job->session->dnn.version());
    void *whole = graph(job, of, err);
    return whole && choose(job, whole, err);
}
