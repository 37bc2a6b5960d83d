/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eyes and hands: what this machine can measure, what it cannot, and the cure.
 *
 *   Units    SI; stamps are int64_t ns, CLOCK_MONOTONIC. Unknown, or a failed read, is NAN.
 *   Owning   erg_devices * is yours: erg_devices_free closes everything in it. A const
 *            pointer out of it is good until then. An erg_result * is yours to free.
 *   Failing  An absent driver is not an error: it is a row with a reason.
 *   Threads  One at a time for each erg_devices; reads may come from another
 *            thread than the one that opened it.
 *   Source   docs/knobs.md.
 */
#ifndef ERG_DEVICE_H
#define ERG_DEVICE_H

#include "erg/env.h"
#include "erg/points.h"
#include "erg/table.h"
#include "erg/trace.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_devices erg_devices;

typedef enum erg_state { ERG_PRESENT, ERG_ABSENT, ERG_DENIED, ERG_BROKEN } erg_state;

/* sensors: "DRIVER[:ARGUMENT]" each ("nvml", "nvml:0", "tape:a.tape",
 * "sim:a100-sxm4-80gb,load=square:80:400:8s"); none means every real driver, and
 * the CPU model only where no package, psys or node is measured. An unknown
 * driver is ERG_BAD_INPUT. A named driver that finds nothing is ERG_NOT_FOUND. */
erg_devices *erg_devices_find(const erg_env *env, const char *const sensors[],
                              size_t sensor_count, erg_error *err);
void erg_devices_free(erg_devices *devices);

size_t erg_devices_count(const erg_devices *devices);
const erg_device_info *erg_devices_info(const erg_devices *devices, size_t index);
erg_state erg_devices_state(const erg_devices *devices, size_t index);
/* Why it is not ERG_PRESENT, and what to do; "" when it is. */
const char *erg_devices_reason(const erg_devices *devices, size_t index);
/* Channels exist once opened; find opens what it can. */
size_t erg_devices_channel_count(const erg_devices *devices, size_t index);
const erg_channel_info *erg_devices_channel(const erg_devices *devices, size_t index,
                                            size_t channel);

enum { ERG_READ_MOST = 128 };

/* What one read gave: usually one sample; none if the sensor has nothing new;
 * several from a sample buffer or a child's output. A read error is one NAN. */
typedef struct erg_reading {
    size_t count;
    erg_sample at[ERG_READ_MOST];
} erg_reading;

/* Stamped before and after. Returns false only when the device is gone. */
bool erg_devices_read(erg_devices *devices, size_t index, size_t channel,
                      erg_reading *out, erg_error *err);
/* One of many reads in a row: *clock_ns is when the one before ended and becomes when this
 * one did, so that each read looks at the clock once. */
bool erg_devices_read_next(erg_devices *devices, size_t index, size_t channel,
                           int64_t *clock_ns, erg_reading *out, erg_error *err);

/* What a meter told beside its readings, as an entry of a BMC's log. */
typedef struct erg_device_event {
    size_t device;
    int64_t t_ns;               /* CLOCK_MONOTONIC: as it said, else when it was heard */
    char name[32];
} erg_device_event;

/* The oldest that came with the last reads and was not yet taken. False: there is none. */
bool erg_devices_event(erg_devices *devices, erg_device_event *out);

/* Whether other processes than those of the caller's group compute on it now: then their
 * joules are in its figures. Asks the driver, which may take milliseconds. */
bool erg_devices_has_others(erg_devices *devices, size_t index);

/* ---- knobs --------------------------------------------------------------- */

/* What can be turned on a device, as the device itself says. SI units. */
typedef struct erg_device_knob {
    erg_knob knob;
    double low, high;           /* NAN: unknown */
    const double *values;       /* supported ones, rising; NULL: all from low to high */
    size_t value_count;
    double now;                 /* as set, not as reached; NAN: the device does not say */
    bool can_turn;
    char reason[320];           /* why not or not yet, with the command that grants it */
} erg_device_knob;

/* One turn: what was asked for, the supported value that was set, what the device then
 * says is in force. Whether a clock is reached shows only under load. */
typedef struct erg_turn {
    erg_knob knob;
    double requested;
    bool allow_shared;          /* turn the board of neighbours too (MIG) */
    double clamped;             /* out: nearest supported value; a tie takes the lower */
    double enforced;            /* out: read back; NAN where the device does not say */
    double took_s;              /* out: from the call to the read back; NAN: not turned */
} erg_turn;

size_t erg_devices_knob_count(const erg_devices *devices, size_t index);
const erg_device_knob *erg_devices_knob(const erg_devices *devices, size_t index,
                                        size_t knob);
/* NULL if the device has no such knob: asking is not an error. */
const erg_device_knob *erg_devices_find_knob(const erg_devices *devices, size_t index,
                                             erg_knob which);
/* What a request would be turned to; NAN for NAN. */
double erg_device_knob_snap(const erg_device_knob *knob, double requested);
/* The first turn of a knob saves what it was at, before. ERG_NO_ACCESS names the command
 * that grants it; ERG_REFUSED: shared, or another process turns it. */
bool erg_devices_turn(erg_devices *devices, size_t index, erg_turn *turn, erg_error *err);
/* Puts back whatever was turned, the last first; goes on after a failure and reports the
 * first. erg_devices_free does the same. */
bool erg_devices_restore(erg_devices *devices, erg_error *err);
/* One knob alone, at once; true where it was not turned. After a failure it counts as
 * turned still. */
bool erg_devices_put_back(erg_devices *devices, size_t index, erg_knob which,
                          erg_error *err);
/* From now on what is turned counts as what was: that is put back, by whomever. */
bool erg_devices_keep(erg_devices *devices, erg_error *err);

/* A simulated load on top of what the device draws, until it is filled with another: what a
 * filler process does to a real one. False: it simulates none. */
bool erg_devices_fill(erg_devices *devices, size_t index, double extra_w);

/* Puts back what processes that were killed left turned: table restored, a row
 * for each knob. The first turn of a device does this too. */
erg_result *erg_devices_recover(const erg_env *env, erg_error *err);

/* Tables devices, channels, knobs. */
erg_result *erg_devices_table(const erg_devices *devices, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
