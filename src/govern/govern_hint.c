/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hints: what jobs ask for while they run. Each job has one of its own for each device (or
 * for all), that ends with its time; the least of all that bear on a device is in force, so
 * that a hint only lowers, and none undoes what somebody else has asked for.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

#define USUAL_S 30.0        /* without a word, and it is forgotten */
#define MOST_S 3600.0

static bool is_alive(const erg_governor *governor, const erg_govern_wish *wish)
{
    return wish->until_ns > governor->now_ns;
}

static const char *name_of(const erg_governor *governor, const erg_governed *item)
{
    return erg_devices_info(governor->devices, item->index)->name;
}

static bool has_gpu_limit(const erg_governor *governor)
{
    for (size_t i = 0; i < governor->count; i++)
        if (governor->items[i].is_gpu && governor->items[i].has_limit)
            return true;
    return false;
}

/* No device is named: the GPUs. A cap is then of the CPUs where no GPU takes one. */
static bool bears_on(const erg_governor *governor, const erg_govern_wish *wish,
                     const erg_governed *item, bool is_cap)
{
    if (!is_alive(governor, wish))
        return false;
    if (wish->device[0])
        return strcmp(wish->device, name_of(governor, item)) == 0;
    return item->is_gpu || (is_cap && !has_gpu_limit(governor));
}

/* ---- what is in force ---------------------------------------------------------------- */

double erg_govern_hint_cap_w(const erg_governor *governor, const erg_governed *item)
{
    double least_w = INFINITY;

    for (size_t i = 0; i < governor->wish_count; i++)
        if (bears_on(governor, &governor->wishes[i], item, true)
            && governor->wishes[i].cap_w > 0)
            least_w = fmin(least_w, governor->wishes[i].cap_w);
    return least_w;
}

double erg_govern_hint_clock_hz(const erg_governor *governor, const erg_governed *item)
{
    const erg_device_knob *knob = erg_devices_find_knob(governor->devices, item->index,
                                                        item->clock.knob);
    double lowest_hz = INFINITY;

    for (size_t i = 0; i < governor->wish_count; i++)
        if (bears_on(governor, &governor->wishes[i], item, false)
            && governor->wishes[i].clock_delta_hz < 0)
            lowest_hz = fmin(lowest_hz, governor->wishes[i].clock_delta_hz);
    return isinf(lowest_hz) ? INFINITY : fmax(knob->low, knob->high + lowest_hz);
}

/* Only of who tells what the GPU does: nobody else's words turn its clock. */
const erg_govern_wish *erg_govern_hint_phases(const erg_governor *governor,
                                              const erg_governed *item)
{
    for (size_t i = governor->wish_count; i-- > 0;) {
        const erg_govern_wish *wish = &governor->wishes[i];
        if (wish->dvfs[0] && bears_on(governor, wish, item, false)
            && item->work.is_told && wish->uid == item->work.uid)
            return wish;
    }
    return NULL;
}

/* ---- asking -------------------------------------------------------------------------- */

static bool is_empty(const erg_govern_request *request)
{
    return !(request->cap_w > 0) && !(request->clock_delta_hz < 0) && !request->dvfs[0];
}

static erg_govern_wish *find(erg_governor *governor, const erg_govern_request *request)
{
    for (size_t i = 0; i < governor->wish_count; i++) {
        erg_govern_wish *wish = &governor->wishes[i];
        if (wish->uid == request->uid && strcmp(wish->job, request->job) == 0
            && strcmp(wish->device, request->device) == 0)
            return wish;
    }
    return NULL;
}

/* A policy begins anew where it is asked for something else. */
static void restart_policies(erg_governor *governor, const erg_govern_wish *wish)
{
    for (size_t i = 0; wish->dvfs[0] && i < governor->count; i++)
        if (!wish->device[0]
            || strcmp(wish->device, name_of(governor, &governor->items[i])) == 0)
            erg_govern_phase_end(&governor->items[i]);
}

static void drop(erg_governor *governor, size_t at)
{
    restart_policies(governor, &governor->wishes[at]);
    governor->wish_count--;
    memmove(&governor->wishes[at], &governor->wishes[at + 1],
            (governor->wish_count - at) * sizeof(governor->wishes[0]));
}

void erg_govern_hints_step(erg_governor *governor)
{
    for (size_t i = governor->wish_count; i-- > 0;)
        if (!is_alive(governor, &governor->wishes[i]))
            drop(governor, i);
}

void erg_govern_hints_drop(erg_governor *governor, const char *device)
{
    for (size_t i = governor->wish_count; i-- > 0;)
        if (!device || strcmp(governor->wishes[i].device, device) == 0)
            drop(governor, i);
}

static bool can_lower(const erg_governor *governor, const erg_governed *item,
                      const erg_govern_request *request, erg_error *err)
{
    if (request->cap_w > 0 && !item->has_limit)
        return erg_fail(err, ERG_UNSUPPORTED, "%s has no power limit",
                        name_of(governor, item));
    return (!(request->clock_delta_hz < 0) && strcmp(request->dvfs, "auto") != 0)
        || erg_govern_may_clock(governor, item, err);
}

static bool can_lower_any(const erg_governor *governor, const erg_govern_request *request,
                          erg_error *err)
{
    bool has_limit = false;

    for (size_t i = 0; i < governor->count; i++)
        has_limit |= governor->items[i].has_limit;
    if (request->cap_w > 0 && !has_limit)
        return erg_fail(err, ERG_UNSUPPORTED, "no device of this node has a power limit");
    return (!(request->clock_delta_hz < 0) && strcmp(request->dvfs, "auto") != 0)
        || erg_govern_may_clock(governor, NULL, err);
}

