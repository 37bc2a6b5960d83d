/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the events of a Chrome trace mean: which ran on a device, which asked for it, where
 * a step begins.
 *
 *   Source   names of Kineto's and ONNX Runtime's categories and args.
 */
#ifndef ERG_IMPORT_CHROME_WORK_H
#define ERG_IMPORT_CHROME_WORK_H

#include "erg/trace.h"
#include "import/chrome.h"

/* What is asked for of each event: args by these places. */
typedef enum erg_chrome_arg {
    ERG_ARG_CORRELATION, ERG_ARG_EXTERNAL_ID, ERG_ARG_DEVICE, ERG_ARG_STREAM, ERG_ARG_GRID,
    ERG_ARG_BLOCK, ERG_ARG_SHARED, ERG_ARG_BYTES, ERG_ARG_DIMS, ERG_ARG_STRIDES,
    ERG_ARG_TYPES,
    ERG_ARG_CONCRETE, ERG_ARG_OP_NAME, ERG_ARG_PROVIDER, ERG_ARG_TYPE_SHAPE, ERG_ARG_NAME,
    ERG_ARG_OUT_TYPE_SHAPE
} erg_chrome_arg;
extern const char *const erg_chrome_args[];

/* By category; without one that is known, what has a stream and a device is a kernel. */
erg_trace_event_kind erg_chrome_kind(const erg_chrome_event *event);
/* "ProfilerStep#7"? */
bool erg_chrome_is_step(const erg_chrome_text *name);

/* ---- who asked for it -------------------------------------------------------------- */

/* Whole numbers to a value and a moment: External ids, correlations. All zero is empty. */
typedef struct erg_link { int64_t key, begin_ns, value; } erg_link;
typedef struct erg_links {
    erg_link *slots;        /* key INT64_MIN: free */
    size_t count, capacity; /* a power of two, or 0 */
    size_t most;            /* of count; 0: as memory allows */
} erg_links;

void erg_links_free(erg_links *links);
/* The last of a key counts. False, with err OK: there are most of them already. */
bool erg_links_put(erg_links *links, const erg_link *link, erg_error *err);
/* NULL: no such key. */
const erg_link *erg_links_find(const erg_links *links, int64_t key);

#endif
