/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of a wish, each a row: what it looks at, and how far a choice may go. */
#include <math.h>
#include <stddef.h>
#include "decide/decide.h"
#include "math/stats.h"

typedef struct limit {
    const char *name, *unit;
    size_t at;              /* the bound, in erg_wish */
    bool is_least;          /* a bound from below */
    bool is_time;
    const char *unknown;    /* why an option is refused that has no value */
} limit;

static const limit limits[ERG_WISH_LIMITS] = {
    [ERG_WISH_SLOWDOWN] = { "slowdown", "", offsetof(erg_wish, slowdown), false, true,
                            NULL },
    [ERG_WISH_POWER] = { "power-cap", "W", offsetof(erg_wish, power_cap_w), false, false,
                         "its power is not known" },
    [ERG_WISH_TEMP] = { "max-temp", "C", offsetof(erg_wish, temp_c), false, false,
                        "its temperature is not known" },
    [ERG_WISH_QUALITY] = { "quality-loss", "", offsetof(erg_wish, quality_loss), false,
                           false, "its quality was not scored" },
    [ERG_WISH_DEADLINE] = { "deadline", "s", offsetof(erg_wish, deadline_s), false, true,
                            NULL },
    [ERG_WISH_THROUGHPUT] = { "min-throughput", "Hz", offsetof(erg_wish, throughput_hz),
                              true, true, NULL },
};

const char *erg_wish_limit_name(erg_wish_limit which) { return limits[which].name; }
const char *erg_wish_limit_unit(erg_wish_limit which) { return limits[which].unit; }

double erg_limit_bound(const erg_wish *wish, erg_wish_limit which)
{
    return *(const double *)((const char *)wish + limits[which].at);
}

bool erg_limit_is_set(const erg_wish *wish, erg_wish_limit which)
{
    return !isnan(erg_limit_bound(wish, which));
}

bool erg_wish_check(const erg_wish *wish, erg_error *err)
{
    for (erg_wish_limit i = 0; i < ERG_WISH_LIMITS; i++) {
        double bound = erg_limit_bound(wish, i);
        bool may_be_zero = i == ERG_WISH_SLOWDOWN || i == ERG_WISH_QUALITY;
        if (erg_limit_is_set(wish, i)
            && (!isfinite(bound) || (i != ERG_WISH_TEMP && bound < 0)
                || (!may_be_zero && i != ERG_WISH_TEMP && !(bound > 0))))
            return erg_fail(err, ERG_BAD_INPUT, "%s %g makes no sense", limits[i].name,
                            bound);
    }
    return (wish->certainty > 0 && wish->certainty < 1)
           || erg_fail(err, ERG_BAD_INPUT, "certainty is between 0 and 1, not %g",
                       wish->certainty);
}

static bool is_within(const limit *row, double bound, double value)
{
    double slack = 1e-12 * (1 + fabs(bound));

    return row->is_least ? value >= bound - slack : value <= bound + slack;
}

static double time_value(erg_wish_limit which, double reference_s, double time_s)
{
    return which == ERG_WISH_SLOWDOWN ? time_s / reference_s - 1
         : which == ERG_WISH_THROUGHPUT ? 1 / time_s : time_s;
}

bool erg_limits_allow_time(const erg_wish *wish, double reference_s, double time_s)
{
    for (erg_wish_limit i = 0; i < ERG_WISH_LIMITS; i++) {
        double value = limits[i].is_time ? time_value(i, reference_s, time_s) : NAN;
        if (!isnan(value) && erg_limit_is_set(wish, i)
            && !is_within(&limits[i], erg_limit_bound(wish, i), value))
            return false;
    }
    return true;
}