static bool may_hint(const erg_governor *governor, const erg_govern_request *request,
                     erg_error *err)
{
    if (!request->device[0])
        return can_lower_any(governor, request, err);
    for (size_t i = 0; i < governor->count; i++)
        if (strcmp(name_of(governor, &governor->items[i]), request->device) == 0)
            return can_lower(governor, &governor->items[i], request, err);
    return erg_fail(err, ERG_NOT_FOUND, "there is no device %s: erg govern status names "
                    "them", request->device);
}

static void note(erg_governor *governor, const erg_govern_request *request, const char *who)
{
    const erg_governed *item = NULL;

    for (size_t i = 0; i < governor->count; i++)
        if (strcmp(name_of(governor, &governor->items[i]), request->device) == 0)
            item = &governor->items[i];
    erg_govern_note(governor, &(erg_govern_change){ item, is_empty(request) ? "unhint"
                                                                            : "hint",
                                                    who, NAN, request->cap_w, NAN, NAN });
}

static erg_govern_wish wish_of(const erg_governor *governor,
                               const erg_govern_request *request)
{
    double for_s = isfinite(request->for_s) ? fmin(request->for_s, MOST_S) : USUAL_S;
    erg_govern_wish wish = {
        .uid = request->uid, .cap_w = request->cap_w,
        .clock_delta_hz = request->clock_delta_hz, .slowdown = request->slowdown,
        .until_ns = request->until_release ? INT64_MAX
                                           : governor->now_ns + erg_ns_from_s(for_s),
    };

    erg_text_put(wish.job, sizeof(wish.job), request->job);
    erg_text_put(wish.device, sizeof(wish.device), request->device);
    erg_text_put(wish.objective, sizeof(wish.objective), request->objective);
    erg_text_put(wish.dvfs, sizeof(wish.dvfs), request->dvfs);
    return wish;
}

static bool is_same(const erg_govern_wish *one, const erg_govern_wish *other)
{
    return one->cap_w == other->cap_w && one->clock_delta_hz == other->clock_delta_hz
        && one->slowdown == other->slowdown && strcmp(one->dvfs, other->dvfs) == 0
        && strcmp(one->objective, other->objective) == 0;
}

/* One that is said again only lives longer, which is no news. */
bool erg_govern_hint(erg_governor *governor, const erg_govern_request *request,
                     const char *who, erg_error *err)
{
    erg_govern_wish *known = find(governor, request);

    if (is_empty(request)) {
        if (!known)
            return true;
        drop(governor, (size_t)(known - governor->wishes));
        note(governor, request, who);
        return true;
    }
    const erg_govern_wish wish = wish_of(governor, request);
    if (!may_hint(governor, request, err))
        return false;
    if (!known && governor->wish_count == ERG_GOVERN_HINTS_MOST)
        return erg_fail(err, ERG_REFUSED, "%d hints are in force: more are not kept",
                        ERG_GOVERN_HINTS_MOST);
    bool is_new = !known || !is_same(known, &wish);
    if (is_new && known)
        restart_policies(governor, known);
    *(known ? known : &governor->wishes[governor->wish_count++]) = wish;
    if (!is_new)
        return true;
    restart_policies(governor, &wish);
    note(governor, request, who);
    return true;
}

/* ---- the table ----------------------------------------------------------------------- */

static const erg_column columns[] = {
    { "job", ERG_TEXT, "who asks" },
    { "device", ERG_TEXT, "of this one; none: of all GPUs, or where none takes a cap of "
                          "all CPUs" },
    { "power_cap_w", ERG_REAL, "at most" },
    { "sm_clock_delta_hz", ERG_REAL, "so much under the highest clock" },
    { "dvfs", ERG_TEXT, "auto: a clock for each phase; off" },
    { "objective", ERG_TEXT, "of dvfs" },
    { "slowdown", ERG_REAL, "of dvfs: most extra time" },
    { "left_s", ERG_REAL, "until it is forgotten, if nothing more is said; none: "
                         "kept until release" },
};

static double or_none(double value)
{
    return value != 0 ? value : NAN;
}

static const char *word_or_none(const char *word)
{
    return word[0] ? word : NULL;
}

bool erg_govern_add_hints(const erg_governor *governor, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "hints", columns, ERG_COUNT(columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < governor->wish_count; i++) {
        const erg_govern_wish *wish = &governor->wishes[i];
        double left_s = wish->until_ns == INT64_MAX
            ? NAN : erg_s_from_ns(wish->until_ns - governor->now_ns);
        good = erg_table_row(table, err)
            && erg_table_text(table, "job", word_or_none(wish->job), err)
            && erg_table_text(table, "device", word_or_none(wish->device), err)
            && erg_table_real(table, "power_cap_w", or_none(wish->cap_w), err)
            && erg_table_real(table, "sm_clock_delta_hz", or_none(wish->clock_delta_hz),
                              err)
            && erg_table_text(table, "dvfs", word_or_none(wish->dvfs), err)
            && erg_table_text(table, "objective", word_or_none(wish->objective), err)
            && erg_table_real(table, "slowdown", or_none(wish->slowdown), err)
            && erg_table_real(table, "left_s", left_s, err);
    }
    return good;
}
