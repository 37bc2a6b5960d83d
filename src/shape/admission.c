/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "shape/admission.h"

#define FULL 0.95     /* of L */
#define SETTLE_S 60.0 /* until a job draws what it said */

erg_job *erg_admission_find(erg_admission *state, const char *name)
{
    for (size_t i = 0; i < state->count; i++)
        if (strcmp(state->jobs[i].name, name) == 0)
            return &state->jobs[i];
    return NULL;
}

bool erg_admission_ask(erg_admission *state, const erg_job *job)
{
    size_t at = state->count;

    if (state->count == ERG_JOBS_MOST)
        return false;
    while (at > 0 && !state->jobs[at - 1].is_running
           && state->jobs[at - 1].class < job->class)
        at--;
    memmove(&state->jobs[at + 1], &state->jobs[at], (state->count - at) * sizeof(*job));
    state->jobs[at] = *job;
    state->jobs[at].is_running = false;
    state->count++;
    return true;
}

void erg_admission_end(erg_admission *state, erg_job *job)
{
    size_t at = (size_t)(job - state->jobs);

    state->count--;
    memmove(job, job + 1, (state->count - at) * sizeof(*job));
}

/* ---- does it fit? ---------------------------------------------------------------- */

typedef struct load {
    double power_w, least_w;
} load;

/* Of the jobs that still run so much later; stated times only end at that moment. */
static load load_at(const erg_admission *state, double later_s)
{
    load sum = { 0, 0 };

    for (size_t i = 0; i < state->count; i++)
        if (state->jobs[i].is_running && state->jobs[i].left_s > later_s) {
            sum.power_w += state->jobs[i].power_w;
            sum.least_w += state->jobs[i].least_w;
        }
    return sum;
}

/* What is drawn and nobody has announced goes on. A job that has just started does not draw
 * yet: so long, what others draw must not pass for its watts. */
static void see_others(erg_admission *state, const erg_admission_room *room, double dt_s)
{
    double others_w = fmax(0, room->power_w - room->base_w - load_at(state, 0).power_w);

    state->since_start_s += dt_s;
    if (!isnan(room->power_w)
        && (others_w > state->other_w || state->since_start_s > SETTLE_S))
        state->other_w = others_w;
}

static double base_of(const erg_admission *state, const erg_admission_room *room)
{
    return room->base_w + state->other_w;
}

static bool fits(const erg_admission_room *room, double base_w, load with,
                 const erg_job *job)
{
    return room->base_w + with.least_w + job->least_w <= room->budget_w
           && base_w + with.power_w + job->power_w <= FULL * room->limit_w;
}

bool erg_admission_too_large(const erg_admission *state, const erg_admission_room *room,
                             const erg_job *job)
{
    return !fits(room, base_of(state, room), (load){ 0, 0 }, job);
}

/* When the first of the queue can start by stated times; INFINITY: they do not tell. */
static double start_of(const erg_admission *state, const erg_admission_room *room,
                       const erg_job *head)
{
    double base_w = base_of(state, room), start_s = INFINITY;

    for (size_t i = 0; i < state->count; i++) {
        const erg_job *job = &state->jobs[i];
        if (job->is_running && job->left_s < start_s
            && fits(room, base_w, load_at(state, job->left_s), head))
            start_s = job->left_s;
    }
    return start_s;
}

static bool may_pass(const erg_admission *state, const erg_admission_room *room,
                     const erg_job *head, const erg_job *job)
{
    double base_w = base_of(state, room), start_s = start_of(state, room, head);

    if (erg_admission_too_large(state, room, head))
        return true;        /* it waits for limits, and for nobody else */
    if (isinf(start_s))
        return false;
    load then = load_at(state, start_s);
    then.power_w += job->power_w;
    then.least_w += job->least_w;
    return job->left_s <= start_s || fits(room, base_w, then, head);
}

/* The first of the queue that may start; NULL: none. */
static erg_job *next_of(erg_admission *state, const erg_admission_room *room)
{
    const erg_job *head = NULL;
    double base_w = base_of(state, room);

    for (size_t i = 0; i < state->count; i++) {
        erg_job *job = &state->jobs[i];
        if (job->is_running)
            continue;
        if (fits(room, base_w, load_at(state, 0), job)
            && (!head || may_pass(state, room, head, job)))
            return job;
        head = head ? head : job;
    }
    return NULL;
}

static void start(erg_admission *state, erg_job *job)
{
    erg_job moved = *job;
    size_t at = (size_t)(job - state->jobs), to = 0;

    while (state->jobs[to].is_running)
        to++;
    memmove(&state->jobs[to + 1], &state->jobs[to], (at - to) * sizeof(*job));
    moved.is_running = true;
    state->jobs[to] = moved;
    state->since_start_s = 0;
}

void erg_admission_step(erg_admission *state, const erg_admission_room *room, double dt_s)
{
    for (size_t i = state->count; i-- > 0;) {
        erg_job *job = &state->jobs[i];
        if (job->is_running && (job->left_s -= dt_s) <= 0)
            erg_admission_end(state, job);
    }
    see_others(state, room, dt_s);
    for (erg_job *job; !room->is_hot && (job = next_of(state, room));)
        start(state, job);
}
