/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets how much: each device's range after heat and limits of its own, its demand, and
 * the node's watts shared out between them by water filling.
 *
 *   Source   docs/govern.md.
 */
#include <math.h>
#include <string.h>
#include "govern/govern.h"

#define USUAL_TAU_S 60.0
#define SETTLED 3.0         /* so many tau, and where it began does not matter any more */

static double tau_of(const erg_govern_config *config)
{
    return config->thermal.tau_s > 0 ? config->thermal.tau_s : USUAL_TAU_S;
}

/* Kelvin per watt: as stated, from `erg thermal fit`, or from what is seen. Power behind a
 * lag of tau is the rise above the inlet over R, whatever the power did, since
 * dT/dt = (P R - (T - T_in))/tau. Where tau is only a guess, power that has just risen must
 * not pass for a hotter future: then R is the least that fits, and nothing is foretold. */
static double resistance_of(const erg_govern_config *config, const erg_governed *item)
{
    const double rise_k = item->temp_k - config->thermal.inlet_k;
    bool is_known = config->thermal.tau_s > 0
        && item->lagged_s > SETTLED * config->thermal.tau_s;

    if (config->thermal.r_k_per_w > 0)
        return config->thermal.r_k_per_w;
    return rise_k / (is_known ? item->lagged_w : fmax(item->power_w, item->lagged_w));
}

static void ask_to_move(erg_governor *governor, erg_governed *item)
{
    erg_heat_guard_moved(&item->guard);
    erg_govern_note(governor, &(erg_govern_change){ item, "migrate", "ergd", NAN, NAN, NAN,
                                                    NAN });
}

static void step_heat(erg_governor *governor, erg_governed *item, double dt_s)
{
    const erg_govern_config *config = governor->config;

    item->heat_cap_w = INFINITY;
    if (isnan(item->power_w) || isnan(item->temp_k))
        return;
    if (isnan(item->lagged_w))
        item->lagged_w = item->power_w;
    item->lagged_w += (item->power_w - item->lagged_w) * -expm1(-dt_s / tau_of(config));
    item->lagged_s += dt_s;
    const erg_heat_node body = { .r_k_per_w = resistance_of(config, item),
                                 .tau_s = tau_of(config),
                                 .inlet_k = config->thermal.inlet_k, .temp_k = item->temp_k,
                                 .power_w = item->power_w };
    if (!(body.r_k_per_w > 0 && isfinite(body.r_k_per_w)))
        return;
    item->guard.hot_k = config->thermal.hot_k;
    item->guard.cold_k = config->thermal.hot_k - config->thermal.hysteresis_k;
    item->guard.after_s = config->thermal.after_s;
    item->guard.cooldown_s = config->thermal.cooldown_s;
    item->guard.moves_per_hour = (int)config->thermal.moves_per_hour;
    erg_heat_verdict verdict = erg_heat_guard_step(&item->guard, &body, dt_s);
    item->heat_cap_w = verdict.cap_w;
    if (verdict.asks_to_move && config->thermal.moves_per_hour > 0)
        ask_to_move(governor, item);
}

static void narrow(erg_governed *item, double most_w, const char *rule)
{
    if (!(most_w < item->most_w))
        return;
    item->most_w = fmax(item->least_w, most_w);
    item->most_rule = rule;
}

static void find_range(const erg_governor *governor, erg_governed *item)
{
    const erg_govern_config *config = governor->config;
    const erg_device_knob *knob = erg_govern_knob(governor, item);
    bool is_capped = config->cap.scope && config->cap.scope[0] == 'g';

    item->least_w = erg_govern_least_w(knob);
    item->most_w = knob->high;
    item->most_rule = NULL;
    if (item->is_gpu)
        narrow(item, config->gpu.limit_w, "gpu.limit");
    if (item->is_gpu && is_capped && config->cap.by_limit)
        narrow(item, config->cap.limit_w, "cap");
    if (item->set.until_ns > governor->now_ns)
        narrow(item, item->set.cap_w, "set");
    narrow(item, erg_govern_hint_cap_w(governor, item), "hint");
    narrow(item, item->heat_cap_w, "thermal");
}

/* What is not measured may want all it can take. */
static void find_demand(const erg_governor *governor, erg_governed *item, double dt_s)
{
    const erg_device_knob *knob = erg_govern_knob(governor, item);
    double cap_w = isnan(knob->now) ? item->most_w : knob->now;

    item->demand_w =
        isnan(item->power_w)
            ? item->most_w
            : erg_demand_step(&item->demand, item->power_w, cap_w, item->most_w,
                              dt_s > 0 ? dt_s : governor->config->period_s);
    item->demand_w = fmin(item->most_w, fmax(item->least_w, item->demand_w));
}

/* ---- sharing ---------------------------------------------------------------------- */

static size_t make_claims(erg_governor *governor, erg_claim claims[],
                          erg_governed *owners[], double dt_s)
{
    size_t n = 0;

    for (size_t i = 0; i < governor->count; i++) {
        erg_governed *item = &governor->items[i];
        step_heat(governor, item, dt_s);
        if (!item->has_limit)
            continue;
        find_range(governor, item);
        find_demand(governor, item, dt_s);
        claims[n] = (erg_claim){ item->least_w, item->demand_w, item->most_w, 1, 0 };
        owners[n++] = item;
    }
    return n;
}

static const char *rule_of(const erg_governor *governor, const erg_governed *item)
{
    if (governor->is_braked)
        return "brake";
    if (governor->bands.is_braked)
        return "bands";
    if (item->grant_w < item->most_w)
        return governor->trim_w < 0 ? "bands" : governor->rule;
    return item->most_rule;
}

static void tell_short(erg_governor *governor, const erg_filled *filled)
{
    bool is_short = !filled->is_feasible;

    if (is_short && !governor->is_short)
        erg_govern_note(governor, &(erg_govern_change){
                                      NULL, "infeasible", "ergd", NAN, governor->budget_w,
                                      governor->budget_w + filled->deficit_w, NAN });
    governor->is_short = is_short;
}

void erg_govern_share(erg_governor *governor, double dt_s)
{
    erg_claim claims[ERG_GOVERN_DEVICES_MOST];
    erg_governed *owners[ERG_GOVERN_DEVICES_MOST];
    size_t order[ERG_GOVERN_DEVICES_MOST];
    double grants_w[ERG_GOVERN_DEVICES_MOST];
    size_t n = make_claims(governor, claims, owners, dt_s);
    bool braked = governor->is_braked || governor->bands.is_braked;
    double base_w = isnan(governor->base_w) ? 0 : governor->base_w;

    erg_filled filled =
        erg_water_fill(claims, n, governor->budget_w - base_w, order, grants_w);
    tell_short(governor, &filled);
    for (size_t i = 0; i < n; i++) {
        owners[i]->grant_w = braked ? claims[i].least_w : grants_w[i];
        owners[i]->rule = rule_of(governor, owners[i]);
    }
    if (!braked)
        erg_govern_balance(governor);
}
