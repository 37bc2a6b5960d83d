/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks look with: regions that count, values of a stretch, flags. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "trace/check.h"
#include "trace/stream.h"

enum { MOST_VALUES = 65536 };

bool erg_raise(erg_trace *trace, const erg_flag *about, erg_error *err,
               const char *format, ...)
{
    erg_flag flag = *about;
    va_list values;

    va_start(values, format);
    vsnprintf(flag.text, sizeof(flag.text), format, values);
    va_end(values);
    return erg_trace_add_flag(trace, &flag, err);
}

bool erg_is_idle_record(const erg_region *region)
{
    return strcmp(region->name, "idle_before") == 0
           || strcmp(region->name, "idle_after") == 0;
}

static bool counts(const erg_region *region, bool only_runs)
{
    if (region->end_ns == INT64_MAX)
        return false;
    if (only_runs)
        return strcmp(region->name, "run") == 0;
    return !erg_is_idle_record(region) && strcmp(region->name, "warmup") != 0
        && strcmp(region->name, "marker") != 0;
}

static bool span_of(const erg_trace *trace, bool only_runs, erg_span *span)
{
    *span = (erg_span){ INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (!counts(region, only_runs))
            continue;
        if (region->begin_ns < span->begin_ns)
            span->begin_ns = region->begin_ns;
        if (region->end_ns > span->end_ns)
            span->end_ns = region->end_ns;
    }
    return span->begin_ns < span->end_ns;
}

bool erg_work_span(const erg_trace *trace, erg_span *span)
{
    return span_of(trace, true, span) || span_of(trace, false, span);
}

double *erg_values_in(const erg_trace *trace, int channel, erg_span span, size_t *count)
{
    size_t all, kept = 0, inside = 0;
    const erg_sample *at = erg_trace_samples(trace, channel, &all);

    for (size_t i = 0; i < all; i++) {
        inside += at[i].t_ns >= span.begin_ns && at[i].t_ns < span.end_ns;
        erg_samples_pass(trace, channel, i);
    }
    size_t stride = inside / MOST_VALUES + 1, seen = 0;
    double *values = malloc((inside / stride + 1) * sizeof(*values));
    for (size_t i = 0; values && i < all; i++) {
        if (at[i].t_ns >= span.begin_ns && at[i].t_ns < span.end_ns && seen++ % stride == 0
            && isfinite(at[i].value))
            values[kept++] = at[i].value;
        erg_samples_pass(trace, channel, i);
    }
    *count = kept;
    return values;
}
