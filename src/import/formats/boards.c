/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Without their numbers, boards of one name are one in which the watts of all alternate;
 * so are boards of one number on several machines.
 */
#include <math.h>
#include <string.h>
#include "import/formats/boards.h"
#include "math/stats.h"

enum { BOARDS_MOST = 16, SAMPLES_LOOKED_AT = 1000, POLLS_LEAST = 4 };

/* Do the rows come so many at a time: n - 1 short steps and a long one, over and over? Rows
 * of one stamp may be of a clock that tells but seconds. */
static bool come_by(const erg_sample at[], size_t count, size_t n)
{
    int64_t inner_ns = 0, outer_ns = INT64_MAX;

    for (size_t i = 1; i < count; i++) {
        int64_t step_ns = at[i].t_ns - at[i - 1].t_ns;
        if (i % n)
            inner_ns = step_ns > inner_ns ? step_ns : inner_ns;
        else
            outer_ns = step_ns < outer_ns ? step_ns : outer_ns;
    }
    return count >= POLLS_LEAST * n && inner_ns > 0 && 4 * inner_ns < outer_ns;
}

static bool is_of_many(const erg_trace *own, int channel, bool has_moments)
{
    size_t count;
    const erg_sample *at = erg_trace_samples(own, channel, &count);
    bool many = false;

    count = count < SAMPLES_LOOKED_AT ? count : SAMPLES_LOOKED_AT;
    for (size_t i = 1; has_moments && i < count && !many; i++)
        many = at[i].t_ns == at[i - 1].t_ns;
    for (size_t n = 2; n <= BOARDS_MOST && !many; n++)
        many = come_by(at, count, n);
    return many;
}

/* No board, nor a module of several, takes so much; milliwatts are beyond it. */
static const double board_most_w = 5000;

static bool is_beyond(const erg_trace *own, int channel)
{
    double w[SAMPLES_LOOKED_AT];
    size_t count, finite = 0;
    const erg_sample *at = erg_trace_samples(own, channel, &count);
    const char *name = erg_trace_device(own, erg_trace_channel(own, channel)->device)->name;

    for (size_t i = 0; i < count && finite < SAMPLES_LOOKED_AT; i++)
        if (isfinite(at[i].value))
            w[finite++] = at[i].value;
    return strncmp(name, "gpu", 3) == 0 && finite && erg_median(w, finite) > board_most_w;
}

bool erg_check_watts(const erg_trace *own, const erg_source *source, int first,
                     erg_error *err)
{
    for (int i = first; i < (int)erg_trace_channel_count(own); i++)
        if (erg_trace_channel(own, i)->quantity == ERG_POWER && is_beyond(own, i))
            return erg_fail(err, ERG_BAD_INPUT, "%s:1: most of its watts are above %g, "
                            "which no board takes: are they mW? Let the column say so, as "
                            "in power_mw or power [mW]", source->name, board_most_w);
    return true;
}

bool erg_check_boards(const erg_trace *own, const erg_source *source, int first,
                      bool has_moments, erg_error *err)
{
    for (int i = first; i < (int)erg_trace_channel_count(own); i++)
        if (erg_trace_channel(own, i)->quantity == ERG_POWER
            && is_of_many(own, i, has_moments))
            return erg_fail(err, ERG_BAD_INPUT, "%s:1: its rows come several at a time: "
                            "boards of one name or machines of one log, and no column "
                            "index, uuid, pci.bus_id or host says which is which: log it "
                            "with --query-gpu=timestamp,index,...", source->name);
    return true;
}
