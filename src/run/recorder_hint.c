/* SPDX-License-Identifier: Apache-2.0 */
/* What a region asks of the hardware: of ergd, which alone writes where it governs. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "run/recorder_inside.h"

static bool begin(erg_recorder *rec, erg_error *err)
{
    if (rec->asker)
        return true;
    erg_hint_asker *asker = calloc(1, sizeof(*asker));
    if (!asker)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for a hint");
    if (!erg_hint_asker_begin(asker, &rec->env, rec->socket, err)) {
        free(asker);
        return false;
    }
    __atomic_store_n(&rec->asker, asker, __ATOMIC_RELEASE);
    return true;
}

static erg_govern_request request_of(const erg_hint *hint, int64_t id)
{
    erg_govern_request request = { .verb = ERG_GOVERN_HINT, .cap_w = hint->power_cap_w,
                                   .clock_delta_hz = hint->sm_clock_delta_hz,
                                   .slowdown = hint->slowdown };

    snprintf(request.job, sizeof(request.job), "%d-%lld", (int)getpid(), (long long)id);
    erg_text_put(request.objective, sizeof(request.objective),
                 hint->objective ? hint->objective : "");
    erg_text_put(request.dvfs, sizeof(request.dvfs), hint->dvfs ? hint->dvfs : "");
    return request;
}

bool erg_region_hint(erg_recorder *rec, erg_region_token region, const erg_hint *hint,
                     erg_error *err)
{
    if (!erg_hint_check(hint, err))
        return false;
    if (!rec)
        return true;
    if (region.id == 0)
        return erg_fail(err, ERG_BAD_INPUT, "a hint is of a region that has begun: the "
                        "ring was full, or it was begun elsewhere");
    const erg_govern_request request = request_of(hint, region.id);
    pthread_mutex_lock(&rec->hint_lock);
    bool good = begin(rec, err) && erg_hint_asker_ask(rec->asker, region.id, &request, NULL,
                                                      err);
    pthread_mutex_unlock(&rec->hint_lock);
    return good;
}

void erg_recorder_unhint(erg_recorder *rec, erg_region_token region)
{
    erg_hint_asker *asker = __atomic_load_n(&rec->asker, __ATOMIC_ACQUIRE);

    if (asker)
        erg_hint_asker_over(asker, region.id);
}
