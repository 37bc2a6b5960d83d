/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened: one recording. Channels with their sensor's facts, regions,
 * marks, settings, anchors, flags.
 *
 *   Units    Time is int64_t nanoseconds, monotonic (_ns). All else is double
 *            in SI, named by its suffix: _w _j _s _hz. Unmeasured is NAN.
 *   Owning   An erg_trace * returned here is yours: erg_trace_free it.
 *            A const pointer returned here belongs to the trace and is good
 *            until the next erg_trace_add_*. Texts handed in are copied.
 *   Failing  Takes erg_error *err (or NULL) last; returns false or NULL.
 *   Threads  One writer. Any number of readers once writing has stopped.
 *   Source   docs/formats.md gives the file's layout.
 */
#ifndef ERG_TRACE_H
#define ERG_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "erg/error.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_trace erg_trace;

/* What one number of a channel means in time (docs/glossary.md). */
typedef enum erg_kind {
    ERG_INSTANT,    /* the value at t */
    ERG_AVG_PREV,   /* the mean over (t - window, t], one window an update */
    ERG_SMOOTHED,   /* a moving mean much longer than the update period */
    ERG_COUNTER     /* joules since some start */
} erg_kind;

typedef enum erg_quantity {
    ERG_POWER,          /* W */
    ERG_ENERGY,         /* J */
    ERG_TEMPERATURE,    /* C at the border, stored in kelvin: K */
    ERG_CLOCK_RATE,     /* Hz */
    ERG_USE,            /* 0..1 */
    ERG_BYTES,          /* byte */
    ERG_DURATION,       /* s, counters of throttle time */
    ERG_OTHER           /* unit in erg_channel.unit */
} erg_quantity;

typedef enum erg_method {
    ERG_METHOD_COUNTER,     /* difference of an energy counter */
    ERG_METHOD_INTEGRAL,    /* power over time */
    ERG_METHOD_MODEL,       /* an estimate, nothing was measured */
    ERG_METHOD_SIMULATED
} erg_method;

/* What the joules cover. Scopes that contain each other are never added. */
typedef enum erg_scope {
    ERG_SCOPE_CHIP, ERG_SCOPE_MEMORY, ERG_SCOPE_BOARD, ERG_SCOPE_PACKAGE,
    ERG_SCOPE_CORE, ERG_SCOPE_DRAM, ERG_SCOPE_PSYS, ERG_SCOPE_MODULE,
    ERG_SCOPE_NODE
} erg_scope;

typedef struct erg_sample {
    int64_t t_ns;           /* middle of the read */
    int64_t half_width_ns;  /* half the time the read took */
    double value;           /* SI unit of the channel; NAN: a read error, a gap */
} erg_sample;

typedef struct erg_device_info {
    char name[32];          /* as a user types it: "nvml:0", "rapl:package-0" */
    char driver[16];
    char uuid[64];
    char model[64];         /* "NVIDIA A100-PCIE-40GB" */
    erg_scope scope;
    char host_id[64];       /* the machine that read it */
    char wired_to[64];      /* the machine whose power it is; "" is host_id */
    bool shared;            /* others' joules are in it: MIG, other processes */
    char driver_version[32];    /* "535.54.03"; "": has none, or a loaded trace (see
                                 * its setting "driver") */
} erg_device_info;

typedef struct erg_channel_info {
    int device;             /* index of its device in the trace */
    char name[32];          /* "power", "energy", "sm_clock" */
    char unit[8];           /* "W" "J" "K" "Hz" "" "s" */
    erg_quantity quantity;
    erg_kind kind;
    erg_method method;      /* ERG_METHOD_SIMULATED and _MODEL survive a tape */
    erg_scope scope;
    double update_s;        /* T_u, 0 or NAN: unknown */
    double window_s;        /* averaging window; 0 or NAN: unknown */
    double delay_s;         /* subtracted from stamps */
    double gain, offset;    /* true = (read - offset) / gain; gain 0 means 1 */
    double gain_u;          /* relative standard uncertainty (not 2u) */
    double offset_u;        /* standard uncertainty, W */
    double range_j;         /* counter returns to 0 after this; 0: never */
    double resolution;      /* step of the reading; 0: unknown */
    double max_w;           /* plausible peak power, for wraps; 0: unknown */
    char calibration[64];   /* "uuid driver date" of the record used, or "" */
} erg_channel_info;

