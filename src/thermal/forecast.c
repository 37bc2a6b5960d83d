/* SPDX-License-Identifier: Apache-2.0 */
/* The next minutes of a network at constant power: closed forms, no allocation. */
#include <math.h>
#include "thermal/network.h"

enum { SCAN = 400, BISECTIONS = 60, ROUNDS = 4 };
#define FIRST_S 1e-3
#define STEP_SHARE 0.01         /* of the time that has passed */
#define BIAS_OVER_S 10.0

static double total_r(const erg_thermal *model)
{
    double sum = model->r_fast_k_per_w;

    for (int i = 0; i < model->pole_count; i++)
        sum += model->poles[i].r_k_per_w;
    return sum;
}

static double slowest_s(const erg_thermal *model)
{
    return model->pole_count ? model->poles[model->pole_count - 1].tau_s : NAN;
}

void erg_thermal_step(const erg_thermal *model, erg_thermal_state *state, double power_w,
                      double dt_s)
{
    for (int i = 0; i < model->pole_count; i++) {
        double tau_s = model->poles[i].tau_s, a = exp(-dt_s / tau_s);
        double c = dt_s > 0 ? tau_s * (1 - a) / dt_s : 1;
        state->x_w[i] = a * state->x_w[i] + (c - a) * state->power_w + (1 - c) * power_w;
    }
    state->bias_k *= model->pole_count ? exp(-dt_s / slowest_s(model)) : 1;
    state->power_w = power_w;
}

double erg_thermal_ahead(const erg_thermal *model, const erg_thermal_state *state,
                         double power_w, double ahead_s)
{
    double temp_k = model->ambient_k + model->r_fast_k_per_w * power_w;

    for (int i = 0; i < model->pole_count; i++) {
        double a = exp(-ahead_s / model->poles[i].tau_s);
        temp_k += model->poles[i].r_k_per_w * (a * state->x_w[i] + (1 - a) * power_w);
    }
    return temp_k
        + state->bias_k * (model->pole_count ? exp(-ahead_s / slowest_s(model)) : 1);
}

/* 0: none is known. */
static double leakage_of(const erg_thermal *model)
{
    return model->leakage_w_per_k > 0 ? model->leakage_w_per_k : 0;
}

/* One step in which power follows the temperature at its own end. */
static double leaking_step(const erg_thermal *model, erg_thermal_state *state,
                           const erg_thermal_power *now, double dt_s)
{
    const erg_thermal_state before = *state;
    double power_w = before.power_w, temp_k = NAN;

    for (int i = 0; i < ROUNDS; i++) {
        *state = before;
        erg_thermal_step(model, state, power_w, dt_s);
        temp_k = erg_thermal_ahead(model, state, power_w, 0);
        power_w = now->power_w + leakage_of(model) * (temp_k - now->at_k);
    }
    return temp_k;
}

/* Heat adds power that adds heat: no closed form with several poles. The network is marched
 * in steps of a hundredth of the time that has passed. Close to running away it is slow. */
static double time_with_leakage(const erg_thermal *model, const erg_thermal_state *state,
                                double power_w, double limit_k)
{
    const erg_thermal_power now = { power_w, erg_thermal_ahead(model, state, power_w, 0) };
    double loop = fmin(total_r(model) * leakage_of(model), 0.98);
    double last_s = 50 * fmax(slowest_s(model), 1) / (1 - loop), temp_k = now.at_k, t_s = 0;
    erg_thermal_state at = *state;

    at.power_w = power_w;
    while (t_s < last_s) {
        double dt_s = fmax(FIRST_S, STEP_SHARE * t_s);
        double next_k = leaking_step(model, &at, &now, dt_s);
        if (next_k >= limit_k)
            return t_s + dt_s * (limit_k - temp_k) / (next_k - temp_k);
        temp_k = next_k;
        t_s += dt_s;
    }
    return INFINITY;
}

/* The first crossing: a scan that is even in the logarithm, then bisection. A delay below 0
 * is a temperature that is late: so much later it will be read. A record can hardly part it
 * from a fast part, so leaving it out would be half a second too early. */
