/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of JSON that a command prints for the driver exec: {"power_w": 412.5}. The end of
 * a key is its unit, "_w" for one; what else a key may be is in docs/formats.md.
 */
#ifndef ERG_DEVICE_DRIVERS_EXEC_LINE_H
#define ERG_DEVICE_DRIVERS_EXEC_LINE_H

#include "base/base.h"
#include "erg/trace.h"

enum { ERG_EXEC_VALUES = 16, ERG_EXEC_NAME = 24 };

typedef struct erg_exec_value {
    char name[ERG_EXEC_NAME];   /* the key without its unit: "power" */
    const char *unit;           /* SI */
    erg_quantity quantity;
    double value;               /* SI; NAN: null was said */
} erg_exec_value;

typedef struct erg_exec_line {
    erg_exec_value values[ERG_EXEC_VALUES];
    size_t count;
    int64_t t_ns;               /* CLOCK_MONOTONIC; 0: not said */
    char event[32];             /* that it tells of; "": none */
    /* Of the meter. 0, "": not said. */
    char model[64];
    erg_scope scope;            /* not said: the node */
    double update_s, window_s, gain_u, range_j;
} erg_exec_line;

bool erg_exec_line_parse(const char *text, size_t size, erg_exec_line *out, erg_error *err);

#endif
