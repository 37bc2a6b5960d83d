/* SPDX-License-Identifier: Apache-2.0 */
/* The points of a sweep in its run file: added visit by visit, read and saved whole. */
#ifndef ERG_SWEEP_SWEEP_FILE_H
#define ERG_SWEEP_SWEEP_FILE_H

#include "base/base.h"
#include "erg/points.h"
#include "trace/store.h"

/* Which rows are there already. */
typedef struct erg_sweep_writer {
    erg_store *store;         /* borrowed */
    const erg_points *points; /* borrowed; visits are written in its order */
    size_t applications, visits;
    struct {
        size_t application;
        erg_knob_setting setting;
    } * at;
    size_t count, capacity; /* points */
    int device;             /* row that all applications are of */
} erg_sweep_writer;

bool erg_sweep_writer_begin(erg_sweep_writer *writer, erg_store *store,
                            const erg_points *points, erg_error *err);
/* Writes what has been added to points since, and commits. */
bool erg_sweep_writer_flush(erg_sweep_writer *writer, erg_error *err);
void erg_sweep_writer_free(erg_sweep_writer *writer);

/* Only the visits of a run file, and one value of its meta table ("" if it has none). */
bool erg_sweep_read(erg_points *points, const char *path, erg_error *err);
bool erg_sweep_meta(const char *path, const char *key, char *to, size_t size,
                    erg_error *err);

#endif
