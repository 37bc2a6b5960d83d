/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NVTX library against a program's side of the interface, written here: the path is
 * opened, the entry is given a table of tables, and the slots are then called.
 */
#include <dlfcn.h>
#include <pthread.h>
#include "test.h"
#include "nvtx/abi.h"
#include "run/ring.h"

enum { SLOTS = 16 };

static nvtx_function core[SLOTS], domains[SLOTS];
static nvtx_function *core_slots[SLOTS], *domain_slots[SLOTS];
static unsigned core_count;

static int slots_of(int32_t module, nvtx_slots *slots, unsigned *count)
{
    bool is_core = module == NVTX_MODULE_CORE;
    if (!is_core && module != NVTX_MODULE_DOMAINS)
        return 0;
    *slots = is_core ? core_slots : domain_slots;
    *count = is_core ? core_count : SLOTS;
    return 1;
}

static const void *exports(uint32_t table)
{
    static const nvtx_callbacks callbacks = { sizeof(callbacks), slots_of };
    return table == NVTX_EXPORT_CALLBACKS ? &callbacks : NULL;
}

static const void *no_exports(uint32_t table) { return table ? NULL : NULL; }

typedef int initialize(nvtx_export *exports);

static initialize *load(void)
{
    static char path[600];
    const char *build = getenv("ERG_BUILD");

    if (!build)
        return NULL;
    /* The sanitizer's dlopen does not see a library's own search path. */
    snprintf(path, sizeof(path), "%s/liberg.so.0", build);
    if (!dlopen(path, RTLD_NOW | RTLD_LOCAL))
        return NULL;
    snprintf(path, sizeof(path), "%s/plugins/liberg-nvtx.so", build);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    initialize *entry = NULL;
    void *found = library ? dlsym(library, "InitializeInjectionNvtx2") : NULL;
    memcpy(&entry, &found, sizeof(entry));
    return entry;
}

/* A process joins once, so the tests share what it joined. */
static erg_ring *ring;

static void begin(unsigned slots)
{
    initialize *entry = load();
    erg_error err = { 0 };

    if (!entry)
        SKIP("ERG_BUILD holds no liberg-nvtx.so");
    memset(core, 0, sizeof(core));
    memset(domains, 0, sizeof(domains));
    for (int i = 0; i < SLOTS; i++) {
        core_slots[i] = &core[i];
        domain_slots[i] = &domains[i];
    }
    core_count = slots;
    if (!ring)
        ring = erg_ring_create(&err);
    CHECK_OK(ring != NULL, err);
    setenv("ERG_RING", erg_ring_path(ring), 1);
    CHECK(entry(exports) == 1);
}

static void expect(erg_event_kind kind, const char *name, int64_t *id)
{
    erg_event event;

    CHECK(erg_ring_pop(ring, &event) && event.kind == kind);
    if (name)
        CHECK_TEXT(event.name, name);
    if (id && kind == ERG_EVENT_BEGIN)
        *id = event.id;
    else if (id)
        CHECK(event.id == *id);
}

#define CALL(slot, type) ((type)(void (*)(void))(slot))
typedef int push_call(const char *name);
typedef int pop_call(void);
typedef void mark_call(const nvtx_attributes *of);
typedef uint64_t start_call(const char *name);
typedef void end_call(uint64_t range);
typedef const void *string_call(const void *domain, const char *text);
typedef int domain_push_call(const void *domain, const nvtx_attributes *of);
typedef int domain_pop_call(const void *domain);

static void it_declines_without_a_recording_or_a_table(void)
{
    initialize *entry = load();

    if (!entry)
        SKIP("ERG_BUILD holds no liberg-nvtx.so");
    unsetenv("ERG_RING");
    CHECK(entry(exports) == 0 && entry(no_exports) == 0 && entry(NULL) == 0);
    setenv("ERG_RING", "/dev/shm/erg-ring-of-nobody", 1);
    CHECK(entry(exports) == 0);
    for (int i = 0; i < SLOTS; i++)
        CHECK(!core[i] && !domains[i]);
}

static void nested_ranges_are_regions_with_levels(void)
{
    begin(SLOTS);
    int64_t outer, inner;

    CHECK(CALL(core[NVTX_PUSH_A], push_call *)("epoch") == 0);
    CHECK(CALL(core[NVTX_PUSH_A], push_call *)("batch") == 1);
    CHECK(CALL(core[NVTX_POP], pop_call *)() == 1);
    CHECK(CALL(core[NVTX_POP], pop_call *)() == 0);
    CHECK(CALL(core[NVTX_POP], pop_call *)() < 0);
    expect(ERG_EVENT_BEGIN, "epoch", &outer);
    expect(ERG_EVENT_BEGIN, "batch", &inner);
    expect(ERG_EVENT_END, NULL, &inner);
    expect(ERG_EVENT_END, NULL, &outer);
}

