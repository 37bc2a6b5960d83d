/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which channels speak for a run: one per device and scope, and of those the ones
 * that lie in no other make the total.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "trace/scope.h"
#include "trace/stream.h"
#include "trace/tally.h"

static bool has_data(const erg_trace *trace, int channel, size_t least)
{
    size_t count, finite = 0;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    for (size_t i = 0; i < count && finite < least; i++)
        finite += isfinite(samples[i].value) != 0;
    return finite >= least;
}

/* The lower the better; 0 is no energy at all. A meter's own sum comes first: its
 * parts lie in it. */
static int rank(const erg_trace *trace, int channel)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    bool counter = info->quantity == ERG_ENERGY;
    if (!counter && info->quantity != ERG_POWER)
        return 0;
    if (!has_data(trace, channel, counter ? 2 : 1))
        return 9;
    return strcmp(info->name, "sum") == 0 ? 1 : counter ? 2 : 3;
}

static bool same_place(const erg_trace *trace, const erg_pick *a, const erg_pick *b)
{
    const erg_device_info *left = erg_trace_device(trace, a->device);
    const erg_device_info *right = erg_trace_device(trace, b->device);
    const char *left_host = *left->wired_to ? left->wired_to : left->host_id;
    const char *right_host = *right->wired_to ? right->wired_to : right->host_id;
    return strcmp(left_host, right_host) == 0;
}

static erg_scope scope_of(const erg_trace *trace, const erg_pick *pick)
{
    return erg_trace_channel(trace, pick->channel)->scope;
}

/* A GPU's chip lies in its own board only, not in another one's; the scopes of a
 * machine (package, psys, module, node) hold what is read in the same place. */
static bool lies_in(const erg_trace *trace, const erg_pick *inner, const erg_pick *outer)
{
    erg_scope outer_scope = scope_of(trace, outer);
    bool wide = outer_scope != ERG_SCOPE_BOARD;
    return (wide ? same_place(trace, inner, outer) : inner->device == outer->device)
        && erg_scope_contains(outer_scope, scope_of(trace, inner));
}

/* A slice of a board tells the power of all of it: what is shared and reads as another
 * does, nearly everywhere, has the joules of that. */
static bool repeats(const erg_trace *trace, const erg_pick *a, const erg_pick *b)
{
    const erg_device_info *other_device = erg_trace_device(trace, b->device);
    size_t count, other, same = 0;
    const erg_sample *mine = erg_trace_samples(trace, a->channel, &count);
    const erg_sample *theirs = erg_trace_samples(trace, b->channel, &other);

    if (!erg_trace_device(trace, a->device)->shared || (other_device->shared && a < b)
        || scope_of(trace, a) != scope_of(trace, b) || count != other)
        return false;
    for (size_t i = 0; i < count; i++) {
        same += mine[i].t_ns == theirs[i].t_ns && mine[i].value == theirs[i].value;
        erg_samples_pass(trace, a->channel, i);
        erg_samples_pass(trace, b->channel, i);
    }
    return count > 1 && same >= count - count / 10;
}

static void mark_counted(const erg_trace *trace, erg_pick picks[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        picks[i].inside = -1;
        for (size_t k = 0; k < count && picks[i].inside < 0; k++)
            if (k != i && has_data(trace, picks[k].channel, 1)
                && (lies_in(trace, &picks[i], &picks[k])
                    || repeats(trace, &picks[i], &picks[k])))
                picks[i].inside = (int)k;
        picks[i].counted = picks[i].inside < 0;
    }
}

erg_pick *erg_picks_of(const erg_trace *trace, size_t *count, erg_error *err)
{
    int channels = (int)erg_trace_channel_count(trace);
    erg_pick *picks = calloc((size_t)channels + 1, sizeof(*picks));

    *count = 0;
    if (!picks) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    for (int c = 0; c < channels; c++) {
        const erg_channel_info *info = erg_trace_channel(trace, c);
        size_t at = 0;
        if (rank(trace, c) == 0)
            continue;
        while (at < *count && (picks[at].device != info->device
                               || scope_of(trace, &picks[at]) != info->scope))
            at++;
        if (at == *count)
            picks[(*count)++] = (erg_pick){ .channel = c, .device = info->device };
        else if (rank(trace, c) < rank(trace, picks[at].channel))
            picks[at].channel = c;
    }
    mark_counted(trace, picks, *count);
    return picks;
}

