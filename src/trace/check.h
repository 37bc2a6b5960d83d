/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks: one function a doubt, all in the table of check.c. A check looks at the trace
 * and raises flags; it fails only without memory.
 */
#ifndef ERG_TRACE_CHECK_H
#define ERG_TRACE_CHECK_H

#include "trace/window.h"

typedef bool erg_check(erg_trace *trace, erg_error *err);

/* ---- what the checks share (check_look.c) -------------------------------------- */

/* channel -1: the whole run; span {0,0}: all of it. */
bool erg_raise(erg_trace *trace, const erg_flag *about, erg_error *err,
               const char *format, ...) __attribute__((format(printf, 4, 5)));
bool erg_is_idle_record(const erg_region *region);
/* First begin to last end of what counts: runs, else any work. False: no region. */
bool erg_work_span(const erg_trace *trace, erg_span *span);
/* Good values of a channel within a span, at most 65536 of them; free() them. */
double *erg_values_in(const erg_trace *trace, int channel, erg_span span, size_t *count);

/* ---- check_meter.c -------------------------------------------------------- */
erg_check erg_check_meter_silent, erg_check_host, erg_check_counter, erg_check_shared,
          erg_check_readings, erg_check_aliased;
/* ---- check_work.c --------------------------------------------------------- */
erg_check erg_check_times, erg_check_command, erg_check_open_work, erg_check_skewed;
/* ---- check_state.c -------------------------------------------------------- */
erg_check erg_check_suspended, erg_check_cold, erg_check_thermal, erg_check_idle,
          erg_check_clock;

#endif
