/* SPDX-License-Identifier: Apache-2.0 */
/* What ran when, and as what it counts: kernels by name, by their operator, or regions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "timeline/timeline_inside.h"
#include "trace/events.h"

static bool is_device_work(int32_t kind)
{
    return erg_kind_is_device((erg_trace_event_kind)kind);
}

static bool is_operator(int32_t kind) { return kind == ERG_EVENT_OPERATOR; }

static bool add_class(erg_timeline_case *all, const char *name, const char *kind)
{
    erg_class row = { .name = name, .kind = kind, .bytes = NAN };
    return erg_rows_add(&all->classes, &row, 1, sizeof(row), all->err);
}

static bool add_work(erg_timeline_case *all, const erg_trace_event *piece, uint32_t class)
{
    erg_work work = { .begin_ns = piece->begin_ns, .class = class,
                      .end_ns = piece->begin_ns + piece->duration_ns };
    return erg_spill_add(&all->works, &work, 1, all->err);
}

static void count(erg_timeline_case *all, uint32_t class, int64_t duration_ns,
                  erg_purpose purpose)
{
    erg_class *row = (erg_class *)all->classes.items + class;
    row->count++;
    row->duration_s += erg_s_from_ns(duration_ns);
    row->for_s[purpose] += erg_s_from_ns(duration_ns);
}

static erg_purpose purpose_of(int32_t kind)
{
    return kind == ERG_EVENT_COLLECTIVE ? ERG_FOR_COMMUNICATION
         : kind == ERG_EVENT_COPY || kind == ERG_EVENT_SET ? ERG_FOR_MEMORY
                                                           : ERG_FOR_COMPUTE;
}

/* ---- on a device: every event as it is ---------------------------------------------- */

/* A class a name of events, and the last for kernels of nobody. */
static bool name_classes(erg_timeline_case *all, const char *kind)
{
    int32_t names = erg_trace_event_name_count(all->trace);

    for (int32_t i = 0; i < names; i++)
        if (!add_class(all, erg_trace_event_name(all->trace, i), kind))
            return false;
    return add_class(all, "(no operator)", kind);
}

static uint32_t device_class(erg_timeline_case *all, const erg_trace_event *event,
                             bool by_operator)
{
    int32_t class = by_operator ? event->by : event->name;

    if (class < 0)
        return (uint32_t)erg_trace_event_name_count(all->trace);
    if (!by_operator)
        ((erg_class *)all->classes.items)[class].kind =
            erg_trace_event_kind_name((erg_trace_event_kind)event->kind);
    return (uint32_t)class;
}

static bool take_device(erg_timeline_case *all, const erg_trace_event events[], size_t n,
                        bool by_operator)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_device_work(events[i].kind))
            continue;
        uint32_t class = device_class(all, &events[i], by_operator);
        count(all, class, events[i].duration_ns, purpose_of(events[i].kind));
        if (!add_work(all, &events[i], class))
            return false;
    }
    return true;
}

static bool take_kernels(void *self, const erg_trace_event events[], size_t n,
                         erg_error *err)
{
    (void)err;
    return take_device(self, events, n, false);
}

static bool take_operators(void *self, const erg_trace_event events[], size_t n,
                           erg_error *err)
{
    (void)err;
    return take_device(self, events, n, true);
}

static bool kernel_works(erg_timeline_case *all)
{
    return name_classes(all, "operator")
        && erg_trace_each_event(all->trace, take_kernels, all, all->err);
}

/* ---- on the host: of what is nested the innermost ----------------------------------- */

typedef struct open_work { int64_t end_ns; uint32_t class; } open_work;

/* What is open in one thread, and until when it has been told. */
typedef struct lane { erg_rows open; int64_t told_ns; } lane;

/* Pieces in which nothing else of the same thread is open further in; threads tell theirs
 * when they go on, so that all of them are sorted at the end. A piece is an event whose
 * name is its class. */
typedef struct flattening {
    erg_timeline_case *all;
    erg_events_aside *pieces;
    lane *lanes;
    size_t lane_count;
} flattening;

