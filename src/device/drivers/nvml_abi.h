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
    NVML_NO_FUNCTION = 13,
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

typedef union nvml_value {
    double real;
    int integer;
    unsigned natural;
    unsigned long natural_long;
    unsigned long long natural_wide;
    long long integer_wide;
    unsigned short natural_short;
} nvml_value;

enum { NVML_TOTAL_POWER = 0 }; /* what a buffer is of: mW */
typedef struct nvml_sample {
    unsigned long long utc_us;
    nvml_value value;
} nvml_sample;

typedef struct nvml_field {
    unsigned id;
    unsigned scope; /* 0 chip, 1 module, 2 memory */
    long long utc_us;
    long long took_us;
    unsigned type; /* nvml_value_type */
    unsigned code; /* nvml_code of this field alone */
    nvml_value value;
} nvml_field;

enum {
    /* Time held back by a policy, in ns since the driver was loaded. */
    NVML_FIELD_PAST_POWER = 74, NVML_FIELD_PAST_THERMAL = 75, NVML_FIELD_PAST_BOARD = 77,
    NVML_FIELD_PAST_RELIABILITY = 79, NVML_FIELD_PAST_SW_THERMAL = 269,
    NVML_FIELD_PAST_HW_THERMAL = 270, NVML_FIELD_PAST_BRAKE = 271,
    NVML_FIELD_ENERGY = 83,   /* mJ since the driver was loaded */
    NVML_FIELD_NVLINK_SPEED = 90, NVML_FIELD_NVLINK_COUNT = 91, /* MB/s of each */
    NVML_FIELD_AVERAGE = 185, /* mW */
    NVML_FIELD_INSTANT = 186, /* mW */
    NVML_FIELD_LIMIT_MIN = 187, NVML_FIELD_LIMIT_MAX = 188, NVML_FIELD_LIMIT_DEFAULT = 189,
    NVML_FIELD_LIMIT = 190,          /* mW, the limit in force */
    NVML_FIELD_LIMIT_REQUESTED = 192, /* mW, before the module's own share is taken */
    /* Power smoothing; those to 268 are 5 higher with R575 and R580. scope is the preset
     * where a field is of one. */
    NVML_FIELD_SMOOTHING = 251, NVML_FIELD_FLOOR_MOST = 256, NVML_FIELD_FLOOR_LEAST = 257,
    NVML_FIELD_PRESETS = 259, NVML_FIELD_PRESET_FIRST = 260, NVML_FIELD_PRESET = 264,
    NVML_FIELD_OVERRIDE_FIRST = 265, NVML_FIELD_SMOOTHING_LAST = 268,
    NVML_FIELD_OFFSET_LEAST = 277, NVML_FIELD_DELAYED_FIRST = 281,
    NVML_FIELD_DELAYED_OVERRIDE_FIRST = 285
};

enum { NVML_CHIP, NVML_MODULE, NVML_MEMORY }; /* scopes of a field */
enum { NVML_CLOCK_GRAPHICS = 0, NVML_CLOCK_SM = 1, NVML_CLOCK_MEMORY = 2 };
enum { NVML_FAN_AUTOMATIC = 0, NVML_FAN_MANUAL = 1 };
enum { NVML_KEPLER = 2, NVML_VOLTA = 5, NVML_AMPERE = 7, NVML_BLACKWELL = 10 };

typedef struct nvml_use {
    unsigned gpu, memory;
} nvml_use; /* percent */

typedef struct nvml_memory {
    unsigned long long total, free, used;
} nvml_memory; /* bytes */

typedef struct nvml_process {
    unsigned pid;
    unsigned long long memory;
    unsigned gpu_instance, compute_instance;
} nvml_process;

enum { NVML_SLOWDOWN = 1 };                         /* a threshold of temperature */
enum { NVML_ECC_CORRECTED = 0, NVML_ECC_UNCORRECTED = 1, NVML_ECC_VOLATILE = 0 };

/* Activities, Hopper and later: the mean between two samples that the driver holds. A
 * library of any version looks at `count` metrics; the room is for what it may clear. */
