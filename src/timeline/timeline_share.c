/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who ran how long in every step of the sensor: one sweep over begins, ends and steps.
 *
 * What runs at once divides the time by weight. The clock of the sweep, `turn`, runs at
 * 1/(sum of weights): then a thing of weight w has had w x (turns since it began) seconds,
 * whatever came and went meanwhile, and nothing is touched in between.
 */
#include <stdlib.h>
#include <string.h>
#include "timeline/timeline.h"

typedef struct runner {
    int64_t end_ns;
    double since;
    float weight;
    uint32_t class;
} runner;

typedef struct sweep {
    const erg_work_list *work;
    const erg_work *next, *last;
    size_t taken;               /* works of the list that are next or were */
    erg_work *room;             /* for those that are not in memory */
    runner *running;            /* a heap: the first to end on top */
    size_t count, capacity;
    int64_t now_ns;
    double turn, weights;
    double free_ns;             /* since it was last taken */
    erg_class_time *time;
    uint32_t *touched;
    size_t touched_count, step;
    bool in_look;
} sweep;

/* ---- works wherever they lie -------------------------------------------------------- */

const erg_work *erg_works_some(const erg_work_list *list, size_t at, erg_work room[],
                               size_t *count, erg_error *err)
{
    size_t left = list->count - at;

    *count = left;
    if (!list->aside)
        return list->items + at;
    *count = left < ERG_WORKS_AT_ONCE ? left : ERG_WORKS_AT_ONCE;
    return erg_spill_read(list->aside, list->first + at, *count, room, err) ? room : NULL;
}

erg_work_list erg_works_from(const erg_work_list *list, size_t first)
{
    erg_work_list rest = *list;

    rest.count -= first;
    rest.first += first;
    if (!list->aside && list->items)
        rest.items += first;
    return rest;
}

/* ---- and steps ---------------------------------------------------------------------- */

const erg_sensor_step *erg_steps_some(const erg_step_list *list, size_t at,
                                      erg_sensor_step room[], size_t *count,
                                      erg_error *err)
{
    size_t left = list->count - at;

    *count = left;
    if (!list->aside)
        return list->items + at;
    *count = left < ERG_STEPS_AT_ONCE ? left : ERG_STEPS_AT_ONCE;
    if (!erg_spill_read(list->aside, list->first + at, *count, room, err))
        return NULL;
    for (size_t i = 0; i < *count; i++) {
        room[i].begin_ns += list->shift_ns;
        room[i].look_ns += list->shift_ns;
        room[i].end_ns += list->shift_ns;
        room[i].energy_j *= list->factor != 0 ? list->factor : 1;
    }
    return room;
}

erg_step_list erg_steps_part(const erg_step_list *list, size_t first, size_t count)
{
    erg_step_list part = *list;

    part.count = count;
    part.first += first;
    if (!list->aside)
        part.items += first;
    return part;
}

bool erg_steps_each(const erg_step_list *list, erg_steps_visit *visit, void *self,
                    erg_error *err)
{
    erg_sensor_step *room = list->aside ? malloc(ERG_STEPS_AT_ONCE * sizeof(*room)) : NULL;
    bool ok = room || !list->aside || erg_fail(err, ERG_NO_MEMORY, "out of memory");
    size_t some;

    for (size_t at = 0; ok && at < list->count; at += some) {
        const erg_sensor_step *steps = erg_steps_some(list, at, room, &some, err);
        ok = steps != NULL;
        if (ok)
            visit(self, steps, some);
    }
    free(room);
    return ok;
}

static bool refill(sweep *own, erg_error *err)
{
    size_t count;

    if (own->taken == own->work->count)
        return true;
    own->next = erg_works_some(own->work, own->taken, own->room, &count, err);
    if (!own->next)
        return false;
    own->last = own->next + count;
    own->taken += count;
    return true;
}

/* ---- the sweep ---------------------------------------------------------------------- */

static void credit(sweep *own, const runner *of)
{
    erg_class_time *time = &own->time[of->class];
    double s = 1e-9 * of->weight * (own->turn - of->since);

    if (time->step != own->step) {
        *time = (erg_class_time){ 0, 0, own->step };
        own->touched[own->touched_count++] = of->class;
    }
    time->all_s += s;
    if (own->in_look)
        time->look_s += s;
}

static void sift_down(runner heap[], size_t count, runner item)
{
    size_t at = 0;

    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap[child + 1].end_ns < heap[child].end_ns)
            child++;
        if (heap[child].end_ns >= item.end_ns)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = item;
}

static void stop_first(sweep *own)
{
    credit(own, &own->running[0]);
    own->weights -= (double)own->running[0].weight;
    own->count--;
    if (own->count)
        sift_down(own->running, own->count, own->running[own->count]);
    else
        own->weights = 0;       /* no rounding is handed on */
}