static bool tell_until(flattening *own, lane *of, int64_t until_ns)
{
    while (of->open.count) {
        const open_work *top = (open_work *)of->open.items + of->open.count - 1;
        int64_t end_ns = top->end_ns < until_ns ? top->end_ns : until_ns;
        erg_trace_event piece = { .begin_ns = of->told_ns, .name = (int32_t)top->class,
                                  .duration_ns = end_ns - of->told_ns };
        if (piece.duration_ns > 0
            && !erg_events_aside_add(own->pieces, &piece, 1, own->all->err))
            return false;
        of->told_ns = end_ns > of->told_ns ? end_ns : of->told_ns;
        if (top->end_ns > until_ns)
            break;
        of->open.count--;
    }
    return true;
}

/* By begin in each lane; of those that begin together the longest first. */
static bool enter(flattening *own, size_t lane_number, erg_span during, uint32_t class)
{
    lane *of = &own->lanes[lane_number];
    open_work next = { during.end_ns, class };

    if (!tell_until(own, of, during.begin_ns))
        return false;
    of->told_ns = during.begin_ns;
    return erg_rows_add(&of->open, &next, 1, sizeof(next), own->all->err);
}

static bool begin_lanes(flattening *own, size_t count)
{
    own->lane_count = count;
    own->lanes = calloc(count + 1, sizeof(*own->lanes));
    own->pieces = erg_events_aside_new(own->all->err);
    return own->pieces
        && (own->lanes || erg_fail(own->all->err, ERG_NO_MEMORY, "out of memory"));
}

static bool take_pieces(void *self, const erg_trace_event pieces[], size_t n,
                        erg_error *err)
{
    (void)err;
    for (size_t i = 0; i < n; i++)
        if (!add_work(self, &pieces[i], (uint32_t)pieces[i].name))
            return false;
    return true;
}

static bool end_lanes(flattening *own)
{
    for (size_t i = 0; i < own->lane_count; i++)
        if (!tell_until(own, &own->lanes[i], INT64_MAX))
            return false;
    return erg_events_aside_each(own->pieces, take_pieces, own->all, own->all->err);
}

static void free_lanes(flattening *own)
{
    for (size_t i = 0; own->lanes && i < own->lane_count; i++)
        free(own->lanes[i].open.items);
    free(own->lanes);
    erg_events_aside_free(own->pieces);
}

static bool take_host(void *self, const erg_trace_event events[], size_t n, erg_error *err)
{
    flattening *own = self;

    (void)err;
    for (size_t i = 0; i < n; i++) {
        const erg_trace_event *at = &events[i];
        if (!is_operator(at->kind))
            continue;
        erg_span during = { at->begin_ns, at->begin_ns + at->duration_ns };
        const char *name = erg_trace_event_name(own->all->trace, at->name);
        count(own->all, (uint32_t)at->name, at->duration_ns,
              erg_timeline_is_communication(name) ? ERG_FOR_COMMUNICATION
                                                  : ERG_FOR_COMPUTE);
        if (!enter(own, (size_t)at->track, during, (uint32_t)at->name))
            return false;
    }
    return true;
}

static bool host_works(erg_timeline_case *all)
{
    flattening own = { .all = all };
    bool ok = begin_lanes(&own, (size_t)erg_trace_track_count(all->trace))
           && name_classes(all, "operator")
           && erg_trace_each_event(all->trace, take_host, &own, all->err)
           && end_lanes(&own);

    free_lanes(&own);
    return ok;
}

/* ---- regions of a program ----------------------------------------------------------- */

typedef struct nested { erg_span during; int64_t thread; uint32_t class; } nested;