typedef struct nvml_gpm_state *nvml_gpm_sample;
enum {
    NVML_GPM_GRAPHICS = 1, NVML_GPM_SM = 2, NVML_GPM_OCCUPANCY = 3, NVML_GPM_TENSOR = 5,
    NVML_GPM_DRAM = 10, NVML_GPM_FP64 = 11, NVML_GPM_FP32 = 12, NVML_GPM_FP16 = 13,
    /* MiB/s, of NVLink over all links */
    NVML_GPM_PCIE_OUT = 20, NVML_GPM_PCIE_IN = 21,
    NVML_GPM_NVLINK_IN = 60, NVML_GPM_NVLINK_OUT = 61
};
enum { NVML_GPM_VERSION = 1, NVML_GPM_ROOM = 512 };

typedef struct nvml_gpm_metric {
    unsigned id;
    unsigned code;          /* nvml_code of this metric alone */
    double value;           /* percent, or MiB/s */
    const char *short_name, *long_name, *unit;
} nvml_gpm_metric;

typedef struct nvml_gpm_means {
    unsigned version, count;
    nvml_gpm_sample first, last;
    nvml_gpm_metric metrics[NVML_GPM_ROOM];
} nvml_gpm_means;

typedef struct nvml_gpm_support { unsigned version, is_supported; } nvml_gpm_support;

/* Power smoothing, Blackwell and later. Parameters of a preset go by these numbers. */
enum { NVML_PRESETS_MOST = 5 };
enum {
    NVML_PRESET_FLOOR, NVML_PRESET_RAMP_UP, NVML_PRESET_RAMP_DOWN, /* percent, W/s */
    NVML_PRESET_HYSTERESIS, NVML_PRESET_SECOND_FLOOR,               /* ms, W */
    NVML_PRESET_ACTIVE_WINDOW, NVML_PRESET_TARGET_WINDOW,   /* of the GPU's own unit */
    NVML_PRESET_OFFSET                                       /* W */
};
typedef struct nvml_preset {
    unsigned version, profile, parameter;
    double value;
} nvml_preset;
typedef struct nvml_smoothing_state { unsigned version, is_on; } nvml_smoothing_state;

/* Profiles of power for kinds of work; bit N of a mask is profile N. */
typedef struct nvml_mask { unsigned words[8]; } nvml_mask;
typedef struct nvml_workloads {
    unsigned version;
    nvml_mask known, requested, enforced;
} nvml_workloads;
typedef struct nvml_workload_request { unsigned version; nvml_mask requested; }
    nvml_workload_request;
enum { NVML_WORKLOAD_CLEAR = 0, NVML_WORKLOAD_ADD = 1, NVML_WORKLOAD_OVERWRITE = 2 };
typedef struct nvml_workload_update { unsigned operation; nvml_mask profiles; }
    nvml_workload_update;

/* How a structure says which one it is. */
#define NVML_VERSION_OF(type, version) ((unsigned)sizeof(type) | (unsigned)(version) << 24)

