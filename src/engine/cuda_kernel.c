/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no library of NVIDIA's computes alone: element-wise work, norms, softmax, means,
 * pools, copies, and rows taken from a table. They move memory; their arithmetic is simple.
 */
#include <stdlib.h>
#include <string.h>
#include "engine/cuda.h"
#include "engine/cuda_kernels.h"

enum { THREADS = 256 };
static const int64_t blocks_most = 1 << 20;     /* threads of a map go on in strides */
enum { AFFINE = 16 };

/* How a row's arguments come out of its signature. */
typedef bool arrange(const erg_signature *of, cuda_arguments *out);
static arrange by_element, by_row, by_norm, by_channel, by_window, by_table;

/* number: which function of `one` or `two` it is in cuda_source.c, or a switch of its
 * own. */
typedef struct own_kernel {
    erg_op_kind op;
    const char *one, *two;      /* by the count of inputs; NULL: none */
    int number, number_two;
    arrange *arrange;
} own_kernel;

static const own_kernel kernels[] = {
    { ERG_OP_COPY, "map_one", NULL, 0, 0, by_element },
    { ERG_OP_DROPOUT, "map_one", NULL, 0, 0, by_element },
    { ERG_OP_RELU, "map_one", NULL, 1, 0, by_element },
    { ERG_OP_SIGMOID, "map_one", NULL, 2, 0, by_element },
    { ERG_OP_TANH, "map_one", NULL, 3, 0, by_element },
    { ERG_OP_SILU, "map_one", NULL, 4, 0, by_element },
    { ERG_OP_GELU, "map_one", NULL, 5, 0, by_element },
    { ERG_OP_GELU_TANH, "map_one", NULL, 6, 0, by_element },
    { ERG_OP_EXP, "map_one", NULL, 7, 0, by_element },
    { ERG_OP_LOG, "map_one", NULL, 8, 0, by_element },
    { ERG_OP_SQRT, "map_one", NULL, 9, 0, by_element },
    { ERG_OP_ABS, "map_one", NULL, 10, 0, by_element },
    { ERG_OP_ERF, "map_one", NULL, 11, 0, by_element },
    { ERG_OP_HARD_SIGMOID, "map_one", NULL, 12, 0, by_element },
    { ERG_OP_HARD_SWISH, "map_one", NULL, 13, 0, by_element },
    { ERG_OP_CLIP, "map_one", NULL, 14, 0, by_element },
    { ERG_OP_POW, "map_one", "map_two", 15, 6, by_element },
    /* A scale or a mask whose other side is no tensor: a straight line of the same
     * bytes. */
    { ERG_OP_ADD, "map_one", "map_two", AFFINE, 0, by_element },
    { ERG_OP_SUB, "map_one", "map_two", AFFINE, 1, by_element },
    { ERG_OP_MUL, "map_one", "map_two", AFFINE, 2, by_element },
    { ERG_OP_DIV, "map_one", "map_two", AFFINE, 3, by_element },
    { ERG_OP_WHERE, "map_one", NULL, AFFINE, 0, by_element },
    { ERG_OP_MIN, NULL, "map_two", 0, 4, by_element },
    { ERG_OP_MAX, NULL, "map_two", 0, 5, by_element },
    { ERG_OP_SOFTMAX, "softmax_rows", NULL, 0, 0, by_row },
    { ERG_OP_LAYER_NORM, "norm_rows", "norm_rows", 0, 0, by_norm },
    { ERG_OP_RMS_NORM, "norm_rows", "norm_rows", 1, 1, by_norm },
    { ERG_OP_BATCH_NORM, NULL, "batch_norm", 0, 0, by_channel },
    { ERG_OP_REDUCE, "row_mean", NULL, 0, 0, by_row },
    { ERG_OP_GLOBAL_POOL, "row_mean", NULL, 0, 0, by_row },
    { ERG_OP_MAX_POOL, "pool_window", NULL, 0, 0, by_window },
    { ERG_OP_AVERAGE_POOL, "pool_window", NULL, 1, 0, by_window },
    { ERG_OP_EMBEDDING, NULL, "gather_rows", 0, 0, by_table },
    { ERG_OP_GATHER, NULL, "gather_rows", 0, 0, by_table },
};

typedef struct own_job {
    cuda_function function;
    cuda_arguments arguments;
    unsigned blocks;
} own_job;

/* ---- shapes ------------------------------------------------------------------------- */

