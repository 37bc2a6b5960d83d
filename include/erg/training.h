/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a training program logged of its steps: loss, gradient norm, learning rate, each
 * with the time at which its step had ended.
 *
 *   Units    Stamps in ns, on the clock that erg_training_clock_of names. NaN, Infinity,
 *            null and missing are NAN.
 *   Owning   erg_training owns its rows: erg_training_free.
 *   Failing  Records that cannot be read or lack a stamp are left out and counted. A log
 *            without any stamp is ERG_BAD_INPUT: steps are never spread over a run.
 *   Threads  None shared.
 *   Source   docs/formats.md, "Training logs".
 */
#ifndef ERG_TRAINING_H
#define ERG_TRAINING_H

#include "erg/trace.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef enum erg_training_value {
    ERG_TRAINING_STEP, ERG_TRAINING_STEP_COUNTER, ERG_TRAINING_LOSS, ERG_TRAINING_GRAD_NORM,
    ERG_TRAINING_LR, ERG_TRAINING_EPOCH, ERG_TRAINING_TOKENS,
    ERG_TRAINING_STEP_S,    /* as logged, else the time since the record before by steps */
    ERG_TRAINING_VALUES
} erg_training_value;

/* "step", "loss", "grad_norm", "lr": as --pair calls them. */
const char *erg_training_value_name(erg_training_value value);

typedef struct erg_training_row {
    int64_t t_ns;           /* the end of the step */
    size_t record;          /* in the file, from 1 */
    double value[ERG_TRAINING_VALUES];
} erg_training_row;

typedef enum erg_training_clock {
    ERG_TRAINING_UTC,
    ERG_TRAINING_LOCAL,         /* of a zone that the log does not state */
    ERG_TRAINING_SINCE_START    /* of something, 0 is not 1970 */
} erg_training_clock;

typedef struct erg_training erg_training;

/* A JSON array, JSON lines or CSV; "-" is stdin. zone: of stamps without one, or NULL. A
 * run file (.erg) is read by its marks. */
erg_training *erg_training_load(const char *path, const char *zone, erg_error *err);
/* From memory: what the fuzz target calls. name stands in sentences. */
erg_training *erg_training_parse(const char *name, const char *bytes, size_t size,
                                 const char *zone, erg_error *err);
/* From the marks step, loss, grad_norm, lr of a run file; ERG_NO_DATA where it has none. */
erg_training *erg_training_of_trace(const erg_trace *trace, erg_error *err);
void erg_training_free(erg_training *training);

/* In the order of their stamps; at least one. */
const erg_training_row *erg_training_rows(const erg_training *training, size_t *count);
erg_training_clock erg_training_clock_of(const erg_training *training);
/* The time between records stands for step_s, which was not logged. */
bool erg_training_has_derived_step_s(const erg_training *training);
/* Records that could not be read, or had no stamp. */
size_t erg_training_torn(const erg_training *training);

/* Moves every stamp. */
void erg_training_shift(erg_training *training, int64_t by_ns);
/* Local stamps become UTC: by the multiple of 15 min within 14 h that lays the log nearest
 * to a run known to last over `run`. False, and nothing moved, where none lays it within
 * 5 min of both ends. */
bool erg_training_guess_zone(erg_training *training, erg_span run, int64_t *by_ns);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
