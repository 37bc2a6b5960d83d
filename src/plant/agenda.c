/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "plant/agenda.h"

enum { CHILDREN = 4 };

void erg_agenda_free(erg_agenda *agenda)
{
    free(agenda->events);
    *agenda = (erg_agenda){ 0 };
}

static bool is_before(const erg_event *a, const erg_event *b)
{
    return a->t_ns < b->t_ns || (a->t_ns == b->t_ns && a->order < b->order);
}

bool erg_agenda_plan(erg_agenda *agenda, int64_t t_ns, uint32_t who, uint32_t serial,
                     erg_error *err)
{
    if (!erg_grow((void **)&agenda->events, &agenda->capacity, agenda->count,
                  sizeof(*agenda->events), err))
        return false;
    erg_event event = { t_ns > agenda->now_ns ? t_ns : agenda->now_ns,
                        agenda->planned++, who, serial };
    size_t at = agenda->count++;

    while (at > 0 && is_before(&event, &agenda->events[(at - 1) / CHILDREN])) {
        agenda->events[at] = agenda->events[(at - 1) / CHILDREN];
        at = (at - 1) / CHILDREN;
    }
    agenda->events[at] = event;
    return true;
}

static size_t first_child(const erg_agenda *agenda, size_t of)
{
    size_t begin = of * CHILDREN + 1, end = begin + CHILDREN, best = begin;

    if (end > agenda->count)
        end = agenda->count;
    for (size_t i = begin + 1; i < end; i++)
        if (is_before(&agenda->events[i], &agenda->events[best]))
            best = i;
    return best;
}

bool erg_agenda_take(erg_agenda *agenda, int64_t until_ns, erg_event *out)
{
    if (agenda->count == 0 || agenda->events[0].t_ns > until_ns)
        return false;
    *out = agenda->events[0];
    agenda->now_ns = out->t_ns;
    erg_event last = agenda->events[--agenda->count];
    size_t at = 0;
    for (size_t child; (child = first_child(agenda, at)) < agenda->count; at = child) {
        if (!is_before(&agenda->events[child], &last))
            break;
        agenda->events[at] = agenda->events[child];
    }
    agenda->events[at] = last;
    return true;
}
