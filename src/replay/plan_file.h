/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader and the writer of plan.jsonl share. */
#ifndef ERG_REPLAY_PLAN_FILE_H
#define ERG_REPLAY_PLAN_FILE_H

#include <jansson.h>
#include "replay/plan.h"

#define ERG_PLAN_SCHEMA "erg.plan.v1"

typedef struct erg_plan_field { const char *name; size_t at; } erg_plan_field;

enum { ERG_PLAN_MATRIX = 4, ERG_PLAN_WINDOW_LISTS = 7, ERG_PLAN_WINDOW_NUMBERS = 3 };

extern const char *const erg_plan_matrix[ERG_PLAN_MATRIX];
/* int64_t of a window: one for each axis, and single ones. */
extern const erg_plan_field erg_plan_window_lists[ERG_PLAN_WINDOW_LISTS];
extern const erg_plan_field erg_plan_window_numbers[ERG_PLAN_WINDOW_NUMBERS];

typedef struct erg_plan_place { const char *path; size_t line; } erg_plan_place;

/* kernel->foreign is the caller's to free. */
bool erg_plan_kernel_read(const erg_plan_place *at, const json_t *line,
                          erg_replay_kernel *kernel, erg_error *err);
/* The keys of both objects that are not among names, as JSON: yours; NULL: none. */
char *erg_plan_foreign(const json_t *own, const char *const own_names[],
                       const json_t *outer, const char *const outer_names[]);

#endif
