/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a job tells of itself: the phase that it is in and the work it has done. One teller
 * a GPU; who has told nothing for a while is forgotten, and its GPU is anybody's.
 *
 * Seconds and joules are those between two looks, which are the steps of the governor and
 * the reports themselves, so that a phase ends when its teller says so.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

#define USUAL_S 30.0        /* without a word, and it is forgotten */
#define MOST_S 3600.0
#define MOMENT_S 1e-6       /* so that a policy sees that a phase has begun */

static bool can_tell(const erg_governed *item)
{
    return item->is_gpu;
}

static bool is_alive(const erg_govern_work *work, int64_t now_ns)
{
    return work->is_told && now_ns < work->until_ns;
}

static bool is_its(const erg_govern_work *work, const erg_govern_request *request)
{
    return work->uid == request->uid && strcmp(work->job, request->job) == 0;
}

/* ---- time that passes ---------------------------------------------------------------- */

static void count_time(erg_governed *item, double dt_s)
{
    erg_govern_phase *phase = &item->work.phases[item->work.phase];

    phase->time_s += dt_s;
    if (isnan(item->power_w))
        return;
    phase->energy_j += item->power_w * dt_s;
    phase->metered_s += dt_s;
}

/* What was drawn since the last look counts for the phase that was told then. */
static void look(erg_governor *governor, erg_governed *item, int64_t now_ns)
{
    erg_govern_work *work = &item->work;
    double dt_s = erg_s_from_ns(now_ns - work->seen_ns);

    work->seen_ns = now_ns;
    if (!(dt_s > 0))
        return;
    if (work->phase >= 0)
        count_time(item, dt_s);
    erg_govern_phase_look(governor, item, dt_s);
}

static void step_told(erg_governor *governor, erg_governed *item)
{
    look(governor, item, governor->now_ns);
    if (is_alive(&item->work, governor->now_ns))
        return;
    item->work.is_told = false;
    item->work.phase = -1;
    item->clock.phase_hz = NAN;
    erg_op_clock_forget(&item->ops.state);
    erg_govern_epoch_forget(item);
}

void erg_govern_work_step(erg_governor *governor)
{
    for (size_t i = 0; i < governor->count; i++) {
        erg_governed *item = &governor->items[i];
        if (item->work.is_told)
            step_told(governor, item);
        erg_govern_ops_look(governor, item, governor->now_ns);
    }
}

/* ---- a report ------------------------------------------------------------------------ */

