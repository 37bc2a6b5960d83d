/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What begins before the spikes: marks, regions, settings, and work that other tools
 * recorded. The tables spikes and causes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "timeline/timeline_causes.h"

enum { SPIKES_MOST = 2000, NO_GROUP = -1 };
static const double LAG_MOST_S = 0.1;
static const uint32_t NOWHERE = UINT32_MAX;

/* Of equal lifts what ran on the device is named before the call that launched it. */
static const char *const nearest[] = { "collective", "kernel", "copy", "set",
                                       "setting", "mark", "region" };

typedef struct begin { uint32_t cause; int64_t t_ns; } begin;

/* ---- who begins --------------------------------------------------------------------- */

static bool add_cause(erg_causes *own, const char *name, const char *kind)
{
    erg_cause row = { .name = name, .kind = kind };
    return erg_rows_add(&own->rows, &row, 1, sizeof(row), own->all->err);
}

/* In time order of each cause, and of each group. */
static bool add_begin(erg_causes *own, uint32_t number, int group, int64_t t_ns)
{
    erg_cause *row = (erg_cause *)own->rows.items + number;
    bool is_inside = t_ns >= own->reach.span.begin_ns && t_ns < own->reach.span.end_ns;

    if (is_inside)
        erg_tally_add(&row->tally, t_ns, &own->reach,
                      &(erg_moments){ own->stamps, own->stamp_count });
    return !is_inside || group == NO_GROUP
        || erg_cover_add(&own->groups[group], t_ns, &own->reach, own->all->err);
}

static int group_of(int32_t kind)
{
    return kind == ERG_EVENT_COLLECTIVE ? ERG_BEGIN_COLLECTIVE
         : kind == ERG_EVENT_KERNEL || kind == ERG_EVENT_OPERATOR ? ERG_BEGIN_WORK
                                                                  : NO_GROUP;
}

/* The few names of people and programs; events have numbers of their own. */
static bool add_named(erg_causes *own, const char *name, const char *kind, int64_t t_ns)
{
    const erg_cause *rows = own->rows.items;
    uint32_t i = (uint32_t)erg_trace_event_name_count(own->all->trace);

    while (rows && i < own->rows.count
           && (rows[i].kind != kind || strcmp(rows[i].name, name) != 0))
        i++;
    begin row = { i, t_ns };
    return (i < own->rows.count || add_cause(own, name, kind))
        && erg_rows_add(&own->begins, &row, 1, sizeof(row), own->all->err);
}

static bool take_events(void *self, const erg_trace_event events[], size_t count,
                        erg_error *err)
{
    erg_causes *own = self;
    erg_cause *rows = own->rows.items;

    (void)err;
    for (size_t i = 0; i < count; i++) {
        int32_t kind = events[i].kind;
        own->all->events_of[kind]++;
        if (kind == ERG_EVENT_RUNTIME || kind == ERG_EVENT_OTHER)
            continue;
        rows[events[i].name].kind = erg_trace_event_kind_name((erg_trace_event_kind)kind);
        if (!add_begin(own, (uint32_t)events[i].name, group_of(kind), events[i].begin_ns))
            return false;
    }
    return true;
}

static bool add_events(erg_causes *own)
{
    const erg_trace *trace = own->all->trace;

    for (int32_t i = 0; i < erg_trace_event_name_count(trace); i++)
        if (!add_cause(own, erg_trace_event_name(trace, i), "other"))
            return false;
    return erg_trace_each_event(trace, take_events, own, own->all->err);
}

/* What is recorded at the begin of a run was so before. */
static bool is_change(const erg_trace *trace, size_t index)
{
    const erg_setting *at = erg_trace_setting(trace, index);

    for (size_t i = index; i-- > 0;) {
        const erg_setting *before = erg_trace_setting(trace, i);
        if (before->device == at->device && strcmp(before->key, at->key) == 0)
            return strcmp(before->value, at->value) != 0;
    }
    return false;
}

