/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERG_THERMAL_MONITOR_INSIDE_H
#define ERG_THERMAL_MONITOR_INSIDE_H

#include "base/base.h"
#include "thermal/monitor_layout.h"
#include "trace/rows.h"

typedef struct erg_monitor_rows {
    erg_monitor_device info;
    erg_monitor_row *rows;
    size_t capacity;
} erg_monitor_rows;

struct erg_monitor {
    const char *layout;
    erg_monitor_rows *devices;
    size_t device_count, device_capacity;
    size_t *torn;               /* lines */
    size_t torn_count, torn_capacity;
    char extra[ERG_MONITOR_EXTRAS][32];     /* names of extra columns; "": none */
    char *chosen;               /* columns that were chosen by their words; NULL: none */
    char *joined;               /* whose power a thermometer was given; NULL: none */
    bool torn_last;             /* the last line has no end */
    bool is_cut;                /* a run file whose recording was killed */
    bool lacks_zone;            /* some stamp of it: nobody said which clock it is of */
    bool is_local;              /* some stamp of it: a time of day of nobody knows where */
    int64_t twice_ns;           /* added since an hour came twice */
};

/* The rows of a device, made at first sight. NULL: too many, or no memory. */
erg_monitor_rows *erg_monitor_rows_of(erg_monitor *monitor, const char *name, size_t count,
                                      erg_error *err);
bool erg_monitor_push(erg_monitor_rows *to, const erg_monitor_row *row, erg_error *err);
/* A row as it streams by: where its values stand, and whose it is. */
typedef bool erg_monitor_take(void *self, const erg_layout_map *map, erg_field device,
                              const erg_monitor_row *row, erg_error *err);
/* The log at path without its rows, which were all taken. free() it as one with them. */
erg_monitor *erg_monitor_stream(const char *path, const char *name,
                                const erg_monitor_options *options, erg_monitor_take *take,
                                void *self, erg_error *err);

/* Rows that begin with their stamp, int64_t in ns; they may be long. */
typedef struct erg_stamped { const erg_rows *rows; size_t size; } erg_stamped;
/* Where two programs wrote; begin_ns INT64_MIN: nowhere. *usual_s: the interval of one.
 * False: no memory. */
bool erg_stamped_writers(erg_stamped of, erg_span *where, double *usual_s, erg_error *err);

/* Periods, gaps and writers of every device; keeps one writer's rows where asked. */
bool erg_monitor_look(erg_monitor *monitor, int writer, erg_error *err);

/* Thermometers of packages take the power of their counters of joules. */
bool erg_monitor_join_packages(erg_monitor *to, const erg_trace *trace, erg_error *err);

#endif
