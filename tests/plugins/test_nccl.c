/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profiler plug-in against NCCL's side of the interface, written here: it is found by
 * name in each version, told of collectives and of the channels of their kernels.
 */
#include <dlfcn.h>
#include <pthread.h>
#include "test.h"
#include "nccl/abi.h"
#include "run/ring.h"

/* The versions differ in how they begin and where the name of the call stands. */
typedef struct plugin {
    int version;
    nccl_start *start;
    nccl_stop *stop;
    nccl_finish *finish;
    void *context;
    int asked;
} plugin;

static void *find(const char *symbol)
{
    static char path[600];
    const char *build = getenv("ERG_BUILD");

    if (!build)
        SKIP("ERG_BUILD holds no libnccl-profiler-erg.so");
    /* The sanitizer's dlopen does not see a library's own search path. */
    snprintf(path, sizeof(path), "%s/liberg.so.0", build);
    if (!dlopen(path, RTLD_NOW | RTLD_LOCAL))
        SKIP("ERG_BUILD holds no liberg.so");
    snprintf(path, sizeof(path), "%s/plugins/libnccl-profiler-erg.so", build);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        SKIP("ERG_BUILD holds no libnccl-profiler-erg.so");
    return dlsym(library, symbol);
}

static plugin begin_v3(void)
{
    const nccl_profiler_v3 *of = find("ncclProfiler_v3");
    plugin is = { 3, of->start, of->stop, of->finish, NULL, -1 };

    CHECK(strcmp(of->name, "erg") == 0 && of->init(&is.context, &is.asked) == 0);
    return is;
}

static plugin begin_v4(void)
{
    const nccl_profiler_v4 *of = find("ncclProfiler_v4");
    plugin is = { 4, of->start, of->stop, of->finish, NULL, -1 };

    CHECK(of->init(&is.context, &is.asked, "world", 7, 2, 16, 3, NULL) == 0);
    return is;
}

static plugin begin_v5(void)
{
    const nccl_profiler_v5 *of = find("ncclProfiler_v5");
    plugin is = { 5, of->start, of->stop, of->finish, NULL, -1 };

    CHECK(of->init(&is.context, 7, &is.asked, NULL, 2, 16, 3, NULL) == 0);
    CHECK(of->state(NULL, 22, NULL) == 0);
    return is;
}

static plugin (*const begins[])(void) = { begin_v3, begin_v4, begin_v5 };

/* A process joins once, so the tests share what it joined. */
static erg_ring *ring;

static void record(void)
{
    erg_error err = { 0 };

    find("ncclProfiler_v5");
    if (!ring)
        ring = erg_ring_create(&err);
    CHECK_OK(ring != NULL, err);
    setenv("ERG_RING", erg_ring_path(ring), 1);
}

/* Bytes behind the kind are dirt where a version has one byte of it. */
static uint64_t kind_of(const plugin *is, unsigned kind)
{
    return is->version < 5 ? 0xabcd00 | kind : kind;
}

static void *call(const plugin *is, unsigned kind, const char *name)
{
    nccl_event event = { .type = kind_of(is, kind), .rank = 3 };
    void *handle = NULL;

    if (is->version == 3 && kind == NCCL_COLLECTIVE)
        event.of.collective_v3.call = name;
    else if (is->version == 3)
        event.of.point_v3.call = name;
    else if (kind == NCCL_COLLECTIVE)
        event.of.collective.call = name;
    else
        event.of.point.call = name;
    CHECK(is->start(is->context, &handle, &event) == 0);
    return handle;
}

static void *channel(const plugin *is, void *parent)
{
    nccl_event event = { .type = kind_of(is, NCCL_KERNEL), .parent = parent };
    void *handle = NULL;

    CHECK(is->start(is->context, &handle, &event) == 0);
    return handle;
}

static void expect(erg_event_kind kind, const char *name)
{
    erg_event event;

    CHECK(erg_ring_pop(ring, &event) && event.kind == kind);
    if (name)
        CHECK_TEXT(event.name, name);
}

static bool is_quiet(void)
{
    erg_event event;
    return !erg_ring_pop(ring, &event);
}