static int find_phase(erg_govern_work *work, const char *name)
{
    for (size_t i = 0; i < work->count; i++)
        if (strcmp(work->phases[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* Learnt of another job is of no use to this one. */
static void begin(erg_governed *item, const erg_govern_request *request)
{
    erg_govern_work *work = &item->work;

    erg_govern_phase_end(item);
    erg_op_clock_forget(&item->ops.state);
    erg_govern_epoch_forget(item);
    *work = (erg_govern_work){ .phase = -1, .uid = request->uid };
    erg_text_put(work->job, sizeof(work->job), request->job);
}

static int phase_of(erg_govern_work *work, const char *name)
{
    int at = name[0] ? find_phase(work, name) : -1;

    if (!name[0] || at >= 0 || work->count == ERG_GOVERN_PHASES_MOST)
        return at;
    work->phases[work->count] = (erg_govern_phase){ .told = NAN, .best_hz = NAN };
    erg_text_put(work->phases[work->count].name, sizeof(work->phases[0].name), name);
    return (int)work->count++;
}

/* Units count from the second word on: when those of the first were done is not known. A
 * count that has fallen began anew. */
static void count_units(erg_govern_work *work, int at, double units)
{
    erg_govern_phase *phase = &work->phases[at];
    double more = units - phase->told;

    if (at == work->phase && more > 0) {
        phase->units += more;
        work->units += more;
    }
    if (!isnan(units))
        phase->told = units;
}

static void hear(erg_governor *governor, erg_governed *item,
                 const erg_govern_request *request)
{
    erg_govern_work *work = &item->work;
    int64_t now_ns = erg_env_now_ns(&governor->env);
    double for_s = isfinite(request->for_s) ? fmin(request->for_s, MOST_S) : USUAL_S;

    if (!is_its(work, request))
        begin(item, request);
    /* An epoch alone says nothing of the phase. */
    bool is_epoch = request->epoch_s > 0 && !request->phase[0];
    int at = is_epoch ? work->phase : phase_of(work, request->phase);
    if (request->epoch_s > 0)
        erg_govern_epoch_hear(item, request->epoch_s);
    if (at >= 0 && !is_epoch)
        count_units(work, at, request->units);
    if (work->is_told)
        look(governor, item, now_ns);
    work->seen_ns = now_ns;
    work->phase = at;
    work->is_told = true;
    work->until_ns = now_ns + erg_ns_from_s(for_s);
    /* The clock of a phase is worth most from its beginning on. What is a cap of the policy
     * comes first. */
    erg_govern_ops_look(governor, item, now_ns);
    erg_govern_clock_find(governor, item);
    erg_govern_phase_look(governor, item, MOMENT_S);
    if (item->policy || erg_govern_runs_ops(governor->config, item))
        erg_govern_clock_step(governor, item);
}

static bool may_tell(const erg_governor *governor, const erg_governed *item,
                     const erg_govern_request *request, erg_error *err)
{
    const erg_govern_work *work = &item->work;
    const char *name = erg_devices_info(governor->devices, item->index)->name;
    bool is_own = is_its(work, request);

    if (!can_tell(item))
        return erg_fail(err, ERG_UNSUPPORTED, "%s is no GPU: phases are told of GPUs",
                        name);
    if (!is_own && is_alive(work, erg_env_now_ns(&governor->env)))
        return erg_fail(err, ERG_REFUSED, "another job (%s of user %lld) tells what %s "
                        "does: name the device that is yours",
                        work->job[0] ? work->job : "unnamed", (long long)work->uid, name);
    for (size_t i = 0; is_own && i < work->count; i++)
        if (strcmp(work->phases[i].name, request->phase) == 0)
            return true;
    return !is_own || work->count < ERG_GOVERN_PHASES_MOST || !request->phase[0]
        || erg_fail(err, ERG_REFUSED, "%s has %d phases already: more are not kept", name,
                    ERG_GOVERN_PHASES_MOST);
}

/* All of its GPUs or none. */
bool erg_govern_tell_work(erg_governor *governor, const erg_govern_request *request,
                          erg_error *err)
{
    size_t found = 0;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < governor->count; i++) {
            erg_governed *item = &governor->items[i];
            const char *name = erg_devices_info(governor->devices, item->index)->name;
            if (request->device[0] ? strcmp(name, request->device) != 0 : !can_tell(item))
                continue;
            found++;
            if (pass == 0 && !may_tell(governor, item, request, err))
                return false;
            if (pass == 1)
                hear(governor, item, request);
        }
    if (found)
        return true;
    return request->device[0]
        ? erg_fail(err, ERG_NOT_FOUND, "there is no device %s", request->device)
        : erg_fail(err, ERG_UNSUPPORTED, "this node has no GPU: phases are told of GPUs");
}

/* ---- the table ----------------------------------------------------------------------- */

static const erg_column columns[] = {
    { "node", ERG_TEXT, "a GPU, as node/device" },
    { "job", ERG_TEXT, "who tells it" },
    { "phase", ERG_TEXT, "as it was told" },
    { "is_now", ERG_TRUTH, "the GPU is in it" },
    { "units", ERG_REAL, "of work, done since the first word" },
    { "time_s", ERG_REAL, "in this phase" },
    { "energy_j", ERG_REAL, "drawn meanwhile" },
    { "units_per_s", ERG_REAL, "while in it" },
    { "j_per_unit", ERG_REAL, "of work" },
    { "best_hz", ERG_REAL, "clock that the policy holds to be best; none: it is off" },
    { "policy", ERG_TEXT, "exploring, held, checking, table, no_work, no_power, fixed or "
                          "clock_not_reached" },
};

static bool add_row(const erg_governor *governor, const erg_governed *item, size_t at,
                    erg_table *table, erg_error *err)
{
    const erg_govern_work *work = &item->work;
    const erg_govern_phase *phase = &work->phases[at];
    double energy_j = phase->metered_s > 0 ? phase->energy_j : NAN;
    char name[128];

    snprintf(name, sizeof(name), "%.60s/%s", governor->config->node.id,
             erg_devices_info(governor->devices, item->index)->name);
    return erg_table_row(table, err) && erg_table_text(table, "node", name, err)
        && erg_table_text(table, "job", work->job[0] ? work->job : NULL, err)
        && erg_table_text(table, "phase", phase->name, err)
        && erg_table_truth(table, "is_now", work->phase == (int)at, err)
        && erg_table_real(table, "units", phase->units, err)
        && erg_table_real(table, "time_s", phase->time_s, err)
        && erg_table_real(table, "energy_j", energy_j, err)
        && erg_table_real(table, "units_per_s",
                          phase->time_s > 0 ? phase->units / phase->time_s : NAN, err)
        && erg_table_real(table, "j_per_unit",
                          phase->units > 0 ? energy_j / phase->units : NAN, err)
        && erg_table_real(table, "best_hz", phase->best_hz, err)
        && erg_table_text(table, "policy", phase->word, err);
}

bool erg_govern_add_work(const erg_governor *governor, erg_result *result, erg_error *err)
{
    erg_table *table = erg_result_add(result, "phases", columns, ERG_COUNT(columns), err);
    bool good = table != NULL;

    for (size_t i = 0; good && i < governor->count; i++)
        for (size_t at = 0; good && at < governor->items[i].work.count; at++)
            good = add_row(governor, &governor->items[i], at, table, err);
    return good;
}
