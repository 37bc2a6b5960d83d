/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it a measurement? Columns that stand still while the device works, that are another
 * column times a constant, or that are a formula, are not.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/sort.h"
#include "math/closed_form.h"
#include "math/stats.h"
#include "couple/couple_inside.h"

enum { ROWS_LEAST = 60, DISTINCT_LEAST = 10 };
#define USE_MOVES 0.20
#define SUSPECT_SHARE 1e-5
#define MOSTLY_DISTINCT 0.90

/* As the file printed it: that is where digits were cut. */
static double as_printed(const erg_joint_channel *of, double value)
{
    if (of->device < 0)
        return value;
    switch (of->value) {
    case ERG_MONITOR_TEMP_K: return value - 273.15;
    case ERG_MONITOR_USE: case ERG_MONITOR_FAN: return value * 100;
    case ERG_MONITOR_CLOCK_HZ: return value * 1e-6;
    default: return value;
    }
}

static bool is_one_of(const char *name, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static double range_of(const erg_joint_channel *of)
{
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < of->count; i++) {
        low = fmin(low, of->points[i].value);
        high = fmax(high, of->points[i].value);
    }
    return of->count ? high - low : 0;
}

static const char *device_of(const erg_joint *joint, const erg_joint_channel *of)
{
    return of->device < 0 ? "" : joint->devices[of->device].log->name;
}

static bool put(erg_joint *joint, const erg_joint_channel *of, erg_check check,
                erg_error *err)
{
    erg_text_put(check.device, sizeof(check.device), device_of(joint, of));
    return erg_joint_check(joint, &check, err);
}

/* ---- placeholders ------------------------------------------------------------------ */

static bool check_placeholder(erg_joint *joint, erg_joint_channel *of, erg_error *err)
{
    static const char *const names[] = { "temp", "power", "load" };
    const erg_joint_channel *use = erg_joint_find(joint, of->device, "use");

    if (of->device < 0 || of->count < ROWS_LEAST
        || !is_one_of(of->name, names, ERG_COUNT(names)))
        return true;
    erg_check check = { .code = ERG_CHECK_PLACEHOLDER, .value = range_of(of), .limit = 0,
                        .state = ERG_CHECK_OK };
    double moved = use ? range_of(use) : 0;
    if (check.value == 0 && moved > USE_MOVES) {
        check.state = ERG_CHECK_HIT;
        of->is_void = true;
        of->refused = ERG_CHECK_PLACEHOLDER;
        snprintf(check.what, sizeof(check.what),
                 "%s is %.6g in all %zu rows while use moves by "
                 "%.0f points",
                 of->name, as_printed(of, of->points[0].value), of->count, 100 * moved);
    } else
        snprintf(check.what, sizeof(check.what), "%s", of->name);
    return put(joint, of, check, err);
}

/* ---- derived ----------------------------------------------------------------------- */

static size_t distinct_of(const double sorted[], size_t n)
{
    size_t count = n > 0;

    for (size_t i = 1; i < n; i++)
        count += sorted[i] > sorted[i - 1];
    return count;
}

/* Values at the same stamps, as printed; how many. */
static size_t in_common(const erg_joint_channel *a, const erg_joint_channel *b, double x[],
                        double y[])
{
    size_t n = 0;

    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        if (a->points[i].t_ns == b->points[j].t_ns) {
            y[n] = as_printed(a, a->points[i++].value);
            x[n++] = as_printed(b, b->points[j++].value);
        } else if (a->points[i].t_ns < b->points[j].t_ns)
            i++;
        else
            j++;
    }
    return n;
}

/* y = intercept + slope x within half a step of each. room holds 3 of a->count. */
static bool follows(const erg_joint_channel *a, const erg_joint_channel *b, double *room,
                    erg_line *line)
{
    double *x = room, *y = room + a->count, *sorted = room + 2 * a->count, most = 0;
    size_t n = in_common(a, b, x, y);

    if (n < ROWS_LEAST || !erg_line_fit(x, y, n, line) || line->slope == 0)
        return false;
    memcpy(sorted, x, n * sizeof(*x));
    qsort(sorted, n, sizeof(*sorted), erg_by_value);
    if (distinct_of(sorted, n) < DISTINCT_LEAST)
        return false;
    double digits =
        0.5 * erg_printed_step(y, n) + 0.5 * fabs(line->slope) * erg_printed_step(x, n);
    double tiny = 1e-9 * fabs(line->slope) * (sorted[n - 1] - sorted[0]);
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(y[i] - line->intercept - line->slope * x[i]));
    /* Digits as wide as the range prove nothing. */
    return most <= fmax(1.01 * digits, tiny)
        && digits < 0.02 * fabs(line->slope) * (sorted[n - 1] - sorted[0]);
}

static bool check_derived(erg_joint *joint, erg_joint_channel *of, erg_error *err)
{
    static const char *const names[] = { "temp", "power", "clock" };
    static const char *const others[] = { "use", "temp", "power", "clock", "fan" };
    erg_check check = { .code = ERG_CHECK_DERIVED, .value = NAN, .limit = NAN,
                        .state = ERG_CHECK_OK };

    if (of->device < 0 || of->is_void || range_of(of) == 0
        || !is_one_of(of->name, names, ERG_COUNT(names)))
        return true;
    double *room = calloc(3 * of->count + 1, sizeof(*room));
    if (!room)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    snprintf(check.what, sizeof(check.what), "%s", of->name);
    for (size_t i = 0; i < ERG_COUNT(others) && check.state == ERG_CHECK_OK; i++) {
        const erg_joint_channel *from = erg_joint_find(joint, of->device, others[i]);
        erg_line line;
        /* Of two that follow each other, the one that is named later is the copy. */
        if (!from || from == of || from->is_void || from->refused != ERG_CHECK_CODES
            || !follows(of, from, room, &line))
            continue;
        check.state = ERG_CHECK_HIT;
        of->refused = ERG_CHECK_DERIVED;
        snprintf(check.what, sizeof(check.what), "%s = %.6g + %.6g %s", of->name,
                 line.intercept, line.slope, from->name);
    }
    free(room);
    return put(joint, of, check, err);
}