typedef struct erg_region {
    int64_t id;
    int64_t parent;         /* id, or 0 */
    int64_t thread;
    char name[64];          /* "run" is one repetition; "warmup" is not counted;
                               "idle_before" and "idle_after" are the idle record */
    int64_t begin_ns;
    int64_t end_ns;         /* exclusive; INT64_MAX: was never closed */
    double runs;            /* equal runs inside; NAN: not stated. A mark "single_s"
                               inside, or meta "single_s:NAME", states the seconds of
                               one; "setup_s" those without runs */
} erg_region;

typedef struct erg_mark_row { int64_t t_ns; char name[32]; double value; } erg_mark_row;
typedef struct erg_setting {
    int64_t t_ns;
    int device;
    char key[32];
    char value[64];
} erg_setting;

/* One moment on every clock. */
typedef struct erg_anchor {
    int64_t mono_ns, boot_ns, utc_ns, half_width_ns;
} erg_anchor;

typedef struct erg_span { int64_t begin_ns, end_ns; } erg_span;     /* [begin, end) */

/* What an event was. Kernels, copies, sets and collectives ran on a device and may use its
 * energy; the others say who asked for them. */
typedef enum erg_trace_event_kind {
    ERG_EVENT_OTHER,
    ERG_EVENT_KERNEL,
    ERG_EVENT_COPY,         /* memcpy */
    ERG_EVENT_SET,          /* memset */
    ERG_EVENT_COLLECTIVE,   /* a kernel that waits for other devices */
    ERG_EVENT_OPERATOR,     /* of a network: cpu_op, Node */
    ERG_EVENT_RUNTIME,      /* a call that launches or waits */
    ERG_EVENT_ANNOTATION,   /* ProfilerStep#N and other words of the program */
    ERG_EVENT_KINDS
} erg_trace_event_kind;

enum { ERG_EVENT_NOBODY = -1 };     /* no operator is known */

/* A piece of work as another tool recorded it. Millions of them are held. */
typedef struct erg_trace_event {
    int64_t begin_ns;
    int64_t duration_ns;
    int32_t name;           /* erg_trace_event_name */
    int32_t by;             /* name of the operator that asked for it; ERG_EVENT_NOBODY */
    int32_t track;          /* erg_trace_track */
    int32_t kind;           /* erg_trace_event_kind */
} erg_trace_event;

/* Where events follow one another: a stream of a device, or a thread of the host. */
typedef struct erg_track {
    char name[64];          /* "GPU 0 stream 7", "thread 4321" */
    int32_t device;         /* number of the GPU as its tool counts them; -1: the host */
    int64_t stream;         /* number of the stream or thread */
    bool is_communication;  /* at least half of its time lies in collectives */
} erg_track;

/* Why a figure is doubtful (ERG_FLAG_*) or absent (refused): trace/flags.c holds
 * the table of texts and actions. */
