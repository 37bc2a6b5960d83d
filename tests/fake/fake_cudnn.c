/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libcudnn whose backend keeps attributes and computes convolutions of two axes in fp32.
 * Its heuristic offers two engines, of which the first wants more workspace than there is.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include "fake_cuda.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC visibility push(default)

enum { DONE = 0, BAD_PARAM = 2000, NOT_READY = 2003, ATTRIBUTES = 16, VALUES = 8 };

typedef struct attribute {
    int name;
    int64_t count;
    unsigned char values[8 * VALUES];
} attribute;
typedef struct descriptor {
    int magic, kind, offer;
    bool is_ready;
    attribute attributes[ATTRIBUTES];
    int count;
} descriptor;
typedef struct handle { int magic; void *stream; } handle;
enum { DESCRIPTOR = 0x4452, HANDLE = 0x4844 };

typedef struct work {
    int64_t x[4], w[4], y[4], stride[2], begin[2], dilation[2];
    const float *in, *weights;
    float *out;
} work;
_Static_assert(sizeof(work) <= FAKE_ARGUMENT_MOST,
               "a convolution fits into a piece of work");

size_t cudnnGetVersion(void) { return 90100; }

int cudnnCreate(handle **out)
{
    int code = driver()->fault(__func__);
    if (code || !(*out = calloc(1, sizeof(**out))))
        return code ? code : BAD_PARAM;
    (*out)->magic = HANDLE;
    driver()->alive(1);
    return DONE;
}

int cudnnDestroy(handle *of)
{
    if (!of || of->magic != HANDLE)
        return BAD_PARAM;
    free(of);
    driver()->alive(-1);
    return DONE;
}

int cudnnSetStream(handle *of, void *stream)
{
    of->stream = stream;
    return driver()->fault(__func__);
}

int cudnnBackendCreateDescriptor(int kind, descriptor **out)
{
    int code = driver()->fault(__func__);
    if (code || !(*out = calloc(1, sizeof(**out))))
        return code ? code : BAD_PARAM;
    (*out)->magic = DESCRIPTOR;
    (*out)->kind = kind;
    driver()->alive(1);
    return DONE;
}

int cudnnBackendDestroyDescriptor(descriptor *of)
{
    if (!of || of->magic != DESCRIPTOR)
        return BAD_PARAM;
    of->magic = 0;
    free(of);
    driver()->alive(-1);
    return DONE;
}

/* By the number of its type. */
static size_t size_of(int type)
{
    return type == 1 || type == 4 || type == 7 || type == 8 ? 4 : 8;
}

int cudnnBackendSetAttribute(descriptor *of, int name, int type, int64_t count,
                             const void *values)
{
    int code = driver()->fault(__func__);
    if (code || !of || of->magic != DESCRIPTOR || of->is_ready || of->count == ATTRIBUTES
        || count < 1 || count > VALUES)
        return code ? code : BAD_PARAM;
    attribute *more = &of->attributes[of->count++];
    more->name = name;
    more->count = count;
    memcpy(more->values, values, size_of(type) * (size_t)count);
    return DONE;
}

/* NULL: not set. */
static const attribute *find(const descriptor *of, int name)
{
    for (int i = 0; of && i < of->count; i++)
        if (of->attributes[i].name == name)
            return &of->attributes[i];
    return NULL;
}

static const descriptor *inner(const descriptor *of, int name)
{
    const attribute *found = find(of, name);
    descriptor *is = NULL;
    if (found)
        memcpy(&is, found->values, sizeof(is));
    return is && is->magic == DESCRIPTOR && is->is_ready ? is : NULL;
}

/* What each kind cannot do without. */
int cudnnBackendFinalize(descriptor *of)
{
    static const struct { int kind, names[8]; } needs[] = {
        { 17, { 900, 901, 902, 903, 906 } }, { 1, { 100, 101, 102, 103, 104, 105, 106 } },
        { 10, { 700, 701, 702, 703, 704, 705 } }, { 15, { 800, 801 } }, { 4, { 200, 201 } },
        { 5, { 400, 401 } }, { 16, { 1000, 1001, 1003 } },
    };
    int code = driver()->fault(__func__);
    if (code || !of || of->magic != DESCRIPTOR || of->is_ready)
        return code ? code : BAD_PARAM;
    for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++)
        for (int j = 0; needs[i].kind == of->kind && j < 8 && needs[i].names[j]; j++)
            if (!find(of, needs[i].names[j]))
                return NOT_READY;
    of->is_ready = true;
    return DONE;
}

