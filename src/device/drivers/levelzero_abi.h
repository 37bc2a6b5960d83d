/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of Level Zero's sysman interface that erg calls, in our own words, from the
 * public specification (oneAPI Level Zero, zes_api.h). 0 is success everywhere. Lists:
 * *count comes as the room, 0 to ask, and goes as the number.
 */
#ifndef ERG_DEVICE_DRIVERS_LEVELZERO_ABI_H
#define ERG_DEVICE_DRIVERS_LEVELZERO_ABI_H

#include "base/base.h"

typedef void *levelzero_handle;
typedef uint8_t levelzero_truth;

enum {
    LEVELZERO_LOST = 0x70000001,
    LEVELZERO_NO_PERMISSION = 0x70010000,
    LEVELZERO_UNINITIALIZED = 0x78000001,
    LEVELZERO_NOT_SUPPORTED = 0x78000003
};
/* Which structure it is: its first number. */
enum {
    LEVELZERO_DEVICE = 0x1,
    LEVELZERO_PCI = 0x2,
    LEVELZERO_CLOCK = 0x9,
    LEVELZERO_POWER = 0xd,
    LEVELZERO_THERMOMETER = 0x14,
    LEVELZERO_CLOCK_NOW = 0x1b,
    LEVELZERO_LIMIT = 0x27,
    LEVELZERO_DOMAIN = 0x28
};
enum { LEVELZERO_IS_GPU = 1 };
enum { LEVELZERO_CARD = 1, LEVELZERO_PACKAGE = 2 }; /* what a power domain covers */
enum { LEVELZERO_SUSTAINED = 1, LEVELZERO_IN_POWER = 2 };
enum { LEVELZERO_GPU_CLOCK = 0, LEVELZERO_MEMORY_CLOCK = 1 };
enum { LEVELZERO_HOTTEST = 0, LEVELZERO_GPU = 1, LEVELZERO_MEMORY = 2 };
/* Why a clock is lower than was asked for. */
enum {
    LEVELZERO_BY_POWER = 0x03,
    LEVELZERO_BY_CURRENT = 0x14,
    LEVELZERO_BY_HEAT = 0x08,
    LEVELZERO_BY_RANGE = 0x60
};

typedef struct levelzero_core {
    uint32_t kind;
    void *next;
    uint32_t type, vendor, device, flags, part, clock_mhz;
    uint64_t most_bytes;
    uint32_t shape[7];
    uint64_t timer;
    uint32_t stamp_bits, kernel_bits;
    uint8_t uuid[16];
    char name[256];
} levelzero_core;

typedef struct levelzero_device {
    uint32_t kind;
    void *next;
    levelzero_core core;
    uint32_t parts;
    char serial[64], board[64], brand[64], model[64], vendor[64], driver[64];
} levelzero_device;

typedef struct levelzero_pci {
    uint32_t kind;
    void *next;
    uint32_t domain, bus, slot, function;
    int32_t generation, lanes;
    int64_t bytes_per_s;
    levelzero_truth counts_bytes, counts_packets, counts_replays;
} levelzero_pci;

typedef struct levelzero_energy {
    uint64_t uj, t_us;
} levelzero_energy;

typedef struct levelzero_limit {
    uint32_t kind;
    const void *next;
    uint32_t level, source, unit;
    levelzero_truth is_state_locked, is_on, is_interval_locked;
    int32_t interval_ms;
    levelzero_truth is_locked;
    int32_t limit_mw;
} levelzero_limit;

typedef struct levelzero_domain {
    uint32_t kind;
    void *next;
    uint32_t covers;
    levelzero_limit *usual;
} levelzero_domain;

typedef struct levelzero_power {
    uint32_t kind;
    void *next;
    levelzero_truth on_part;
    uint32_t part;
    levelzero_truth can_turn, has_threshold;
    int32_t usual_mw, low_mw, high_mw; /* -1: not told */
} levelzero_power;

typedef struct levelzero_clock {
    uint32_t kind;
    void *next;
    uint32_t of;
    levelzero_truth on_part;
    uint32_t part;
    levelzero_truth can_turn, has_events;
    double low_mhz, high_mhz;
} levelzero_clock;

typedef struct levelzero_clock_now {
    uint32_t kind;
    const void *next;
    double volts, asked_mhz, tdp_mhz, efficient_mhz, mhz; /* below 0: not told */
    uint32_t reasons;
} levelzero_clock_now;

typedef struct levelzero_range {
    double low_mhz, high_mhz;
} levelzero_range;

typedef struct levelzero_thermometer {
    uint32_t kind;
    void *next;
    uint32_t of;
    levelzero_truth on_part;
    uint32_t part;
    double high_c;
    levelzero_truth has_critical, has_first, has_second;
} levelzero_thermometer;

typedef struct levelzero_api {
    void *library;
    unsigned (*init)(uint32_t flags);
    unsigned (*drivers)(uint32_t *count, levelzero_handle *to);
    unsigned (*devices)(levelzero_handle driver, uint32_t *count, levelzero_handle *to);
    unsigned (*device)(levelzero_handle gpu, levelzero_device *to);
    unsigned (*pci)(levelzero_handle gpu, levelzero_pci *to);
    unsigned (*powers)(levelzero_handle gpu, uint32_t *count, levelzero_handle *to);
    unsigned (*power)(levelzero_handle power, levelzero_power *to);
    unsigned (*energy)(levelzero_handle power, levelzero_energy *to);
    unsigned (*limits)(levelzero_handle power, uint32_t *count, levelzero_limit *to);
    unsigned (*set_limits)(levelzero_handle power, uint32_t *count, levelzero_limit *from);
    unsigned (*thermometers)(levelzero_handle gpu, uint32_t *count, levelzero_handle *to);
    unsigned (*thermometer)(levelzero_handle heat, levelzero_thermometer *to);
    unsigned (*celsius)(levelzero_handle heat, double *to);
    unsigned (*clocks)(levelzero_handle gpu, uint32_t *count, levelzero_handle *to);
    unsigned (*clock)(levelzero_handle clock, levelzero_clock *to);
    unsigned (*clock_now)(levelzero_handle clock, levelzero_clock_now *to);
    unsigned (*range)(levelzero_handle clock, levelzero_range *to);
    unsigned (*set_range)(levelzero_handle clock, const levelzero_range *from);
    unsigned (*clock_list)(levelzero_handle clock, uint32_t *count, double *mhz);
} levelzero_api;

#endif
