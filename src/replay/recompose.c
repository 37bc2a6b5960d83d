/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "replay/meter.h"
#include "replay/recompose.h"

static const double U95 = 1.959963985;      /* half widths of time are of 95 %, normal */
static const double COVER = 2;              /* U = 2u */

double erg_recompose_count(const erg_replay *replay, const erg_kernel_timing *kernel)
{
    return kernel->count / replay->steps;
}

/* Seconds under the meter that one launch stands for; without a window, its time. */
static double metered_s(const erg_kernel_timing *kernel)
{
    double each_s = erg_replay_window_s(kernel) / kernel->runs_used;
    return isnan(each_s) ? kernel->time_s : each_s;
}

/* A file may hold gross joules alone. */
static double dynamic_of(const erg_replay *replay, const erg_kernel_timing *kernel)
{
    return isnan(kernel->dynamic_j) ? kernel->gross_j - replay->base_w * metered_s(kernel)
                                    : kernel->dynamic_j;
}

static double known(double value) { return isnan(value) ? 0 : value; }

/* No work draws less than idle: then the base is of another state, or of another time. */
static bool is_below_base(const erg_replay *replay, const erg_kernel_timing *kernel)
{
    double u_j = known(kernel->dynamic_u_j) + known(replay->gain_u) * kernel->gross_j
               + known(replay->base_u_w) * metered_s(kernel);

    return dynamic_of(replay, kernel) + COVER * u_j < 0;
}

static void add_energy(const erg_replay *replay, const erg_kernel_timing *kernel, double n,
                       erg_share *to)
{
    double dynamic_j = dynamic_of(replay, kernel);

    if (isnan(kernel->gross_j) && isnan(dynamic_j)) {
        to->silent_launches += n;
    } else if (!erg_kernel_is_metered(kernel)) {
        to->estimated_launches += n;
        to->estimated_j += n * dynamic_j;
    } else {
        double u_j = known(kernel->dynamic_u_j), window_s = erg_replay_window_s(kernel);
        bool has_window = window_s > 0 && !isnan(kernel->mean_w);
        to->metered_launches += n;
        to->below_base += is_below_base(replay, kernel);
        to->metered_s += n * metered_s(kernel);
        to->dynamic_j += n * dynamic_j;
        to->gross_j += n * kernel->gross_j;
        to->dynamic_u2 += n * n * u_j * u_j;
        to->updates += known(kernel->updates);
        to->window_s += has_window ? window_s : 0;
        to->window_j += has_window ? kernel->mean_w * window_s : 0;
    }
}

static void add_kernel(const erg_replay *replay, const erg_kernel_timing *kernel,
                       erg_share *to)
{
    double n = erg_recompose_count(replay, kernel);
    double u_s = 0.5 * (kernel->high_s - kernel->low_s) / U95;

    to->kernels++;
    to->launches += n;
    to->time_s += n * kernel->time_s;
    to->time_u2 += n * n * u_s * u_s;
    add_energy(replay, kernel, n, to);
}

static void add_all(const erg_replay *replay, erg_recomposed *out)
{
    for (size_t i = 0; i < replay->kernel_count; i++) {
        const erg_kernel_timing *kernel = &replay->kernels[i];
        if (kernel->state != out->state)
            continue;
        add_kernel(replay, kernel, &out->all);
        add_kernel(replay, kernel, &out->tiers[kernel->tier]);
    }
}

/* Metered by tier: its launches have a window together, and none of them one of its own. */
static void add_tier(const erg_tier_energy *tier, const erg_share *launched, erg_share *to)
{
    to->metered_launches += launched->launches;
    to->silent_launches -= launched->launches;
    to->metered_s += tier->window_s / tier->steps;
    to->dynamic_j += tier->dynamic_j;
    to->gross_j += tier->gross_j;
    to->dynamic_u2 += tier->gross_u_j * tier->gross_u_j;
    to->updates += tier->updates;
    to->window_s += tier->window_s;
    to->window_j += tier->mean_w * tier->window_s;
}

static void add_tiers(const erg_replay *replay, erg_recomposed *out)
{
    for (int i = 0; i < ERG_TIERS; i++) {
        const erg_tier_energy *tier = &replay->tiers[i][out->state];
        const erg_share launched = out->tiers[i];

        if (!(tier->steps > 0) || !launched.kernels)
            continue;
        add_tier(tier, &launched, &out->tiers[i]);
        add_tier(tier, &launched, &out->all);
    }
}

