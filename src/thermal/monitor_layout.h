/* SPDX-License-Identifier: Apache-2.0 */
/* The layouts of monitor logs, told apart by a column that no other has. */
#ifndef ERG_THERMAL_MONITOR_LAYOUT_H
#define ERG_THERMAL_MONITOR_LAYOUT_H

#include "erg/monitor.h"
#include "format/csv.h"

typedef struct erg_layout {
    const char *name;
    const char *mark;           /* a column of this layout alone; NULL: any */
    const char *time;           /* the column of stamps */
} erg_layout;

enum { ERG_LAYOUT_FLAGS = 16 };

/* What a header is: where each value stands, and how to read its cells. */
typedef struct erg_layout_map {
    const erg_layout *layout;
    size_t time, device;        /* SIZE_MAX: no such column */
    size_t clock;               /* time of day where `time` is a date; SIZE_MAX: is whole */
    int at[ERG_MONITOR_VALUES]; /* -1: not in the file */
    double factor[ERG_MONITOR_VALUES], shift[ERG_MONITOR_VALUES];
    const char *name;           /* of the device, where `device` is none; NULL: "device" */
    /* Columns of Yes and No that make up ERG_MONITOR_THROTTLE. */
    struct { size_t at; unsigned bits; } flags[ERG_LAYOUT_FLAGS];
    size_t flag_count;
} erg_layout_map;

const erg_layout *erg_layout_named(const char *name);
/* Columns that were asked for by name. */
void erg_layout_take_extras(const erg_csv_row *header, const erg_monitor_options *options,
                            erg_layout_map *out);

bool erg_layout_of(const erg_csv_row *header, const char *file,
                   const erg_monitor_options *options, erg_layout_map *out, erg_error *err);

#endif