typedef enum erg_flag_code {
    ERG_FLAG_METER_SILENT, ERG_FLAG_HOST_MISMATCH, ERG_FLAG_TIME_MISMATCH,
    ERG_FLAG_STALE_RESULT, ERG_FLAG_COMMAND_FAILED, ERG_FLAG_NO_DATA,
    ERG_FLAG_PARTIAL, ERG_FLAG_TOO_SHORT, ERG_FLAG_ALIASED,
    ERG_FLAG_CLOCK_OFFSET_UNKNOWN, ERG_FLAG_LOCAL_TIME, ERG_FLAG_WRAP_AMBIGUOUS,
    ERG_FLAG_COUNTER_DISAGREES, ERG_FLAG_SUSPENDED, ERG_FLAG_COLD_CLOCKS,
    ERG_FLAG_THERMAL_DRIFT, ERG_FLAG_IDLE_DRIFT, ERG_FLAG_NOT_CONVERGED,
    ERG_FLAG_SKEWED, ERG_FLAG_OPEN_WORK, ERG_FLAG_SCOPE_OVERLAP, ERG_FLAG_SHARED,
    ERG_FLAG_COUNTER_RESET, ERG_FLAG_MADE_UP_STAMPS, ERG_FLAG_TORN_INPUT,
    ERG_FLAG_CLOCK_NOT_REACHED, ERG_FLAG_PERIOD_MISMATCH, ERG_FLAG_INTERRUPTED,
    ERG_FLAG_READ_ERRORS, ERG_FLAG_CONTAMINATED, ERG_FLAG_COUNT_OF
} erg_flag_code;

typedef struct erg_flag {
    erg_flag_code code;
    int channel;            /* index, or -1: the whole run */
    erg_span span;
    char text[240];         /* one sentence: what, where, what to do */
} erg_flag;

typedef struct erg_flag_info {
    const char *name;       /* "METER_SILENT" */
    bool refuses;           /* no figure is given */
    const char *about;      /* what it means and what to do, for the report */
} erg_flag_info;

const erg_flag_info *erg_flag_describe(erg_flag_code code);
const char *erg_kind_name(erg_kind kind);
const char *erg_method_name(erg_method method);
const char *erg_scope_name(erg_scope scope);
const char *erg_quantity_name(erg_quantity quantity);
bool erg_has_joules(erg_quantity quantity);    /* power and energy have */

/* ---- making and reading one -------------------------------------------- */

erg_trace *erg_trace_new(erg_error *err);
void erg_trace_free(erg_trace *trace);
/* Reads a whole .erg file. A file without an end row is flagged INTERRUPTED. */
erg_trace *erg_trace_load(const char *path, erg_error *err);
/* With its events aside: erg_trace_put_events_aside. */
erg_trace *erg_trace_load_aside(const char *path, erg_error *err);
/* Written aside, then renamed: a failure leaves nothing half-written. */
bool erg_trace_save(const erg_trace *trace, const char *path, erg_error *err);

/* Each returns the new index (device, channel) or -1. */
int erg_trace_add_device(erg_trace *trace, const erg_device_info *info, erg_error *err);
int erg_trace_add_channel(erg_trace *trace, const erg_channel_info *info, erg_error *err);
/* Stamps may not go back within one channel: ERG_BAD_INPUT. */
bool erg_trace_add_samples(erg_trace *trace, int channel, const erg_sample *samples,
                           size_t count, erg_error *err);
/* id 0 in *region: the next free one is given. */
bool erg_trace_add_region(erg_trace *trace, const erg_region *region, erg_error *err);
bool erg_trace_add_mark(erg_trace *trace, const erg_mark_row *mark, erg_error *err);
bool erg_trace_add_setting(erg_trace *trace, const erg_setting *setting, erg_error *err);
bool erg_trace_add_anchor(erg_trace *trace, const erg_anchor *anchor, erg_error *err);
/* A second equal flag on the same channel and span is kept once. */
bool erg_trace_add_flag(erg_trace *trace, const erg_flag *flag, erg_error *err);
bool erg_trace_set_meta(erg_trace *trace, const char *key, const char *value,
                        erg_error *err);
/* The number of a name of events: equal names have one number; -1: no memory. */
int32_t erg_trace_add_event_name(erg_trace *trace, const char *name, erg_error *err);
/* The number of a track; one of equal device and stream that is there gets info. */
int32_t erg_trace_add_track(erg_trace *trace, const erg_track *info, erg_error *err);
/* In any order; in few large calls, each of which leaves all events in the order of
 * erg_trace_events. Names and tracks must be there. */