/* -1: more than 2^63. */
static int64_t elements(const erg_signature_tensor *of, int from, int to)
{
    int64_t count = 1;

    for (int i = from; i < to; i++)
        if (__builtin_mul_overflow(count, of->dims[i], &count))
            return -1;
    return count;
}

static const erg_signature_tensor *output(const erg_signature *of)
{
    return &of->tensors[of->input_count];
}

/* The input's axes that are not 1 have to lie side by side in the output's. */
static bool spread(const erg_signature_tensor *in, const erg_signature_tensor *out,
                   int64_t *inner, int64_t *length)
{
    int first = in->rank, last = -1, ahead = out->rank - in->rank;

    *length = elements(in, 0, in->rank);
    *inner = 1;
    if (*length == elements(out, 0, out->rank))
        return true;
    for (int i = 0; i < in->rank; i++)
        if (in->dims[i] != 1) {
            first = first < i ? first : i;
            last = i;
        }
    if (ahead < 0 || *length < 1)
        return false;
    for (int i = first; i <= last; i++)
        if (in->dims[i] != out->dims[i + ahead])
            return false;
    *inner = last < 0 ? 1 : elements(out, last + ahead + 1, out->rank);
    return true;
}

static bool by_element(const erg_signature *of, cuda_arguments *out)
{
    out->count = elements(output(of), 0, output(of)->rank);
    for (int i = 0; i < of->input_count; i++)
        if (!spread(&of->tensors[i], output(of), &out->inner[i], &out->length[i]))
            return false;
    return of->input_count > 1 || out->length[0] == out->count;
}

/* Rows are what is left when one result, or one softmax, is made of a stretch. */
static bool by_row(const erg_signature *of, cuda_arguments *out)
{
    const erg_signature_tensor *in = &of->tensors[0];
    int64_t all = elements(in, 0, in->rank);

    out->count = all;
    if (of->op == ERG_OP_SOFTMAX) {
        if (in->rank < 1 || (of->axis >= 0 && of->axis != in->rank - 1))
            return false;
        out->width = in->dims[in->rank - 1];
    } else {
        int64_t results = elements(output(of), 0, output(of)->rank);
        int64_t outer = 1, i = 0;
        /* The kept axes have to be the first ones. */
        while (i < in->rank && outer < results)
            outer *= in->dims[i++];
        out->width = results > 0 ? all / results : 0;
        if (outer != results || out->width * results != all)
            return false;
    }
    out->rows = out->width > 0 ? all / out->width : 0;
    return out->rows > 0;
}

static bool by_norm(const erg_signature *of, cuda_arguments *out)
{
    const erg_signature_tensor *in = &of->tensors[0];
    int64_t all = elements(in, 0, in->rank);

    out->count = all;
    out->width = of->input_count > 1 ? elements(&of->tensors[1], 0, of->tensors[1].rank)
               : in->rank > 0        ? in->dims[in->rank - 1]
                                     : 0;
    out->rows = out->width > 0 ? all / out->width : 0;
    return out->rows > 0 && out->rows * out->width == all && of->input_count <= 3;
}

static bool by_channel(const erg_signature *of, cuda_arguments *out)
{
    const erg_signature_tensor *in = &of->tensors[0];

    out->count = elements(in, 0, in->rank);
    if (of->input_count != 5 || in->rank < 2)
        return false;
    for (int i = 1; i < 5; i++) {
        out->length[i] = elements(&of->tensors[i], 0, of->tensors[i].rank);
        out->inner[i] = elements(in, 2, in->rank);
        if (out->length[i] != in->dims[1])
            return false;
    }
    return out->count > 0;
}

static bool by_window(const erg_signature *of, cuda_arguments *out)
{
    const erg_window *w = &of->window;
    int ahead = 2 - w->axes;        /* of one axis: a window one row high */

    out->count = elements(output(of), 0, output(of)->rank);
    if (w->axes < 1 || w->axes > 2)
        return false;
    for (int i = 0; i < 2; i++) {
        int from = i - ahead;
        bool there = from >= 0;
        if (there && w->dilation[from] > 1)
            return false;
        out->size[i] = there ? w->in[from] : 1;
        out->to[i] = there ? w->out[from] : 1;
        out->step[i] = there ? w->stride[from] : 1;
        out->pad[i] = there ? w->pad_begin[from] : 0;
        out->kernel[i] = there ? w->kernel[from] : 1;
    }
    return out->count > 0 && out->to[0] > 0 && out->to[1] > 0
        && out->count % (out->to[0] * out->to[1]) == 0;
}

