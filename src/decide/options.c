/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Means of points as options to choose from, with a temperature for each where a limit
 * asks for one that was not measured.
 */
#include <math.h>
#include <stdlib.h>
#include "decide/decide.h"
#include "math/stats.h"

enum { HEAT_POINTS_LEAST = 5 };

/* Throttled points are real: the card does run so. Others without a kept visit are not. */
static erg_refusal refusal_of(const erg_point *point)
{
    if (point->state != ERG_VISIT_OK && point->state != ERG_VISIT_THROTTLED)
        return ERG_REFUSED_STATE;
    if (!(point->time_s > 0) || !isfinite(point->time_s))
        return ERG_REFUSED_TIME;
    return point->energy_j > 0 && isfinite(point->energy_j) ? ERG_REFUSED_NOT
                                                            : ERG_REFUSED_ENERGY;
}

static erg_option option_of(const erg_points *points, const erg_point *point)
{
    const erg_application *app = erg_points_application_at(points, point->application);
    erg_option option = {
        .application = point->application, .setting = point->setting,
        .visits = point->state == ERG_VISIT_OK ? point->visits : point->dropped,
        .time_s = point->time_s, .energy_j = point->energy_j, .mean_w = point->mean_w,
        .peak_w = point->peak_w, .temp_c = point->temp_c,
        .quality_loss = 1 - app->retention_low,
        .energy_saving = NAN, .slowdown = NAN, .log_score = NAN, .share = NAN,
        .front_share = NAN, .is_throttled = point->state == ERG_VISIT_THROTTLED,
    };

    option.refusal = (unsigned char)refusal_of(point);
    option.is_usable = option.refusal == ERG_REFUSED_NOT;
    option.state = (unsigned char)point->state;
    option.energy_per_unit_j = point->energy_per_unit_j;
    option.time_low_s = point->time_low_s;
    option.time_high_s = point->time_high_s;
    option.energy_low_j = point->energy_low_j;
    option.energy_high_j = point->energy_high_j;
    return option;
}

static erg_option option_foreseen(const erg_points *points, const erg_foreseen *from)
{
    erg_point point = { .application = from->application, .setting = from->setting,
                        .time_s = from->time_s, .energy_j = from->energy_j,
                        .mean_w = from->energy_j / from->time_s, .peak_w = NAN,
                        .temp_c = NAN, .time_low_s = NAN, .time_high_s = NAN,
                        .energy_low_j = NAN, .energy_high_j = NAN,
                        .units = NAN, .energy_per_unit_j = NAN };
    erg_option option = option_of(points, &point);

    option.is_model = true;
    return option;
}

static bool is_measured(const erg_choice *choice, size_t first, const erg_foreseen *one)
{
    for (size_t i = first; i < choice->option_count; i++)
        if (!choice->options[i].is_model
            && erg_setting_order(&choice->options[i].setting, &one->setting) == 0)
            return true;
    return false;
}

static void add_application(const erg_points *points, const erg_wish *wish,
                            const erg_point means[], size_t count, size_t *at,
                            erg_choice *out)
{
    size_t application = means[*at].application, first = out->option_count;

    for (; *at < count && means[*at].application == application; (*at)++)
        out->options[out->option_count++] = option_of(points, &means[*at]);
    for (size_t i = 0; i < wish->foreseen_count; i++)
        if (wish->foreseen[i].application == application
            && !is_measured(out, first, &wish->foreseen[i]))
            out->options[out->option_count++] = option_foreseen(points, &wish->foreseen[i]);
}

erg_foreseen erg_foreseen_of(const erg_wish *wish, const erg_option *option)
{
    for (size_t i = 0; option->is_model && i < wish->foreseen_count; i++)
        if (wish->foreseen[i].application == option->application
            && erg_setting_order(&wish->foreseen[i].setting, &option->setting) == 0)
            return wish->foreseen[i];
    return (erg_foreseen){ 0 };
}

/* Ambient and R from points whose power and temperature are both known, all from one
 * device; false: too few, or they do not lie on a rising line. */
static bool heat_of_points(const erg_choice *choice, erg_heat *heat)
{
    size_t most = choice->option_count, count = 0;
    double *power_w = malloc(2 * (most + 1) * sizeof(*power_w)), *temp_c = power_w + most;
    erg_line line;

    for (size_t i = 0; power_w && i < most; i++) {
        const erg_option *one = &choice->options[i];
        if (!one->is_usable || isnan(one->mean_w) || isnan(one->temp_c))
            continue;
        power_w[count] = one->mean_w;
        temp_c[count++] = one->temp_c;
    }
    bool ok = power_w && count >= HEAT_POINTS_LEAST
           && erg_line_fit(power_w, temp_c, count, &line) && line.slope > 0;
    free(power_w);
    if (ok) {
        heat->ambient_c = line.intercept;
        heat->k_per_w = line.slope;
    }
    return ok;
}

static void warm_options(erg_choice *choice)
{
    erg_heat heat = choice->wish.heat;
    bool known = !isnan(heat.ambient_c) && !isnan(heat.k_per_w);

    if (!known && !heat_of_points(choice, &heat))
        return;
    choice->wish.heat = heat;
    for (size_t i = 0; i < choice->option_count; i++) {
        erg_option *one = &choice->options[i];
        double total_w;
        if (one->is_usable && isnan(one->temp_c) && !isnan(one->mean_w))
            one->is_runaway = !erg_heat_steady(&heat, one->mean_w, &one->temp_c, &total_w);
    }
}

bool erg_options_gather(const erg_points *points, const erg_wish *wish, erg_choice *out,
                        erg_error *err)
{
    size_t count, picks = 0;
    erg_error fault = { 0 };
    erg_point *means = erg_points_means(points, &count, &fault);

    if (!means)
        return erg_fail(err, fault.code ? fault.code : ERG_NO_DATA, "%s",
                        fault.code ? fault.text : "there is no point to choose from");
    out->options = calloc(count + wish->foreseen_count, sizeof(*out->options));
    out->picks = calloc(erg_points_applications(points), sizeof(*out->picks));
    bool ok = out->options && out->picks;
    for (size_t at = 0; ok && at < count; picks++) {
        erg_pick *pick = &out->picks[picks];
        pick->application = means[at].application;
        pick->first = out->option_count;
        add_application(points, wish, means, count, &at, out);
        pick->count = out->option_count - pick->first;
    }
    out->pick_count = picks;
    free(means);
    if (ok && erg_limit_is_set(wish, ERG_WISH_TEMP))
        warm_options(out);
    return ok || erg_fail(err, ERG_NO_MEMORY, "no memory for %zu options", count);
}
