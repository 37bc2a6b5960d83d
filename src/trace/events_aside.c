/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of events aside: filled, sorted, written; read through a heap of their heads. */
#include "trace/events_aside.h"
#include <stdlib.h>
#include <string.h>

/* A run fills what a spill holds, so that no run stands in two pieces. All heads together
 * have as much. */
enum {
    RUN = ERG_SPILL_BYTES / sizeof(erg_trace_event),
    HEAD_MOST = 1 << 12, HEADS_TOGETHER = RUN, PART = 1 << 11
};

/* Where a run is read. */
typedef struct head {
    erg_trace_event *items;     /* what was read of it */
    size_t at, count;
    size_t next, end;           /* numbers of the events that were not */
    size_t run;
} head;

typedef struct merging {
    const erg_events_aside *from;
    head *heads;                /* a heap, the first event on top */
    size_t count, room;         /* events that a head holds */
    erg_trace_event *buffers;
    erg_error *err;
} merging;

erg_events_aside *erg_events_aside_new(erg_error *err)
{
    erg_events_aside *aside = calloc(1, sizeof(*aside));

    if (!aside)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    else
        aside->runs.size = sizeof(erg_trace_event);
    return aside;
}

void erg_events_aside_free(erg_events_aside *aside)
{
    if (aside) {
        erg_spill_free(&aside->runs);
        free(aside->last.items);
    }
    free(aside);
}

size_t erg_events_aside_count(const erg_events_aside *aside)
{
    return erg_spill_count(&aside->runs) + aside->last.count;
}

static bool close_run(erg_events_aside *aside, erg_error *err)
{
    bool good = erg_events_sort(&aside->last, aside->sorted, err)
             && erg_spill_add(&aside->runs, aside->last.items, aside->last.count, err);

    aside->last.count = aside->sorted = 0;
    return good;
}

bool erg_events_aside_add(erg_events_aside *aside, const erg_trace_event events[],
                          size_t count, erg_error *err)
{
    while (count > 0) {
        size_t room = RUN - aside->last.count, some = count < room ? count : room;
        if (!erg_rows_add(&aside->last, events, some, sizeof(*events), err)
            || (some == room && !close_run(aside, err)))
            return false;
        events += some;
        count -= some;
    }
    return true;
}

/* ---- merging ------------------------------------------------------------------------- */

/* Of equal events the one of the earlier run comes first. */
static bool comes_after(const head *a, const head *b)
{
    const erg_trace_event *x = &a->items[a->at], *y = &b->items[b->at];
    return erg_event_is_after(x, y) || (a->run > b->run && !erg_event_is_after(y, x));
}

static void sift_down(head heap[], size_t count, head item)
{
    size_t at = 0;

    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && comes_after(&heap[child], &heap[child + 1]))
            child++;
        if (!comes_after(&item, &heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = item;
}

/* The next ones of a run; none: count 0. */
static bool fill(merging *of, head *one)
{
    size_t left = one->end - one->next;

    one->at = 0;
    one->count = left < of->room ? left : of->room;
    bool good = one->count == 0
             || erg_spill_read(&of->from->runs, one->next, one->count, one->items, of->err);
    one->next += one->count;
    return good;
}

static void push(merging *of, const head *one)
{
    size_t at = of->count++;

    for (; at > 0 && comes_after(&of->heads[(at - 1) / 2], one); at = (at - 1) / 2)
        of->heads[at] = of->heads[(at - 1) / 2];
    of->heads[at] = *one;
}

static bool open_heads(merging *of)
{
    size_t total = erg_spill_count(&of->from->runs), runs = total / RUN;
    const erg_rows *last = &of->from->last;

    of->room = runs ? HEADS_TOGETHER / runs : 1;
    of->room = of->room < 1 ? 1 : of->room > HEAD_MOST ? HEAD_MOST : of->room;
    of->heads = calloc(runs + 1, sizeof(*of->heads));
    of->buffers = malloc((runs * of->room + 1) * sizeof(*of->buffers));
    if (!of->heads || !of->buffers)
        return erg_fail(of->err, ERG_NO_MEMORY, "out of memory");
    for (size_t run = 0; run < runs; run++) {
        head one = { .items = of->buffers + run * of->room, .next = run * RUN,
                     .end = (run + 1) * RUN, .run = run };
        if (!fill(of, &one))
            return false;
        push(of, &one);
    }
    if (last->count)
        push(of, &(head){ .items = last->items, .count = last->count, .run = runs });
    return true;
}

/* Takes the first of all. */
static bool take(merging *of, erg_trace_event *to)
{
    head top = of->heads[0];

    *to = top.items[top.at++];
    if (top.at == top.count && !fill(of, &top))
        return false;
    if (top.count)
        sift_down(of->heads, of->count, top);
    else if (--of->count)
        sift_down(of->heads, of->count, of->heads[of->count]);
    return true;
}

static bool merge(merging *of, erg_trace_visit_events *visit, void *self)
{
    erg_trace_event part[PART];

    while (of->count) {
        size_t some = 0;
        while (of->count && some < PART)
            if (!take(of, &part[some++]))
                return false;
        if (!visit(self, part, some, of->err))
            return false;
    }
    return true;
}

bool erg_events_aside_each(erg_events_aside *aside, erg_trace_visit_events *visit,
                           void *self, erg_error *err)
{
    merging of = { .from = aside, .err = err };
    bool good = erg_events_sort(&aside->last, aside->sorted, err);

    aside->sorted = good ? aside->last.count : 0;
    good = good && open_heads(&of) && merge(&of, visit, self);

    free(of.heads);
    free(of.buffers);
    return good;
}