/* A time that a model foresees is kept with the certainty asked for, or it is not. */
static void fill_values(const erg_wish *wish, double reference_s, erg_option *option,
                        double log_time_sd)
{
    double z = option->is_model ? erg_student_t(wish->certainty, 1e9) : 0;
    double time_s = option->time_s * (z > 0 || z < 0 ? exp(z * log_time_sd) : 1);

    option->is_mean_power = isnan(option->peak_w);
    option->value[ERG_WISH_POWER] = option->is_mean_power ? option->mean_w : option->peak_w;
    option->value[ERG_WISH_TEMP] = option->temp_c;
    option->value[ERG_WISH_QUALITY] = option->quality_loss;
    for (erg_wish_limit i = 0; i < ERG_WISH_LIMITS; i++)
        if (limits[i].is_time)
            option->value[i] = time_value(i, reference_s, time_s);
}

void erg_limits_judge(const erg_wish *wish, double reference_s, erg_option *option,
                      double log_time_sd)
{
    fill_values(wish, reference_s, option, log_time_sd);
    option->is_allowed = option->is_usable;
    for (erg_wish_limit i = 0; i < ERG_WISH_LIMITS && option->is_allowed; i++) {
        double bound = erg_limit_bound(wish, i), value = option->value[i];
        if (isnan(bound) || (isnan(value) && limits[i].is_time && !option->is_model))
            continue;       /* no reference: a slowdown cannot be judged, and is flagged */
        option->is_allowed = !isnan(value) && is_within(&limits[i], bound, value);
        if (!option->is_allowed)
            option->refusal = (unsigned char)(ERG_REFUSED_LIMIT + i);
    }
}

static void tell_limit(const erg_wish *wish, const erg_option *option, erg_wish_limit which,
                       char *to, size_t size)
{
    const limit *row = &limits[which];
    double value = option->value[which];

    if (!isnan(value))
        snprintf(to, size, "%s %.4g%s%s is %s %.4g%s", row->name, value,
                 row->unit[0] ? " " : "", row->unit, row->is_least ? "below" : "above",
                 erg_limit_bound(wish, which),
                 option->is_model && row->is_time ? " with the certainty asked for" : "");
    else
        erg_text_put(to, size, row->is_time ? "the model gives its time no band"
                     : option->is_runaway && which == ERG_WISH_TEMP
                         ? "RUNAWAY: leakage and heat drive each other on" : row->unknown);
}

void erg_option_reason(const erg_choice *choice, const erg_option *option, char *to,
                       size_t size)
{
    erg_text_put(to, size, "");
    if (option->refusal >= ERG_REFUSED_LIMIT)
        tell_limit(&choice->wish, option, option->refusal - ERG_REFUSED_LIMIT, to, size);
    else if (option->refusal == ERG_REFUSED_STATE)
        snprintf(to, size, "no visit is kept: %zu dropped, %s", option->visits,
                 erg_visit_state_name(option->state));
    else if (option->refusal != ERG_REFUSED_NOT)
        erg_text_put(to, size, option->refusal == ERG_REFUSED_TIME
                                   ? "its time is not a number above 0"
                                   : "its energy is not a number above 0");
}

/* Within all limits that do not hang on time? What a model foresees is held to its
 * certainty instead, which the draws would only blur. */
bool erg_limits_allow_but_time(const erg_wish *wish, const erg_option *option)
{
    erg_wish part = erg_wish_default();
    erg_option copy = *option;

    part.power_cap_w = wish->power_cap_w;
    part.temp_c = wish->temp_c;
    part.quality_loss = wish->quality_loss;
    erg_limits_judge(&part, NAN, &copy, 0);
    return option->is_model ? option->is_allowed : copy.is_allowed;
}

double erg_limit_needed(const erg_wish *wish, erg_wish_limit which,
                        const erg_option *options, size_t count)
{
    double needed = NAN;

    for (size_t i = 0; i < count; i++) {
        bool others = options[i].is_usable && !isnan(options[i].value[which]);
        for (erg_wish_limit k = 0; k < ERG_WISH_LIMITS && others; k++) {
            double value = options[i].value[k];
            if (k != which && erg_limit_is_set(wish, k)
                && !(isnan(value) && limits[k].is_time))
                others = is_within(&limits[k], erg_limit_bound(wish, k), value);
        }
        if (others)
            needed = limits[which].is_least ? fmax(needed, options[i].value[which])
                                            : fmin(needed, options[i].value[which]);
    }
    return needed;
}