static void it_asks_for_nothing_without_a_recording(void)
{
    unsetenv("ERG_RING");
    for (size_t i = 0; i < ERG_COUNT(begins); i++) {
        plugin is = begins[i]();
        void *handle = &is;
        nccl_event event = { .type = NCCL_COLLECTIVE };
        CHECK(is.asked == 0 && !is.context);
        CHECK(is.start(is.context, &handle, &event) == 0 && !handle);
        CHECK(is.stop(NULL) == 0 && is.finish(is.context) == 0);
    }
}

static void a_collective_lasts_while_its_kernel_runs(void)
{
    record();
    for (size_t i = 0; i < ERG_COUNT(begins); i++) {
        plugin is = begins[i]();
        CHECK(is.asked == (NCCL_COLLECTIVE | NCCL_POINT | NCCL_KERNEL));
        void *own = call(&is, NCCL_COLLECTIVE, "AllReduce");
        CHECK(own && is.stop(own) == 0 && is_quiet());      /* enqueued, no more */
        void *first = channel(&is, own);
        expect(ERG_EVENT_BEGIN, "nccl AllReduce");
        void *second = channel(&is, own);
        CHECK(is.stop(first) == 0 && is_quiet());
        CHECK(is.stop(second) == 0);
        expect(ERG_EVENT_END, NULL);
        own = call(&is, NCCL_POINT, "Send");
        first = channel(&is, own);
        expect(ERG_EVENT_BEGIN, "nccl Send");
        CHECK(is.finish(is.context) == 0);
        expect(ERG_EVENT_END, NULL);
        CHECK(is_quiet());
    }
}

static void what_is_odd_is_passed_over(void)
{
    record();
    plugin is = begin_v5();
    nccl_event group = { .type = NCCL_GROUP };
    void *handle = &is;

    CHECK(is.start(is.context, &handle, &group) == 0 && !handle);
    CHECK(!channel(&is, NULL));
    void *own = call(&is, NCCL_COLLECTIVE, NULL), *only = channel(&is, own);
    expect(ERG_EVENT_BEGIN, "nccl operation");
    CHECK(!channel(&is, only));                 /* a channel has no channels */
    CHECK(is.stop(only) == 0 && is.stop(only) == 0);
    expect(ERG_EVENT_END, NULL);
    CHECK(is_quiet() && is.finish(is.context) == 0);
}

/* More than the plug-in keeps: each begun region is ended all the same. */
static void more_than_it_keeps_end_all_the_same(void)
{
    enum { MANY = 1500 };
    record();
    plugin is = begin_v4();
    int begun = 0, ended = 0;
    erg_event event;

    for (int i = 0; i < MANY; i++) {
        channel(&is, call(&is, NCCL_COLLECTIVE, "Broadcast"));
        while (erg_ring_pop(ring, &event)) {
            begun += event.kind == ERG_EVENT_BEGIN;
            ended += event.kind == ERG_EVENT_END;
        }
    }
    CHECK(begun == MANY && ended == MANY - 1024);
    CHECK(is.finish(is.context) == 0);
    while (erg_ring_pop(ring, &event))
        ended += event.kind == ERG_EVENT_END;
    CHECK(ended == MANY);
}

/* Its proxy thread tells of channels while the program starts collectives. */
enum { ROUNDS = 500 };
static plugin shared;

static void *start_and_stop(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        void *own = call(&shared, NCCL_COLLECTIVE, "AllGather");
        shared.stop(channel(&shared, own));
        shared.stop(own);
    }
    return NULL;
}

static void threads_share_a_communicator(void)
{
    pthread_t threads[3];
    erg_event event;
    int begun = 0, ended = 0;

    record();
    shared = begin_v5();
    for (size_t i = 0; i < ERG_COUNT(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, start_and_stop, NULL) == 0);
    for (size_t i = 0; i < ERG_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    CHECK(shared.finish(shared.context) == 0);
    while (erg_ring_pop(ring, &event)) {
        begun += event.kind == ERG_EVENT_BEGIN;
        ended += event.kind == ERG_EVENT_END;
    }
    CHECK(begun == ended && begun == (int)ERG_COUNT(threads) * ROUNDS);
}

int main(void)
{
    static const test tests[] = {
        TEST(it_asks_for_nothing_without_a_recording),
        TEST(a_collective_lasts_while_its_kernel_runs),
        TEST(what_is_odd_is_passed_over),
        TEST(more_than_it_keeps_end_all_the_same),
        TEST(threads_share_a_communicator),
    };
    return test_run(tests, ERG_COUNT(tests));
}
