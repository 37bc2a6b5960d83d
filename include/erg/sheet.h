/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data sheet of a coupling study: session, thermal, optimisation, results, in one long
 * table, with what the published conventions call each value beside it.
 *
 *   Units    The border's: C and percent stand in names; the lag has the published sign.
 *   Owning   Tables go into the result; a blank sheet is yours.
 *   Failing  ERG_NOT_FOUND: the log has no such device.
 *   Threads  None shared.
 *   Source   docs/couple.md.
 */
#ifndef ERG_SHEET_H
#define ERG_SHEET_H

#include "erg/monitor.h"
#include "erg/session.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct erg_data_sheet_input {
    const erg_monitor *monitor;
    const erg_training *training;       /* NULL: none */
    int64_t training_shift_ns;          /* from its stamps to the monitor's */
    const erg_session_facts *facts;     /* NULL: nothing was stated */
    const char *name;                   /* of the session; NULL: none */
    const char *device;                 /* NULL: gpu, else the first */
    double ambient_k;                   /* measured; 0: not */
    uint64_t key;                       /* of chance */
} erg_data_sheet_input;

/* Adds the tables throttle and sheet; r_peak and t_lag come from the study's verdict, where
 * it has one. */
bool erg_data_sheet_add(erg_result *study, const erg_data_sheet_input *input,
                        erg_error *err);
/* The same rows, empty. */
erg_result *erg_data_sheet_blank(erg_error *err);
/* What the published sheet calls a value of that name ("r_peak", "tau_th", ...); NULL: it
 * has no word for it. */
const char *erg_data_sheet_word(const char *name, double value);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
