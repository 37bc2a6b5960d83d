/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matrix work by cuBLASLt. Our matrices lie row by row and its by columns, so it is asked
 * for the turned product: C^T = B^T A^T is the same memory (cuBLAS reference, "Data
 * layout").
 */
#include <stdlib.h>
#include <string.h>
#include "engine/cuda.h"

enum { CHOICES_MOST = 32 };

typedef union blas_factor { float f32; double f64; } blas_factor;

typedef struct matmul {
    void *desc, *a, *b, *c;         /* as cuBLASLt calls them: our b is its a */
    blas_algo algo;
    blas_factor alpha, beta;
    bool has_bias, has_c;           /* a third input, of one row or of the whole */
} matmul;

/* ---- types -------------------------------------------------------------------------- */

/* How products of one precision are summed up, and the type of alpha and beta. */
typedef struct blas_types { int stored, compute, scale; } blas_types;

static const blas_types types[ERG_PRECISIONS] = {
    [ERG_FP32] = { BLAS_F32, BLAS_COMPUTE_32F, BLAS_F32 },
    [ERG_TF32] = { BLAS_F32, BLAS_COMPUTE_TF32, BLAS_F32 },
    [ERG_FP64] = { BLAS_F64, BLAS_COMPUTE_64F, BLAS_F64 },
    [ERG_FP16] = { BLAS_F16, BLAS_COMPUTE_32F, BLAS_F32 },
    [ERG_BF16] = { BLAS_BF16, BLAS_COMPUTE_32F, BLAS_F32 },
    [ERG_FP8] = { BLAS_E4M3, BLAS_COMPUTE_32F, BLAS_F32 },
    [ERG_INT8] = { BLAS_I8, BLAS_COMPUTE_32I, BLAS_F32 },
    [ERG_INT4] = { -1, -1, -1 },
};

/* ---- one operand -------------------------------------------------------------------- */

/* A batch of matrices as they lie: rows of `columns`, `ld` apart. */
typedef struct operand {
    int64_t rows, columns, ld, step;    /* step: from one of the batch to the next */
    bool turned;                        /* it lies as columns x rows of what is
                                         * multiplied */
    int type;
} operand;

/* Rows and columns are those that are multiplied. */
typedef struct shape { int64_t batch, rows, columns; bool turned; } shape;

static bool is_dense(const erg_signature_tensor *tensor)
{
    for (int i = 0; i < tensor->rank; i++)
        if (tensor->strides[i] != 0)
            return false;
    return true;
}

static void lay_dense(const erg_signature_tensor *tensor, const shape *as, operand *out)
{
    int64_t count = 1;

    for (int i = 0; i < tensor->rank; i++)
        count *= tensor->dims[i];
    out->rows = as->turned ? as->columns : as->rows;
    out->columns = as->turned ? as->rows : as->columns;
    out->turned = as->turned;
    out->ld = out->columns;
    /* One matrix for the whole batch, as weights are. */
    out->step =
        tensor->rank > 0 && count == as->rows * as->columns ? 0 : as->rows * as->columns;
}

/* Axes before the last two have to be one axis: `step` apart throughout. */
static bool batch_step(const erg_signature_tensor *tensor, int64_t *step)
{
    int64_t expected = -1;

    *step = 0;
    for (int i = tensor->rank - 3; i >= 0; i--) {
        if (tensor->dims[i] == 1)
            continue;
        if (expected < 0)
            *step = tensor->strides[i];
        else if (tensor->strides[i] != expected)
            return false;
        expected = tensor->strides[i] * tensor->dims[i];
    }
    return true;
}

static bool lay_strided(const erg_signature_tensor *tensor, const shape *as, operand *out)
{
    int last = tensor->rank - 1;

    if (tensor->rank < 2 || !batch_step(tensor, &out->step))
        return false;
    int64_t rows = tensor->dims[last - 1], columns = tensor->dims[last];
    int64_t down = tensor->strides[last - 1], along = tensor->strides[last];
    bool as_rows = along == 1 || columns == 1, as_columns = down == 1 || rows == 1;
    if (rows != (as->turned ? as->columns : as->rows)
        || columns != (as->turned ? as->rows : as->columns) || (!as_rows && !as_columns))
        return false;
    /* A view turns a matrix without moving it. */
    out->turned = as->turned != !as_rows;
    out->rows = as_rows ? rows : columns;
    out->columns = as_rows ? columns : rows;
    out->ld = as_rows ? down : along;
    if (out->rows == 1)         /* what a second row would be away says nothing */
        out->ld = out->columns;
    return out->ld >= out->columns;
}

static bool lay(const erg_signature_tensor *tensor, const shape *as, operand *out,
                erg_error *err)
{
    int64_t count;

    *out = (operand){ .type = types[tensor->precision].stored };
    if (out->type < 0)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "a matrix of %s is not replayable by cuBLASLt",
                        erg_precision_name(tensor->precision));
    if (__builtin_mul_overflow(as->rows, as->columns, &count)
        || __builtin_mul_overflow(count, as->batch, &count))
        return erg_fail(err, ERG_BAD_INPUT, "a matrix has more than 2^63 elements");
    if (is_dense(tensor))
        lay_dense(tensor, as, out);
    else if (!lay_strided(tensor, as, out))
        return erg_fail(err, ERG_UNSUPPORTED,
                        "a matrix of %lld x %lld does not lie as one batch of rows: not "
                        "replayable by cuBLASLt",
                        (long long)as->rows, (long long)as->columns);
    return true;
}