int cudnnBackendGetAttribute(descriptor *of, int name, int type, int64_t asked,
                             int64_t *count, void *values)
{
    int code = driver()->fault(__func__);
    descriptor **offers = values;
    if (code || !of || !of->is_ready || (name != 202 && name != 402))
        return code ? code : BAD_PARAM;
    (void)type;
    if (name == 402) {
        *(int64_t *)values = inner(of, 401)->offer == 0 ? (int64_t)1 << 40 : 1 << 20;
        *count = 1;
        return DONE;
    }
    for (*count = 0; *count < 2 && *count < asked; ++*count) {
        descriptor *offer = offers[*count];
        offer->offer = (int)*count;
        offer->is_ready = true;
        offer->count = 0;
        offer->attributes[offer->count++] = *find(of, 201);
    }
    return DONE;
}

static float sum(const work *of, const int64_t at[4])
{
    int64_t groups = of->x[1] / of->w[1], first = at[1] / (of->y[1] / groups) * of->w[1];
    double all = 0;
    for (int64_t c = 0; c < of->w[1]; c++)
        for (int64_t v = 0; v < of->w[2]; v++)
            for (int64_t u = 0; u < of->w[3]; u++) {
                int64_t i = at[2] * of->stride[0] - of->begin[0] + v * of->dilation[0];
                int64_t j = at[3] * of->stride[1] - of->begin[1] + u * of->dilation[1];
                if (i < 0 || j < 0 || i >= of->x[2] || j >= of->x[3])
                    continue;
                all += (double)of->in[((at[0] * of->x[1] + first + c) * of->x[2]
                                       + i) * of->x[3] + j]
                     * (double)of->weights[((at[1] * of->w[1] + c) * of->w[2]
                                            + v) * of->w[3] + u];
            }
    return (float)all;
}

static void run(const void *argument)
{
    work of;
    memcpy(&of, argument, sizeof(of));
    for (int64_t i = 0; i < of.y[0] * of.y[1] * of.y[2] * of.y[3]; i++)
        of.out[i] = sum(&of, (int64_t[]){ i / (of.y[1] * of.y[2] * of.y[3]),
                                          i / (of.y[2] * of.y[3]) % of.y[1],
                                          i / of.y[3] % of.y[2], i % of.y[3] });
}

int cudnnBackendExecute(const handle *on, const descriptor *plan, const descriptor *pack)
{
    int code = driver()->fault(__func__);
    const descriptor *graph = inner(inner(plan, 401), 201), *op = inner(graph, 801);
    const descriptor *shape = inner(op, 702);
    fake_work queued = { .run = run };
    work of;
    const void *pointers[3];
    if (code || !on || on->magic != HANDLE || !pack || !pack->is_ready || !shape)
        return code ? code : BAD_PARAM;
    memcpy(of.x, find(inner(op, 704), 902)->values, sizeof(of.x));
    memcpy(of.w, find(inner(op, 703), 902)->values, sizeof(of.w));
    memcpy(of.y, find(inner(op, 705), 902)->values, sizeof(of.y));
    memcpy(of.stride, find(shape, 103)->values, sizeof(of.stride));
    memcpy(of.begin, find(shape, 105)->values, sizeof(of.begin));
    memcpy(of.dilation, find(shape, 102)->values, sizeof(of.dilation));
    memcpy(pointers, find(pack, 1001)->values, sizeof(pointers));
    of.in = pointers[0];
    of.weights = pointers[1];
    memcpy(&of.out, &pointers[2], sizeof(of.out));
    queued.cost_s = 1e-5;
    memcpy(queued.argument, &of, sizeof(of));
    return driver()->enqueue(on->stream, &queued) == 0 ? DONE : BAD_PARAM;
}
#pragma GCC visibility pop
