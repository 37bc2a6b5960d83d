/* SPDX-License-Identifier: Apache-2.0 */
/* What a snapshot of the governor says to a scraper, to a watchman and to a browser. */
#ifndef ERGD_TELL_H
#define ERGD_TELL_H

#include <erg/erg.h>

/* The loop itself. */
typedef struct ergd_beat {
    int64_t steps, late;        /* late: begun half a period after its time */
    double period_s, busy_s;    /* busy: the last step */
} ergd_beat;

/* Bytes that are yours to free; NULL: no memory. */
typedef struct ergd_bytes { char *bytes; size_t size; } ergd_bytes;

/* format: prometheus or openmetrics. */
ergd_bytes ergd_tell_metrics(const erg_result *snapshot, const ergd_beat *beat,
                             const char *format);
/* One server-sent event: a JSON object of the tables that the page shows. */
ergd_bytes ergd_tell_event(const erg_result *snapshot);
/* "ok\n", or "degraded\n" and a line for each reason. */
ergd_bytes ergd_tell_health(const erg_result *snapshot);

#endif
