/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/plan_chrome_streams.h"

/* Stamps are rounded to microseconds; less than this share of a launch is no overlap. */
static const int64_t ROUNDING_NS = 2 * ERG_NS_PER_US;
static const double OVERLAP_SHARE = 0.1, OVERLAPS_MOST = 0.01;
enum { FIRST_MOST = 4096 };

static erg_plan_stream *row_of(erg_plan_streams *streams, const erg_chrome_launch *l)
{
    for (size_t i = 0; i < streams->count; i++)
        if (streams->rows[i].device == l->device && streams->rows[i].stream == l->stream)
            return &streams->rows[i];
    if (streams->count == ERG_PLAN_STREAMS)
        return NULL;
    erg_plan_stream *added = &streams->rows[streams->count++];
    *added = (erg_plan_stream){ .device = l->device, .stream = l->stream,
                                .begin_ns = INT64_MAX, .end_ns = INT64_MIN,
                                .last_begin_ns = INT64_MIN, .last_end_ns = INT64_MIN };
    return added;
}

/* A trace that was written twice begins anew with its first launches. */
static bool see_again(erg_plan_streams *streams, const erg_chrome_launch *l, erg_error *err)
{
    uint64_t mixed = (uint64_t)l->begin_ns * 0x9e3779b97f4a7c15u
                   + (uint64_t)l->duration_ns * 0xc2b2ae3d27d4eb4fu
                   + (uint64_t)(l->device * 4099 + l->stream) * 0x165667b19e3779f9u;
    erg_link link = { .key = (int64_t)(mixed >> 1), .begin_ns = l->begin_ns };
    const erg_link *there = erg_links_find(&streams->first, link.key);
    erg_error why = { 0 };

    streams->first.most = FIRST_MOST;
    if (there && there->begin_ns == l->begin_ns)
        streams->again++;
    else if (!there && !erg_links_put(&streams->first, &link, &why) && why.code != ERG_OK)
        return erg_fail(err, why.code, "%s", why.text);
    return true;
}

void erg_plan_streams_free(erg_plan_streams *streams) { erg_links_free(&streams->first); }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

bool erg_plan_streams_see(erg_plan_streams *streams, const erg_chrome_launch *launch,
                          erg_error *err)
{
    erg_plan_stream *to = row_of(streams, launch);
    int64_t begin_ns = launch->begin_ns, end_ns = begin_ns + launch->duration_ns;

    if (!to)
        return see_again(streams, launch, err);
    if (to->launches) {
        int64_t shared_ns =
            least(end_ns, to->last_end_ns) - most(begin_ns, to->last_begin_ns);
        int64_t shorter_ns =
            least(launch->duration_ns, to->last_end_ns - to->last_begin_ns);
        to->overlaps += shared_ns > ROUNDING_NS
                     && (double)shared_ns > OVERLAP_SHARE * (double)shorter_ns;
    }
    to->begin_ns = least(to->begin_ns, begin_ns);
    to->end_ns = most(to->end_ns, end_ns);
    to->busy_ns += launch->duration_ns;
    to->last_begin_ns = begin_ns;
    to->last_end_ns = end_ns;
    to->launches++;
    return see_again(streams, launch, err);
}

/* A queue does one after the other. */
static bool is_crowded(const erg_plan_stream *of)
{
    int64_t extent_ns = of->end_ns - of->begin_ns;

    return (double)of->overlaps > OVERLAPS_MOST * (double)of->launches
        || of->busy_ns > extent_ns + extent_ns / 100 + of->launches * ROUNDING_NS;
}

bool erg_plan_streams_tell(const erg_plan_streams *streams, bool one_device,
                           erg_replay_plan *plan, erg_error *err)
{
    const erg_plan_stream *crowded = NULL;
    size_t devices = 0, crowds = 0;

    for (size_t i = 0; i < streams->count; i++) {
        const erg_plan_stream *row = &streams->rows[i];
        bool is_new = true;
        for (size_t k = 0; k < i; k++)
            is_new = is_new && streams->rows[k].device != row->device;
        devices += is_new && row->device >= 0;
        if (is_crowded(row)) {
            crowded = crowded ? crowded : row;
            crowds++;
        }
    }
    if (devices > 1 && !one_device
        && !erg_replay_plan_note(plan, err, "counts are of %zu devices together; "
                                 "--device N takes one", devices))
        return false;
    if ((double)streams->again > OVERLAPS_MOST * (double)streams->first.count
        && !erg_replay_plan_note(plan, err, "launches come twice, at the same instant on "
                                 "the same stream: the trace was joined with itself, and "
                                 "counts are of both"))
        return false;
    return !crowded
        || erg_replay_plan_note(plan, err, "launches overlap on their own stream (device "
                                "%lld, stream %lld%s): two ranks or the same twice in one "
                                "file, or branches of a graph; counts are of them all",
                                (long long)crowded->device, (long long)crowded->stream,
                                crowds > 1 ? " and others" : "");
}
