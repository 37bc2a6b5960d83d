/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of AMD SMI's binary interface that erg calls, in our own words, from the public
 * header of ROCm (amd_smi/amdsmi.h, releases 23 to 26). 0 is success everywhere.
 *
 * Structures grew between releases: a caller gives room for more than any of them, and
 * reads only what lies where the release of the opened library puts it.
 */
#ifndef ERG_DEVICE_DRIVERS_AMDSMI_ABI_H
#define ERG_DEVICE_DRIVERS_AMDSMI_ABI_H

#include "base/base.h"

typedef void *amdsmi_handle;

enum { AMDSMI_NOT_SUPPORTED = 2, AMDSMI_NO_PERMISSION = 10, AMDSMI_NOT_LOADED = 34 };
enum { AMDSMI_GPUS = 1 << 1 };                      /* what init looks for */
enum { AMDSMI_IS_GPU = 1 };                         /* a kind of processor */
enum { AMDSMI_EDGE, AMDSMI_JUNCTION, AMDSMI_VRAM }; /* thermometers */
enum { AMDSMI_NOW = 0, AMDSMI_CRITICAL = 5 };       /* what of a thermometer */
enum { AMDSMI_GRAPHICS = 0, AMDSMI_MEMORY = 4 };    /* clocks */
enum { AMDSMI_ROOM = 4096 };

typedef struct amdsmi_cap {
    uint64_t now_uw, usual_uw, clock_mhz, low_uw, high_uw, reserved[3];
} amdsmi_cap;

/* Releases 23 and 24 (ROCm 6.0 to 6.3). */
typedef struct amdsmi_power_24 {
    uint32_t now_w, mean_w, graphics_mv, soc_mv, memory_mv, limit_w, reserved[11];
} amdsmi_power_24;

/* Release 26 (ROCm 7). */
typedef struct amdsmi_power_26 {
    uint64_t socket_w;
    uint32_t now_w, mean_w;
    uint64_t graphics_mv, soc_mv, memory_mv;
    uint32_t limit_w;
    uint64_t reserved[18];
} amdsmi_power_26;

typedef struct amdsmi_clock {
    uint32_t now_mhz, low_mhz, high_mhz;
} amdsmi_clock;
typedef struct amdsmi_use {
    uint32_t graphics, memory, media;
} amdsmi_use; /* percent */

/* Its first number is the year of the release, whatever the others mean. */
typedef struct amdsmi_version {
    uint32_t year, numbers[3];
    const char *text;
} amdsmi_version;

typedef union amdsmi_room {
    amdsmi_cap cap;
    amdsmi_power_24 power_24;
    amdsmi_power_26 power_26;
    amdsmi_clock clock;
    amdsmi_use use;
    amdsmi_version version;
    char name[256]; /* first in what is told of a chip */
    unsigned char room[AMDSMI_ROOM];
} amdsmi_room;

typedef struct amdsmi_api {
    void *library;
    int (*init)(uint64_t what);
    int (*version)(void *to);
    int (*sockets)(uint32_t *count, amdsmi_handle *to);
    int (*processors)(amdsmi_handle socket, uint32_t *count, amdsmi_handle *to);
    int (*kind)(amdsmi_handle gpu, int *kind);
    /* Function in 3 bits, device in 5, bus in 8, domain above. */
    int (*pci)(amdsmi_handle gpu, uint64_t *address);
    int (*uuid)(amdsmi_handle gpu, unsigned *size, char *text);
    int (*chip)(amdsmi_handle gpu, void *to);
    int (*energy)(amdsmi_handle gpu, uint64_t *steps, float *step_uj, uint64_t *t_ns);
    int (*power)(amdsmi_handle gpu, void *to);
    int (*clock)(amdsmi_handle gpu, int which, void *to);
    int (*temperature)(amdsmi_handle gpu, int which, int what, int64_t *value);
    int (*use)(amdsmi_handle gpu, void *to);
    int (*cap)(amdsmi_handle gpu, uint32_t sensor, void *to);
    int (*set_cap)(amdsmi_handle gpu, uint32_t sensor, uint64_t uw);
} amdsmi_api;

#endif