/* Marks `tokens` of the whole run, a step. */
static double tokens_of(const erg_replay *replay)
{
    const erg_whole_timing *whole = &replay->whole;
    double sum = 0;

    for (size_t i = 0; replay->trace && i < erg_trace_mark_count(replay->trace); i++) {
        const erg_mark_row *mark = erg_trace_mark(replay->trace, i);
        int64_t utc_ns = erg_trace_anchor_count(replay->trace)
                       ? erg_trace_utc_ns(replay->trace, mark->t_ns) : mark->t_ns;
        if (strcmp(mark->name, "tokens") == 0 && utc_ns >= whole->span.begin_ns
            && utc_ns < whole->span.end_ns)
            sum += mark->value;
    }
    return sum > 0 ? sum / whole->runs : NAN;
}

/* The base is taken off each window and put on the whole again, so that its
 * error counts for the difference of the times: d E_pred / d P_base = T - sum n W / R. */
static void sum_energy(const erg_replay *replay, erg_recomposed *out)
{
    const erg_whole_timing *whole = &replay->whole;
    bool has_energy = out->all.metered_launches > 0;
    double model_s = isnan(whole->time_s) ? out->predicted_s : whole->time_s;
    double model_u_s = isnan(whole->time_s) ? out->predicted_u_s : out->measured_u_s;

    out->base_w = replay->base_w;
    out->base_j = out->base_w * model_s;
    out->predicted_j = has_energy ? out->all.dynamic_j + out->base_j : NAN;
    double base_u_j = known(replay->base_u_w) * (model_s - out->all.metered_s);
    double own2 =
        out->all.dynamic_u2 + pow(out->base_w * known(model_u_s), 2) + base_u_j * base_u_j;
    double gain_j = known(replay->gain_u) * out->predicted_j;
    out->predicted_u_j = sqrt(own2 + gain_j * gain_j);

    out->measured_j = whole->energy_j;
    double gain_measured_j = known(replay->gain_u) * out->measured_j;
    out->measured_u_j = isnan(whole->energy_u_j) && isnan(replay->gain_u)
        ? NAN : hypot(known(whole->energy_u_j), gain_measured_j);
    out->unattributed_j = out->measured_j - out->predicted_j;
    /* One meter gave both sides: what they have in common cannot set them apart. If nothing
     * else is known of either, an interval too wide is better than none. */
    double joint2 = own2 + pow(known(whole->energy_u_j), 2);
    if (!(joint2 > 0))
        joint2 = gain_j * gain_j + gain_measured_j * gain_measured_j;
    out->agreement_en =
        joint2 > 0 ? fabs(out->predicted_j - out->measured_j) / (COVER * sqrt(joint2))
                   : NAN;
}

bool erg_recompose_has(const erg_replay *replay, erg_replay_state state)
{
    for (size_t i = 0; i < replay->kernel_count; i++)
        if (replay->kernels[i].state == state)
            return true;
    return false;
}

bool erg_recompose(const erg_replay *replay, erg_replay_state state, erg_recomposed *out,
                   erg_error *err)
{
    erg_error none = { 0 };

    *out = (erg_recomposed){ .state = state, .steps = replay->steps };
    for (int i = 0; i < ERG_TIERS; i++)
        out->tiers[i].shared_j = NAN;
    if (!(replay->steps > 0))
        return erg_fail(err, ERG_BAD_INPUT,
                        "how many steps the counts cover is not stated: a sum "
                        "over an unknown number of passes says nothing; give --steps N");
    add_all(replay, out);
    if (replay->has_tiers)
        add_tiers(replay, out);
    if (!out->all.kernels)
        return erg_fail(err, ERG_BAD_INPUT,
                        "there is no timed kernel to put together: name the "
                        "isolated_kernels_timing.json of a replay with --kernels");
    double path_s = erg_recompose_path_s(replay, state, &none);
    if (none.code)
        return erg_fail(err, none.code, "%s", none.text);
    out->is_path = !isnan(path_s);
    out->predicted_s = out->is_path ? path_s : out->all.time_s;
    out->predicted_u_s = sqrt(out->all.time_u2);
    out->measured_s = replay->whole.time_s;
    out->measured_u_s = 0.5 * (replay->whole.high_s - replay->whole.low_s) / U95;
    out->tokens = tokens_of(replay);
    sum_energy(replay, out);
    return true;
}

bool erg_recompose_by_time(erg_recomposed *of, erg_error *err)
{
    if (isnan(of->measured_j))
        return erg_fail(err, ERG_BAD_INPUT,
                        "--method time_share shares out the joules of the whole, and "
                        "nothing measured them: name a log of power with --power");
    for (int i = 0; i < ERG_TIERS; i++)
        of->tiers[i].shared_j = of->tiers[i].time_s / of->all.time_s * of->measured_j;
    of->predicted_j = of->predicted_u_j = of->unattributed_j = of->agreement_en = NAN;
    return true;
}
