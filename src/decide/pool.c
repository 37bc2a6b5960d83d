/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The visits behind the options, side by side. They are put in order within an option,
 * so that the order of rows in a file does not change what is drawn from them.
 */
#include <stdlib.h>
#include "decide/decide.h"

static int by_figures(const void *left, const void *right)
{
    const erg_figures *a = left, *b = right;

    if (a->time_s < b->time_s || a->time_s > b->time_s)
        return a->time_s < b->time_s ? -1 : 1;
    return (a->energy_j > b->energy_j) - (a->energy_j < b->energy_j);
}

/* Options lie by application, measured ones from the highest setting down, models last. */
static bool is_at_or_past(const erg_option *option, const erg_visit *visit)
{
    if (option->application != visit->application)
        return option->application > visit->application;
    return option->is_model || erg_setting_order(&option->setting, &visit->setting) <= 0;
}

/* The option that a visit counts for, or ERG_NO_OPTION. */
static size_t option_of(const erg_choice *choice, const erg_visit *visit)
{
    size_t low = 0, high = choice->option_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_at_or_past(&choice->options[middle], visit))
            high = middle;
        else
            low = middle + 1;
    }
    if (low == choice->option_count)
        return ERG_NO_OPTION;
    const erg_option *found = &choice->options[low];
    bool is_its =
        found->is_usable && !found->is_model && found->application == visit->application
        && erg_setting_order(&found->setting, &visit->setting) == 0
        && visit->state == (found->is_throttled ? ERG_VISIT_THROTTLED : ERG_VISIT_OK);
    return is_its ? low : ERG_NO_OPTION;
}

/* Counts, then places: starts[i + 1] runs from the first of option i to its end. */
static void place(erg_pool *pool, const erg_points *points, const size_t where[],
                  size_t visits, size_t options)
{
    for (size_t i = 0; i < visits; i++)
        if (where[i] != ERG_NO_OPTION && where[i] + 2 <= options)
            pool->starts[where[i] + 2]++;
    for (size_t i = 2; i <= options; i++)
        pool->starts[i] += pool->starts[i - 1];
    for (size_t i = 0; i < visits; i++) {
        const erg_visit *visit = erg_points_visit_at(points, i);
        if (where[i] != ERG_NO_OPTION)
            pool->visits[pool->starts[where[i] + 1]++] =
                (erg_figures){ visit->time_s, visit->energy_j };
    }
}

bool erg_pool_fill(erg_pool *pool, const erg_points *points, const erg_choice *choice,
                   erg_error *err)
{
    size_t visits = erg_points_visits(points), options = choice->option_count;
    size_t *where = malloc((visits + 1) * sizeof(*where));

    pool->visits = malloc((visits + 1) * sizeof(*pool->visits));
    pool->starts = calloc(options + 2, sizeof(*pool->starts));
    bool ok = where && pool->visits && pool->starts;
    for (size_t i = 0; ok && i < visits; i++)
        where[i] = option_of(choice, erg_points_visit_at(points, i));
    if (ok)
        place(pool, points, where, visits, options);
    for (size_t i = 0; ok && i < options; i++)
        qsort(pool->visits + pool->starts[i], pool->starts[i + 1] - pool->starts[i],
              sizeof(*pool->visits), by_figures);
    free(where);
    return ok || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu visits", visits);
}

void erg_pool_free(erg_pool *pool)
{
    free(pool->visits);
    free(pool->starts);
    *pool = (erg_pool){ 0 };
}
