/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Triad and product. Each thread touches its slice of the arrays first, so that on
 * machines of several nodes it lies in its own memory. The clock is the real one: what
 * is timed is real, whatever clock a test has in its hands.
 */
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/sort.h"
#include "hardware/measure.h"

enum { THREADS_MOST = 1024, REPEATS_LEAST = 3, SIDE_MOST = 8192 };

static const double product_least_s = 0.05;     /* shorter ones are doubled in size */

erg_measured erg_measured_of(double *values, int count)
{
    if (count == 0)
        return (erg_measured){ NAN, NAN, NAN, 0 };
    qsort(values, (size_t)count, sizeof(double), erg_by_value);
    double median = 0.5 * (values[(count - 1) / 2] + values[count / 2]);
    return (erg_measured){ median, values[0], values[count - 1], count };
}

static bool is_enough(const erg_measure_plan *plan, int repeats, double spent_s)
{
    return repeats >= ERG_REPEATS_MOST
           || (repeats >= REPEATS_LEAST && spent_s >= plan->for_s);
}

/* ---- triad -------------------------------------------------------------------------- */

typedef struct triad {
    double *a, *b, *c;
    size_t count;
    int threads;
    bool done;                      /* set by the main thread while all others wait */
    pthread_mutex_t gate;           /* closed until every thread has been started */
    pthread_barrier_t barrier;
} triad;

typedef struct worker { triad *of; int index; pthread_t thread; } worker;

static void slice_fill(triad *of, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        of->a[i] = 1;
        of->b[i] = 2;
        of->c[i] = 0;
    }
}

static void slice_add(triad *of, size_t from, size_t to)
{
    const double *a = of->a, *b = of->b;
    double *c = of->c;

    for (size_t i = from; i < to; i++)
        c[i] = a[i] + 3 * b[i];
}

static void *triad_work(void *self)
{
    worker *mine = self;
    triad *of = mine->of;
    size_t part = of->count / (size_t)of->threads, from = part * (size_t)mine->index;
    size_t to = mine->index + 1 == of->threads ? of->count : from + part;

    pthread_mutex_lock(&of->gate);
    bool is_off = of->done;
    pthread_mutex_unlock(&of->gate);
    if (is_off)
        return NULL;
    slice_fill(of, from, to);
    for (;;) {
        pthread_barrier_wait(&of->barrier);
        if (of->done)
            return NULL;
        slice_add(of, from, to);
        pthread_barrier_wait(&of->barrier);
    }
}

static erg_measured triad_repeat(const erg_measure_plan *plan, triad *of)
{
    double values[ERG_REPEATS_MOST], spent_s = 0;
    int repeats = 0;

    for (int round = -1; !is_enough(plan, repeats, spent_s); round++) {
        pthread_barrier_wait(&of->barrier);
        int64_t begin_ns = erg_env_now_ns(NULL);
        pthread_barrier_wait(&of->barrier);
        double took_s = erg_s_from_ns(erg_env_now_ns(NULL) - begin_ns);
        if (round < 0)
            continue;               /* the first one still waits for the filling */
        spent_s += took_s;
        values[repeats++] = 24 * (double)of->count / fmax(took_s, 1e-9);
    }
    return erg_measured_of(values, repeats);
}

/* All or none: the slices are cut for that many. */
static int workers_start(triad *of, worker *workers)
{
    int started = 0;

    pthread_mutex_lock(&of->gate);
    for (; started < of->threads; started++) {
        workers[started] = (worker){ .of = of, .index = started };
        if (pthread_create(&workers[started].thread, NULL, triad_work, &workers[started])
            != 0)
            break;
    }
    of->done = started < of->threads;
    pthread_mutex_unlock(&of->gate);
    return started;
}