typedef struct nvml_api {
    /* Read at any rate: first, so that they lie together with what else each read needs. */
    unsigned (*energy)(nvml_handle gpu, unsigned long long *mj);
    unsigned (*power)(nvml_handle gpu, unsigned *mw);
    unsigned (*fields)(nvml_handle gpu, int count, nvml_field *fields);
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
    /* Those later than since_us, the oldest first; samples NULL: how many there may be. */
    unsigned (*samples)(nvml_handle gpu, unsigned kind, unsigned long long since_us,
                        unsigned *value_type, unsigned *count, nvml_sample *samples);
    unsigned (*clock)(nvml_handle gpu, unsigned type, unsigned *mhz);
    unsigned (*temperature)(nvml_handle gpu, unsigned sensor, unsigned *celsius);
    unsigned (*use)(nvml_handle gpu, nvml_use *use);
    unsigned (*threshold)(nvml_handle gpu, unsigned type, unsigned *celsius);
    unsigned (*memory)(nvml_handle gpu, nvml_memory *memory);
    unsigned (*ecc)(nvml_handle gpu, unsigned type, unsigned counter,
                    unsigned long long *count);
    unsigned (*fan)(nvml_handle gpu, unsigned *percent);
    unsigned (*limit)(nvml_handle gpu, unsigned *mw);
    unsigned (*throttle)(nvml_handle gpu, unsigned long long *reasons);
    unsigned (*mig)(nvml_handle gpu, unsigned *now, unsigned *pending);
    /* Who computes on it; *count comes as the room and goes as the number. */
    unsigned (*processes)(nvml_handle gpu, unsigned *count, nvml_process *list);
    unsigned (*state)(nvml_handle gpu, unsigned *p_state);
    /* Knobs. Lists: *count comes as the room and goes as the number. */
    unsigned (*mem_clocks)(nvml_handle gpu, unsigned *count, unsigned *mhz);
    unsigned (*sm_clocks)(nvml_handle gpu, unsigned mem_mhz, unsigned *count,
                          unsigned *mhz);
    unsigned (*app_clock)(nvml_handle gpu, unsigned type, unsigned *mhz);
    unsigned (*set_app_clocks)(nvml_handle gpu, unsigned mem_mhz, unsigned sm_mhz);
    unsigned (*lock_sm)(nvml_handle gpu, unsigned low_mhz, unsigned high_mhz);
    unsigned (*unlock_sm)(nvml_handle gpu);
    unsigned (*lock_mem)(nvml_handle gpu, unsigned low_mhz, unsigned high_mhz);
    unsigned (*unlock_mem)(nvml_handle gpu);
    unsigned (*limit_set)(nvml_handle gpu, unsigned *mw);
    unsigned (*limit_range)(nvml_handle gpu, unsigned *low_mw, unsigned *high_mw);
    unsigned (*set_limit)(nvml_handle gpu, unsigned mw);
    /* Fans, each by its number, in percent. */
    unsigned (*fans)(nvml_handle gpu, unsigned *count);
    unsigned (*fan_range)(nvml_handle gpu, unsigned *low, unsigned *high);
    unsigned (*fan_policy)(nvml_handle gpu, unsigned fan, unsigned *policy);
    unsigned (*fan_target)(nvml_handle gpu, unsigned fan, unsigned *percent);
    unsigned (*set_fan)(nvml_handle gpu, unsigned fan, unsigned percent); /* and holds it */
    unsigned (*free_fan)(nvml_handle gpu, unsigned fan); /* back to the automatic policy */
    unsigned (*preset)(nvml_handle gpu, nvml_preset *preset);       /* profile alone */
    unsigned (*preset_parameter)(nvml_handle gpu, nvml_preset *preset);
    unsigned (*smoothing)(nvml_handle gpu, nvml_smoothing_state *state);
    unsigned (*workloads)(nvml_handle gpu, nvml_workloads *now);
    unsigned (*workload_update)(nvml_handle gpu, nvml_workload_update *update);
    unsigned (*workload_add)(nvml_handle gpu, nvml_workload_request *request);
    unsigned (*workload_clear)(nvml_handle gpu, nvml_workload_request *request);
    /* The most that GPU and machine can do together. */
    unsigned (*pcie_generation)(nvml_handle gpu, unsigned *generation);
    unsigned (*pcie_lanes)(nvml_handle gpu, unsigned *lanes);
    unsigned (*gpm_support)(nvml_handle gpu, nvml_gpm_support *support);
    unsigned (*gpm_new)(nvml_gpm_sample *sample);
    unsigned (*gpm_free)(nvml_gpm_sample sample);
    unsigned (*gpm_take)(nvml_handle gpu, nvml_gpm_sample sample);
    unsigned (*gpm_means)(nvml_gpm_means *means);
} nvml_api;

/* Opens env's library and calls its init. ERG_NOT_FOUND, ERG_NO_ACCESS or
 * ERG_UNSUPPORTED with the cure. */
bool nvml_api_open(const erg_env *env, nvml_api *out, erg_error *err);
void nvml_api_close(nvml_api *api);

#endif