static bool start_next(sweep *own, erg_error *err)
{
    const erg_work *work = own->next++;
    float weight = work->weight > 0 ? work->weight : 1;

    if (work->end_ns <= own->now_ns)
        return true;
    if (own->count == own->capacity
        && !erg_grow((void **)&own->running, &own->capacity, own->count,
                     sizeof(runner), err))
        return false;
    size_t at = own->count++;
    for (; at > 0 && own->running[(at - 1) / 2].end_ns > work->end_ns; at = (at - 1) / 2)
        own->running[at] = own->running[(at - 1) / 2];
    own->running[at] = (runner){ work->end_ns, own->turn, weight, work->class };
    own->weights += (double)weight;
    return true;
}

static void go_to(sweep *own, int64_t t_ns)
{
    double passed_ns = (double)(t_ns - own->now_ns);

    if (own->count)
        own->turn += passed_ns / own->weights;
    else
        own->free_ns += passed_ns;
    own->now_ns = t_ns;
}

/* All that begins and ends until then, and what still runs has its time so far. */
static bool run_until(sweep *own, int64_t until_ns, erg_error *err)
{
    for (;;) {
        if (own->next == own->last && !refill(own, err))
            return false;
        int64_t begin_ns = own->next < own->last ? own->next->begin_ns : INT64_MAX;
        int64_t end_ns = own->count ? own->running[0].end_ns : INT64_MAX;
        bool ends = end_ns <= begin_ns;
        int64_t t_ns = ends ? end_ns : begin_ns;
        if (t_ns > until_ns || t_ns == INT64_MAX)
            break;
        if (t_ns > own->now_ns)
            go_to(own, t_ns);
        if (ends)
            stop_first(own);
        else if (!start_next(own, err))
            return false;
    }
    if (until_ns > own->now_ns)
        go_to(own, until_ns);
    for (size_t i = 0; i < own->count; i++) {
        credit(own, &own->running[i]);
        own->running[i].since = 0;
    }
    own->turn = 0;
    return true;
}

static double take_free_s(sweep *own)
{
    double s = 1e-9 * own->free_ns;
    own->free_ns = 0;
    return s;
}

static bool one_step(sweep *own, const erg_sensor_step *step, erg_step_visit *visit,
                     void *self, erg_error *err)
{
    own->step++;
    own->touched_count = 0;
    own->in_look = false;
    if (!run_until(own, step->look_ns, err))
        return false;
    erg_step_view view = { .step = step, .classes = own->touched, .time = own->time };
    view.free_s = take_free_s(own);
    own->in_look = true;
    if (!run_until(own, step->end_ns, err))
        return false;
    view.free_look_s = take_free_s(own);
    view.free_s += view.free_look_s;
    view.count = own->touched_count;
    visit(self, &view);
    return true;
}

/* Everything up to the begin of the steps is over, or runs already. */
static bool begin_at(sweep *own, int64_t begin_ns, erg_error *err)
{
    own->now_ns = begin_ns;
    bool ok = run_until(own, begin_ns, err);
    own->free_ns = 0;
    return ok;
}

static bool all_steps(sweep *own, const erg_step_list *steps, erg_step_visit *visit,
                      void *self, erg_error *err)
{
    erg_sensor_step *room = steps->aside ? malloc(ERG_STEPS_AT_ONCE * sizeof(*room)) : NULL;
    bool ok = room || !steps->aside || erg_fail(err, ERG_NO_MEMORY, "out of memory");
    size_t some;

    for (size_t at = 0; ok && at < steps->count; at += some) {
        const erg_sensor_step *these = erg_steps_some(steps, at, room, &some, err);
        ok = these && (at > 0 || begin_at(own, these[0].begin_ns, err));
        for (size_t i = 0; ok && i < some; i++)
            ok = one_step(own, &these[i], visit, self, err);
    }
    free(room);
    return ok;
}

bool erg_overlaps_sweep(const erg_work_list *work, const erg_step_list *steps,
                        erg_step_visit *visit, void *self, erg_error *err)
{
    sweep own = { .work = work, .step = 1 };
    own.room = work->aside ? malloc(ERG_WORKS_AT_ONCE * sizeof(*own.room)) : NULL;
    own.time = calloc(work->classes + 1, sizeof(*own.time));
    own.touched = calloc(work->classes + 1, sizeof(*own.touched));
    bool ok = own.time && own.touched && (own.room || !work->aside);

    ok = ok ? all_steps(&own, steps, visit, self, err)
            : erg_fail(err, ERG_NO_MEMORY, "out of memory");
    free(own.room);
    free(own.running);
    free(own.time);
    free(own.touched);
    return ok;
}