static bool make_layout(const cuda_blas *blas, const operand *of, int64_t batch, void **out,
                        erg_error *err)
{
    int32_t count = (int32_t)batch;

    if (batch > INT32_MAX)
        return erg_fail(err, ERG_UNSUPPORTED, "a batch of %lld is more than cuBLASLt takes",
                        (long long)batch);
    return cuda_library_worked(blas->layout_new(out, of->type, (uint64_t)of->columns,
                                                (uint64_t)of->rows, of->ld),
                               "cublasLtMatrixLayoutCreate", err)
           && cuda_library_worked(
               blas->layout_set(*out, BLAS_LAYOUT_COUNT, &count, sizeof(count)),
               "cublasLtMatrixLayoutSetAttribute", err)
           && cuda_library_worked(
               blas->layout_set(*out, BLAS_LAYOUT_STEP, &of->step, sizeof(of->step)),
               "cublasLtMatrixLayoutSetAttribute", err);
}

/* ---- the product -------------------------------------------------------------------- */

static bool make_layouts(erg_engine_job *job, const erg_signature *of, int32_t turns[2],
                         erg_error *err)
{
    const cuda_blas *blas = &job->session->blas;
    matmul *own = job->own;
    int64_t batch = of->batch > 0 ? of->batch : 1;
    const shape shapes[] = { { batch, of->m, of->k, of->transpose_a },
                             { batch, of->k, of->n, of->transpose_b },
                             { batch, of->m, of->n, false } };
    const erg_signature_tensor *tensors[] = { &of->tensors[0], &of->tensors[1],
                                              &of->tensors[of->input_count] };
    void **layouts[] = { &own->b, &own->a, &own->c };
    operand laid;

    for (int i = 0; i < 3; i++) {
        if (!lay(tensors[i], &shapes[i], &laid, err)
            || !make_layout(blas, &laid, batch, layouts[i], err))
            return false;
        if (i < 2)
            turns[i] = laid.turned ? BLAS_TURNED : BLAS_AS_IT_IS;
        else if (laid.turned || (batch > 1 && laid.step == 0))
            return erg_fail(err, ERG_UNSUPPORTED,
                            "a product that is written by columns is not "
                            "replayable by cuBLASLt");
    }
    return true;
}

static bool make_desc(erg_engine_job *job, const blas_types *as, const int32_t turns[2],
                      erg_error *err)
{
    const cuda_blas *blas = &job->session->blas;
    matmul *own = job->own;
    int32_t epilogue = BLAS_EPILOGUE_BIAS;
    const struct { int attribute; const int32_t *value; bool is_set; } rows[] = {
        { BLAS_DESC_TURN_A, &turns[1], true },
        { BLAS_DESC_TURN_B, &turns[0], true },
        { BLAS_DESC_EPILOGUE, &epilogue, own->has_bias },
    };
    bool good = cuda_library_worked(blas->desc_new(&own->desc, as->compute, as->scale),
                                    "cublasLtMatmulDescCreate", err);

    for (size_t i = 0; good && i < ERG_COUNT(rows); i++)
        if (rows[i].is_set)
            good = cuda_library_worked(blas->desc_set(own->desc, rows[i].attribute,
                                                      rows[i].value, sizeof(int32_t)),
                                       "cublasLtMatmulDescSetAttribute", err);
    return good;
}

