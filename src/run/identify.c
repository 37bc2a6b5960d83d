/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reference is a stretch of samples that knows the power better than the sensor
 * does: a meter named by the user, the edges of the load's regions (0 or 1: they
 * give window and delay), or the counter of the same device (it gives the gain too,
 * and the window only where it steps more often than the window is long).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run/identify.h"
#include "run/sampler.h"
#include "trace/sensor.h"

/* What levels of 5 s leave open. */
static const double level_u = 0.005;
enum { EDGES_LEAST = 8 };

typedef struct wave {
    erg_sample *at;
    size_t count;
    double step_s;      /* finer than this it does not know */
    double gain_u;      /* NAN: no watts, only when */
    char name[80];
} wave;

int erg_partner(const erg_trace *trace, int channel)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        const erg_channel_info *other = erg_trace_channel(trace, i);
        if (i != channel && other->device == info->device && erg_sampled_is_energy(other)
            && other->scope == info->scope
            && (other->kind == ERG_COUNTER) != (info->kind == ERG_COUNTER))
            return i;
    }
    return -1;
}

static bool room_for(wave *to, size_t count, erg_error *err)
{
    to->at = calloc(count + 1, sizeof(*to->at));
    return to->at || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu samples", count);
}

/* ---- references ------------------------------------------------------------- */

