/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of erg_trace, for the files of this room that build and read it. */
#ifndef ERG_TRACE_INSIDE_H
#define ERG_TRACE_INSIDE_H

#include <pthread.h>
#include "base/base.h"
#include "erg/trace.h"
#include "trace/events_aside.h"
#include "trace/flag_groups.h"
#include "trace/intern.h"
#include "trace/region_names.h"
#include "trace/take.h"

/* Samples made ready for integration (stream.h), built once when first asked for. */
struct erg_stream;

typedef struct erg_trace_channel_rows {
    erg_channel_info info;
    erg_rows samples;               /* erg_sample */
    struct erg_stream *stream;      /* NULL: not built; under erg_trace.lock */
} erg_trace_channel_rows;

typedef struct erg_trace_meta_row { char *key, *value; } erg_trace_meta_row;

/* Events with the words that they share. */
typedef struct erg_event_rows {
    erg_rows events;        /* erg_trace_event, in order */
    erg_rows tracks;        /* erg_track */
    erg_interned names;
    int64_t begin_ns, end_ns;       /* of all, once there is an event */
    erg_events_aside *aside;        /* NULL: they are in events */
} erg_event_rows;

void erg_event_rows_free(erg_event_rows *rows);

struct erg_trace {
    erg_rows devices;       /* erg_device_info */
    erg_rows channels;      /* erg_trace_channel_rows */
    erg_rows regions;       /* erg_region */
    erg_rows marks;         /* erg_mark_row */
    erg_rows settings;      /* erg_setting */
    erg_rows anchors;       /* erg_anchor */
    bool has_old_anchors;   /* some stand behind later ones */
    erg_rows flags;         /* erg_flag */
    erg_interned flag_keys; /* what tells two flags apart, of each of them */
    erg_flag_groups *flag_groups;       /* NULL: not built; under lock */
    erg_rows meta;          /* erg_trace_meta_row */
    erg_event_rows events;
    int64_t last_region;    /* highest region id given so far */
    erg_rows rhythms;       /* of period.c, built when first asked for, under lock */
    bool has_rhythms;
    erg_region_names *region_names;     /* NULL: not built; under lock */
    pthread_mutex_t *lock;  /* readers share the streams they build */
};

void erg_stream_free(struct erg_stream *stream);
/* False: no clock says that. */
bool erg_stamp_is_sane(int64_t t_ns, const char *what, erg_error *err);

#endif
