/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVTX ranges and marks as regions and marks of `erg run`: a program with
 * NVTX_INJECTION64_PATH set to this library loads it at its first NVTX call. No GPU and
 * no CUDA is needed. When nobody records it declines, and NVTX makes its calls no-ops.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "nvtx/abi.h"
#include "recording.h"

enum { NAME_MOST = 256, DEPTH_MOST = 64 };

/* ---- names ---------------------------------------------------------------------- */

/* A wide name keeps its ASCII. */
static const char *narrow(const wchar_t *wide, char name[NAME_MOST])
{
    size_t i = 0;

    for (; wide && wide[i] && i < NAME_MOST - 1; i++)
        name[i] = (unsigned)wide[i] < 128 ? (char)wide[i] : '?';
    name[i] = '\0';
    return name;
}

static const char *name_of(const nvtx_attributes *of, char name[NAME_MOST])
{
    const char *found = NULL;

    if (!of || of->size < sizeof(*of))
        return "nvtx";
    if (of->message_type == NVTX_MESSAGE_A)
        found = of->message.a;
    else if (of->message_type == NVTX_MESSAGE_W)
        found = narrow(of->message.w, name);
    else if (of->message_type == NVTX_MESSAGE_STRING)
        found = of->message.string;     /* as we registered it */
    return found && *found ? found : "nvtx";
}

static double value_of(const nvtx_attributes *of)
{
    if (!of || of->size < sizeof(*of))
        return NAN;
    switch (of->payload_type) {
    case NVTX_PAYLOAD_U64: return (double)of->payload.u64;
    case NVTX_PAYLOAD_I64: return (double)of->payload.i64;
    case NVTX_PAYLOAD_F64: return of->payload.f64;
    case NVTX_PAYLOAD_U32: return of->payload.u32;
    case NVTX_PAYLOAD_I32: return of->payload.i32;
    case NVTX_PAYLOAD_F32: return (double)of->payload.f32;
    default: return NAN;
    }
}

static const char *plain(const char *name) { return name && *name ? name : "nvtx"; }

/* ---- ranges that nest, one stack a thread ------------------------------------------- */

typedef struct nest { const void *domain; erg_region_token region; } nest;

static _Thread_local struct { nest at[DEPTH_MOST]; int count; } nests;

/* Deeper ones are not recorded, but their pops have to be told from the others'. */
static int push(const void *domain, const char *name)
{
    int level = 0;

    for (int i = 0; i < nests.count && i < DEPTH_MOST; i++)
        level += nests.at[i].domain == domain;
    if (nests.count < DEPTH_MOST)
        nests.at[nests.count] = (nest){ domain, recording_begin(name) };
    nests.count++;
    return level;
}

static int pop(const void *domain)
{
    if (nests.count > DEPTH_MOST)
        return --nests.count;
    int top = nests.count - 1, level = 0;
    while (top >= 0 && nests.at[top].domain != domain)
        top--;
    if (top < 0)
        return -1;
    recording_end(nests.at[top].region);
    nests.count--;
    memmove(&nests.at[top], &nests.at[top + 1], (size_t)(nests.count - top) * sizeof(nest));
    for (int i = 0; i < top; i++)
        level += nests.at[i].domain == domain;
    return level;
}

/* ---- the core module ---------------------------------------------------------------- */

static void mark_ex(const nvtx_attributes *of)
{
    char name[NAME_MOST];
    recording_mark(name_of(of, name), value_of(of));
}

static void mark_a(const char *name) { recording_mark(plain(name), NAN); }

static void mark_w(const wchar_t *wide)
{
    char name[NAME_MOST];
    recording_mark(plain(narrow(wide, name)), NAN);
}

/* A range may end on another thread; its number is the region's own. */
static uint64_t start_ex(const nvtx_attributes *of)
{
    char name[NAME_MOST];
    return (uint64_t)recording_begin(name_of(of, name)).id;
}

static uint64_t start_a(const char *name)
{
    return (uint64_t)recording_begin(plain(name)).id;
}

static uint64_t start_w(const wchar_t *wide)
{
    char name[NAME_MOST];
    return (uint64_t)recording_begin(plain(narrow(wide, name))).id;
}

static void end(uint64_t range) { recording_end((erg_region_token){ (int64_t)range }); }

static int push_ex(const nvtx_attributes *of)
{
    char name[NAME_MOST];
    return push(NULL, name_of(of, name));
}

static int push_a(const char *name) { return push(NULL, plain(name)); }

static int push_w(const wchar_t *wide)
{
    char name[NAME_MOST];
    return push(NULL, plain(narrow(wide, name)));
}