double erg_thermal_time_to_limit(const erg_thermal *model, const erg_thermal_state *state,
                                 double power_w, double limit_k)
{
    double first_s = 1e-3, last_s = 50 * fmax(slowest_s(model), 1), before_s = 0;

    if (erg_thermal_ahead(model, state, power_w, 0) >= limit_k)
        return 0;
    if (leakage_of(model) > 0)
        return time_with_leakage(model, state, power_w, limit_k) + fmax(0, -model->delay_s);
    for (int i = 0; i <= SCAN; i++) {
        double at_s = first_s * pow(last_s / first_s, (double)i / SCAN);
        if (erg_thermal_ahead(model, state, power_w, at_s) < limit_k) {
            before_s = at_s;
            continue;
        }
        for (int j = 0; j < BISECTIONS; j++) {
            double middle_s = (before_s + at_s) / 2;
            if (erg_thermal_ahead(model, state, power_w, middle_s) < limit_k)
                before_s = middle_s;
            else
                at_s = middle_s;
        }
        return at_s + fmax(0, -model->delay_s);
    }
    return INFINITY;
}

static double power_for(const erg_thermal *model, const erg_thermal_state *state,
                        double temp_k, double ahead_s)
{
    double room_k = temp_k - model->ambient_k, r = model->r_fast_k_per_w;

    for (int i = 0; i < model->pole_count; i++) {
        double a = exp(-ahead_s / model->poles[i].tau_s);
        room_k -= model->poles[i].r_k_per_w * a * state->x_w[i];
        r += model->poles[i].r_k_per_w * (1 - a);
    }
    room_k -= state->bias_k * (model->pole_count ? exp(-ahead_s / slowest_s(model)) : 1);
    return r > 0 ? room_k / r : INFINITY;
}

double erg_thermal_safe_power(const erg_thermal *model, const erg_thermal_state *state,
                              double limit_k, double margin_k, double horizon_s)
{
    double most_w = isfinite(horizon_s)
        ? INFINITY : (limit_k - margin_k - model->ambient_k) / total_r(model);

    for (int i = 1; isfinite(horizon_s) && i <= SCAN; i++)
        most_w = fmin(most_w, power_for(model, state, limit_k - margin_k,
                                        horizon_s * i / SCAN));
    return fmax(most_w, 0);
}

/* ---- the state now ------------------------------------------------------------------- */

static bool has_both(const erg_monitor_row *row)
{
    return isfinite(row->value[ERG_MONITOR_POWER_W])
        && isfinite(row->value[ERG_MONITOR_TEMP_K]);
}

void erg_thermal_settle(const erg_thermal *model, double power_w, erg_thermal_state *out)
{
    *out = (erg_thermal_state){ .power_w = power_w };
    for (int i = 0; i < model->pole_count; i++)
        out->x_w[i] = power_w;
}

/* The mean of what the model missed over the last ten seconds stays for a while. */
bool erg_thermal_state_at(const erg_thermal *model, const erg_monitor_device *device,
                          size_t at, erg_thermal_state *out, erg_error *err)
{
    double missed_k = 0, last_s = NAN;
    size_t count = 0;

    for (size_t i = 0; i <= at && i < device->count; i++) {
        const erg_monitor_row *row = &device->rows[i];
        double t_s = erg_since_s(device, i);
        if (!has_both(row))
            continue;
        double power_w = row->value[ERG_MONITOR_POWER_W];
        if (isnan(last_s))
            erg_thermal_settle(model, power_w, out);
        else
            erg_thermal_step(model, out, power_w, fmax(t_s - last_s, 0));
        last_s = t_s;
        if (erg_s_from_ns(device->rows[at].t_ns - row->t_ns) <= BIAS_OVER_S) {
            missed_k += row->value[ERG_MONITOR_TEMP_K]
                - erg_thermal_ahead(model, out, power_w, 0);
            count++;
        }
    }
    if (!count)
        return erg_fail(err, ERG_NO_DATA, "%s has no power and temperature before that row",
                        device->name);
    out->bias_k = missed_k / (double)count;
    return true;
}
