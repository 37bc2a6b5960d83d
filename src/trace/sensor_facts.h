/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sensor_rows.c, looked up by sensor_facts.c. */
#ifndef ERG_TRACE_SENSOR_FACTS_H
#define ERG_TRACE_SENSOR_FACTS_H

#include "trace/sensor.h"

/* Which of nvidia-smi's power.draw, .average and .instant the figures are of. */
enum {
    ERG_READS_DRAW = 1, ERG_READS_AVERAGE = 2, ERG_READS_INSTANT = 4,
    ERG_READS_LIKE_CAPACITOR = 8    /* an exponential tail, no window */
};

typedef struct erg_sensor_row {
    const char *model;      /* upper case, one blank between words, no NVIDIA */
    int driver;             /* its first number */
    unsigned reads;
    double update_ms, rise_ms, window_ms, error_percent;
} erg_sensor_row;

extern const erg_sensor_row erg_sensor_rows[];
extern const size_t erg_sensor_row_count;

#endif