/* ---- formulas ---------------------------------------------------------------------- */

static void say_formula(const erg_closed_form *form, const char *name, char *to,
                        size_t size)
{
    size_t at =
        (size_t)snprintf(to, size, "%s = %.6g %+.6g u %+.6g u^2", name, form->polynomial[0],
                         form->polynomial[1], form->polynomial[2]);

    for (int j = 0; j < form->sinusoids && at < size; j++)
        at += (size_t)snprintf(to + at, size - at, " %+.4g cos %+.4g sin(%.4g pi u)",
                               form->cosine[j], form->sine[j], form->turns[j]);
}

static bool is_suspect(double x[], size_t n, double *share)
{
    double sd = erg_sd(x, n);

    *share = erg_noise_floor(x, n) / sd;
    if (!(*share < SUSPECT_SHARE))
        return false;
    qsort(x, n, sizeof(*x), erg_by_value);
    return (double)distinct_of(x, n) > MOSTLY_DISTINCT * (double)n;
}

static bool find_formula(const erg_joint_channel *of, double *t, double *x,
                         erg_closed_form *form, erg_error *err)
{
    for (size_t i = 0; i < of->count; i++) {
        t[i] = erg_s_from_ns(of->points[i].t_ns - of->points[0].t_ns);
        x[i] = as_printed(of, of->points[i].value);
    }
    double step = erg_printed_step(x, of->count);
    /* Made-up data follow the row or the stamp. */
    return erg_closed_form_find(NULL, x, of->count, step, form, err)
        && (form->is_closed || !(t[of->count - 1] > 0)
            || erg_closed_form_find(t, x, of->count, step, form, err));
}

static bool check_formula(erg_joint *joint, erg_joint_channel *of, erg_error *err)
{
    static const char *const names[] = { "temp",    "power",   "use",  "clock",
                                         "voltage", "current", "loss", "grad_norm" };
    erg_check closed = { .code = ERG_CHECK_CLOSED_FORM, .limit = NAN };
    erg_check noise = { .code = ERG_CHECK_SUSPECT_NOISE, .limit = SUSPECT_SHARE };
    erg_closed_form form;
    erg_error why = { 0 };

    if (of->count < ERG_CLOSED_LEAST || of->is_void || range_of(of) == 0
        || !is_one_of(of->name, names, ERG_COUNT(names)))
        return true;
    double *room = calloc(2 * of->count, sizeof(*room)),
           *x = room ? room + of->count : NULL;
    if (!room)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory");
    bool known = find_formula(of, room, x, &form, &why);
    closed.value = known ? form.residual : NAN;
    closed.state = !known           ? ERG_CHECK_UNKNOWN
                   : form.is_closed ? ERG_CHECK_HIT
                                    : ERG_CHECK_OK;
    erg_text_put(closed.what, sizeof(closed.what), known ? of->name : why.text);
    if (known && form.is_closed) {
        of->refused = ERG_CHECK_CLOSED_FORM;
        say_formula(&form, of->name, closed.what, sizeof(closed.what));
    }
    snprintf(noise.what, sizeof(noise.what), "%s", of->name);
    noise.state = is_suspect(x, of->count, &noise.value) ? ERG_CHECK_HIT : ERG_CHECK_OK;
    free(room);
    return put(joint, of, closed, err) && put(joint, of, noise, err);
}

/* ---- what is reckoned from them ---------------------------------------------------- */

/* An index of heat is as good as the temperature and power that went into it. */
static void inherit(const erg_joint *joint, erg_joint_channel *of)
{
    const erg_joint_channel *temp = erg_joint_find(joint, of->device, "temp");
    const erg_joint_channel *power = erg_joint_find(joint, of->device, "power");

    if (of->device < 0 || of->value < ERG_MONITOR_RLE_RAW
        || of->value > ERG_MONITOR_COLLAPSE || of->refused != ERG_CHECK_CODES || !temp
        || !power)
        return;
    if (temp->is_void && power->is_void) {
        of->is_void = true;
        of->refused = temp->refused != ERG_CHECK_CODES    ? temp->refused
                      : power->refused != ERG_CHECK_CODES ? power->refused
                                                          : ERG_CHECK_PLACEHOLDER;
    } else if (power->refused == ERG_CHECK_DERIVED
               || power->refused == ERG_CHECK_CLOSED_FORM)
        of->refused = power->refused;
    else if (temp->refused == ERG_CHECK_DERIVED || temp->refused == ERG_CHECK_CLOSED_FORM)
        of->refused = temp->refused;
}

bool erg_joint_check_channels(erg_joint *joint, erg_error *err)
{
    bool (*const checks[])(erg_joint *, erg_joint_channel *, erg_error *) = {
        check_placeholder, check_derived, check_formula,
    };

    for (size_t k = 0; k < ERG_COUNT(checks); k++)
        for (size_t i = 0; i < joint->channel_count; i++)
            if (!checks[k](joint, &joint->channels[i], err))
                return false;
    for (size_t i = 0; i < joint->channel_count; i++)
        inherit(joint, &joint->channels[i]);
    return true;
}
