/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a monitor logged of devices: temperature, power, use, once a tick.
 *
 *   Units    SI: temperatures in kelvin, use and fan 0..1, stamps in ns of UTC (or since
 *            some start, where the file has only seconds). Not logged is NAN.
 *   Owning   erg_monitor owns its rows: erg_monitor_free.
 *   Failing  Torn rows are dropped and counted with their lines; a file without a header
 *            that is known is ERG_BAD_INPUT.
 *   Threads  None shared.
 *   Source   docs/formats.md, "Monitor logs".
 */
#ifndef ERG_MONITOR_H
#define ERG_MONITOR_H

#include "erg/table.h"
#include "erg/trace.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef enum erg_monitor_value {
    ERG_MONITOR_TEMP_K, ERG_MONITOR_POWER_W, ERG_MONITOR_USE, ERG_MONITOR_FAN,
    ERG_MONITOR_CLOCK_HZ, ERG_MONITOR_VOLTAGE_V, ERG_MONITOR_CURRENT_A,
    /* The index as it was logged, and its parts. */
    ERG_MONITOR_RLE_RAW, ERG_MONITOR_RLE_SMOOTHED, ERG_MONITOR_RLE_NORM, ERG_MONITOR_E_TH,
    ERG_MONITOR_E_PW, ERG_MONITOR_LOAD, ERG_MONITOR_SUSTAIN_S, ERG_MONITOR_PEAK,
    ERG_MONITOR_COLLAPSE,
    ERG_MONITOR_THROTTLE,       /* reasons as bits, NVML's: 0x60 heat, 0x84 power, 1 idle */
    ERG_MONITOR_ENERGY_J,       /* a counter that only rises */
    ERG_MONITOR_VRAM_K,         /* temperature of a board's memory */
    ERG_MONITOR_EXTRA,          /* the first of those that were asked for by name */
    ERG_MONITOR_EXTRA_LAST = ERG_MONITOR_EXTRA + 7,
    ERG_MONITOR_VALUES
} erg_monitor_value;

enum { ERG_MONITOR_EXTRAS = ERG_MONITOR_VALUES - ERG_MONITOR_EXTRA };

/* NULL for an extra column. "temp_c", "power_w": as --map and the tables call them. */
const char *erg_monitor_value_name(erg_monitor_value value);

typedef struct erg_monitor_row {
    int64_t t_ns;
    size_t line;                /* of the file, from 1 */
    double value[ERG_MONITOR_VALUES];
} erg_monitor_row;

typedef struct erg_monitor_device {
    char name[32];              /* "gpu", "cpu" */
    const erg_monitor_row *rows;
    size_t count;
    double period_s;            /* median interval; NAN for fewer than two rows */
    size_t gaps;                /* intervals above 1.5 periods and 1.5 s */
    int64_t two_writers_ns;     /* from here on two programs wrote; INT64_MIN: one did */
    int64_t two_writers_end_ns; /* and till here */
    bool is_split;              /* the rows of one of them were left out */
    /* Of a run file: a reading is the mean of so long, and its stamp is so late. 0: not
     * known. */
    double window_s[ERG_MONITOR_VALUES], delay_s[ERG_MONITOR_VALUES];
    double rated_w;             /* its maker's limit, else its own; 0: not known */
} erg_monitor_device;

typedef struct erg_monitor_options {
    const char *map;            /* "temp_c=COL,power_w=COL": for any other CSV */
    const char *zone;           /* of stamps without one; NULL: UTC */
    int writer;                 /* 1 or 2: keep this one of two; 0: keep all rows */
    const char *const *extra;   /* other columns of a CSV, read as they stand */
    size_t extra_count;         /* at most ERG_MONITOR_EXTRAS; cells that are no number:
                                 * NAN */
} erg_monitor_options;

/* Columns that somebody asks for by name: for `extra`. */
typedef struct erg_monitor_columns {
    char names[ERG_MONITOR_EXTRAS][32];
    const char *list[ERG_MONITOR_EXTRAS];
    size_t count;
} erg_monitor_columns;
/* Once each. ERG_BAD_INPUT: one too many. */
bool erg_monitor_columns_add(erg_monitor_columns *to, const char *name, erg_error *err);

typedef struct erg_monitor erg_monitor;

/* path "-" is stdin. A run file (.erg) is read too: a device a row of its power. */
erg_monitor *erg_monitor_load(const char *path, const erg_monitor_options *options,
                              erg_error *err);
/* From memory: what the fuzz target calls. name stands in sentences. */
erg_monitor *erg_monitor_parse(const char *name, const char *bytes, size_t size,
                               const erg_monitor_options *options, erg_error *err);
erg_monitor *erg_monitor_of_trace(const erg_trace *trace, erg_error *err);
void erg_monitor_free(erg_monitor *monitor);

size_t erg_monitor_devices(const erg_monitor *monitor);
const erg_monitor_device *erg_monitor_device_at(const erg_monitor *monitor, size_t index);
/* NULL if there is no device of that name. */
const erg_monitor_device *erg_monitor_find(const erg_monitor *monitor, const char *name);
/* Of the column in value ERG_MONITOR_EXTRA + index; NULL: the file has none. */
const char *erg_monitor_extra_name(const erg_monitor *monitor, size_t index);
/* False: stamps without a zone (taken for UTC), or seconds since some start. */
bool erg_monitor_has_zone(const erg_monitor *monitor);
const char *erg_monitor_layout(const erg_monitor *monitor);
/* Lines that were torn, at most `most` of them into lines; the count of all. */
size_t erg_monitor_torn(const erg_monitor *monitor, size_t lines[], size_t most);
/* ERG_BAD_INPUT where two programs wrote between those seconds of the device's rows (0, 0:
 * all of them) and none was chosen: what is reckoned from such rows means nothing. */
bool erg_monitor_one_writer(const erg_monitor_device *device, double begin_s, double end_s,
                            erg_error *err);
/* One sentence each about torn rows, gaps, writers: for the notes of a result. */
bool erg_monitor_notes(const erg_monitor *monitor, erg_result *result, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
