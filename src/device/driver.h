/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hardware seam. A driver is one file and one line in registry.c.
 *
 * find reports every device it knows of, the absent too (with the reason and
 * the cure); open fills in the channels; read fetches one channel. Nothing above
 * this header knows a vendor, a path or a unit other than SI.
 */
#ifndef ERG_DEVICE_DRIVER_H
#define ERG_DEVICE_DRIVER_H

#include "base/base.h"
#include "erg/device.h"

enum { ERG_CHANNELS_MOST = 40 };

typedef struct erg_driver erg_driver;

/* What each read needs comes first, in one cache line. */
typedef struct erg_device {
    const erg_driver *driver;
    const erg_env *env;
    void *own;                  /* from erg_device_state; freed after close */
    erg_state state;
    size_t channel_count;
    uint64_t powers;            /* a bit for each channel of watts */
    erg_device_info info;
    char reason[320];           /* one sentence with the cure; "" when present */
    char argument[256];         /* how open finds it: a path, an index */
    char pci[16];               /* "0000:03:00.0"; "": not on PCI, or not known */
    erg_channel_info *channels; /* ERG_CHANNELS_MOST while it opens, then those it has */
    erg_device_knob *knobs;     /* ERG_KNOBS likewise */
    size_t knob_count;
    char *saved[ERG_KNOBS];     /* what put_back takes, by kind; NULL: not turned */
    double was[ERG_KNOBS];      /* now of the knob before its first turn */
    struct erg_saving *saving;  /* the file that holds saved; NULL: nothing is turned */
} erg_device;

struct erg_driver {
    const char *name;
    const char *about;          /* one line for `erg devices` */
    const char *better;         /* what it has that a second reader of the same board
                                 * lacks; NULL: nothing */
    bool asked_only;            /* tape, sim: never unless named by --sensor */
    bool fallback;              /* ergd, cpu_model: only where nothing better covers the
                                 * CPU */
    /* argument: what followed "DRIVER:", "" if nothing did, NULL when every driver is
     * asked. False only for a bad argument or
     * no memory; nothing there is an absent row and true. */
    bool (*find)(erg_devices *found, const char *argument, erg_error *err);
    /* May fail: the row then takes err as its reason (ERG_NO_ACCESS is denied,
     * ERG_NOT_FOUND and ERG_UNSUPPORTED absent, all else broken). */
    bool (*open)(erg_device *dev, erg_error *err);
    /* Appends samples. t_ns 0 asks the caller to stamp; a read error is one NAN
     * sample and true. False: the device is gone. */
    bool (*read)(erg_device *dev, size_t channel, erg_reading *out, erg_error *err);
    /* Whenever own is set, after an open that failed half-way too; may be NULL.
     * Does not free own. */
    void (*close)(erg_device *dev);
    /* All three or none, for the knobs that open declared. save: one line of text of
     * the driver's own that says what the knob is at. turn: to a value that the knob
     * supports; *enforced comes as NAN. put_back: to what save said. */
    bool (*save)(erg_device *dev, erg_knob which, erg_text *to, erg_error *err);
    bool (*turn)(erg_device *dev, erg_knob which, double value, double *enforced,
                 erg_error *err);
    bool (*put_back)(erg_device *dev, erg_knob which, const char *saved, erg_error *err);
    /* May be NULL: as erg_devices_event, of this device. */
    bool (*event)(erg_device *dev, erg_device_event *out);
    /* May be NULL: as erg_devices_has_others, of this device. */
    bool (*has_others)(erg_device *dev);
    bool forgets;               /* what was turned ends with this process (sim) */
    /* From now on it draws so much more than its load asks for (sim); false: it cannot.
     * NULL: no device of this driver can. */
    bool (*fill)(erg_device *dev, double extra_w);
};

extern const erg_driver *const erg_drivers[];   /* NULL-terminated, in registry.c */

extern const erg_driver erg_driver_nvml;
extern const erg_driver erg_driver_rapl;
extern const erg_driver erg_driver_hwmon;
extern const erg_driver erg_driver_amdgpu;
extern const erg_driver erg_driver_amdsmi;
extern const erg_driver erg_driver_levelzero;
extern const erg_driver erg_driver_wattsup;
extern const erg_driver erg_driver_exec;
extern const erg_driver erg_driver_cpufreq;
extern const erg_driver erg_driver_cgroup;
extern const erg_driver erg_driver_ergd;
extern const erg_driver erg_driver_cpu_model;
extern const erg_driver erg_driver_tape;
extern const erg_driver erg_driver_sim;

/* ---- for find ----------------------------------------------------------- */

const erg_env *erg_devices_env(const erg_devices *found);
/* A present device; info.name must be unique within one find. NULL: no memory.
 * Set info.scope, info.model and argument; open comes later. */
erg_device *erg_devices_add(erg_devices *found, const erg_driver *driver, const char *name,
                            erg_error *err);
erg_device *erg_devices_at(erg_devices *found, size_t index);
/* Takes some out again, as where two drivers' files are one sensor. */
void erg_devices_drop(erg_devices *found, size_t first, size_t count);
/* A row that says why there is nothing to read. */
bool erg_devices_absent(erg_devices *found, const erg_driver *driver, erg_state state,
                        erg_error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Calls back with each path (root taken off) that matches a glob under root. */
bool erg_devices_match(const erg_devices *found, const char *pattern,
                       bool (*each)(void *self, const char *path), void *self,
                       erg_error *err);

/* A file under root. -1 and err if it cannot be opened. */
int erg_env_open(const erg_env *env, const char *path, int flags, erg_error *err);
/* First line of a small file under root. */
bool erg_env_line(const erg_env *env, const char *path, char *to, size_t size,
                  erg_error *err);

/* text into a file of /sys under root. ERG_NO_ACCESS names the command that opens it. */
bool erg_env_put(const erg_env *env, const char *path, const char *text, erg_error *err);
bool erg_env_may_write(const erg_env *env, const char *path);

/* ---- for open ----------------------------------------------------------- */

/* A channel at the end: unit, method and scope by quantity, kind and device, gain 1,
 * unknowns 0. NULL when full. */
erg_channel_info *erg_device_channel(erg_device *dev, const char *name,
                                     erg_quantity quantity, erg_kind kind);
/* A knob at the end that can be turned, its range unknown; each kind once. */
erg_device_knob *erg_device_add_knob(erg_device *dev, erg_knob which);
/* Copies the supported values, in any order and doubled; sets low and high. */
bool erg_device_knob_values(erg_device_knob *knob, const double values[], size_t count,
                            erg_error *err);
/* Zeroed state of the driver's own; freed with the device. */
void *erg_device_state(erg_device *dev, size_t bytes, erg_error *err);

/* ---- for read ------------------------------------------------------------ */

/* One sample, stamped by the caller. */
void erg_reading_put(erg_reading *out, double value);
/* pread of a small decimal file kept open; false and err on any fault. */
bool erg_read_i64(int fd, int64_t *out, erg_error *err);

#endif
