/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CUPTI library against a fake of CUPTI, whose activities the tests put in. It joins a
 * process once and ends with it, so each test is a child; its file is read afterwards.
 */
#include <dlfcn.h>
#include <jansson.h>
#include <sys/wait.h>
#include <time.h>
#include "replay/plan.h"
#include "test.h"
#include "../fake/cupti/cupti.h"

/* The library made with our header, and with NVIDIA's where that was found. */
static const char *const libraries[] = { "tests/fake/liberg-cupti-fake.so",
                                         "plugins/liberg-cupti.so" };

typedef struct cupti {
    int (*start)(void);
    void (*add)(const void *record, int hold);
    uint64_t (*at)(uint64_t mono_ns);
    CUptiResult (*flush)(uint32_t flag);
} cupti;

static void *find(void *library, const char *name)
{
    void *found = library ? dlsym(library, name) : NULL;
    if (!found)
        _exit(77);
    return found;
}

static cupti load(const char *plugin)
{
    char path[600];
    const char *build = getenv("ERG_BUILD");
    cupti out;

    snprintf(path, sizeof(path), "%s/tests/fake/libcupti.so.13", build ? build : ".");
    void *fake = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    snprintf(path, sizeof(path), "%s/%s", build ? build : ".", plugin);
    void *ours = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct { void *slot, *library; const char *name; } rows[] = {
        { &out.start, ours, "InitializeInjection" },
        { &out.add, fake, "fake_cupti_add" },
        { &out.at, fake, "fake_cupti_at" },
        { &out.flush, fake, "cuptiActivityFlushAll" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        void *found = find(rows[i].library, rows[i].name);
        memcpy(rows[i].slot, &found, sizeof(found));
    }
    return out;
}

static uint64_t mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1000000000ULL * (uint64_t)now.tv_sec + (uint64_t)now.tv_nsec;
}

static CUpti_ActivityKernel9 kernel(const cupti *with, const char *name, uint64_t begin_ns)
{
    return (CUpti_ActivityKernel9){
        .kind = CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, .registersPerThread = 40,
        .start = with->at(begin_ns), .end = with->at(begin_ns) + 12345, .deviceId = 1,
        .contextId = 2, .streamId = 7, .gridX = 31360, .gridY = 2, .gridZ = 1,
        .blockX = 128, .blockY = 1, .blockZ = 3, .staticSharedMemory = 1024,
        .dynamicSharedMemory = 512, .correlationId = 99, .name = name };
}

/* ---- what the children do ----------------------------------------------------------- */

typedef void child(const cupti *with);

static void all_kinds(const cupti *with)
{
    uint64_t at_ns = mono_ns();
    CUpti_ActivityKernel9 first = kernel(with, "ampere_\"sgemm\"\n<float>", at_ns),
                          in_graph;
    CUpti_ActivityMemcpy5 copy = { .kind = CUPTI_ACTIVITY_KIND_MEMCPY, .copyKind = 1,
                                   .bytes = 5000000000ULL, .start = first.end,
                                   .end = first.end + 7, .streamId = 8,
                                   .correlationId = 100 };
    CUpti_ActivityMemset3 set = { .kind = CUPTI_ACTIVITY_KIND_MEMSET, .bytes = 64,
                                  .start = first.end, .end = first.end + 1 };
    CUpti_ActivityKernel9 never = kernel(with, "never", at_ns);

    in_graph = kernel(with, "layer_norm", at_ns);
    in_graph.graphId = 5;
    in_graph.graphNodeId = 21474836481ULL;
    never.start = never.end = 0;
    with->add(&first, 0);
    with->add(&copy, 0);
    with->add(&set, 0);
    with->add(&in_graph, 0);
    with->add(&never, 0);
}

enum { SPREAD = 20 };

/* The name tells the true moment; each is in a buffer of its own. */
static void drifting(const cupti *with)
{
    for (int i = 0; i < SPREAD; i++) {
        char name[32];
        uint64_t at_ns = mono_ns();
        snprintf(name, sizeof(name), "%llu", (unsigned long long)at_ns);
        CUpti_ActivityKernel9 one = kernel(with, name, at_ns);
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
        with->add(&one, 0);
        with->flush(0);
    }
}

static void too_many(const cupti *with)
{
    CUpti_ActivityKernel9 one = kernel(with, "k", mono_ns());
    for (int i = 0; i < 100000; i++)
        with->add(&one, 1);
}

static void killed(const cupti *with)
{
    CUpti_ActivityKernel9 one = kernel(with, "k", mono_ns());
    with->add(&one, 0);
    with->flush(0);
    with->add(&one, 0);
    with->flush(0);
    _exit(0);
}

