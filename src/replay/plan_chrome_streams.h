/* SPDX-License-Identifier: Apache-2.0 */
/* What the streams of a trace show of the trace itself: several devices, and work that
 * cannot be of one queue. */
#ifndef ERG_REPLAY_PLAN_CHROME_STREAMS_H
#define ERG_REPLAY_PLAN_CHROME_STREAMS_H

#include "import/chrome_launch.h"
#include "import/chrome_work.h"
#include "replay/plan.h"

enum { ERG_PLAN_STREAMS = 64 };

/* One queue of one device. Launches come in any order. */
typedef struct erg_plan_stream {
    int64_t device, stream;
    int64_t begin_ns, end_ns, busy_ns;  /* first to last; the sum of all */
    int64_t last_begin_ns, last_end_ns;
    int64_t launches, overlaps;         /* with the one before in the file */
} erg_plan_stream;

/* All zero is none. */
typedef struct erg_plan_streams {
    erg_plan_stream rows[ERG_PLAN_STREAMS];
    size_t count;
    erg_links first;            /* some launches of the begin, to be seen again */
    int64_t again;              /* launches that are one of these once more */
} erg_plan_streams;

void erg_plan_streams_free(erg_plan_streams *streams);
bool erg_plan_streams_see(erg_plan_streams *streams, const erg_chrome_launch *launch,
                          erg_error *err);
/* Notes for the plan. one_device: only one was asked for. */
bool erg_plan_streams_tell(const erg_plan_streams *streams, bool one_device,
                           erg_replay_plan *plan, erg_error *err);

#endif
