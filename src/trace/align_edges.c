/* SPDX-License-Identifier: Apache-2.0 */
/* One stretch of load among others, as a signal for erg_align: only its edges are known. */
#include <math.h>
#include <stdlib.h>
#include "trace/align.h"
#include "trace/stream.h"

enum { READINGS_MOST = 4096 };
#define NEAR_NS (8 * ERG_NS_PER_S)
#define REST_NS (3600 * ERG_NS_PER_S)

erg_span erg_align_apart(erg_span within, erg_span load, erg_span other)
{
    if (other.end_ns <= load.begin_ns && other.end_ns > within.begin_ns)
        within.begin_ns = other.end_ns;
    if (other.begin_ns >= load.end_ns && other.begin_ns < within.end_ns)
        within.end_ns = other.begin_ns;
    return within;
}

/* The readings of [first, last) that are near an edge: the middle of a long load may be
 * more than anyone wants to read. */
static size_t keep_near(erg_span load, erg_samples meter, size_t first, size_t last,
                        erg_sample to[])
{
    size_t begun = erg_sample_from(meter.at, meter.count, load.begin_ns + NEAR_NS),
           ends = erg_sample_from(meter.at, meter.count, load.end_ns - NEAR_NS), kept = 0;

    for (size_t i = first; i < last; i++) {
        if (i >= begun && i < ends)
            i = ends;
        if (i < last && isfinite(meter.at[i].value))
            to[kept++] = meter.at[i];
    }
    return kept;
}

static erg_sample *readings_of(erg_span load, erg_span within, erg_samples meter,
                               size_t *count)
{
    int64_t from_ns = load.begin_ns - NEAR_NS, to_ns = load.end_ns + NEAR_NS;

    from_ns = from_ns > within.begin_ns ? from_ns : within.begin_ns;
    to_ns = to_ns < within.end_ns ? to_ns : within.end_ns;
    size_t first = erg_sample_from(meter.at, meter.count, from_ns),
           last = erg_sample_from(meter.at, meter.count, to_ns);
    erg_sample *out = calloc(last - first + 1, sizeof(*out));
    size_t kept = out ? keep_near(load, meter, first, last, out) : 0;
    size_t stride = kept / READINGS_MOST + 1;
    *count = 0;
    for (size_t i = 0; i < kept; i += stride)
        out[(*count)++] = out[i];
    return out;
}

bool erg_align_edges(erg_span load, erg_span within, erg_samples meter, double window_s,
                     double most_s, erg_offset *out, erg_error *err)
{
    const erg_sample signal[] = { { load.begin_ns - REST_NS, 0, 0 },
                                  { load.begin_ns, 0, 0 }, { load.begin_ns, 0, 1 },
                                  { load.end_ns, 0, 1 },   { load.end_ns, 0, 0 },
                                  { load.end_ns + REST_NS, 0, 0 } };
    size_t count;
    erg_sample *at = readings_of(load, within, meter, &count);

    if (!at)
        return erg_fail(err, ERG_NO_MEMORY, "no memory for the readings");
    bool good = erg_align((erg_samples){ signal, ERG_COUNT(signal) },
                          (erg_samples){ at, count }, window_s, most_s, out, err);
    /* A reading of one instant does not say when within its period the load rose. */
    if (good)
        out->offset_u_s = hypot(out->offset_u_s, erg_median_step_s(at, count) / sqrt(12));
    free(at);
    return good;
}
