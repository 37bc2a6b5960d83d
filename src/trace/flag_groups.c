/* SPDX-License-Identifier: Apache-2.0 */
/* Flags are sorted once, so that no figure looks at all of them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/search.h"
#include "trace/flag_groups.h"
#include "trace/trace_inside.h"

/* ---- adding ------------------------------------------------------------------------ */

void erg_flag_groups_free(erg_flag_groups *groups)
{
    if (!groups)
        return;
    free(groups->at);
    free(groups->spans);
    free(groups);
}

bool erg_trace_add_flag(erg_trace *trace, const erg_flag *flag, erg_error *err)
{
    char key[80];
    size_t before = trace->flag_keys.rows.count;
    int count = snprintf(key, sizeof(key), "%d %d %" PRId64 " %" PRId64, (int)flag->code,
                         flag->channel, flag->span.begin_ns, flag->span.end_ns);

    if (erg_intern(&trace->flag_keys, key, (size_t)count, err) < 0)
        return false;
    if (trace->flag_keys.rows.count == before)
        return true;        /* it is there already */
    erg_flag_groups_free(trace->flag_groups);
    trace->flag_groups = NULL;
    return erg_rows_add(&trace->flags, flag, 1, sizeof(*flag), err);
}

/* ---- sorting ----------------------------------------------------------------------- */

static int by_kind(int channel, erg_flag_code code, const erg_flag_group *group)
{
    int by_channel = (channel > group->channel) - (channel < group->channel);

    return by_channel ? by_channel : (code > group->code) - (code < group->code);
}

typedef struct sorted_flag { const erg_flag *flag; } sorted_flag;

static int by_kind_and_time(const void *a, const void *b)
{
    const erg_flag *left = ((const sorted_flag *)a)->flag;
    const erg_flag *right = ((const sorted_flag *)b)->flag;
    int kind = by_kind(left->channel, left->code,
                       &(erg_flag_group){ .channel = right->channel, .code = right->code });

    if (kind)
        return kind;
    if (left->span.begin_ns != right->span.begin_ns)
        return left->span.begin_ns > right->span.begin_ns ? 1 : -1;
    return (left > right) - (left < right);
}

/* One without a time lies everywhere; spans that overlap or touch become one. */
static void take(erg_flag_groups *groups, const erg_flag *flag, size_t number)
{
    erg_flag_group *last = groups->count ? &groups->at[groups->count - 1] : NULL;
    size_t end = last ? last->end : 0;

    if (!last || by_kind(flag->channel, flag->code, last) != 0) {
        last = &groups->at[groups->count++];
        *last = (erg_flag_group){ flag->channel, flag->code, number, 0, false, end, end };
    }
    last->count++;
    last->first = number < last->first ? number : last->first;
    erg_span *joined = last->end > last->begin ? &groups->spans[last->end - 1] : NULL;
    if (flag->span.end_ns <= flag->span.begin_ns)
        last->is_everywhere = true;
    else if (!joined || flag->span.begin_ns > joined->end_ns)
        groups->spans[last->end++] = flag->span;
    else if (flag->span.end_ns > joined->end_ns)
        joined->end_ns = flag->span.end_ns;
}

static erg_flag_groups *build(const erg_flag flags[], size_t count, erg_error *err)
{
    sorted_flag *sorted = malloc((count + 1) * sizeof(*sorted));
    erg_flag_groups *groups = calloc(1, sizeof(*groups));

    if (groups) {
        groups->at = malloc((count + 1) * sizeof(*groups->at));
        groups->spans = malloc((count + 1) * sizeof(*groups->spans));
    }
    bool good = sorted && groups && groups->at && groups->spans;
    for (size_t i = 0; good && i < count; i++)
        sorted[i].flag = &flags[i];
    if (good)
        qsort(sorted, count, sizeof(*sorted), by_kind_and_time);
    for (size_t i = 0; good && i < count; i++)
        take(groups, sorted[i].flag, (size_t)(sorted[i].flag - flags));
    free(sorted);
    if (good)
        return groups;
    erg_flag_groups_free(groups);
    erg_fail(err, ERG_NO_MEMORY, "out of memory");
    return NULL;
}

