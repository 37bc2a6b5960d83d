/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libcublasLt that computes small products as cuBLASLt is described to (matrices by
 * columns), on the streams of the fake driver, and refuses layouts that do not fit. Large
 * ones only take their time: FLOP at 50 TFLOP/s and 2 us.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fake_cuda.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC visibility push(default)

enum { DONE = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum { F32 = 0, F64 = 1 };
enum { IDS = 3 };
static const double flop_most = 1e8;
static const int ids[IDS] = { 21, 6, 20 };

typedef struct layout {
    int magic, type;
    uint64_t rows, columns;
    int64_t ld, step;
    int32_t count;
} layout;
typedef struct desc {
    int magic, compute, scale;
    int32_t turn_a, turn_b, epilogue;
    const void *bias;
} desc;
typedef struct handle { int magic; } handle;
typedef struct wish { int magic; size_t workspace; } wish;
enum { LAYOUT = 0x4c41, DESC = 0x4445, HANDLE = 0x4841, WISH = 0x5749 };

typedef struct algo { uint64_t id, filler[7]; } algo;
typedef struct choice {
    algo algo;
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
} choice;

typedef struct product {
    layout a, b, c;
    desc desc;
    const void *at_a, *at_b, *at_c;
    void *at_d;
    double alpha, beta;
} product;
_Static_assert(sizeof(product) <= FAKE_ARGUMENT_MOST,
               "a product fits into a piece of work");

static int fault(const char *call) { return driver()->fault(call); }

static int make(void **out, size_t bytes, int magic)
{
    *out = calloc(1, bytes);
    if (!*out)
        return 3;
    memcpy(*out, &magic, sizeof(magic));
    driver()->alive(1);
    return DONE;
}

static int drop(void *of, int magic, const char *call)
{
    int code = fault(call), found = 0;
    if (of)
        memcpy(&found, of, sizeof(found));
    if (found != magic)
        return INVALID_VALUE;
    memset(of, 0, sizeof(int));
    free(of);
    driver()->alive(-1);
    return code;
}

/* ---- descriptions ------------------------------------------------------------------- */

int cublasLtCreate(void **out)
{
    int code = fault(__func__);
    return code ? code : make(out, sizeof(handle), HANDLE);
}
int cublasLtDestroy(void *of) { return drop(of, HANDLE, __func__); }
size_t cublasLtGetVersion(void) { return 120304; }

int cublasLtMatmulDescCreate(void **out, int compute, int scale)
{
    int code = fault(__func__);
    if (code || (code = make(out, sizeof(desc), DESC)))
        return code;
    desc *made = *out;
    made->compute = compute;
    made->scale = scale;
    return DONE;
}
int cublasLtMatmulDescDestroy(void *of) { return drop(of, DESC, __func__); }

int cublasLtMatmulDescSetAttribute(desc *of, int attribute, const void *value, size_t bytes)
{
    int code = fault(__func__);
    if (code || !of || of->magic != DESC)
        return code ? code : INVALID_VALUE;
    void *slot = attribute == 3 ? (void *)&of->turn_a
               : attribute == 4 ? (void *)&of->turn_b
               : attribute == 7 ? (void *)&of->epilogue
               : attribute == 8 ? (void *)&of->bias
                                : NULL;
    if (!slot || bytes != (attribute == 8 ? sizeof(void *) : sizeof(int32_t)))
        return INVALID_VALUE;
    memcpy(slot, value, bytes);
    return DONE;
}

int cublasLtMatrixLayoutCreate(void **out, int type, uint64_t rows, uint64_t columns,
                               int64_t ld)
{
    int code = fault(__func__);
    if (code || (code = make(out, sizeof(layout), LAYOUT)))
        return code;
    *(layout *)*out = (layout){ LAYOUT, type, rows, columns, ld, 0, 1 };
    return DONE;
}
int cublasLtMatrixLayoutDestroy(void *of) { return drop(of, LAYOUT, __func__); }

int cublasLtMatrixLayoutSetAttribute(layout *of, int attribute, const void *value,
                                     size_t bytes)
{
    int code = fault(__func__);
    if (code || !of || of->magic != LAYOUT)
        return code ? code : INVALID_VALUE;
    void *slot = attribute == 5 ? (void *)&of->count
               : attribute == 6 ? (void *)&of->step
                                : NULL;
    if (!slot || bytes != (attribute == 5 ? sizeof(int32_t) : sizeof(int64_t)))
        return INVALID_VALUE;
    memcpy(slot, value, bytes);
    return DONE;
}

int cublasLtMatmulPreferenceCreate(void **out)
{
    int code = fault(__func__);
    return code ? code : make(out, sizeof(wish), WISH);
}
int cublasLtMatmulPreferenceDestroy(void *of) { return drop(of, WISH, __func__); }

int cublasLtMatmulPreferenceSetAttribute(wish *of, int attribute, const void *value,
                                         size_t bytes)
{
    int code = fault(__func__);
    if (code || !of || of->magic != WISH || attribute != 1 || bytes != sizeof(size_t))
        return code ? code : INVALID_VALUE;
    memcpy(&of->workspace, value, bytes);
    return DONE;
}

/* ---- what fits ---------------------------------------------------------------------- */

static bool is_layout(const layout *of)
{
    return of && of->magic == LAYOUT && of->ld >= (int64_t)of->rows && of->count > 0;
}

/* D = op(A) op(B) by columns: rows of op(A), columns of op(B), and what lies between. */
static int check(const desc *of, const layout *a, const layout *b, const layout *c)
{
    if (!of || of->magic != DESC || !is_layout(a) || !is_layout(b) || !is_layout(c))
        return INVALID_VALUE;
    uint64_t m = of->turn_a ? a->columns : a->rows, k = of->turn_a ? a->rows : a->columns;
    uint64_t k_b = of->turn_b ? b->columns : b->rows, n = of->turn_b ? b->rows : b->columns;
    if (k != k_b || c->rows != m || c->columns != n || a->count != c->count
        || b->count != c->count)
        return INVALID_VALUE;
    if (c->count > 1 && c->step < c->ld * (int64_t)c->columns)
        return INVALID_VALUE;
    return a->type == b->type && a->type != 28 ? DONE : NOT_SUPPORTED;
}

static choice answer(int id)
{
    return (choice){ .algo.id = (uint64_t)id, .workspace = id == 6 ? 1 << 20 : 0,
                     .waves = 1 };
}

int cublasLtMatmulAlgoGetHeuristic(const handle *on, const desc *of, const layout *a,
                                   const layout *b, const layout *c, const layout *d,
                                   const wish *as, int asked, choice *out, int *count)
{
    int code = fault(__func__);
    if (code || !on || on->magic != HANDLE || !as || as->magic != WISH || !is_layout(d))
        return code ? code : INVALID_VALUE;
    *count = 0;
    if ((code = check(of, a, b, c)))
        return code;
    for (int i = 0; i < asked && i < IDS - 1; i++)      /* the last is not offered */
        out[(*count)++] = answer(ids[i]);
    return DONE;
}

int cublasLtMatmulAlgoInit(const handle *on, int compute, int scale, int a, int b,
                           int c, int d, int id, algo *out)
{
    int code = fault(__func__);
    (void)compute, (void)scale, (void)a, (void)b, (void)c, (void)d;
    if (code || !on || on->magic != HANDLE)
        return code ? code : NOT_INITIALIZED;
    for (int i = 0; i < IDS; i++)
        if (ids[i] == id) {
            *out = (algo){ .id = (uint64_t)id };
            return DONE;
        }
    return INVALID_VALUE;
}

int cublasLtMatmulAlgoCheck(const handle *on, const desc *of, const layout *a,
                            const layout *b, const layout *c, const layout *d,
                            const algo *is, choice *out)
{
    int code = fault(__func__);
    if (code || !on || on->magic != HANDLE || !is_layout(d))
        return code ? code : INVALID_VALUE;
    *out = answer((int)is->id);
    return check(of, a, b, c);
}

int cublasLtMatmulAlgoConfigGetAttribute(const algo *of, int attribute, void *value,
                                         size_t bytes, size_t *written)
{
    int code = fault(__func__);
    int32_t id = (int32_t)of->id;
    if (code || attribute != 0 || bytes != sizeof(id))
        return code ? code : INVALID_VALUE;
    memcpy(value, &id, sizeof(id));
    *written = sizeof(id);
    return DONE;
}

/* ---- the product -------------------------------------------------------------------- */

static double get(const void *at, int type, int64_t i)
{
    return type == F64 ? ((const double *)at)[i] : (double)((const float *)at)[i];
}

static double at(const layout *of, const void *memory, int batch, uint64_t row,
                 uint64_t column)
{
    return get(memory, of->type,
               batch * of->step + (int64_t)column * of->ld + (int64_t)row);
}

static double dot(const product *of, int batch, uint64_t i, uint64_t j)
{
    uint64_t k = of->desc.turn_a ? of->a.rows : of->a.columns;
    double sum = 0;
    for (uint64_t l = 0; l < k; l++)
        sum += (of->desc.turn_a
                    ? at(&of->a, of->at_a, batch, l, i) : at(&of->a, of->at_a, batch, i, l))
             * (of->desc.turn_b
                    ? at(&of->b, of->at_b, batch, j, l)
                    : at(&of->b, of->at_b, batch, l, j));
    return sum;
}

static double flop(const product *of)
{
    uint64_t k = of->desc.turn_a ? of->a.rows : of->a.columns;
    return 2.0 * of->c.count * (double)of->c.rows * (double)of->c.columns * (double)k;
}

static void put(const product *of, int batch, uint64_t i, uint64_t j)
{
    int64_t to = batch * of->c.step + (int64_t)j * of->c.ld + (int64_t)i;
    double value = of->alpha * dot(of, batch, i, j);
    if (of->beta != 0)
        value += of->beta * get(of->at_c, of->c.type, to);
    if (of->desc.epilogue == 4)
        value += get(of->desc.bias, of->c.type, (int64_t)i);
    if (of->c.type == F64)
        ((double *)of->at_d)[to] = value;
    else
        ((float *)of->at_d)[to] = (float)value;
}

static void run(const void *argument)
{
    product of;
    memcpy(&of, argument, sizeof(of));
    if ((of.c.type != F32 && of.c.type != F64) || flop(&of) > flop_most)
        return;
    for (int batch = 0; batch < of.c.count; batch++)
        for (uint64_t j = 0; j < of.c.columns; j++)
            for (uint64_t i = 0; i < of.c.rows; i++)
                put(&of, batch, i, j);
}

int cublasLtMatmul(const handle *on, const desc *of, const void *alpha, const void *a,
                   const layout *a_layout, const void *b, const layout *b_layout,
                   const void *beta, const void *c, const layout *c_layout, void *d,
                   const layout *d_layout,
                   const algo *is, void *workspace, size_t workspace_bytes, void *stream)
{
    int code = fault(__func__);
    if (code || !on || on->magic != HANDLE || !a || !b || !c || !d || !is
        || d_layout != c_layout)
        return code ? code : INVALID_VALUE;
    if ((code = check(of, a_layout, b_layout, c_layout)))
        return code;
    if (answer((int)is->id).workspace > workspace_bytes
        || (workspace_bytes > 0 && !workspace) || (of->epilogue == 4 && !of->bias))
        return INVALID_VALUE;
    product made = { *a_layout, *b_layout, *c_layout, *of, a, b, c, d,
                     get(alpha, of->scale, 0), get(beta, of->scale, 0) };
    fake_work work = { .run = run, .cost_s = 2e-6 + flop(&made) / 50e12 };
    memcpy(work.argument, &made, sizeof(made));
    return driver()->enqueue(stream, &work) == 0 ? DONE : INVALID_VALUE;
}
#pragma GCC visibility pop
