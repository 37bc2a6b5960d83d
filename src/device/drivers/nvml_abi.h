/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of NVML's binary interface that erg calls, in our own words, from the
 * public API reference (docs.nvidia.com/deploy/nvml-api). Nothing is linked: the
 * library is opened with dlopen, and what an old one lacks stays NULL.
 */
#ifndef ERG_DEVICE_DRIVERS_NVML_ABI_H
#define ERG_DEVICE_DRIVERS_NVML_ABI_H

#include "base/base.h"

typedef struct nvml_gpu *nvml_handle;

typedef enum nvml_code {
    NVML_DONE = 0,
    NVML_NOT_SUPPORTED = 3,
    NVML_NO_PERMISSION = 4,
    NVML_NOT_FOUND = 6,
    NVML_TOO_SMALL = 7,
    NVML_DRIVER_NOT_LOADED = 9,
    NVML_LOST = 15,
    NVML_VERSION_MISMATCH = 18,
    NVML_UNKNOWN = 999
} nvml_code;

typedef enum nvml_value_type {
    NVML_DOUBLE,
    NVML_UINT,
    NVML_ULONG,
    NVML_ULONGLONG,
    NVML_LONGLONG,
    NVML_INT,
    NVML_USHORT
} nvml_value_type;

typedef struct nvml_field {
    unsigned id;
    unsigned scope; /* 0 chip, 1 module, 2 memory */
    long long utc_us;
    long long took_us;
    unsigned type; /* nvml_value_type */
    unsigned code; /* nvml_code of this field alone */
    union {
        double real;
        int integer;
        unsigned natural;
        unsigned long natural_long;
        unsigned long long natural_wide;
        long long integer_wide;
        unsigned short natural_short;
    } value;
} nvml_field;

enum {
    /* Time held back by a policy, in ns since the driver was loaded. */
    NVML_FIELD_PAST_POWER = 74, NVML_FIELD_PAST_THERMAL = 75, NVML_FIELD_PAST_BOARD = 77,
    NVML_FIELD_PAST_RELIABILITY = 79, NVML_FIELD_PAST_SW_THERMAL = 269,
    NVML_FIELD_PAST_HW_THERMAL = 270, NVML_FIELD_PAST_BRAKE = 271,
    NVML_FIELD_ENERGY = 83,   /* mJ since the driver was loaded */
    NVML_FIELD_AVERAGE = 185, /* mW */
    NVML_FIELD_INSTANT = 186, /* mW */
    NVML_FIELD_LIMIT_MIN = 187, NVML_FIELD_LIMIT_MAX = 188, NVML_FIELD_LIMIT_DEFAULT = 189,
    NVML_FIELD_LIMIT = 190,          /* mW, the limit in force */
    NVML_FIELD_LIMIT_REQUESTED = 192 /* mW, before the module's own share is taken */
};

enum { NVML_CHIP, NVML_MODULE, NVML_MEMORY }; /* scopes of a field */
enum { NVML_CLOCK_GRAPHICS = 0, NVML_CLOCK_SM = 1, NVML_CLOCK_MEMORY = 2 };
enum { NVML_AMPERE = 7 }; /* Volta 5, Turing 6, Ada 8, Hopper 9, Blackwell 10 */

typedef struct nvml_use {
    unsigned gpu, memory;
} nvml_use; /* percent */

typedef struct nvml_api {
    void *library;
    unsigned (*init)(void);
    unsigned (*shutdown)(void);
    unsigned (*count)(unsigned *count);
    unsigned (*by_index)(unsigned index, nvml_handle *gpu);
    unsigned (*by_uuid)(const char *uuid, nvml_handle *gpu);
    unsigned (*index)(nvml_handle gpu, unsigned *index);
    unsigned (*name)(nvml_handle gpu, char *text, unsigned size);
    unsigned (*uuid)(nvml_handle gpu, char *text, unsigned size);
    unsigned (*driver)(char *text, unsigned size);
    unsigned (*architecture)(nvml_handle gpu, unsigned *value);
    unsigned (*energy)(nvml_handle gpu, unsigned long long *mj);
    unsigned (*power)(nvml_handle gpu, unsigned *mw);
    unsigned (*fields)(nvml_handle gpu, int count, nvml_field *fields);
    unsigned (*clock)(nvml_handle gpu, unsigned type, unsigned *mhz);
    unsigned (*temperature)(nvml_handle gpu, unsigned sensor, unsigned *celsius);
    unsigned (*use)(nvml_handle gpu, nvml_use *use);
    unsigned (*fan)(nvml_handle gpu, unsigned *percent);
    unsigned (*limit)(nvml_handle gpu, unsigned *mw);
    unsigned (*throttle)(nvml_handle gpu, unsigned long long *reasons);
    unsigned (*mig)(nvml_handle gpu, unsigned *now, unsigned *pending);
    unsigned (*state)(nvml_handle gpu, unsigned *p_state);
    /* Knobs. Lists: *count comes as the room and goes as the number. */
    unsigned (*mem_clocks)(nvml_handle gpu, unsigned *count, unsigned *mhz);
    unsigned (*sm_clocks)(nvml_handle gpu, unsigned mem_mhz, unsigned *count, unsigned *mhz);
    unsigned (*app_clock)(nvml_handle gpu, unsigned type, unsigned *mhz);
    unsigned (*set_app_clocks)(nvml_handle gpu, unsigned mem_mhz, unsigned sm_mhz);
    unsigned (*lock_sm)(nvml_handle gpu, unsigned low_mhz, unsigned high_mhz);
    unsigned (*unlock_sm)(nvml_handle gpu);
    unsigned (*lock_mem)(nvml_handle gpu, unsigned low_mhz, unsigned high_mhz);
    unsigned (*unlock_mem)(nvml_handle gpu);
    unsigned (*limit_set)(nvml_handle gpu, unsigned *mw);
    unsigned (*limit_range)(nvml_handle gpu, unsigned *low_mw, unsigned *high_mw);
    unsigned (*set_limit)(nvml_handle gpu, unsigned mw);
} nvml_api;

/* Opens env's library and calls its init. ERG_NOT_FOUND, ERG_NO_ACCESS or
 * ERG_UNSUPPORTED with the cure. */
bool nvml_api_open(const erg_env *env, nvml_api *out, erg_error *err);
void nvml_api_close(nvml_api *api);

#endif