const erg_flag_groups *erg_flag_groups_of(const erg_trace *trace, erg_error *err)
{
    erg_trace *own = (erg_trace *)trace;    /* what is kept is not what is seen */

    pthread_mutex_lock(trace->lock);
    if (!own->flag_groups)
        own->flag_groups = build(trace->flags.items, trace->flags.count, err);
    const erg_flag_groups *groups = own->flag_groups;
    pthread_mutex_unlock(trace->lock);
    return groups;
}

/* ---- finding ----------------------------------------------------------------------- */

/* The first that is not before it. */
static size_t lower(const erg_flag_groups *groups, int channel, erg_flag_code code)
{
    size_t low = 0, high = groups->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_kind(channel, code, &groups->at[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const erg_flag_group *erg_flag_group_find(const erg_flag_groups *groups, int channel,
                                          erg_flag_code code)
{
    size_t at = lower(groups, channel, code);

    return at < groups->count && by_kind(channel, code, &groups->at[at]) == 0
         ? &groups->at[at] : NULL;
}

static bool lies_on(const erg_flag_groups *groups, const erg_flag_group *group,
                    const erg_span spans[], size_t count)
{
    const erg_span *own = groups->spans + group->begin;
    const erg_timed_rows ends = { own, group->end - group->begin, sizeof(*own),
                                  offsetof(erg_span, end_ns) };
    bool does = group->is_everywhere;

    for (size_t i = 0; i < count && !does; i++) {
        size_t after = erg_first_after(ends, spans[i].begin_ns);
        does = after < ends.count && own[after].begin_ns < spans[i].end_ns;
    }
    return does;
}

bool erg_flag_lies_on(const erg_flag *flag, const erg_span spans[], size_t count)
{
    const erg_timed_rows ends = { spans, count, sizeof(*spans),
                                  offsetof(erg_span, end_ns) };
    bool is_everywhere = flag->span.end_ns <= flag->span.begin_ns;
    size_t after = is_everywhere ? 0 : erg_first_after(ends, flag->span.begin_ns);

    return is_everywhere || (after < count && spans[after].begin_ns < flag->span.end_ns);
}

uint64_t erg_flags_on(const erg_flag_groups *groups, int channel, const erg_span spans[],
                      size_t count)
{
    const int channels[] = { -1, channel };
    uint64_t flags = 0;

    for (size_t c = 0; c < ERG_COUNT(channels); c++)
        for (size_t i = lower(groups, channels[c], 0);
             i < groups->count && groups->at[i].channel == channels[c]; i++)
            if (lies_on(groups, &groups->at[i], spans, count))
                flags |= UINT64_C(1) << groups->at[i].code;
    return flags;
}

uint64_t erg_flags_beside(const erg_trace *trace, const erg_flag_groups *groups,
                          int channel, const erg_span spans[], size_t count)
{
    static const erg_flag_code states[] = { ERG_FLAG_COLD_CLOCKS, ERG_FLAG_THERMAL_DRIFT,
                                            ERG_FLAG_CLOCK_NOT_REACHED };
    int device = erg_trace_channel(trace, channel)->device;
    uint64_t flags = 0;

    for (size_t i = 0; i < groups->count; i++) {
        const erg_flag_group *group = &groups->at[i];
        const erg_channel_info *info =
            group->channel < 0 ? NULL : erg_trace_channel(trace, group->channel);
        bool is_beside = info && info->device == device && !erg_has_joules(info->quantity);
        for (size_t s = 0; is_beside && s < ERG_COUNT(states); s++)
            if (group->code == states[s] && lies_on(groups, group, spans, count))
                flags |= UINT64_C(1) << group->code;
    }
    return flags;
}