erg_energy erg_energy_none(void)
{
    return (erg_energy){
        .energy_j = NAN, .spread_j = NAN, .net_j = NAN, .net_spread_j = NAN, .idle_w = NAN,
        .window_s = NAN, .covered = NAN, .edges_held = NAN, .mean_w = NAN, .peak_w = NAN,
        .min_w = NAN, .max_gap_s = NAN, .gain_u_j = NAN, .quality = ERG_QUALITY_NO_DATA,
        .mean_spread_w = NAN, .peak_spread_w = NAN, .min_spread_w = NAN,
        .idle_spread_w = NAN, .peak_channel = -1,
    };
}

/* The method named is the weakest: counter, integral, model, simulated. */
void erg_energy_join(erg_energy *total, const erg_energy *part, bool first)
{
    if (first) {
        *total = *part;
        return;
    }
    total->energy_j += part->energy_j;
    total->spread_j = hypot(total->spread_j, part->spread_j);
    total->gain_u_j = hypot(total->gain_u_j, part->gain_u_j);
    total->net_j += part->net_j;
    total->net_spread_j = hypot(total->net_spread_j, part->net_spread_j);
    total->idle_w += part->idle_w;
    total->idle_spread_w = hypot(total->idle_spread_w, part->idle_spread_w);
    total->mean_w += part->mean_w;
    total->mean_spread_w = hypot(total->mean_spread_w, part->mean_spread_w);
    total->min_w = total->peak_w = NAN;     /* peaks of devices need not meet */
    total->min_spread_w = total->peak_spread_w = NAN;
    total->peak_channel = -1;
    total->window_s = fmax(total->window_s, part->window_s);
    total->covered = fmin(total->covered, part->covered);
    total->updates = part->updates < total->updates ? part->updates : total->updates;
    total->samples += part->samples;
    total->max_gap_s = fmax(total->max_gap_s, part->max_gap_s);
    total->flags |= part->flags;
    total->method = part->method > total->method ? part->method : total->method;
    total->quality = part->quality > total->quality ? part->quality : total->quality;
}

/* ---- a sum that was asked for ------------------------------------------------ */

static bool fail_overlap(const erg_trace *trace, int a, int b, erg_error *err)
{
    const erg_channel_info *inner = erg_trace_channel(trace, a);
    const erg_channel_info *outer = erg_trace_channel(trace, b);

    return erg_fail(err, ERG_REFUSED, "SCOPE_OVERLAP: %s/%s and %s/%s share joules, which "
                    "would be counted twice: name one of them",
                    erg_trace_device(trace, inner->device)->name, inner->name,
                    erg_trace_device(trace, outer->device)->name, outer->name);
}

/* One device's channels of one scope read the same joules, but two wall meters of one
 * logger (pm1, pm2) do not; their own sum holds both. */
static bool share_joules(const erg_trace *trace, int a, int b)
{
    const erg_channel_info *one = erg_trace_channel(trace, a);
    const erg_channel_info *other = erg_trace_channel(trace, b);
    erg_pick inner = { .channel = a, .device = one->device };
    erg_pick outer = { .channel = b, .device = other->device };
    bool meters = strncmp(one->name, "pm", 2) == 0 && strncmp(other->name, "pm", 2) == 0;

    if (a == b || lies_in(trace, &inner, &outer) || lies_in(trace, &outer, &inner))
        return true;
    return one->device == other->device && one->scope == other->scope && !meters;
}

bool erg_trace_energy_sum(const erg_trace *trace, const int channels[], size_t count,
                          erg_span span, erg_energy *out, erg_error *err)
{
    erg_energy part;

    *out = erg_energy_none();
    if (count == 0)
        return erg_fail(err, ERG_BAD_INPUT, "a sum needs one channel or more");
    for (size_t i = 0; i < count; i++)
        if (!erg_trace_energy(trace, channels[i], span, &part, err))
            return false;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (share_joules(trace, channels[k], channels[i]))
                return fail_overlap(trace, channels[k], channels[i], err);
    for (size_t i = 0; i < count; i++)
        if (erg_trace_energy(trace, channels[i], span, &part, NULL))
            erg_energy_join(out, &part, i == 0);
    return true;
}
