/* SPDX-License-Identifier: Apache-2.0 */
/* Regions by name: each name is looked at once, so that no table costs regions squared. */
#include <stdlib.h>
#include <string.h>
#include "trace/region_names.h"
#include "trace/trace_inside.h"

void erg_region_names_free(erg_region_names *names)
{
    if (!names)
        return;
    erg_interned_free(&names->words);
    free(names->numbers);
    free(names->at);
    free(names->begins);
    free(names);
}

static bool number_all(erg_region_names *names, const erg_region regions[], size_t count,
                       erg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = regions[i].name;
        names->numbers[i] = erg_intern(&names->words, name, strlen(name), err);
        if (names->numbers[i] < 0)
            return false;
    }
    names->count = names->words.rows.count;
    return true;
}

/* Counts go one name up, are added, and become where each name begins while it fills. */
static bool sort_by_name(erg_region_names *names, size_t count, erg_error *err)
{
    names->begins = calloc(names->count + 2, sizeof(*names->begins));
    if (!names->begins)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        names->begins[names->numbers[i] + 2]++;
    for (size_t i = 2; i < names->count + 2; i++)
        names->begins[i] += names->begins[i - 1];
    for (size_t i = 0; i < count; i++)
        names->at[names->begins[names->numbers[i] + 1]++] = i;
    return true;
}

static erg_region_names *build(const erg_rows *regions, erg_error *err)
{
    erg_region_names *names = calloc(1, sizeof(*names));
    size_t count = regions->count;

    if (names) {
        names->numbers = malloc((count + 1) * sizeof(*names->numbers));
        names->at = malloc((count + 1) * sizeof(*names->at));
    }
    bool good = names && names->numbers && names->at;
    if (!good)
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
    if (good && number_all(names, regions->items, count, err)
        && sort_by_name(names, count, err))
        return names;
    erg_region_names_free(names);
    return NULL;
}

const erg_region_names *erg_region_names_of(const erg_trace *trace, erg_error *err)
{
    erg_trace *own = (erg_trace *)trace;    /* what is kept is not what is seen */

    pthread_mutex_lock(trace->lock);
    if (!own->region_names)
        own->region_names = build(&trace->regions, err);
    const erg_region_names *names = own->region_names;
    pthread_mutex_unlock(trace->lock);
    return names;
}

int32_t erg_region_name_number(const erg_region_names *names, const char *name)
{
    return erg_interned_find(&names->words, name, strlen(name));
}

erg_namesakes erg_namesakes_at(const erg_region_names *names, size_t number)
{
    size_t begin = names->begins[number];

    return (erg_namesakes){ names->at + begin, names->begins[number + 1] - begin };
}

erg_namesakes erg_namesakes_of(const erg_region_names *names, const char *name)
{
    int32_t number = erg_region_name_number(names, name);

    return number < 0 ? (erg_namesakes){ NULL, 0 }
                      : erg_namesakes_at(names, (size_t)number);
}