/* A third input is a bias of one row, or the C of alpha A B + beta C. */
static bool set_third(matmul *own, const erg_signature *of, erg_error *err)
{
    const erg_signature_tensor *third = &of->tensors[2];
    int64_t count = 1;

    if (of->input_count < 3)
        return true;
    for (int i = 0; i < third->rank; i++)
        count *= third->dims[i];
    own->has_bias = count == of->n && of->m > 1;
    own->has_c = !own->has_bias && count == of->m * of->n * (of->batch > 0 ? of->batch : 1);
    return own->has_bias || own->has_c
           || erg_fail(err, ERG_UNSUPPORTED,
                       "a third input of %lld elements is not replayable by cuBLASLt",
                       (long long)count);
}

/* Alpha of 0 would let the library skip the product: neither was recorded. */
static void set_factors(matmul *own, const erg_signature *of, const blas_types *as)
{
    double alpha = of->alpha == 0 && of->beta == 0 ? 1 : of->alpha;
    double beta = own->has_c && of->beta == 0 ? 1 : of->beta;

    if (as->scale == BLAS_F64) {
        own->alpha.f64 = alpha;
        own->beta.f64 = beta;
    } else {
        own->alpha.f32 = (float)alpha;
        own->beta.f32 = (float)beta;
    }
}

/* ---- the algorithm ------------------------------------------------------------------ */

static int id_of(const cuda_blas *blas, const blas_algo *algo)
{
    int32_t id = -1;
    size_t written = 0;
    int code = blas->algo_get(algo, BLAS_CONFIG_ID, &id, sizeof(id), &written);
    return code == 0 ? id : -1;
}

static bool ask(erg_engine_job *job, blas_choice choices[], int *count, erg_error *err)
{
    const cuda_blas *blas = &job->session->blas;
    matmul *own = job->own;
    void *wish = NULL;
    size_t bytes = CUDA_WORKSPACE_BYTES;
    bool good =
        cuda_library_worked(blas->wish_new(&wish), "cublasLtMatmulPreferenceCreate", err)
        && cuda_library_worked(
            blas->wish_set(wish, BLAS_WISH_WORKSPACE, &bytes, sizeof(bytes)),
            "cublasLtMatmulPreferenceSetAttribute", err);
    int code = !good ? 0
                     : blas->choose(job->session->blas_handle, own->desc, own->a, own->b,
                                    own->c, own->c, wish, CHOICES_MOST, choices, count);

    if (wish)
        blas->wish_free(wish);
    if (code == BLAS_NOT_SUPPORTED)
        *count = 0;
    else
        good = good && cuda_library_worked(code, "cublasLtMatmulAlgoGetHeuristic", err);
    return good && (*count > 0
                    || erg_fail(err, ERG_UNSUPPORTED,
                                "cuBLASLt has no algorithm for this matrix work"));
}

/* The id of the trace with its default settings; one that is not offered may still run. */
static bool make_algo(erg_engine_job *job, const erg_signature *of, int id,
                      blas_choice *out)
{
    const cuda_blas *blas = &job->session->blas;
    matmul *own = job->own;
    const blas_types *as = &types[of->precision];
    void *handle = job->session->blas_handle;
    int a = types[of->tensors[1].precision].stored;
    int b = types[of->tensors[0].precision].stored;
    int c = types[of->tensors[of->input_count].precision].stored;

    return blas->algo_make(handle, as->compute, as->scale, a, b, c, c, id, &out->algo) == 0
        && blas->algo_check(handle, own->desc, own->a, own->b, own->c, own->c, &out->algo,
                            out) == 0
        && out->workspace_bytes <= CUDA_WORKSPACE_BYTES;
}

