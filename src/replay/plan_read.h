/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of plans: whatever names kernels becomes rows of a plan. One row of a table a
 * format; the first whose sniff says yes reads the file.
 */
#ifndef ERG_REPLAY_PLAN_READ_H
#define ERG_REPLAY_PLAN_READ_H

#include "replay/plan.h"

/* What was named on the command line. */
typedef struct erg_plan_input {
    const char *path;           /* that it is read by */
    const char *name;           /* as a person knows it */
    const char *head;           /* of the file, NUL behind it; "" where there is none */
    size_t head_size;
} erg_plan_input;

typedef struct erg_plan_reader {
    const char *name;           /* "kernel_jsonl": column `source` */
    bool (*sniff)(const erg_plan_input *input);
    bool (*read)(const erg_plan_input *input, const erg_replay_plan_options *options,
                 erg_replay_plan *plan, erg_error *err);
    bool streams;               /* a file of any size */
} erg_plan_reader;

extern const erg_plan_reader *const erg_plan_readers[];     /* ends with NULL */

extern const erg_plan_reader erg_plan_saved;
extern const erg_plan_reader erg_plan_onednn;
extern const erg_plan_reader erg_plan_kernel_jsonl;
extern const erg_plan_reader erg_plan_signatures;
extern const erg_plan_reader erg_plan_summary;
extern const erg_plan_reader erg_plan_launch_csv;
extern const erg_plan_reader erg_plan_counts_csv;
extern const erg_plan_reader erg_plan_chrome;
extern const erg_plan_reader erg_plan_graph;

/* Applies the options to a kernel; device NULL: not known. False: left out. */
bool erg_plan_takes(const erg_replay_plan_options *options, erg_replay_plan *plan,
                    erg_replay_kernel *kernel, const char *device);
void erg_plan_leave_out(erg_replay_plan *plan, int64_t count);
/* Makes it a copy or fill of so many bytes. */
void erg_plan_move(erg_replay_kernel *kernel, int64_t bytes);
/* "float16", "bf16", "s8": as others call types. */
bool erg_plan_precision(const char *word, size_t count, erg_precision *out);

/* ---- joining (plan_join.c) ------------------------------------------------ */

/* Another file of the same run: its counts must be the plan's, unless options left out some
 * (is_whole is false then). */
bool erg_plan_agrees(erg_replay_plan *plan, const erg_replay_plan *other,
                     const char *const paths[2], bool is_whole, erg_error *err);
bool erg_plan_append(erg_replay_plan *plan, const erg_replay_plan *other, erg_error *err);
bool erg_plan_steps(erg_replay_plan *plan, const erg_replay_plan_options *options,
                    erg_error *err);

/* May the file be a plan? True, too, where it is damaged or packed: its reader says how. */
bool erg_plan_may_be(const char *path, const char *bytes, size_t size, erg_error *err);
/* Is it a list of kernels, by its first bytes, that may be larger than memory? */
bool erg_plan_is_streamed(const char *path);
/* "the format of these kernels": the last part of a path. */
const char *erg_plan_base(const char *path);

#endif