static void nothing(const cupti *with) { (void)with; }

/* ---- running them ------------------------------------------------------------------- */

static char folder[64], written[128];

/* At its exit a child does what the library left for the end, and then nothing of the
 * parent's. */
static int exit_status;
static void leave(void)
{
    fflush(NULL);
    _exit(exit_status);
}

/* The child's status; what it said is in the file "said". 77: no such library. */
static int run(const char *plugin, child *of, const char *variable, const char *value)
{
    int status = 0;
    char path[600];

    snprintf(folder, sizeof(folder), "%.60s", test_folder());
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        snprintf(path, sizeof(path), "%s/said", folder);
        if (!freopen(path, "w", stderr))
            _exit(3);
        snprintf(path, sizeof(path), "%s/gpu-%%p.json", folder);
        setenv("ERG_CUPTI", path, 1);
        if (variable)
            setenv(variable, value, 1);
        const cupti with = load(plugin);
        atexit(leave);
        int started = with.start();
        if (started)
            of(&with);
        exit_status = started ? 0 : 4;
        exit(0);
    }
    waitpid(pid, &status, 0);
    snprintf(written, sizeof(written), "%s/gpu-%ld.json", folder, (long)pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static json_t *file(void)
{
    json_error_t why;
    json_t *root = json_load_file(written, 0, &why);
    if (!root)
        print_message("# %s: line %d: %s\n", written, why.line, why.text);
    CHECK(root != NULL);
    return root;
}

static const char *said(void)
{
    static char text[1024];
    char path[600];

    snprintf(path, sizeof(path), "%s/said", folder);
    FILE *from = fopen(path, "r");
    size_t count = from ? fread(text, 1, sizeof(text) - 1, from) : 0;
    text[count] = '\0';
    if (from)
        fclose(from);
    return text;
}

static json_t *event(json_t *root, size_t i)
{
    json_t *found = json_array_get(json_object_get(root, "traceEvents"), i);
    CHECK(json_is_object(found));
    return found;
}

static double number(json_t *of, const char *key)
{
    return json_number_value(json_object_get(of, key));
}

static const char *text(json_t *of, const char *key)
{
    return json_string_value(json_object_get(of, key));
}

/* ---- tests -------------------------------------------------------------------------- */

static void check_kinds(json_t *root)
{
    json_t *first = event(root, 0), *args = json_object_get(first, "args");

    CHECK(json_array_size(json_object_get(root, "traceEvents")) == 4);
    CHECK_TEXT(text(first, "name"), "ampere_\"sgemm\"\n<float>");
    CHECK_TEXT(text(first, "cat"), "kernel");
    CHECK_NEAR(number(first, "dur"), 12.345, 0);
    CHECK(number(args, "device") == 1 && number(args, "stream") == 7);
    CHECK(number(args, "correlation") == 99 && number(args, "shared memory") == 1536);
    CHECK(number(args, "registers per thread") == 40 && !json_object_get(args, "graph id"));
    CHECK(json_integer_value(json_array_get(json_object_get(args, "grid"), 0)) == 31360);
    CHECK(json_integer_value(json_array_get(json_object_get(args, "block"), 2)) == 3);
    CHECK_TEXT(text(event(root, 1), "name"), "Memcpy HtoD");
    CHECK_TEXT(text(event(root, 1), "cat"), "gpu_memcpy");
    CHECK(number(json_object_get(event(root, 1), "args"), "bytes") == 5e9);
    CHECK_TEXT(text(event(root, 2), "cat"), "gpu_memset");
    args = json_object_get(event(root, 3), "args");
    CHECK(number(args, "graph id") == 5 && number(args, "graph node id") == 21474836481.0);
    CHECK(number(json_object_get(root, "erg"), "not_timed") == 1);
}

static void kernels_copies_and_sets_are_written_as_other_tracers_do(void)
{
    int tried = 0;

    for (size_t i = 0; i < ERG_COUNT(libraries); i++) {
        int status = run(libraries[i], all_kinds, NULL, NULL);
        if (status == 77)
            continue;
        CHECK(status == 0);
        json_t *root = file();
        check_kinds(root);
        json_decref(root);
        tried++;
    }
    if (tried == 0)
        SKIP("ERG_BUILD holds no liberg-cupti");
}

/* What the plugin writes is a plan: kernels with their grids, copies with their bytes. */
static void check_plan(const erg_replay_plan *plan)
{
    const erg_replay_kernel *first = &plan->kernels[0], *copy = &plan->kernels[1];

    CHECK(plan->kernel_count == 4);
    CHECK_TEXT(first->name, "ampere_\"sgemm\" <float>");
    CHECK(first->tier == ERG_TIER_MATRIX && first->count == 1);
    CHECK(first->signature.grid[0] == 31360 && first->signature.grid[1] == 2);
    CHECK(first->signature.block[0] == 128 && first->signature.block[2] == 3);
    CHECK(first->signature.shared_bytes == 1536);
    CHECK_NEAR(first->traced_s, 12.345e-6, 1e-9);
    CHECK(!first->signature.shape_known);       /* a grid is no shape */
    CHECK(copy->tier == ERG_TIER_MOVE && copy->signature.shape_known);
    CHECK(copy->signature.in_bytes == 5000000000);
    CHECK(plan->kernels[2].tier == ERG_TIER_MOVE);
    CHECK_TEXT(plan->kernels[3].name, "layer_norm");
    CHECK(plan->kernels[3].tier == ERG_TIER_OTHER);
}

static void its_file_is_read_as_a_plan(void)
{
    const char *const path = written;
    erg_error err = { 0 };

    if (run(libraries[0], all_kinds, NULL, NULL) == 77)
        SKIP("ERG_BUILD holds no liberg-cupti");
    erg_replay_plan *plan = erg_replay_plan_load(&path, 1, NULL, &err);
    CHECK_OK(plan != NULL, err);
    check_plan(plan);
    erg_replay_plan_free(plan);
}

/* 0.5 % of 40 ms is 200 us; what is left is how far the stamps may be off. */
static void a_clock_that_runs_fast_is_put_right(void)
{
    if (run(libraries[0], drifting, "FAKE_CUPTI_PPM", "5000") == 77)
        SKIP("ERG_BUILD holds no liberg-cupti");
    json_t *root = file(), *own = json_object_get(root, "erg");
    double begin_ns = number(own, "mono_begin_ns");
    double half_ns = number(json_object_get(own, "first"), "half_width_ns")
                   + number(json_object_get(own, "last"), "half_width_ns");

    CHECK(json_array_size(json_object_get(root, "traceEvents")) == SPREAD);
    for (size_t i = 0; i < SPREAD; i++) {
        double true_us = 1e-3 * (strtod(text(event(root, i), "name"), NULL) - begin_ns);
        CHECK_NEAR(number(event(root, i), "ts"), true_us, 1e-3 * half_ns + 50);
    }
    CHECK(number(root, "baseTimeNanoseconds") > 1.5e18);
    json_decref(root);
}

static void what_does_not_fit_is_dropped_counted_and_said(void)
{
    if (run(libraries[0], too_many, NULL, NULL) == 77)
        SKIP("ERG_BUILD holds no liberg-cupti");
    json_t *root = file(), *own = json_object_get(root, "erg");
    double dropped = number(own, "dropped");

    CHECK(dropped > 0 && strstr(said(), "were dropped"));
    CHECK(number(own, "records")
          == (double)json_array_size(json_object_get(root, "traceEvents")));
    json_decref(root);
}

static void a_program_that_is_killed_leaves_a_file_that_can_be_read(void)
{
    if (run(libraries[0], killed, NULL, NULL) == 77)
        SKIP("ERG_BUILD holds no liberg-cupti");
    json_t *root = file();
    CHECK(json_array_size(json_object_get(root, "traceEvents")) == 2);
    json_decref(root);
    CHECK(run(libraries[0], nothing, NULL, NULL) == 0);
    root = file();
    CHECK(json_array_size(json_object_get(root, "traceEvents")) == 0);
    json_decref(root);
}

static void a_cupti_that_cannot_record_is_named(void)
{
    static const struct { const char *variable, *value, *why; } rows[] = {
        { "FAKE_CUPTI_VERSION", "18", "older than CUDA 12.0" },
        { "FAKE_CUPTI_BUSY", "1", "another profiler" },
        { "ERG_CUPTI", "/nowhere/gpu.json", "cannot be written" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        int status = run(libraries[0], all_kinds, rows[i].variable, rows[i].value);
        if (status == 77)
            SKIP("ERG_BUILD holds no liberg-cupti");
        CHECK(status == 4 && strstr(said(), rows[i].why));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(kernels_copies_and_sets_are_written_as_other_tracers_do),
        TEST(its_file_is_read_as_a_plan),
        TEST(a_clock_that_runs_fast_is_put_right),
        TEST(what_does_not_fit_is_dropped_counted_and_said),
        TEST(a_program_that_is_killed_leaves_a_file_that_can_be_read),
        TEST(a_cupti_that_cannot_record_is_named),
    };
    return test_run(tests, ERG_COUNT(tests));
}