static int pop_any(void) { return pop(NULL); }

/* ---- the module of domains --------------------------------------------------------- */

static void domain_mark(const void *domain, const nvtx_attributes *of)
{
    (void)domain;
    mark_ex(of);
}

static uint64_t domain_start(const void *domain, const nvtx_attributes *of)
{
    (void)domain;
    return start_ex(of);
}

static void domain_end(const void *domain, uint64_t range)
{
    (void)domain;
    end(range);
}

static int domain_push(const void *domain, const nvtx_attributes *of)
{
    char name[NAME_MOST];
    return push(domain, name_of(of, name));
}

/* NVTX never gives a string back: it lives as long as the program. */
static const void *string_a(const void *domain, const char *text)
{
    (void)domain;
    return strdup(plain(text));
}

static const void *string_w(const void *domain, const wchar_t *wide)
{
    char name[NAME_MOST];
    return string_a(domain, narrow(wide, name));
}

/* A domain only has to differ from others. */
static void *create_a(const char *name) { return strdup(plain(name)); }

static void *create_w(const wchar_t *wide)
{
    char name[NAME_MOST];
    return create_a(narrow(wide, name));
}

static void destroy(void *domain) { free(domain); }

/* ---- handing them over ------------------------------------------------------------- */

#define FUNCTION(name) ((nvtx_function)(name))

static const struct { int32_t module; unsigned number; nvtx_function ours; } functions[] = {
    { NVTX_MODULE_CORE, NVTX_MARK_EX, FUNCTION(mark_ex) },
    { NVTX_MODULE_CORE, NVTX_MARK_A, FUNCTION(mark_a) },
    { NVTX_MODULE_CORE, NVTX_MARK_W, FUNCTION(mark_w) },
    { NVTX_MODULE_CORE, NVTX_START_EX, FUNCTION(start_ex) },
    { NVTX_MODULE_CORE, NVTX_START_A, FUNCTION(start_a) },
    { NVTX_MODULE_CORE, NVTX_START_W, FUNCTION(start_w) },
    { NVTX_MODULE_CORE, NVTX_END, FUNCTION(end) },
    { NVTX_MODULE_CORE, NVTX_PUSH_EX, FUNCTION(push_ex) },
    { NVTX_MODULE_CORE, NVTX_PUSH_A, FUNCTION(push_a) },
    { NVTX_MODULE_CORE, NVTX_PUSH_W, FUNCTION(push_w) },
    { NVTX_MODULE_CORE, NVTX_POP, FUNCTION(pop_any) },
    { NVTX_MODULE_DOMAINS, NVTX_DOMAIN_MARK, FUNCTION(domain_mark) },
    { NVTX_MODULE_DOMAINS, NVTX_DOMAIN_START, FUNCTION(domain_start) },
    { NVTX_MODULE_DOMAINS, NVTX_DOMAIN_END, FUNCTION(domain_end) },
    { NVTX_MODULE_DOMAINS, NVTX_DOMAIN_PUSH, FUNCTION(domain_push) },
    { NVTX_MODULE_DOMAINS, NVTX_DOMAIN_POP, FUNCTION(pop) },
    { NVTX_MODULE_DOMAINS, NVTX_DOMAIN_STRING_A, FUNCTION(string_a) },
    { NVTX_MODULE_DOMAINS, NVTX_DOMAIN_STRING_W, FUNCTION(string_w) },
    { NVTX_MODULE_DOMAINS, NVTX_DOMAIN_CREATE_A, FUNCTION(create_a) },
    { NVTX_MODULE_DOMAINS, NVTX_DOMAIN_CREATE_W, FUNCTION(create_w) },
    { NVTX_MODULE_DOMAINS, NVTX_DOMAIN_DESTROY, FUNCTION(destroy) },
};

/* An older program has fewer slots: those that it has are filled. */
static void fill(const nvtx_callbacks *program)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
        nvtx_slots slots = NULL;
        unsigned count = 0;
        if (program->slots_of(functions[i].module, &slots, &count) && slots
            && functions[i].number < count && slots[functions[i].number])
            *slots[functions[i].number] = functions[i].ours;
    }
}

__attribute__((visibility("default"))) int InitializeInjectionNvtx2(nvtx_export *exports);

int InitializeInjectionNvtx2(nvtx_export *exports)
{
    const nvtx_callbacks *program = exports ? exports(NVTX_EXPORT_CALLBACKS) : NULL;

    if (!program || program->struct_bytes < sizeof(*program) || !program->slots_of
        || !recording_join())
        return 0;
    fill(program);
    return 1;
}
