/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can go wrong between kernels and a whole, one function each. A check that cannot be
 * made says why; it never passes for that.
 *
 *   Source   docs/replay.md, "erg replay audit".
 */
#ifndef ERG_REPLAY_AUDIT_H
#define ERG_REPLAY_AUDIT_H

#include "replay/replay.h"
#include "trace/align.h"

typedef enum erg_audit_state {
    ERG_AUDIT_NOT_ASSESSABLE,
    ERG_AUDIT_PASSED,
    ERG_AUDIT_FAILED
} erg_audit_state;

typedef struct erg_finding {
    erg_audit_state state;
    char what[200];     /* one clause; of what is not assessable: why */
    char evidence[400]; /* figures; "": none */
} erg_finding;

/* What the checks look at: runs counted and kernels metered. */
typedef struct erg_audit_subject {
    const erg_replay *replay;
    const erg_replay_audit_options *options;
    bool is_metered; /* there is power, and it was not refused */
} erg_audit_subject;

typedef void erg_audit_look(const erg_audit_subject *subject, erg_finding *out);

typedef struct erg_audit_check {
    const char *code; /* "RUNS_MISMATCH" */
    bool refuses;     /* no verdict is given where it fails */
    erg_audit_look *look;
} erg_audit_check;

enum { ERG_AUDIT_CHECKS = 16 };
extern const erg_audit_check erg_audit_checks[ERG_AUDIT_CHECKS];

/* findings[i] of erg_audit_checks[i]. */
bool erg_audit_run(erg_replay *replay, const erg_replay_audit_options *options,
                   erg_finding findings[ERG_AUDIT_CHECKS], erg_error *err);
/* "RUNS_MISMATCH, COUNT_UNIT": those that failed and refuse; "": none. */
void erg_audit_refusing(const erg_finding findings[ERG_AUDIT_CHECKS], char *to,
                        size_t size);
/* For erg.audit of comparison_report.json: [{check, state}]; NULL: no memory. */
struct json_t *erg_audit_json(const erg_finding findings[ERG_AUDIT_CHECKS]);

/* ---- what the checks share (audit.c) ------------------------------------ */

void erg_audit_passes(erg_finding *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void erg_audit_fails(erg_finding *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void erg_audit_cannot(erg_finding *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void erg_audit_shows(erg_finding *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The row of the plan; NULL. */
const erg_replay_kernel *erg_audit_planned(const erg_replay *replay,
                                           const erg_kernel_timing *kernel);

/* By what the stamps of the log are off; false, with why, where nothing tells. The whole
 * has a window, and the log readings of power. */
bool erg_audit_offset(const erg_replay *replay, erg_offset *out, erg_error *why);

/* ---- audit_*.c, in the order of the table --- */

erg_audit_look erg_audit_runs, erg_audit_count_unit, erg_audit_launch_bound,
    erg_audit_noisy;
erg_audit_look erg_audit_shapes, erg_audit_over_peak;
erg_audit_look erg_audit_power_unlike, erg_audit_no_idle, erg_audit_selection,
    erg_audit_too_short;
erg_audit_look erg_audit_meter_silent, erg_audit_cold;
erg_audit_look erg_audit_local_time, erg_audit_stale, erg_audit_legacy;
erg_audit_look erg_audit_clock_offset;

#endif
