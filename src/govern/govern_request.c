/* SPDX-License-Identifier: Apache-2.0 */
/* What a governor answers; who may ask is the daemon's to know. */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

static erg_governed *find_device(erg_governor *governor, const char *name)
{
    for (size_t i = 0; i < governor->count; i++)
        if (strcmp(erg_devices_info(governor->devices, governor->items[i].index)->name,
                   name)
            == 0)
            return &governor->items[i];
    return NULL;
}

static void note_request(erg_governor *governor, const erg_governed *item, const char *rule,
                         const char *who, double cap_w)
{
    erg_govern_note(governor,
                    &(erg_govern_change){ item, rule, who, NAN, cap_w, NAN, NAN });
}

static void note_clock(erg_governor *governor, const erg_governed *item, const char *rule,
                       const char *who, double cap_hz)
{
    erg_govern_note_clock(governor, &(erg_govern_clock_change){ item, rule, who, NAN,
                                                                cap_hz, NAN, NAN });
}

static void set_all(erg_governor *governor, erg_governed *item,
                    const erg_govern_request *request, const char *who)
{
    int64_t until_ns = isinf(request->for_s)
                           ? INT64_MAX
                           : governor->now_ns + erg_ns_from_s(request->for_s);

    if (request->cap_w > 0) {
        *(item ? &item->set : &governor->set) =
            (erg_govern_user_cap){ request->cap_w, until_ns };
        note_request(governor, item, "set", who, request->cap_w);
    }
    if (request->clock_hz > 0) {
        *(item ? &item->clock.set : &governor->set_clock) =
            (erg_govern_user_clock){ request->clock_hz, until_ns };
        note_clock(governor, item, "set", who, request->clock_hz);
    }
    if (request->knob[0])
        erg_govern_set_knob(governor, item, request, who);
}

static bool set(erg_governor *governor, const erg_govern_request *request, const char *who,
                erg_error *err)
{
    erg_governed *item = request->device[0] ? find_device(governor, request->device) : NULL;

    if (request->device[0] && !item)
        return erg_fail(err, ERG_NOT_FOUND,
                        "there is no device %s: erg govern status names "
                        "them",
                        request->device);
    if (item && request->cap_w > 0 && !item->has_limit)
        return erg_fail(err, ERG_UNSUPPORTED, "%s has no power limit", request->device);
    if (request->clock_hz > 0 && !erg_govern_may_clock(governor, item, err))
        return false;
    if (request->knob[0] && !erg_govern_may_set_knob(governor, item, request, err))
        return false;
    set_all(governor, item, request, who);
    return true;
}

static bool release(erg_governor *governor, const erg_govern_request *request,
                    const char *who, erg_error *err)
{
    const erg_govern_user_cap none = { INFINITY, 0 };
    const erg_govern_user_clock no_clock = { INFINITY, 0 };
    erg_governed *item = request->device[0] ? find_device(governor, request->device) : NULL;

    if (request->device[0] && !item)
        return erg_fail(err, ERG_NOT_FOUND, "there is no device %s", request->device);
    if (request->knob[0])
        return erg_govern_release_knob(governor, item, request->knob, who, err);
    for (size_t i = 0; i < governor->count; i++)
        if (!item || item == &governor->items[i]) {
            governor->items[i].set = none;
            governor->items[i].clock.set = no_clock;
        }
    if (!item) {
        governor->set = none;
        governor->set_clock = no_clock;
        governor->is_braked = false;
        governor->wants_release = true;
    }
    erg_govern_release_knobs(governor, item);
    erg_govern_hints_drop(governor, item ? request->device : NULL);
    note_request(governor, item, "release", who, NAN);
    return true;
}

erg_result *erg_governor_answer(erg_governor *governor, const erg_govern_request *request,
                                const char *who, erg_error *err)
{
    bool good = true;

    switch (request->verb) {
    case ERG_GOVERN_STATUS:
    case ERG_GOVERN_SENSORS:
    case ERG_GOVERN_WHY:
    case ERG_GOVERN_SETTINGS:
        break;
    case ERG_GOVERN_WORK:
        good = erg_govern_tell_work(governor, request, err);
        break;
    case ERG_GOVERN_WAIT:
        good = erg_fail(err, ERG_UNSUPPORTED, "a wait needs a connection to ergd itself");
        break;
    case ERG_GOVERN_HINT:
        good = erg_govern_hint(governor, request, who, err);
        break;
    case ERG_GOVERN_SET:
        good = set(governor, request, who, err);
        break;
    case ERG_GOVERN_RELEASE:
        good = release(governor, request, who, err);
        break;
    case ERG_GOVERN_BRAKE:
        governor->is_braked = true;
        note_request(governor, NULL, "brake", who, NAN);
        break;
    case ERG_GOVERN_ADMIT:
        good = erg_govern_admit(governor, request, err);
        break;
    case ERG_GOVERN_DONE:
        good = erg_govern_done(governor, request, err);
        break;
    }
    /* What was asked is in force before it is answered: a step that takes no time. */
    if (good && request->verb >= ERG_GOVERN_HINT)
        good = erg_governor_step(governor, governor->now_ns, err);
    return good ? erg_govern_tables_for(governor, request->verb, err) : NULL;
}
