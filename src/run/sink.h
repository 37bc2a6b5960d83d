/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a recording goes: a run file, a trace in memory, or both. Once writing has
 * failed (a full disk) the file is left alone and the reason kept for the end.
 */
#ifndef ERG_RUN_SINK_H
#define ERG_RUN_SINK_H

#include "erg/trace.h"
#include "trace/store.h"

typedef struct erg_sink {
    erg_store *store;       /* may be NULL */
    erg_trace *trace;       /* may be NULL */
    erg_error failure;      /* the first of the file, and of what both hold */
    erg_error lost;         /* the first of the trace in memory alone */
} erg_sink;

typedef struct erg_sink_setup {
    const char *path;           /* NULL: no file */
    bool append;                /* to the file that is there (erg_store_append) */
    bool in_memory;
} erg_sink_setup;
bool erg_sink_open(erg_sink *sink, const erg_sink_setup *setup, erg_error *err);
bool erg_sink_device(erg_sink *sink, const erg_device_info *info);
bool erg_sink_channel(erg_sink *sink, const erg_channel_info *info);
void erg_sink_sample(erg_sink *sink, int channel, const erg_sample *sample);
/* The file takes open regions too, the trace only what has ended. */
void erg_sink_region(erg_sink *sink, const erg_region *region);
void erg_sink_mark(erg_sink *sink, const erg_mark_row *mark);
void erg_sink_setting(erg_sink *sink, const erg_setting *setting);
void erg_sink_anchor(erg_sink *sink, const erg_anchor *anchor);
void erg_sink_flag(erg_sink *sink, const erg_flag *flag);
void erg_sink_meta(erg_sink *sink, const char *key, const char *value);
/* Where a row that is lost to memory alone leaves its reason; NULL once there is one. */
erg_error *erg_sink_lost(erg_sink *sink);
void erg_sink_commit(erg_sink *sink);
/* end: the recording is complete. False with the first failure of all. */
bool erg_sink_close(erg_sink *sink, bool end, erg_error *err);

#endif