/* More than one kernel may compute a shape: the trace's, or the library's first. */
static bool choose(erg_engine_job *job, const erg_signature *of, erg_error *err)
{
    const cuda_blas *blas = &job->session->blas;
    blas_choice choices[CHOICES_MOST], made = { 0 };
    const blas_choice *chosen = NULL;
    int count = 0;
    double id;
    bool is_named =
        erg_number_parse(of->algo, strlen(of->algo), '.', &id) && id >= 0 && id < 1e9;

    if (!ask(job, choices, &count, err))
        return false;
    for (int i = 0; !chosen && i < count; i++)
        if (choices[i].state == 0
            && (!is_named || id_of(blas, &choices[i].algo) == (int)id))
            chosen = &choices[i];
    if (!chosen && is_named && make_algo(job, of, (int)id, &made))
        chosen = &made;
    if (!chosen)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "cuBLASLt cannot run algorithm %s for this matrix work here",
                        is_named ? of->algo : "1");
    matmul *own = job->own;
    own->algo = chosen->algo;
    snprintf(job->implementation, sizeof(job->implementation), "cublasLt %zu algo %d",
             blas->version(), id_of(blas, &own->algo));
    return chosen->workspace_bytes == 0 || cuda_workspace(job->session, err);
}

/* ---- a job -------------------------------------------------------------------------- */

static void matmul_free(erg_engine_job *job)
{
    const cuda_blas *blas = &job->session->blas;
    matmul *own = job->own;
    void *layouts[] = { own->a, own->b, own->c };

    for (size_t i = 0; i < ERG_COUNT(layouts); i++)
        if (layouts[i])
            blas->layout_free(layouts[i]);
    if (own->desc)
        blas->desc_free(own->desc);
    free(own);
}

static bool matmul_launch(erg_engine_job *job, void *const memory[], erg_error *err)
{
    const erg_engine_session *session = job->session;
    const cuda_blas *blas = &session->blas;
    matmul *own = job->own;
    void *d = memory[job->tensor_count - 1];

    if (own->has_bias
        && !cuda_library_worked(blas->desc_set(own->desc, BLAS_DESC_BIAS, &memory[2],
                                               sizeof(memory[2])),
                                "cublasLtMatmulDescSetAttribute", err))
        return false;
    return cuda_library_worked(
        blas->multiply(session->blas_handle, own->desc, &own->alpha, memory[1], own->a,
                       memory[0], own->b, &own->beta, own->has_c ? memory[2] : d, own->c, d,
                       own->c, &own->algo, (void *)(uintptr_t)session->workspace,
                       session->workspace ? CUDA_WORKSPACE_BYTES : 0, session->stream),
        "cublasLtMatmul", err);
}

static const cuda_how how = { matmul_launch, matmul_free };

static bool open_blas(erg_engine_session *session, erg_error *err)
{
    if (!session->blas.library
        && !cuda_library_open(&cuda_library_blas, &session->blas, sizeof(session->blas),
                              err))
        return false;
    return session->blas_handle
           || cuda_library_worked(session->blas.open(&session->blas_handle),
                                  "cublasLtCreate", err);
}

bool cuda_matmul_prepare(erg_engine_job *job, const erg_signature *of, erg_error *err)
{
    const blas_types *as = &types[of->precision];
    int32_t turns[2];
    matmul *own;

    if (of->input_count < 2 || of->input_count > 3 || of->output_count != 1
        || of->m < 1 || of->n < 1 || of->k < 1)
        return erg_fail(err, ERG_BAD_INPUT,
                        "matrix work of %lld x %lld x %lld on %d inputs", (long long)of->m,
                        (long long)of->n, (long long)of->k, of->input_count);
    if (as->stored < 0)
        return erg_fail(err, ERG_UNSUPPORTED,
                        "matrix work in %s is not replayable by cuBLASLt",
                        erg_precision_name(of->precision));
    if (!open_blas(job->session, err))
        return false;
    if (!(own = calloc(1, sizeof(*own))))
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a kernel");
    job->own = own;
    job->how = &how;
    if (!set_third(own, of, err) || !make_layouts(job, of, turns, err)
        || !make_desc(job, as, turns, err))
        return false;
    set_factors(own, of, as);
    return choose(job, of, err);
}
