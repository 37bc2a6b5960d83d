/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include "govern/govern.h"

/* ---- open ---------------------------------------------------------------------------- */

static bool open_all(erg_governor *governor, erg_error *err)
{
    const erg_govern_config *config = governor->config;

    bool is_busy;

    governor->journal = erg_journal_open(config->journal.path, config->journal.most_bytes,
                                         err);
    if (!governor->journal
        || !erg_govern_put_back(&governor->env, "ergd", governor->journal, &is_busy, err))
        return false;
    governor->devices = erg_devices_find(&governor->env, config->node.sensors.items,
                                         config->node.sensors.count, err);
    if (!governor->devices)
        return false;
    erg_govern_sense_begin(governor);
    erg_govern_floor_begin(governor);
    if (!erg_govern_phase_open(governor, err))
        return false;
    if (config->mode != ERG_OBSERVE && config->mqtt.host && config->role != ERG_ROLE_RACK
        && !erg_govern_fall_back(governor, err))
        return false;
    erg_govern_holds_begin(governor);   /* once what was is settled: it comes back */
    return true;
}

erg_governor *erg_governor_open(const erg_govern_config *config, const erg_env *env,
                                erg_error *err)
{
    erg_governor *governor = calloc(1, sizeof(*governor));

    if (!governor) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a governor");
        return NULL;
    }
    governor->config = config;
    governor->env = env ? *env : (erg_env){ 0 };
    governor->env.state_dir = config->state_dir;
    governor->limit_w = governor->budget_w = governor->set.cap_w = INFINITY;
    governor->set_clock.cap_hz = INFINITY;
    governor->ramp = (erg_ramp){ config->shaper.up_w_per_s, config->shaper.down_w_per_s,
                                 INFINITY };
    governor->bands = (erg_bands){
        .hold_s = config->rack.hold_s, .slew_w_per_s = config->shaper.up_w_per_s,
        .cut_at = config->rack.cap_at, .target = config->rack.target,
        .raise_at = config->rack.uncap_at,
        .random = erg_xoshiro_of((uint64_t)config->shaper.rng_key, 0),
    };
    if (open_all(governor, err))
        return governor;
    erg_governor_free(governor);
    return NULL;
}

bool erg_governor_write_apart(erg_governor *governor, erg_error *err)
{
    return erg_journal_write_apart(governor->journal, err);
}

void erg_governor_free(erg_governor *governor)
{
    if (!governor)
        return;
    erg_devices_free(governor->devices);
    for (size_t i = 0; i < governor->count; i++)
        free(governor->items[i].policy);
    erg_journal_free(governor->journal);
    free(governor);
}

/* ---- step ---------------------------------------------------------------------------- */

bool erg_governor_step(erg_governor *governor, int64_t now_ns, erg_error *err)
{
    double dt_s = governor->is_started ? erg_s_from_ns(now_ns - governor->now_ns) : 0;

    governor->now_ns = now_ns;
    if (!governor->is_started)
        governor->band_ns = now_ns;
    erg_govern_hints_step(governor);
    erg_govern_sense(governor, fmax(0, dt_s));
    erg_govern_limit(governor, fmax(0, dt_s));
    erg_govern_share(governor, fmax(0, dt_s));
    erg_govern_turn(governor);
    erg_govern_floor_step(governor, fmax(0, dt_s));
    erg_govern_work_step(governor);
    erg_govern_clocks(governor);
    erg_govern_held_step(governor);
    erg_govern_jobs_step(governor, fmax(0, dt_s));
    governor->is_started = true;
    erg_error fault = { 0 };
    if (erg_journal_sync(governor->journal, &fault))
        return true;
    erg_govern_note_fault(governor, &fault);
    return erg_fail(err, fault.code, "%s", fault.text);
}

bool erg_governor_wants_release(const erg_governor *governor)
{
    return governor->wants_release && !governor->is_let_go;
}

void erg_governor_lease(erg_governor *governor, const erg_govern_lease *lease)
{
    governor->lease = *lease;
    governor->has_lease = true;
}

void erg_governor_lend(erg_governor *governor, const erg_govern_lent rows[], size_t count)
{
    governor->lent = rows;
    governor->lent_count = count;
}

erg_govern_claim erg_governor_claim(const erg_governor *governor)
{
    double base_w = isnan(governor->base_w) ? 0 : governor->base_w;
    erg_govern_claim sum = { governor->power_w, base_w, base_w, base_w, base_w };

    for (size_t i = 0; i < governor->count; i++) {
        const erg_governed *item = &governor->items[i];
        if (!item->has_limit)
            continue;
        const erg_device_knob *knob = erg_govern_knob(governor, item);
        sum.demand_w += item->demand_w;
        sum.least_w += item->least_w;
        sum.most_w += item->most_w;
        /* Never turned, or given back: it is at what it says, which has been read. */
        bool is_own = isnan(item->requested_w) || governor->is_let_go;
        sum.enforced_w += is_own ? knob->now : item->enforced_w;
    }
    return sum;
}
