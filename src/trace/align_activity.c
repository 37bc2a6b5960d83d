/* SPDX-License-Identifier: Apache-2.0 */
/* What a host knows of its own load, as a signal for erg_align. */
#include <stdlib.h>
#include <string.h>
#include "trace/align.h"

/* Maximum length sequence of x^5 + x^2 + 1: shifted against itself by anything but
 * a whole period it correlates by -1/31, so one offset fits and no other. */
const unsigned char erg_marker_chips[31] = {
    1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 1,
    0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0,
};

/* Outside all regions nothing ran, for as long as a meter may have been read. */
#define QUIET_NS (3600 * ERG_NS_PER_S)

static int by_begin(const void *a, const void *b)
{
    const erg_span *x = a, *y = b;
    return (x->begin_ns > y->begin_ns) - (x->begin_ns < y->begin_ns);
}

/* Regions of load, in order of their begins. */
static size_t load_spans(const erg_trace *trace, erg_span spans[])
{
    int64_t end_ns = erg_trace_span(trace).end_ns;
    size_t count = 0;

    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        bool is_idle = strncmp(region->name, "idle", 4) == 0;
        int64_t last_ns = region->end_ns < end_ns ? region->end_ns : end_ns;

        if (!is_idle && region->begin_ns < last_ns)
            spans[count++] = (erg_span){ region->begin_ns, last_ns };
    }
    qsort(spans, count, sizeof(*spans), by_begin);
    return count;
}

/* Spans that overlap or touch become one; returns how many are left. */
static size_t merge(erg_span spans[], size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || spans[i].begin_ns > spans[kept - 1].end_ns)
            spans[kept++] = spans[i];
        else if (spans[i].end_ns > spans[kept - 1].end_ns)
            spans[kept - 1].end_ns = spans[i].end_ns;
    }
    return kept;
}

static erg_sample *put(erg_sample *to, int64_t t_ns, double value)
{
    *to = (erg_sample){ .t_ns = t_ns, .value = value };
    return to + 1;
}

erg_sample *erg_align_activity(const erg_trace *trace, size_t *count, erg_error *err)
{
    size_t regions = erg_trace_region_count(trace);
    erg_span *spans = calloc(regions + 1, sizeof(*spans));
    erg_sample *out = calloc(4 * regions + 2, sizeof(*out)), *to = out;
    size_t kept = spans && out ? merge(spans, load_spans(trace, spans)) : 0;

    if (!spans || !out)
        erg_fail(err, ERG_NO_MEMORY, "no memory for %zu regions", regions);
    else if (kept == 0)
        erg_fail(err, ERG_NO_DATA,
                 "no region says when the load ran: nothing to align with");
    if (kept == 0) {
        free(spans);
        free(out);
        return NULL;
    }

    to = put(to, spans[0].begin_ns - QUIET_NS, 0);
    for (size_t i = 0; i < kept; i++) { /* an edge: two samples at one stamp */
        to = put(to, spans[i].begin_ns, 0);
        to = put(to, spans[i].begin_ns, 1);
        to = put(to, spans[i].end_ns, 1);
        to = put(to, spans[i].end_ns, 0);
    }
    to = put(to, spans[kept - 1].end_ns + QUIET_NS, 0);
    *count = (size_t)(to - out);
    free(spans);
    return out;
}
