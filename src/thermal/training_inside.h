/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a training log on their way to rows. */
#ifndef ERG_THERMAL_TRAINING_INSIDE_H
#define ERG_THERMAL_TRAINING_INSIDE_H

#include "base/base.h"
#include "erg/training.h"
#include "format/csv.h"
#include "format/stamp.h"

/* Columns that may hold the time, the best first. */
enum { ERG_TRAINING_TIMES = 5 };

typedef struct erg_training_time {
    bool is_there;
    erg_training_clock clock;
    int64_t t_ns;
} erg_training_time;

typedef struct erg_training_record {
    erg_training_row row;
    erg_training_time times[ERG_TRAINING_TIMES];
} erg_training_record;

/* One value of a record, as JSON and CSV have it. */
typedef struct erg_training_cell {
    bool is_number;
    double number;
    erg_field text;
} erg_training_cell;

struct erg_training {
    erg_training_row *rows;
    size_t count;
    erg_training_clock clock;
    bool derived_step_s;
    size_t torn;
};

typedef struct erg_training_draft {
    const char *name;
    const erg_zone *zone;
    erg_training_record *records;
    size_t count, capacity, torn, seen;
} erg_training_draft;

/* A new record, empty. NULL: no memory. */
erg_training_record *erg_training_begin(erg_training_draft *draft, erg_error *err);
/* The last record is left out and counted. */
void erg_training_drop(erg_training_draft *draft);
/* Does a field of that name hold a value of a step? */
bool erg_training_is_value(erg_field name);
/* Fields that nobody knows are skipped. False: the cell of a known one cannot be read. */
bool erg_training_set(const erg_training_draft *draft, erg_training_record *record,
                      erg_field name, erg_training_cell cell);
/* JSON whose bare NaN and Infinity became null; free() it. NULL: no memory. */
char *erg_training_clean_json(const char *bytes, size_t size, size_t *count,
                              erg_error *err);
bool erg_training_read_json(erg_training_draft *draft, const char *bytes, size_t size,
                            erg_error *err);
bool erg_training_read_csv(erg_training_draft *draft, const char *bytes, size_t size,
                           erg_error *err);
/* The multiple of 15 min within 14 h that lays log nearest to run; false where none is
 * within 5 min of both ends. */
bool erg_zone_quarters(erg_span log, erg_span run, int64_t *by_ns);
/* The rows of a monitor are no steps: where nothing else says that they are, the time from
 * one to the next is no step time. */
void erg_training_forget_steps(erg_training *training);
erg_training *erg_training_finish(erg_training_draft *draft, erg_error *err);

#endif