/* One sample an update where there is a comb, else one a change. */
static bool take_updates(const erg_trace *trace, int channel, wave *to, erg_error *err)
{
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    const erg_device_info *device = erg_trace_device(trace, info->device);
    erg_comb comb;

    snprintf(to->name, sizeof(to->name), "%s/%s", device->name, info->name);
    to->gain_u = info->gain_u;
    to->step_s = info->update_s > 0 ? info->update_s : NAN;
    if (!room_for(to, count, err))
        return false;
    if (erg_sensor_comb(samples, count, &comb, NULL)) {
        to->step_s = comb.update_s;
        to->count = erg_sensor_updates(samples, count, &comb, to->at);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        if (!isnan(samples[i].value)
            && (to->count == 0 || samples[i].value != to->at[to->count - 1].value))
            to->at[to->count++] = samples[i];
    return true;
}

/* Joules into steps of watts; a fall is a wrap or a reset: a gap. */
static bool differentiate(wave *of, erg_error *err)
{
    wave watts = { 0 };
    if (!room_for(&watts, 2 * of->count, err))
        return false;
    for (size_t i = 1; i < of->count; i++) {
        const erg_sample *a = &of->at[i - 1], *b = &of->at[i];
        double w = (b->value - a->value) / erg_s_from_ns(b->t_ns - a->t_ns);
        if (!(w >= 0) || !isfinite(w))
            continue;
        watts.at[watts.count++] = (erg_sample){ .t_ns = a->t_ns, .value = w };
        watts.at[watts.count++] = (erg_sample){ .t_ns = b->t_ns, .value = w };
    }
    free(of->at);
    of->at = watts.at;
    of->count = watts.count;
    return true;
}

static bool take_channel(const erg_trace *trace, int channel, wave *to, erg_error *err)
{
    const erg_channel_info *info = erg_trace_channel(trace, channel);
    if (!take_updates(trace, channel, to, err)
        || (info->kind == ERG_COUNTER && !differentiate(to, err)))
        return false;
    /* A mean belongs to the middle of its window. */
    int64_t late_ns = info->kind == ERG_COUNTER
                    ? 0 : erg_ns_from_s(info->window_s / 2 + info->delay_s);
    for (size_t i = 0; i < to->count; i++) {
        to->at[i].t_ns -= late_ns;
        if (info->gain > 0)
            to->at[i].value = (to->at[i].value - info->offset) / info->gain;
    }
    return true;
}

static int by_time(const void *left, const void *right)
{
    const erg_sample *a = left, *b = right;
    return (a->t_ns > b->t_ns) - (a->t_ns < b->t_ns);
}

/* Begins (+1) and ends (-1) of the load's own regions, in order. */
static bool take_edges(const erg_trace *trace, wave *to, erg_error *err)
{
    size_t count = erg_trace_region_count(trace);
    if (!room_for(to, 2 * count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const erg_region *region = erg_trace_region(trace, i);
        if (strcmp(region->name, "load") == 0 || region->end_ns == INT64_MAX)
            continue;
        to->at[to->count++] = (erg_sample){ .t_ns = region->begin_ns, .value = 1 };
        to->at[to->count++] = (erg_sample){ .t_ns = region->end_ns, .value = -1 };
    }
    qsort(to->at, to->count, sizeof(*to->at), by_time);
    return true;
}

/* 1 while any region is open, 0 else, from the first begin to the last end: what the
 * device did before and after is unknown. */
static bool take_activity(const erg_trace *trace, wave *to, erg_error *err)
{
    wave edges = { 0 };
    double depth = 0;
    bool good = take_edges(trace, &edges, err) && room_for(to, 2 * edges.count, err);

    for (size_t i = 0; good && i < edges.count; i++) {
        double before = depth > 0, after = (depth += edges.at[i].value) > 0;
        if (before == after)
            continue;
        to->at[to->count++] = (erg_sample){ .t_ns = edges.at[i].t_ns, .value = before };
        to->at[to->count++] = (erg_sample){ .t_ns = edges.at[i].t_ns, .value = after };
    }
    if (to->count < 2 * EDGES_LEAST)
        to->count = 0;
    to->gain_u = NAN;
    erg_text_put(to->name, sizeof(to->name), "regions");
    free(edges.at);
    return good;
}

/* ---- the sensor against one of them ------------------------------------------- */

static erg_samples all_of(const wave *from)
{
    return (erg_samples){ from->at, from->count };
}

static void find_window(const wave *updates, const wave *reference, erg_identified *out)
{
    erg_sensor_fit fit;
    erg_error why = { 0 };

    if (reference->count == 0 || !isnan(out->window_s))
        return;
    if (!erg_sensor_identify(all_of(updates), all_of(reference), &fit, &why)) {
        if (!*out->why_not)
            erg_text_put(out->why_not, sizeof(out->why_not), why.text);
        return;
    }
    /* Nearly as long as a step, the window and the step are one. */
    if (reference->step_s > 0.5 * fit.window_s) {
        if (!*out->why_not)
            snprintf(out->why_not, sizeof(out->why_not),
                 "%s steps each %.3g ms, too seldom to show the window: check with a load "
                 "that marks its regions",
                 reference->name, 1e3 * reference->step_s);
        return;
    }
    out->window_s = fit.window_s;
    out->delay_s = fit.delay_s;
    out->why_not[0] = '\0';
    erg_text_put(out->against, sizeof(out->against), reference->name);
}

static void find_gain(const wave *updates, const wave *reference,
                      const erg_channel_info *info, erg_identified *out)
{
    bool known = !isnan(out->window_s);
    erg_sensor_fit fit = { .window_s = known ? out->window_s : info->window_s,
                           .delay_s = known ? out->delay_s : info->delay_s };
    erg_error why = { 0 };

    if (reference->count == 0 || isnan(reference->gain_u))
        return;
    if (!erg_sensor_gain(all_of(updates), all_of(reference), &fit, &why)) {
        if (!*out->why_not)
            erg_text_put(out->why_not, sizeof(out->why_not), why.text);
        return;
    }
    out->gain = fit.gain;
    out->offset = fit.offset;
    out->gain_u = hypot(level_u, reference->gain_u);
    erg_text_put(out->against, sizeof(out->against), reference->name);
}

static bool compare(const erg_trace *trace, int channel, int reference,
                    const wave *updates, erg_identified *out, erg_error *err)
{
    wave edges = { 0 }, watts = { 0 };
    bool good = take_activity(trace, &edges, err)
             && (reference < 0 || take_channel(trace, reference, &watts, err));

    if (good) {
        find_window(updates, &edges, out);
        find_window(updates, &watts, out);
        find_gain(updates, &watts, erg_trace_channel(trace, channel), out);
        if (edges.count == 0 && watts.count == 0)
            erg_text_put(out->why_not, sizeof(out->why_not),
                         "nothing to hold it against: name a meter with --reference, or a "
                         "load that marks its regions");
    }
    free(edges.at);
    free(watts.at);
    return good;
}

bool erg_identify(const erg_trace *trace, int channel, const char *reference,
                  erg_identified *out, erg_error *err)
{
    size_t count;
    const erg_sample *samples = erg_trace_samples(trace, channel, &count);
    int against = reference ? erg_trace_find_channel(trace, reference)
                            : erg_partner(trace, channel);
    erg_error why = { 0 };
    erg_comb comb;
    wave updates = { 0 };

    *out = (erg_identified){ NAN, NAN, NAN, NAN, NAN, NAN, "", "" };
    if (!erg_sensor_comb(samples, count, &comb, &why)) {
        erg_text_put(out->why_not, sizeof(out->why_not), why.text);
        return true;
    }
    out->update_s = comb.update_s;
    if (erg_trace_channel(trace, channel)->kind == ERG_COUNTER || against == channel)
        return true;
    bool good = room_for(&updates, count, err);
    if (good)
        updates.count = erg_sensor_updates(samples, count, &comb, updates.at);
    good = good
        && (updates.count == 0 || compare(trace, channel, against, &updates, out, err));
    free(updates.at);
    return good;
}
