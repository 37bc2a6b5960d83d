/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The .erg file while it is being written: SQLite in WAL mode, one commit a
 * second, so kill -9 loses at most the last second. Folded to one file at the end.
 *
 *   Threads  One writer thread after erg_store_create; put_samples never allocates.
 */
#ifndef ERG_TRACE_STORE_H
#define ERG_TRACE_STORE_H

#include "base/base.h"
#include "erg/points.h"
#include "erg/trace.h"

typedef struct erg_store erg_store;

/* An existing file at path is replaced. Meta keys: docs/formats.md. */
erg_store *erg_store_create(const char *path, erg_error *err);
/* A complete or killed recording to go on with: devices, channels and regions that follow
 * are new ones beside those that it has, and indices count from 0 again. */
erg_store *erg_store_append(const char *path, erg_error *err);
/* Indices are those of erg_trace: 0, 1, ... in order of the calls; -1 on failure. */
int erg_store_device(erg_store *store, const erg_device_info *info, erg_error *err);
int erg_store_channel(erg_store *store, const erg_channel_info *info, erg_error *err);
/* A block: delta-coded stamps, half-widths and values. Rows in time order. */
bool erg_store_samples(erg_store *store, int channel, const erg_sample *samples,
                       size_t count, erg_error *err);
/* Inserts, or updates by id. */
bool erg_store_region(erg_store *store, const erg_region *region, erg_error *err);
bool erg_store_mark(erg_store *store, const erg_mark_row *mark, erg_error *err);
bool erg_store_setting(erg_store *store, const erg_setting *setting, erg_error *err);
bool erg_store_anchor(erg_store *store, const erg_anchor *anchor, erg_error *err);
bool erg_store_flag(erg_store *store, const erg_flag *flag, erg_error *err);
/* All events of a trace, with their names and tracks; once. */
bool erg_store_events(erg_store *store, const erg_trace *trace, erg_error *err);
bool erg_store_meta(erg_store *store, const char *key, const char *value, erg_error *err);
/* Before the first row of the three below: adds their tables where they lack. An id that
 * was there is replaced; points name their application, visits their point. */
bool erg_store_begin_sweep(erg_store *store, erg_error *err);
bool erg_store_application(erg_store *store, size_t id, int device,
                           const erg_application *app, erg_error *err);
bool erg_store_point(erg_store *store, size_t id, size_t application,
                     const erg_knob_setting *setting, erg_error *err);
bool erg_store_visit(erg_store *store, size_t id, size_t point, const erg_visit *visit,
                     erg_error *err);
/* What the command of a visit said that it did; the id is the visit's. */
bool erg_store_work(erg_store *store, size_t id, const erg_visit *visit, const char *unit,
                    erg_error *err);
bool erg_store_cache(erg_store *store, size_t id, const erg_visit *visit, erg_error *err);
/* Makes everything so far survive a kill. Call it once a second. */
bool erg_store_commit(erg_store *store, erg_error *err);
/* end: writes the end row and folds to one file. false leaves it "interrupted". */
bool erg_store_close(erg_store *store, bool end, erg_error *err);
/* Deletes what SQLite left beside a file that is to be replaced. */
void erg_store_drop_log(const char *path);
/* A file that is seen whole or not at all: begun beside `path`, whose name goes to aside;
 * end closes it and puts it under its own name, or removes it where `good` is false. */
enum { ERG_STORE_ASIDE = ERG_PATH_MOST + 24 };
erg_store *erg_store_begin_aside(const char *path, char aside[ERG_STORE_ASIDE],
                                 erg_error *err);
bool erg_store_end_aside(erg_store *store, const char *aside, const char *path, bool good,
                         erg_error *err);

#endif