static bool add_program(erg_causes *own)
{
    static const char mark[] = "mark", region[] = "region", setting[] = "setting";
    const erg_trace *trace = own->all->trace;

    for (size_t i = 0; i < erg_trace_mark_count(trace); i++)
        if (!add_named(own, erg_trace_mark(trace, i)->name, mark,
                       erg_trace_mark(trace, i)->t_ns))
            return false;
    for (size_t i = 0; i < erg_trace_region_count(trace); i++) {
        const erg_region *at = erg_trace_region(trace, i);
        if (!add_named(own, at->name, region, at->begin_ns))
            return false;
    }
    for (size_t i = 0; i < erg_trace_setting_count(trace); i++) {
        const erg_setting *at = erg_trace_setting(trace, i);
        if (is_change(trace, i) && !add_named(own, at->key, setting, at->t_ns))
            return false;
    }
    return true;
}

static int by_moment(const void *a, const void *b)
{
    const begin *x = a, *y = b;
    return x->t_ns != y->t_ns ? (x->t_ns < y->t_ns ? -1 : 1)
                              : (x->cause > y->cause) - (x->cause < y->cause);
}

/* Where no profiler told, a program's regions do. */
static int group_named(const erg_cause *of)
{
    return strcmp(of->kind, "region") != 0 ? NO_GROUP
         : erg_timeline_is_communication(of->name) ? ERG_BEGIN_COLLECTIVE : ERG_BEGIN_WORK;
}

static bool add_named_begins(erg_causes *own)
{
    const begin *at = own->begins.items;
    const erg_cause *rows = own->rows.items;
    bool were_told = own->groups[0].begins + own->groups[1].begins > 0;

    if (own->begins.count > 1)
        qsort(own->begins.items, own->begins.count, sizeof(*at), by_moment);
    for (size_t i = 0; i < own->begins.count; i++)
        if (!add_begin(own, at[i].cause,
                       were_told ? NO_GROUP : group_named(&rows[at[i].cause]), at[i].t_ns))
            return false;
    return true;
}

/* ---- how sure ----------------------------------------------------------------------- */

static size_t distance_of(const erg_cause *of)
{
    size_t i = 0;

    while (i < ERG_COUNT(nearest) && strcmp(nearest[i], of->kind) != 0)
        i++;
    return i;
}

