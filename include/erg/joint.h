/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joint runs: what a training program logged of its steps, and what sensors saw meanwhile,
 * in one run file on one clock.
 *
 *   Units    As in a trace: SI, time stamps in ns, CLOCK_MONOTONIC of its anchors.
 *   Owning   What is handed in stays the caller's.
 *   Failing  false and err; the trace may then hold a part and is to be dropped.
 *   Threads  None shared.
 *   Source   docs/formats.md, "Joint runs".
 */
#ifndef ERG_JOINT_H
#define ERG_JOINT_H

#include "erg/import.h"
#include "erg/monitor.h"
#include "erg/training.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* A row as marks: one for each value that is a number, all at the end of its step; how
 * many. step_s that was derived is left out: it is derived again. */
size_t erg_training_row_marks(const erg_training *training, size_t row,
                              erg_mark_row out[ERG_TRAINING_VALUES]);

/* On the clock of the trace, through UTC. Stamps of an unknown zone take the one that lays
 * the log on what the trace holds; those that count from some start are ERG_BAD_INPUT. */
bool erg_joint_add_training(erg_training *training, erg_trace *into, erg_error *err);
/* A device a monitor's device, a channel what was logged of it. name: of the file; options
 * NULL: none; start, window_s and wired_to count. */
bool erg_joint_add_monitor(const erg_monitor *monitor, const char *name,
                           const erg_import_options *options, erg_trace *into,
                           erg_error *err);
/* As erg_import; files that it does not know may be training logs and monitor logs too. */
bool erg_joint_import(erg_trace *into, const char *path, const erg_import_options *options,
                      erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