bool erg_trace_add_events(erg_trace *trace, const erg_trace_event *events, size_t count,
                          erg_error *err);
/* From now on events are kept in an unlinked file in /var/tmp, for more of them than memory
 * holds: erg_trace_each_event and erg_trace_save give them, erg_trace_events has none. */
bool erg_trace_put_events_aside(erg_trace *trace, erg_error *err);
/* Change the facts of a channel after a calibration or an alignment. */
bool erg_trace_set_channel(erg_trace *trace, int channel, const erg_channel_info *info,
                           erg_error *err);

/* ---- looking ------------------------------------------------------------ */

size_t erg_trace_device_count(const erg_trace *trace);
const erg_device_info *erg_trace_device(const erg_trace *trace, int index);
size_t erg_trace_channel_count(const erg_trace *trace);
const erg_channel_info *erg_trace_channel(const erg_trace *trace, int index);
/* "nvml:0/power", or a device's name (its energy, else its power); -1: none. */
int erg_trace_find_channel(const erg_trace *trace, const char *name);
/* The way back: "nvml:0/power". */
enum { ERG_CHANNEL_PATH_MOST = 80 };
void erg_trace_channel_path(const erg_trace *trace, int channel,
                            char to[ERG_CHANNEL_PATH_MOST]);
bool erg_trace_has_flag(const erg_trace *trace, erg_flag_code code);
const erg_sample *erg_trace_samples(const erg_trace *trace, int channel, size_t *count);
size_t erg_trace_region_count(const erg_trace *trace);
const erg_region *erg_trace_region(const erg_trace *trace, size_t index);
size_t erg_trace_mark_count(const erg_trace *trace);
const erg_mark_row *erg_trace_mark(const erg_trace *trace, size_t index);
size_t erg_trace_setting_count(const erg_trace *trace);
const erg_setting *erg_trace_setting(const erg_trace *trace, size_t index);
size_t erg_trace_anchor_count(const erg_trace *trace);
const erg_anchor *erg_trace_anchor(const erg_trace *trace, size_t index);
size_t erg_trace_flag_count(const erg_trace *trace);
const erg_flag *erg_trace_flag(const erg_trace *trace, size_t index);
/* By begin_ns; of those that begin together, the longest first. */
const erg_trace_event *erg_trace_events(const erg_trace *trace, size_t *count);
/* Aside or not. */
bool erg_trace_has_aside(const erg_trace *trace);
size_t erg_trace_event_count(const erg_trace *trace);
/* The same in the same order, some 2000 at once; a visit that gives false ends it. */
typedef bool erg_trace_visit_events(void *self, const erg_trace_event events[],
                                    size_t count, erg_error *err);
bool erg_trace_each_event(const erg_trace *trace, erg_trace_visit_events *visit, void *self,
                          erg_error *err);
/* NULL: no such number. */
const char *erg_trace_event_name(const erg_trace *trace, int32_t name);
int32_t erg_trace_event_name_count(const erg_trace *trace);
const erg_track *erg_trace_track(const erg_trace *trace, int32_t track);
int32_t erg_trace_track_count(const erg_trace *trace);
const char *erg_trace_event_kind_name(erg_trace_event_kind kind);     /* "kernel" */
/* NULL if it was never set. Keys: docs/formats.md. */
const char *erg_trace_meta(const erg_trace *trace, const char *key);
size_t erg_trace_meta_count(const erg_trace *trace);
bool erg_trace_meta_at(const erg_trace *trace, size_t index, const char **key,
                       const char **value);
/* First to last stamp of anything in it. */
erg_span erg_trace_span(const erg_trace *trace);
/* Through the nearest anchor; 0 without one. */
int64_t erg_trace_utc_ns(const erg_trace *trace, int64_t mono_ns);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