/* Which rows are taken does not come from the tensor of indices: it holds chance. */
static bool by_table(const erg_signature *of, cuda_arguments *out)
{
    const erg_signature_tensor *table = &of->tensors[0];

    out->count = elements(output(of), 0, output(of)->rank);
    out->rows = table->rank > 0 ? table->dims[0] : 0;
    out->width = table->rank > 0 ? elements(table, 1, table->rank) : 0;
    return of->axis <= 0 && out->rows > 0 && out->width > 0 && out->count % out->width == 0;
}

/* ---- a job -------------------------------------------------------------------------- */

static bool kernel_launch(erg_engine_job *job, void *const memory[], erg_error *err)
{
    const erg_engine_session *session = job->session;
    own_job *own = job->own;
    cuda_arguments arguments = own->arguments;
    void *pointers[] = { &arguments };

    for (int i = 0; i < arguments.inputs; i++)
        arguments.in[i] = memory[i];
    arguments.out = memory[arguments.inputs];
    return cuda_worked(session,
                       session->driver.start(own->function, own->blocks, 1, 1, THREADS, 1,
                                             1, 0, session->stream, pointers, NULL),
                       "cuLaunchKernel", err);
}

static void kernel_free(erg_engine_job *job) { free(job->own); }

static const cuda_how how = { kernel_launch, kernel_free };

static const own_kernel *find(erg_op_kind op)
{
    for (size_t i = 0; i < ERG_COUNT(kernels); i++)
        if (kernels[i].op == op)
            return &kernels[i];
    return NULL;
}

bool cuda_kernel_has(erg_op_kind op) { return find(op) != NULL; }

/* All tensors of one type, one element behind the other. */
static bool is_plain(const erg_signature *of, erg_precision *precision)
{
    bool takes_indices = of->op == ERG_OP_EMBEDDING || of->op == ERG_OP_GATHER;

    *precision = output(of)->precision == ERG_TF32 ? ERG_FP32 : output(of)->precision;
    for (int i = 0; i <= of->input_count; i++) {
        const erg_signature_tensor *tensor = &of->tensors[i];
        int64_t step = 1;
        for (int j = tensor->rank - 1; j >= 0; j--) {
            if (tensor->strides[j] != 0 && tensor->strides[j] != step
                && tensor->dims[j] > 1)
                return false;
            step *= tensor->dims[j];
        }
        erg_precision own = tensor->precision == ERG_TF32 ? ERG_FP32 : tensor->precision;
        if (own != *precision && !(takes_indices && i == 1))
            return false;
    }
    return true;
}

static bool set_up(own_job *own, const own_kernel *row, const erg_signature *of)
{
    cuda_arguments *arguments = &own->arguments;
    bool is_rows = row->arrange == by_row || row->arrange == by_norm;

    arguments->inputs = of->input_count;
    arguments->op = of->input_count > 1 ? row->number_two : row->number;
    if (of->output_count != 1 || of->input_count < 1 || of->input_count > 5
        || !row->arrange(of, arguments) || arguments->count < 1)
        return false;
    int64_t blocks = is_rows ? arguments->rows : (arguments->count + THREADS - 1) / THREADS;
    if (is_rows && blocks > INT32_MAX)
        return false;
    own->blocks = (unsigned)(!is_rows && blocks > blocks_most ? blocks_most : blocks);
    return true;
}

bool cuda_kernel_prepare(erg_engine_job *job, const erg_signature *of, erg_error *err)
{
    const own_kernel *row = find(of->op);
    const char *name = of->input_count > 1 ? row->two : row->one;
    bool takes_two = !name || strcmp(name, "map_two") != 0 || of->input_count == 2;
    own_job *own = calloc(1, sizeof(*own));
    erg_precision precision;
    cuda_module module;

    if (!own)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for a kernel");
    job->own = own;
    job->how = &how;
    if (!name || !takes_two || !is_plain(of, &precision) || !set_up(own, row, of))
        return erg_fail(err, ERG_UNSUPPORTED,
                        "%s with these shapes and types is not replayable "
                        "on a GPU: our kernels do not have it",
                        erg_op_kinds[of->op].name);
    snprintf(job->implementation, sizeof(job->implementation), "erg:%s", name);
    return cuda_module_of(job->session, precision, &module, err)
        && cuda_worked(job->session,
                       job->session->driver.function(&own->function, module, name),
                       "cuModuleGetFunction", err);
}
