/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much the node may draw: the least of all rules, raised no faster than the ramp, less
 * what the three bands take off.
 *
 *   Source   docs/govern.md.
 */
#include <math.h>
#include "govern/govern.h"

static double or_none(double value_w)
{
    return value_w > 0 ? value_w : INFINITY;
}

static double ceil_limit(const erg_governor *governor)
{
    return or_none(governor->config->node.ceil_w);
}

static bool is_of_gpu(const erg_govern_config *config)
{
    return config->cap.scope && config->cap.scope[0] == 'g';
}

static double cap_limit(const erg_governor *governor)
{
    const erg_govern_config *config = governor->config;

    return is_of_gpu(config) || !config->cap.by_limit ? INFINITY
                                                      : or_none(config->cap.limit_w);
}

/* Over-current protection acts within a millisecond, on peaks that no sensor shows. */
static double psu_limit(const erg_governor *governor)
{
    const erg_govern_config *config = governor->config;

    return or_none(config->shaper.psu_fraction * config->node.psu_ocp_w);
}

static double set_limit(const erg_governor *governor)
{
    return governor->set.until_ns > governor->now_ns ? governor->set.cap_w : INFINITY;
}

/* Without a lease in force a node of a rack draws what it may alone. */
static double lease_limit(const erg_governor *governor)
{
    const erg_govern_config *config = governor->config;
    bool is_leased = config->mqtt.host && config->role == ERG_ROLE_NODE;

    if (governor->has_lease && governor->lease.until_ns > erg_env_boot_ns(&governor->env))
        return governor->lease.cap_w;
    return is_leased || governor->has_lease ? or_none(config->node.fallback_w) : INFINITY;
}

/* Share of the breaker's rating that may be drawn for hours. */
static double breaker_limit(const erg_governor *governor)
{
    const erg_govern_config *config = governor->config;

    return config->role == ERG_ROLE_NODE && !config->mqtt.host
               ? or_none(config->rack.margin * config->rack.breaker_w)
               : INFINITY;
}

const erg_govern_rule erg_govern_rules[ERG_GOVERN_RULES] = {
    { "ceil", "node.ceil of the configuration", ceil_limit },
    { "cap", "cap.limit of the configuration", cap_limit, true },
    { "psu", "psu_fraction of the supply's over-current protection", psu_limit },
    { "breaker", "margin of the breaker's rating", breaker_limit },
    { "set", "erg govern set", set_limit, true },
    { "lease", "what the rack has lent, or the fallback where it has lent nothing",
      lease_limit },
};

static void find_limit(erg_governor *governor)
{
    governor->limit_w = INFINITY;
    governor->rule = NULL;
    for (size_t i = 0; i < ERG_GOVERN_RULES; i++) {
        governor->limits_w[i] = erg_govern_rules[i].limit(governor);
        if (governor->limits_w[i] < governor->limit_w) {
            governor->limit_w = governor->limits_w[i];
            governor->rule = erg_govern_rules[i].name;
        }
    }
}

/* ---- the three bands ------------------------------------------------------------ */

/* Mean power since the last look, as if the limit had been the present one all the time:
 * what was drawn under a higher one is no excess over this. NAN: it is too soon, or nothing
 * was measured. before_w: the limit until now. */
static double look(erg_governor *governor, double before_w)
{
    if (!isnan(governor->power_w) && isfinite(before_w)) {
        governor->band_sum_w += governor->power_w - before_w;
        governor->band_count++;
    }
    double mean_w = governor->limit_w + governor->band_sum_w / governor->band_count;

    if (erg_s_from_ns(governor->now_ns - governor->band_ns)
        < governor->config->rack.period_s)
        return NAN;
    governor->band_sum_w = 0;
    governor->band_count = 0;
    return mean_w;
}

/* Of a node's own breaker, of that at which it trips; NAN: none is stated. It outlasts the
 * mean that the bands look at: what was drawn before the last look still warms it. */
static double breaker_heat(erg_governor *governor, double dt_s)
{
    const erg_govern_config *config = governor->config;
    erg_breaker *breaker = &governor->breaker;

    if (isinf(breaker_limit(governor)))
        return NAN;
    if (isnan(governor->power_w))       /* it stays as warm as it was last known to be */
        return breaker->theta / breaker->trip;
    if (breaker->rating_w > 0)
        erg_breaker_step(breaker, governor->power_w, dt_s);
    else if (config->rack.curve)
        *breaker = erg_breaker_of_curve(config->rack.breaker_w, config->rack.tau_s,
                                        config->rack.curve);
    else
        *breaker = erg_breaker_of(config->rack.breaker_w, config->rack.tau_s,
                                  config->rack.trip, governor->power_w);
    return breaker->theta / breaker->trip;
}

static void step_bands(erg_governor *governor, double before_w, double heat)
{
    double power_w = look(governor, before_w);
    double dt_s = erg_s_from_ns(governor->now_ns - governor->band_ns);

    if (isinf(governor->limit_w)) {
        governor->trim_w = 0;
        governor->bands.is_braked = false;
    }
    if (isnan(power_w) || isinf(governor->limit_w))
        return;
    governor->bands.limit_w = governor->limit_w;
    erg_bands_out out = erg_bands_step(&governor->bands, power_w, heat, dt_s);
    governor->band_ns = governor->now_ns;
    governor->trim_w = fmin(0, governor->trim_w + out.change_w);
    governor->trim_w = fmax(governor->trim_w, -governor->limit_w);
}

/* What protects: it is kept at once. What somebody wishes may be come to slowly. */
static double least_hard_limit(const erg_governor *governor)
{
    double least_w = INFINITY;

    for (size_t i = 0; i < ERG_GOVERN_RULES; i++)
        if (!erg_govern_rules[i].is_wish)
            least_w = fmin(least_w, governor->limits_w[i]);
    return least_w;
}

/* Up no faster than the ramp; down at once, unless only a wish has fallen and the
 * configuration says how fast to follow it: from what is drawn,
 * where nothing held before. */
static double ramped(erg_governor *governor, double dt_s)
{
    erg_ramp *ramp = &governor->ramp;

    if (!governor->is_started || isinf(governor->limit_w))
        ramp->level_w = governor->limit_w;
    else if (isinf(ramp->level_w))
        ramp->level_w = isinf(ramp->down_w_per_s) || isnan(governor->power_w)
            ? governor->limit_w : fmax(governor->limit_w, governor->power_w);
    erg_ramp_step(ramp, governor->limit_w, dt_s);
    ramp->level_w = fmin(ramp->level_w, least_hard_limit(governor));
    return ramp->level_w;
}

/* What the bands took off, they took off the limit of then: where that comes down to what
 * is in force anyway nothing more is due. (A new coordinator holds a node at what it last
 * read back; a cut on top of each such grant would take it to its least in a lease.) */
static void carry_trim(erg_governor *governor, double before_w)
{
    if (governor->limit_w < before_w && isfinite(before_w))
        governor->trim_w = fmin(0, governor->trim_w + before_w - governor->limit_w);
}

void erg_govern_limit(erg_governor *governor, double dt_s)
{
    double floor_w = governor->config->node.floor_w, before_w = governor->limit_w;

    find_limit(governor);
    carry_trim(governor, before_w);
    step_bands(governor, before_w, breaker_heat(governor, dt_s));
    double level_w = ramped(governor, dt_s);
    floor_w = isnan(floor_w) ? 0 : fmin(floor_w, governor->limit_w);
    governor->budget_w = fmax(level_w + governor->trim_w, floor_w);
}
