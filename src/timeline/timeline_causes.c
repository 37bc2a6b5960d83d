/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What begins before the spikes: marks, regions, settings, and work that other tools
 * recorded. The tables spikes and causes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "timeline/timeline_inside.h"

/* Shifts are drawn for so many classes, by lift, and tried on so many spikes. */
enum { TRIED_MOST = 200, SPIKES_MOST = 2000, NAMED = 5, NO_GROUP = -1 };
static const double LAG_MOST_S = 0.1;
static const double SURE = 0.01, TWICE = 2;     /* a cause is named at this p and lift */

/* Of equal lifts what ran on the device is named before the call that launched it. */
static const char *const nearest[] = { "collective", "kernel", "copy", "set",
                                       "setting", "mark", "region" };

typedef struct cause {
    const char *name, *kind;
    erg_cover begins;
    erg_lift lift;
    bool is_tried;
} cause;

typedef struct begin { uint32_t cause; int64_t t_ns; } begin;

typedef struct causes {
    erg_timeline_case *all;
    erg_rows rows;              /* cause, by p and lift once they are known */
    erg_rows begins;            /* begin of what people named, in any order */
    erg_cover groups[ERG_BEGIN_GROUPS];
    erg_reach reach;
    size_t tried;
} causes;

/* ---- who begins --------------------------------------------------------------------- */

static bool add_cause(causes *own, const char *name, const char *kind)
{
    cause row = { .name = name, .kind = kind };
    return erg_rows_add(&own->rows, &row, 1, sizeof(row), own->all->err);
}

/* In time order of each cause, and of each group. */
static bool add_begin(causes *own, uint32_t number, int group, int64_t t_ns)
{
    cause *row = (cause *)own->rows.items + number;
    bool is_inside = t_ns >= own->reach.span.begin_ns && t_ns < own->reach.span.end_ns;

    return !is_inside
        || (erg_cover_add(&row->begins, t_ns, &own->reach, own->all->err)
            && (group == NO_GROUP
                || erg_cover_add(&own->groups[group], t_ns, &own->reach, own->all->err)));
}

static int group_of(int32_t kind)
{
    return kind == ERG_EVENT_COLLECTIVE ? ERG_BEGIN_COLLECTIVE
         : kind == ERG_EVENT_KERNEL || kind == ERG_EVENT_OPERATOR ? ERG_BEGIN_WORK
                                                                  : NO_GROUP;
}

