/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be least. Scores are formed in logs: they neither overflow nor divide.
 *
 * Source: cost with eta and the highest power is that of You, Chung and
 * Chowdhury, Zeus, NSDI 2023.
 */
#include <math.h>
#include <string.h>
#include "decide/decide.h"

const erg_objective erg_objectives[ERG_OBJECTIVES] = {
    { "energy", "J", "energy of the work", 1, 0 },
    { "edp", "J s", "energy times time", 1, 1 },
    { "ed2p", "J s2", "energy times the square of time", 1, 2 },
    { "time", "s", "time of the work", 0, 1 },
    { "cost", "", "energy and time by their prices, or eta E + (1 - eta) P_max T", 0, 0 },
    { "carbon", "g", "CO2 of the energy, and of the hardware by time", 0, 0 },
};

static const double tie = 1e-12, j_per_kwh = 3.6e6, s_per_hour = 3600;

const erg_objective *erg_objective_find(const char *name)
{
    for (size_t i = 0; name && i < ERG_OBJECTIVES; i++)
        if (strcmp(erg_objectives[i].name, name) == 0)
            return &erg_objectives[i];
    return NULL;
}

erg_wish erg_wish_default(void)
{
    return (erg_wish){
        .objective = "edp", .eta = 0.5, .most_w = NAN, .energy_price = NAN,
        .time_price = NAN, .carbon_g_per_kwh = NAN, .carbon_g_per_h = NAN,
        .slowdown = NAN, .power_cap_w = NAN, .temp_c = NAN, .quality_loss = NAN,
        .deadline_s = NAN, .throughput_hz = NAN, .certainty = 0.95,
        .heat = { NAN, NAN, 0, 0, 0 }, .draws = 2000, .seed = 1,
    };
}

static double highest_limit_w(const erg_points *points)
{
    double most_w = NAN;

    for (size_t i = 0; i < erg_points_visits(points); i++)
        most_w = fmax(most_w, erg_points_visit_at(points, i)->setting.at[ERG_POWER_LIMIT]);
    return most_w;
}

/* NAN and what is below zero are no weight. */
static double weight(double value) { return value > 0 ? value : 0; }

static bool cost_weights(const erg_wish *wish, const erg_points *points, double *energy,
                         double *time, erg_error *err)
{
    if (!isnan(wish->energy_price) || !isnan(wish->time_price)) {
        *energy = weight(wish->energy_price) / j_per_kwh;
        *time = weight(wish->time_price) / s_per_hour;
        return true;
    }
    double most_w = isnan(wish->most_w) ? highest_limit_w(points) : wish->most_w;
    *energy = wish->eta;
    *time = (1 - wish->eta) * most_w;
    return (most_w > 0 && wish->eta >= 0 && wish->eta <= 1)
           || erg_fail(
               err, ERG_BAD_INPUT,
               "cost needs prices (--energy-price, --time-price), or "
               "the device's highest power limit (--max-power) with --eta from 0 to 1");
}

static bool carbon_weights(const erg_wish *wish, double *energy, double *time,
                           erg_error *err)
{
    *energy = weight(wish->carbon_g_per_kwh) / j_per_kwh;
    *time = weight(wish->carbon_g_per_h) / s_per_hour;
    return *energy > 0
        || erg_fail(err, ERG_BAD_INPUT, "carbon needs the grams of CO2 a kWh (--carbon)");
}

bool erg_scoring_of(const erg_wish *wish, const erg_points *points, erg_scoring *out,
                    erg_error *err)
{
    const erg_objective *found =
        erg_objective_find(wish->objective ? wish->objective : "edp");
    double energy = 0, time = 0;

    if (!found)
        return erg_fail(err, ERG_BAD_INPUT,
                        "there is no objective '%s': it is energy, edp, ed2p, "
                        "time, cost or carbon (constant factors cannot change a choice)",
                        wish->objective);
    *out = (erg_scoring){ found->energy_power, found->time_power, 0, 0,
                          found->energy_power + found->time_power < 0.5 };
    if (!out->is_sum)
        return true;
    if (!(strcmp(found->name, "cost") == 0 ? cost_weights(wish, points, &energy, &time, err)
                                           : carbon_weights(wish, &energy, &time, err)))
        return false;
    out->log_energy_weight = log(energy);
    out->log_time_weight = log(time);
    return energy > 0 || time > 0
        || erg_fail(err, ERG_BAD_INPUT, "with both prices at 0 every setting is the best");
}

double erg_log_score(const erg_scoring *scoring, double time_s, double energy_j)
{
    if (!(time_s > 0) || !(energy_j > 0))
        return NAN;
    if (!scoring->is_sum)
        return scoring->energy_power * log(energy_j) + scoring->time_power * log(time_s);

    double a = scoring->log_energy_weight + log(energy_j);
    double b = scoring->log_time_weight + log(time_s);
    return fmax(a, b) + log1p(exp(-fabs(a - b)));
}

int erg_setting_order(const erg_knob_setting *a, const erg_knob_setting *b)
{
    for (size_t i = 0; i < ERG_KNOBS; i++) {
        double x = isnan(a->at[i]) ? -1 : a->at[i], y = isnan(b->at[i]) ? -1 : b->at[i];
        if (x < y || x > y)
            return x < y ? -1 : 1;
    }
    return 0;
}

bool erg_is_better(const erg_option *a, const erg_option *b, double best_log_score)
{
    bool a_ties = a->log_score <= best_log_score + tie;
    bool b_ties = b->log_score <= best_log_score + tie;

    if (!a_ties || !b_ties)
        return a_ties;
    if (a->energy_j < b->energy_j || a->energy_j > b->energy_j)
        return a->energy_j < b->energy_j;
    if (a->time_s < b->time_s || a->time_s > b->time_s)
        return a->time_s < b->time_s;
    return erg_setting_order(&a->setting, &b->setting) < 0;
}

size_t erg_best_option(const erg_option *options, size_t first, size_t count)
{
    double best = NAN;
    size_t chosen = ERG_NO_OPTION;

    for (size_t i = first; i < first + count; i++)
        if (options[i].is_allowed)
            best = fmin(best, options[i].log_score);
    for (size_t i = first; i < first + count; i++)
        if (options[i].is_allowed && options[i].log_score <= best + tie
            && (chosen == ERG_NO_OPTION
                || erg_is_better(&options[i], &options[chosen], best)))
            chosen = i;
    return chosen;
}