/* The sure ones by lift, then the others by lift. */
static int by_lift(const void *a, const void *b)
{
    const erg_cause *x = a, *y = b;
    double left = x->lift.near ? x->lift.lift : 0, right = y->lift.near ? y->lift.lift : 0;
    if (x->is_sure != y->is_sure)
        return x->is_sure ? -1 : 1;
    if (left != right)
        return left > right ? -1 : 1;
    if (distance_of(x) != distance_of(y))
        return distance_of(x) < distance_of(y) ? -1 : 1;
    if (x->tally.begins != y->tally.begins)
        return x->tally.begins > y->tally.begins ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Of the lifts that were counted the best come first. */
static bool rank(erg_causes *own)
{
    erg_cause *rows = own->rows.items;
    const erg_moments spikes = { own->stamps, own->stamp_count };

    own->places = malloc((own->rows.count + 1) * sizeof(*own->places));
    if (!own->places)
        return erg_fail(own->all->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < own->rows.count; i++) {
        rows[i].number = (uint32_t)i;
        rows[i].lift = erg_lift_of_tally(&rows[i].tally, &spikes, &own->reach);
    }
    if (own->rows.count > 1)
        qsort(rows, own->rows.count, sizeof(*rows), by_lift);
    for (size_t i = 0; i < own->rows.count; i++)
        own->places[rows[i].number] = i < ERG_CAUSES_TRIED ? (uint32_t)i : NOWHERE;
    return true;
}

/* Where a cause that is tried begins. */
static bool cover(erg_causes *own, uint32_t number, int64_t t_ns)
{
    uint32_t place = own->places[number];
    bool is_inside = t_ns >= own->reach.span.begin_ns && t_ns < own->reach.span.end_ns;

    return place == NOWHERE || !is_inside
        || erg_cover_add(&((erg_cause *)own->rows.items)[place].begins, t_ns, &own->reach,
                         own->all->err);
}

static bool cover_events(void *self, const erg_trace_event events[], size_t count,
                         erg_error *err)
{
    (void)err;
    for (size_t i = 0; i < count; i++)
        if (events[i].kind != ERG_EVENT_RUNTIME && events[i].kind != ERG_EVENT_OTHER
            && !cover(self, (uint32_t)events[i].name, events[i].begin_ns))
            return false;
    return true;
}

static bool cover_tried(erg_causes *own)
{
    const begin *at = own->begins.items;
    bool ok = erg_trace_each_event(own->all->trace, cover_events, own, own->all->err);

    for (size_t i = 0; ok && i < own->begins.count; i++)
        ok = cover(own, at[i].cause, at[i].t_ns);
    return ok;
}

static bool try_each(erg_causes *own)
{
    erg_cause *rows = own->rows.items;
    size_t most = own->rows.count < ERG_CAUSES_TRIED ? own->rows.count : ERG_CAUSES_TRIED;
    const erg_moments spikes = { own->stamps, own->stamp_count };
    erg_reach reach = own->reach;

    reach.shifts = ERG_SHIFTS;
    for (size_t i = 0; i < most; i++) {
        rows[i].is_tried = rows[i].tally.begins > 0;
        if (!erg_lift_of_cover(&rows[i].begins, &spikes, &reach, own->all->options->key,
                               &rows[i].lift, own->all->err))
            return false;
        rows[i].is_sure = rows[i].is_tried && rows[i].lift.p_value <= ERG_CAUSE_SURE;
        own->tried += rows[i].is_tried;
    }
    if (most > 1)
        qsort(rows, most, sizeof(*rows), by_lift);
    return true;
}

static bool lift_groups(erg_causes *own)
{
    erg_timeline_case *all = own->all;
    const erg_moments spikes = { own->stamps, own->stamp_count };

    all->spikes_tried = spikes.count;
    for (int i = 0; i < ERG_BEGIN_GROUPS; i++)
        if (!erg_lift_of_cover(&own->groups[i], &spikes, &own->reach, 0, &all->begun[i],
                               all->err))
            return false;
    return true;
}

static bool pick_spikes(erg_causes *own)
{
    const erg_spike *at = own->all->spikes.items;
    size_t n = own->all->spikes.count, step = n / SPIKES_MOST + 1;

    own->stamps = malloc((n / step + 1) * sizeof(*own->stamps));
    if (!own->stamps)
        return erg_fail(own->all->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n; i += step)
        own->stamps[own->stamp_count++] = at[i].begin_ns;
    return true;
}

bool erg_timeline_causes(erg_timeline_case *all, const erg_aftermath after[])
{
    double lag_s = all->options->lag_most_s > 0 ? all->options->lag_most_s : LAG_MOST_S;
    double u_s = all->resolution_s + all->clock_u_s;
    erg_causes own = { .all = all };

    own.reach = (erg_reach){ .span = all->span, .before_ns = erg_ns_from_s(lag_s + u_s),
                             .after_ns = erg_ns_from_s(u_s) };
    bool ok = pick_spikes(&own) && add_events(&own) && add_program(&own)
           && add_named_begins(&own) && rank(&own) && cover_tried(&own) && try_each(&own)
           && lift_groups(&own) && erg_causes_put(&own, after);
    for (size_t i = 0; i < own.rows.count; i++)
        erg_cover_free(&((erg_cause *)own.rows.items)[i].begins);
    for (int i = 0; i < ERG_BEGIN_GROUPS; i++)
        erg_cover_free(&own.groups[i]);
    free(own.rows.items);
    free(own.begins.items);
    free(own.stamps);
    free(own.places);
    return ok;
}