/* The few names of people and programs; events have numbers of their own. */
static bool add_named(causes *own, const char *name, const char *kind, int64_t t_ns)
{
    const cause *rows = own->rows.items;
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
    causes *own = self;
    cause *rows = own->rows.items;

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

static bool add_events(causes *own)
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

static bool add_program(causes *own)
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
static int group_named(const cause *of)
{
    return strcmp(of->kind, "region") != 0 ? NO_GROUP
         : erg_timeline_is_communication(of->name) ? ERG_BEGIN_COLLECTIVE : ERG_BEGIN_WORK;
}

static bool add_named_begins(causes *own)
{
    const begin *at = own->begins.items;
    const cause *rows = own->rows.items;
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

static bool is_sure(const cause *of) { return of->is_tried && of->lift.p_value <= SURE; }

static size_t distance_of(const cause *of)
{
    size_t i = 0;

    while (i < ERG_COUNT(nearest) && strcmp(nearest[i], of->kind) != 0)
        i++;
    return i;
}

/* The sure ones by lift, then the others by lift. */
static int by_lift(const void *a, const void *b)
{
    const cause *x = a, *y = b;
    double left = x->lift.near ? x->lift.lift : 0, right = y->lift.near ? y->lift.lift : 0;
    if (is_sure(x) != is_sure(y))
        return is_sure(x) ? -1 : 1;
    if (left != right)
        return left > right ? -1 : 1;
    if (distance_of(x) != distance_of(y))
        return distance_of(x) < distance_of(y) ? -1 : 1;
    if (x->begins.begins != y->begins.begins)
        return x->begins.begins > y->begins.begins ? -1 : 1;
    return strcmp(x->name, y->name);
}

static bool lift_each(causes *own, const erg_moments *spikes, size_t most, int shifts)
{
    cause *rows = own->rows.items;
    erg_reach reach = own->reach;

    reach.shifts = shifts;
    for (size_t i = 0; i < own->rows.count && i < most; i++) {
        rows[i].is_tried = shifts > 0 && rows[i].begins.begins > 0;
        if (!erg_lift_of_cover(&rows[i].begins, spikes, &reach, own->all->options->key,
                               &rows[i].lift, own->all->err))
            return false;
        own->tried += rows[i].is_tried;
    }
    if (own->rows.count > 1)
        qsort(rows, own->rows.count < most ? own->rows.count : most, sizeof(*rows),
              by_lift);
    return true;
}

static bool lift_groups(causes *own, const erg_moments *spikes)
{
    erg_timeline_case *all = own->all;

    all->spikes_tried = spikes->count;
    for (int i = 0; i < ERG_BEGIN_GROUPS; i++)
        if (!erg_lift_of_cover(&own->groups[i], spikes, &own->reach, 0, &all->begun[i],
                               all->err))
            return false;
    return true;
}

static bool find_lifts(causes *own)
{
    const erg_spike *at = own->all->spikes.items;
    size_t n = own->all->spikes.count, step = n / SPIKES_MOST + 1, kept = 0;
    int64_t *stamps = malloc((n + 1) * sizeof(*stamps));

    if (!stamps)
        return erg_fail(own->all->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n; i += step)
        stamps[kept++] = at[i].begin_ns;
    erg_moments spikes = { stamps, kept };
    bool ok = lift_each(own, &spikes, SIZE_MAX, 0)
           && lift_each(own, &spikes, TRIED_MOST, ERG_SHIFTS)
           && lift_groups(own, &spikes);
    free(stamps);
    return ok;
}

static bool begins_near(const causes *own, const cause *of, int64_t t_ns)
{
    return erg_cover_holds(&of->begins, t_ns - own->reach.span.begin_ns);
}

/* ---- tables ------------------------------------------------------------------------- */

/* Names of the first candidates; *first: the one that is named the cause. */
static void name_candidates(const causes *own, int64_t t_ns, const cause **first,
                            erg_text *names)
{
    const cause *rows = own->rows.items;
    int named = 0;

    for (size_t i = 0; i < own->rows.count && named < NAMED; i++) {
        bool is_candidate = rows[i].lift.near > 0 && rows[i].lift.lift > 1
                         && begins_near(own, &rows[i], t_ns);
        if (!is_candidate)
            continue;
        if (!*first && is_sure(&rows[i]) && rows[i].lift.lift >= TWICE)
            *first = &rows[i];
        erg_text_add(names, "%s%s", named++ ? ", " : "", rows[i].name);
    }
}

static bool put_spike(const causes *own, erg_table *table, const erg_spike *spike,
                      const erg_aftermath *after)
{
    erg_error *err = own->all->err;
    const cause *first = NULL;
    erg_text text = { 0 };

    name_candidates(own, spike->begin_ns, &first, &text);
    char *names = text.count ? erg_text_take(&text) : NULL;
    bool ok = erg_table_row(table, err)
        && erg_table_real(table, "time_s", erg_timeline_s(own->all, spike->begin_ns), err)
        && erg_table_real(table, "peak_w", spike->peak_w, err)
        && erg_table_real(table, "rise_w_per_s", spike->rise_w_per_s, err)
        && erg_table_text(table, "cause", first ? first->name : NULL, err)
        && erg_table_real(table, "lift", first ? first->lift.lift : NAN, err)
        && erg_table_real(table, "p_value", first ? first->lift.p_value : NAN, err)
        && erg_table_real(table, "duration_s",
                          erg_s_from_ns(spike->end_ns - spike->begin_ns), err)
        && erg_table_text(table, "candidates", names, err)
        && erg_table_text(table, "throttle", after->throttle, err)
        && erg_table_real(table, "clock_drop_hz", after->clock_drop_hz, err);
    free(names);
    erg_text_free(&text);
    return ok;
}

static bool put_cause(const causes *own, erg_table *table, const cause *of,
                      const erg_aftermath after[])
{
    erg_error *err = own->all->err;
    const erg_spike *spikes = own->all->spikes.items;
    double near = 0, held = 0, drop_hz = 0, drops = 0;

    for (size_t i = 0; i < own->all->spikes.count; i++) {
        if (!begins_near(own, of, spikes[i].begin_ns))
            continue;
        near++;
        held += after[i].throttle != NULL;
        drops += !isnan(after[i].clock_drop_hz);
        drop_hz += isnan(after[i].clock_drop_hz) ? 0 : after[i].clock_drop_hz;
    }
    return erg_table_row(table, err)
        && erg_table_text(table, "cause", of->name, err)
        && erg_table_text(table, "kind", of->kind, err)
        && erg_table_integer(table, "begins", (int64_t)of->begins.begins, err)
        && erg_table_integer(table, "spikes", (int64_t)near, err)
        && erg_table_real(table, "lift", of->lift.lift, err)
        && erg_table_real(table, "p_value", of->lift.p_value, err)
        && erg_table_real(table, "throttled", near > 0 ? held / near : NAN, err)
        && erg_table_real(table, "clock_drop_hz", drops > 0 ? drop_hz / drops : NAN, err);
}

static bool put_tables(const causes *own, const erg_aftermath after[])
{
    erg_timeline_case *all = own->all;
    const cause *rows = own->rows.items;
    const erg_spike *spikes = all->spikes.items;
    bool ok = true;

    for (size_t i = 0; ok && i < all->spikes.count; i++)
        ok = put_spike(own, all->tables.spikes, &spikes[i], &after[i]);
    for (size_t i = 0; ok && i < own->rows.count && i < TRIED_MOST; i++)
        if (rows[i].begins.begins && rows[i].lift.near)
            ok = put_cause(own, all->tables.causes, &rows[i], after);
    return ok;
}

static bool note(const causes *own)
{
    const erg_timeline_case *all = own->all;

    if (all->spikes.count == 0)
        return erg_result_note(all->result, all->err, "no spikes");
    if (own->tried == 0)
        return erg_result_note(all->result, all->err,
                               "nothing begins in this recording that "
                               "could cause a spike: regions, marks or a "
                               "profiler's trace would");
    return erg_result_note(all->result, all->err,
                           "a cause is named at a lift of at least %g "
                           "and p of at most %g: of %zu that were tried up "
                           "to %.2g by chance, which is the same begins shifted "
                           "in a circle %d times", TWICE, SURE,
                           own->tried, SURE * (double)own->tried, ERG_SHIFTS);
}

bool erg_timeline_causes(erg_timeline_case *all, const erg_aftermath after[])
{
    double lag_s = all->options->lag_most_s > 0 ? all->options->lag_most_s : LAG_MOST_S;
    double u_s = all->resolution_s + all->clock_u_s;
    causes own = { .all = all };

    own.reach = (erg_reach){ .span = all->span, .before_ns = erg_ns_from_s(lag_s + u_s),
                             .after_ns = erg_ns_from_s(u_s) };
    bool ok = add_events(&own) && add_program(&own) && add_named_begins(&own)
           && find_lifts(&own) && put_tables(&own, after) && note(&own);
    for (size_t i = 0; i < own.rows.count; i++)
        erg_cover_free(&((cause *)own.rows.items)[i].begins);
    for (int i = 0; i < ERG_BEGIN_GROUPS; i++)
        erg_cover_free(&own.groups[i]);
    free(own.rows.items);
    free(own.begins.items);
    return ok;
}