static void domains_nest_each_for_itself(void)
{
    begin(SLOTS);
    const char *a = "a", *b = "b";
    nvtx_attributes of = { .version = 3, .size = sizeof(of),
                           .message_type = NVTX_MESSAGE_STRING };
    int64_t first, second;

    of.message.string = CALL(domains[NVTX_DOMAIN_STRING_A], string_call *)(a, "forward");
    CHECK(CALL(domains[NVTX_DOMAIN_PUSH], domain_push_call *)(a, &of) == 0);
    CHECK(CALL(domains[NVTX_DOMAIN_PUSH], domain_push_call *)(b, &of) == 0);
    CHECK(CALL(domains[NVTX_DOMAIN_POP], domain_pop_call *)(a) == 0);
    CHECK(CALL(domains[NVTX_DOMAIN_POP], domain_pop_call *)(a) < 0);
    CHECK(CALL(domains[NVTX_DOMAIN_POP], domain_pop_call *)(b) == 0);
    expect(ERG_EVENT_BEGIN, "forward", &first);
    expect(ERG_EVENT_BEGIN, "forward", &second);
    expect(ERG_EVENT_END, NULL, &first);
    expect(ERG_EVENT_END, NULL, &second);
    free((void *)of.message.string);
}

static void marks_carry_their_payload(void)
{
    begin(SLOTS);
    nvtx_attributes of = { .version = 3, .size = sizeof(of),
                           .payload_type = NVTX_PAYLOAD_F32, .payload.f32 = 2.5F,
                           .message_type = NVTX_MESSAGE_W, .message.w = L"loss \u00e9" };
    erg_event event;

    CALL(core[NVTX_MARK_EX], mark_call *)(&of);
    of = (nvtx_attributes){ .version = 3, .size = 8 };      /* knows of no message */
    CALL(core[NVTX_MARK_EX], mark_call *)(&of);
    CALL(core[NVTX_MARK_EX], mark_call *)(NULL);
    CHECK(erg_ring_pop(ring, &event) && event.kind == ERG_EVENT_MARK);
    CHECK_TEXT(event.name, "loss ?");
    CHECK_NEAR(event.value, 2.5, 0);
    expect(ERG_EVENT_MARK, "nvtx", NULL);
    expect(ERG_EVENT_MARK, "nvtx", NULL);
}

static void *end_it(void *range)
{
    CALL(core[NVTX_END], end_call *)(*(uint64_t *)range);
    return NULL;
}

static void a_range_may_end_on_another_thread(void)
{
    begin(SLOTS);
    uint64_t range = CALL(core[NVTX_START_A], start_call *)("copy");
    pthread_t thread;
    int64_t id;

    CHECK(pthread_create(&thread, NULL, end_it, &range) == 0);
    pthread_join(thread, NULL);
    expect(ERG_EVENT_BEGIN, "copy", &id);
    expect(ERG_EVENT_END, NULL, &id);
    CHECK((uint64_t)id == range);
}

static void ranges_deeper_than_the_stack_are_popped_in_order(void)
{
    begin(SLOTS);
    erg_event event;
    int begun = 0, ended = 0;

    for (int i = 0; i < 100; i++)
        CALL(core[NVTX_PUSH_A], push_call *)("deep");
    for (int i = 0; i < 100; i++)
        CHECK(CALL(core[NVTX_POP], pop_call *)() == 99 - i);
    CHECK(CALL(core[NVTX_POP], pop_call *)() < 0);
    while (erg_ring_pop(ring, &event)) {
        begun += event.kind == ERG_EVENT_BEGIN;
        ended += event.kind == ERG_EVENT_END;
    }
    CHECK(begun == 64 && ended == 64);
}

static void an_older_program_gets_the_slots_it_has(void)
{
    begin(NVTX_PUSH_A);
    for (int i = 0; i < SLOTS; i++)
        CHECK(!core[i] == !(i >= NVTX_MARK_EX && i < NVTX_PUSH_A));
}

int main(void)
{
    static const test tests[] = {
        TEST(it_declines_without_a_recording_or_a_table),
        TEST(nested_ranges_are_regions_with_levels),
        TEST(domains_nest_each_for_itself),
        TEST(marks_carry_their_payload),
        TEST(a_range_may_end_on_another_thread),
        TEST(ranges_deeper_than_the_stack_are_popped_in_order),
        TEST(an_older_program_gets_the_slots_it_has),
    };
    int failed = test_run(tests, ERG_COUNT(tests));
    erg_ring_close(ring);
    return failed;
}