static bool triad_run(const erg_measure_plan *plan, triad *of, erg_measured *out,
                      erg_error *err)
{
    worker *workers = calloc((size_t)of->threads, sizeof(*workers));

    if (!workers
        || pthread_barrier_init(&of->barrier, NULL, (unsigned)of->threads + 1) != 0) {
        free(workers);
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for %d threads", of->threads);
    }
    int started = workers_start(of, workers);
    bool ok = started == of->threads;
    if (ok) {
        *out = triad_repeat(plan, of);
        of->done = true;
        pthread_barrier_wait(&of->barrier);
    }
    for (int i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_barrier_destroy(&of->barrier);
    free(workers);
    return ok || erg_fail(err, ERG_NO_MEMORY, "cannot start %d threads", of->threads);
}

bool erg_measure_triad(const erg_measure_plan *plan,
                       erg_measured *bytes_per_s, erg_error *err)
{
    size_t count = plan->array_bytes / sizeof(double);
    int threads = plan->threads < THREADS_MOST ? plan->threads : THREADS_MOST;
    double *memory = malloc(3 * count * sizeof(double));
    triad of = { .a = memory, .b = memory + count, .c = memory + 2 * count, .count = count,
                 .threads = threads, .gate = PTHREAD_MUTEX_INITIALIZER };

    if (!memory)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for three arrays of %zu MiB",
                        plan->array_bytes >> 20);
    bool ok = triad_run(plan, &of, bytes_per_s, err);
    /* Looked at, so that no compiler may leave the work out. */
    if (ok && (memory[2 * count] != 7 || memory[3 * count - 1] != 7))
        ok = erg_fail(err, ERG_IO,
                      "the triad came out wrong: this memory cannot be trusted");
    free(memory);
    return ok;
}

/* ---- product ------------------------------------------------------------------------- */

/* cblas_sgemm; order 101 is row major, 111 not transposed: the CBLAS standard. */
typedef void sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                   const float *a, int lda, const float *b, int ldb, float beta, float *c,
                   int ldc);

enum { ROW_MAJOR = 101, AS_IT_IS = 111 };

static const char *const libraries[] = { "libopenblas.so.0", "libopenblas.so",
                                         "libblis.so.4", "libmkl_rt.so.2" };

static sgemm *product_find(void)
{
    for (size_t i = 0; i < ERG_COUNT(libraries); i++) {
        void *library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
        void *symbol = library ? dlsym(library, "cblas_sgemm") : NULL;
        sgemm *found;
        memcpy(&found, &symbol, sizeof(found));
        if (found)
            return found;           /* its threads live on: it stays loaded */
        if (library)
            dlclose(library);
    }
    return NULL;
}

static double product_once(sgemm *multiply, float *memory, int side)
{
    size_t area = (size_t)side * (size_t)side;
    int64_t begin_ns = erg_env_now_ns(NULL);

    multiply(ROW_MAJOR, AS_IT_IS, AS_IT_IS, side, side, side, 1, memory, side,
             memory + area, side, 0, memory + 2 * area, side);
    return erg_s_from_ns(erg_env_now_ns(NULL) - begin_ns);
}

static float *product_memory(int side, erg_error *err)
{
    size_t count = 3 * (size_t)side * (size_t)side;
    float *memory = malloc(count * sizeof(float));

    for (size_t i = 0; memory && i < count; i++)
        memory[i] = (float)(i % 7) * 0.25F;
    if (!memory)
        erg_fail(err, ERG_NO_MEMORY, "no memory for matrices of side %d", side);
    return memory;
}

static erg_measured product_repeat(const erg_measure_plan *plan,
                                   sgemm *multiply, float *memory, int side)
{
    double values[ERG_REPEATS_MOST], spent_s = 0, cube = (double)side * side * side;
    int repeats = 0;

    while (!is_enough(plan, repeats, spent_s)) {
        double took_s = product_once(multiply, memory, side);
        spent_s += took_s;
        values[repeats++] = 2 * cube / fmax(took_s, 1e-9);
    }
    return erg_measured_of(values, repeats);
}

bool erg_measure_product(const erg_measure_plan *plan,
                         erg_measured *flop_per_s, erg_error *err)
{
    sgemm *multiply = product_find();
    int side = plan->matrix;

    if (!multiply)
        return erg_fail(err, ERG_UNSUPPORTED, "no BLAS was found: install libopenblas0 to "
                        "measure what products reach");
    for (;; side *= 2) {
        float *memory = product_memory(side, err);
        if (!memory)
            return false;
        product_once(multiply, memory, side);      /* threads wake, pages come */
        if (2 * side > SIDE_MOST
            || product_once(multiply, memory, side) >= product_least_s) {
            *flop_per_s = product_repeat(plan, multiply, memory, side);
            free(memory);
            return true;
        }
        free(memory);
    }
}
