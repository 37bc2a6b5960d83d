/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an NVTX 3 program and a tool hand each other, as far as ranges and marks go; in our
 * words, from NVIDIA's public description of the injection interface. The numbers are a
 * contract that never changes: new ones are only added behind.
 */
#ifndef ERG_PLUGIN_NVTX_ABI_H
#define ERG_PLUGIN_NVTX_ABI_H

#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

typedef void (*nvtx_function)(void);
/* Where the program keeps its pointer to each function, by number. */
typedef nvtx_function **nvtx_slots;

enum { NVTX_EXPORT_CALLBACKS = 1 };
enum { NVTX_MODULE_CORE = 1, NVTX_MODULE_DOMAINS = 5 };

typedef struct nvtx_callbacks {
    size_t struct_bytes;
    /* 0: no such module. */
    int (*slots_of)(int32_t module, nvtx_slots *slots, unsigned *count);
} nvtx_callbacks;

typedef const void *nvtx_export(uint32_t table);

/* Numbers in the core module. */
enum {
    NVTX_MARK_EX = 1, NVTX_MARK_A, NVTX_MARK_W,
    NVTX_START_EX, NVTX_START_A, NVTX_START_W, NVTX_END,
    NVTX_PUSH_EX, NVTX_PUSH_A, NVTX_PUSH_W, NVTX_POP
};

/* Numbers in the module of domains. */
enum {
    NVTX_DOMAIN_MARK = 1, NVTX_DOMAIN_START, NVTX_DOMAIN_END, NVTX_DOMAIN_PUSH,
    NVTX_DOMAIN_POP, NVTX_DOMAIN_STRING_A = 10, NVTX_DOMAIN_STRING_W,
    NVTX_DOMAIN_CREATE_A, NVTX_DOMAIN_CREATE_W, NVTX_DOMAIN_DESTROY
};

enum { NVTX_PAYLOAD_U64 = 1, NVTX_PAYLOAD_I64, NVTX_PAYLOAD_F64, NVTX_PAYLOAD_U32,
       NVTX_PAYLOAD_I32, NVTX_PAYLOAD_F32 };
enum { NVTX_MESSAGE_A = 1, NVTX_MESSAGE_W, NVTX_MESSAGE_STRING };

/* size tells how much of it the program knows of. */
typedef struct nvtx_attributes {
    uint16_t version, size;
    uint32_t category;
    int32_t color_type;
    uint32_t color;
    int32_t payload_type, reserved;
    union {
        uint64_t u64; int64_t i64; double f64; uint32_t u32; int32_t i32; float f32;
    } payload;
    int32_t message_type;
    union { const char *a; const wchar_t *w; const void *string; } message;
} nvtx_attributes;

#endif
