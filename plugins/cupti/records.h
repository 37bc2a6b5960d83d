/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GPU activities as a Chrome trace that is whole after each buffer: what was written up
 * to a crash can be read. Times are CLOCK_MONOTONIC, by pairs of stamps taken around.
 */
#ifndef ERG_PLUGIN_CUPTI_RECORDS_H
#define ERG_PLUGIN_CUPTI_RECORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <cupti.h>

/* One moment on both clocks. */
typedef struct clock_pair {
    int64_t gpu_ns, mono_ns;
    int64_t half_width_ns;      /* it was somewhere within this, both ways */
} clock_pair;

typedef struct records {
    FILE *file;
    int64_t begin_mono_ns, begin_utc_ns;
    clock_pair first, last;
    long end_at;                /* where the closing brackets begin */
    uint64_t written, dropped, not_timed;
} records;

bool records_open(records *to, const char *path, clock_pair first);
/* One activity; kinds that are not asked for are passed over. now: stamps behind it. */
void records_add(records *to, const CUpti_Activity *activity, clock_pair now);
/* Closes the array for now; the next record goes on where it began. */
void records_settle(records *to, clock_pair now);
void records_close(records *to);

#endif