static int by_thread(const void *a, const void *b)
{
    const nested *x = a, *y = b;
    if (x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    if (x->during.begin_ns != y->during.begin_ns)
        return x->during.begin_ns < y->during.begin_ns ? -1 : 1;
    return x->during.end_ns > y->during.end_ns ? -1 : x->during.end_ns < y->during.end_ns;
}

static uint32_t class_of(const erg_timeline_case *all, const char *name)
{
    const erg_class *rows = all->classes.items;
    uint32_t i = 0;

    while (i < all->classes.count && strcmp(rows[i].name, name) != 0)
        i++;
    return i;
}

/* Each thread is over before the next one begins: they share a lane. */
static bool flatten(erg_timeline_case *all, nested items[], size_t n)
{
    flattening own = { .all = all };
    bool ok = begin_lanes(&own, 1);

    if (n > 1)
        qsort(items, n, sizeof(*items), by_thread);
    for (size_t i = 0; ok && i < n; i++) {
        bool is_new = i > 0 && items[i].thread != items[i - 1].thread;
        ok = (!is_new || tell_until(&own, own.lanes, INT64_MAX))
          && enter(&own, 0, items[i].during, items[i].class);
    }
    ok = ok && end_lanes(&own);
    free_lanes(&own);
    return ok;
}

static bool region_works(erg_timeline_case *all)
{
    size_t n = erg_trace_region_count(all->trace);
    nested *items = calloc(n + 1, sizeof(*items));
    bool ok = items != NULL || erg_fail(all->err, ERG_NO_MEMORY, "out of memory");

    for (size_t i = 0; ok && i < n; i++) {
        const erg_region *region = erg_trace_region(all->trace, i);
        uint32_t class = class_of(all, region->name);
        int64_t end_ns = region->end_ns < all->span.end_ns
            ? region->end_ns : all->span.end_ns;
        ok = class < all->classes.count || add_class(all, region->name, "region");
        if (!ok)
            break;
        items[i] = (nested){ { region->begin_ns, end_ns }, region->thread, class };
        count(all, class, end_ns - region->begin_ns,
              erg_timeline_is_communication(region->name) ? ERG_FOR_COMMUNICATION
                                                          : ERG_FOR_REGION);
    }
    ok = ok && flatten(all, items, n);
    free(items);
    return ok;
}

/* ---- which -------------------------------------------------------------------------- */

static int64_t count_of(const erg_timeline_case *all, bool (*wanted)(int32_t kind))
{
    int64_t sum = 0;

    for (int32_t kind = 0; kind < ERG_EVENT_KINDS; kind++)
        sum += wanted(kind) ? all->events_of[kind] : 0;
    return sum;
}

static int64_t kernels_in(const erg_timeline_case *all)
{
    return count_of(all, is_device_work);
}

static int64_t operators_in(const erg_timeline_case *all)
{
    return count_of(all, is_operator) + kernels_in(all);
}

static int64_t regions_in(const erg_timeline_case *all)
{
    return (int64_t)erg_trace_region_count(all->trace);
}

static bool operator_works(erg_timeline_case *all)
{
    if (!kernels_in(all))
        return host_works(all);
    return name_classes(all, "operator")
        && erg_trace_each_event(all->trace, take_operators, all, all->err);
}

/* The finest first. */
static const struct {
    const char *name;
    int64_t (*in)(const erg_timeline_case *all);
    bool (*fill)(erg_timeline_case *all);
} ways[] = {
    { "kernel",   kernels_in,   kernel_works },
    { "operator", operators_in, operator_works },
    { "region",   regions_in,   region_works },
};

bool erg_timeline_works(erg_timeline_case *all)
{
    const char *asked = all->options->by;

    for (size_t i = 0; i < ERG_COUNT(ways); i++) {
        if (asked && strcmp(asked, ways[i].name) != 0)
            continue;
        if (ways[i].in(all) == 0 && !asked)
            continue;
        if (ways[i].in(all) == 0)
            return erg_fail(all->err, ERG_NO_DATA,
                            "there is no %s in this recording: add the "
                            "trace of a profiler, as in erg timeline RUN.erg trace.json",
                            asked);
        all->by = ways[i].name;
        return ways[i].fill(all);
    }
    if (asked)
        return erg_fail(all->err, ERG_BAD_INPUT,
                        "by is kernel, operator or region, not '%s'", asked);
    return true;
}
