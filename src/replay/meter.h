/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a kernel truly ran, and the joules of each window.
 *
 * A file states the runs that were asked for. Where a loop stopped early without a word,
 * the window is too short for them: what was executed is then read from window / time of
 * one.
 *
 *   Source   docs/replay.md.
 */
#ifndef ERG_REPLAY_METER_H
#define ERG_REPLAY_METER_H

#include "erg/energy.h"
#include "replay/replay.h"

/* abs(window - runs single) / window above this: the runs are not what is stated. */
#define ERG_RUNS_SLACK 0.10

/* What the file says was executed, else what it says was asked for; NAN. */
double erg_replay_stated_runs(const erg_kernel_timing *kernel);
double erg_replay_window_s(const erg_kernel_timing *kernel);    /* NAN: no span */
/* The time of one as its window was: without what drift made of it. */
double erg_replay_single_s(const erg_kernel_timing *kernel);
/* NAN where window, runs or time is not known: nothing to hold together. */
double erg_replay_runs_error(const erg_kernel_timing *kernel);
/* Sets runs_used of all kernels: what is stated; where that fails, what the window shows.
 * Kernels of one tier with the same stated runs share a limit if their ratios agree. Gives
 * the number of them that failed. */
size_t erg_replay_repair_runs(erg_replay *replay);

/* Files stamp in UTC, a trace in its own clock. */
erg_span erg_replay_on_clock(const erg_trace *trace, erg_span utc);

/* Joules of the whole and of each kernel from the trace, divided by runs_used, net of the
 * base; that is the idle record's unless base_w is set. Where the trace has no reading the
 * kernel is estimated: mean power of the replay times its time. Without a trace, what the
 * files say stays. ERG_REFUSED as erg_trace_energy for the whole. */
bool erg_replay_meter(erg_replay *replay, erg_error *err);
/* What all the machine drew, on the clock of its trace; false: no meter of it saw that. */
bool erg_replay_meter_system(const erg_replay *replay, erg_span span, erg_energy *out);
/* From regions of tiers in the trace, where there are any: is there one? */
bool erg_replay_meter_tiers(erg_replay *replay);
/* Joules by which a window may be off, less what all windows of the meter share. */
double erg_replay_without_gain(const erg_energy *seen);

#endif
