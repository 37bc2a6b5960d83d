/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same joules by meters one inside the other: the wall against GPU and CPU, what the
 * regulators take against the package. Each is integrated over the time that all of them
 * have; what lies in a gap of one is left out of all.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "thermal/balance_inside.h"

enum { METERS_MOST = ERG_MONITOR_EXTRAS };

/* ---- "wall=gpu+cpu,vr_w=package_w" --------------------------------------------------- */

typedef struct meters { char names[METERS_MOST][32]; size_t count; } meters;

static bool take_name(meters *to, const char *text, size_t count, erg_error *err)
{
    while (count && *text == ' ') {
        text++;
        count--;
    }
    while (count && text[count - 1] == ' ')
        count--;
    if (count == 0 || count >= sizeof(to->names[0]))
        return erg_fail(err, ERG_BAD_INPUT, "--meters: '%.*s' is no name of a meter; as in "
                        "wall=gpu+cpu", (int)count, text);
    if (to->count == METERS_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "--meters: more than %d in one balance",
                        METERS_MOST);
    memcpy(to->names[to->count], text, count);
    to->names[to->count++][count] = '\0';
    return true;
}

/* The outer meter first. *text moves behind the balance. */
static bool parse_one(const char **text, meters *out, erg_error *err)
{
    size_t all = strcspn(*text, ","), outer = strcspn(*text, "=,");
    const char *at = *text + outer + 1, *end = *text + all;

    *out = (meters){ .count = 0 };
    if (outer >= all)
        return erg_fail(err, ERG_BAD_INPUT, "--meters: '%.*s' is not as in wall=gpu+cpu",
                        (int)all, *text);
    bool ok = take_name(out, *text, outer, err);
    for (bool more = true; ok && more;) {
        size_t count = strcspn(at, "+,");
        ok = take_name(out, at, count, err);
        at += count + 1;
        more = at <= end;
    }
    *text = *end ? end + 1 : end;
    return ok;
}

bool erg_meters_columns(const char *text, erg_monitor_columns *out, erg_error *err)
{
    while (text && *text) {
        meters of;
        if (!parse_one(&text, &of, err))
            return false;
        for (size_t i = 0; i < of.count; i++)
            if (!erg_monitor_columns_add(out, of.names[i], err))
                return false;
    }
    return true;
}

/* ---- one meter ----------------------------------------------------------------------- */

typedef struct meter {
    const erg_monitor_device *device;
    erg_monitor_value value;    /* power, a column of power, or a counter of joules */
    size_t count, at;
    double *t_s, *joules;       /* since its first; t_s on the clock of all */
    double *power_w;            /* NULL: a counter */
    double period_s;
} meter;

static bool has_any(const erg_monitor_device *device, erg_monitor_value value)
{
    for (size_t i = 0; i < device->count; i++)
        if (isfinite(device->rows[i].value[value]))
            return true;
    return false;
}

static bool find_column(const erg_monitor *monitor, const char *name, meter *out)
{
    for (size_t e = 0; e < ERG_MONITOR_EXTRAS; e++) {
        const char *extra = erg_monitor_extra_name(monitor, e);
        if (!extra || strcmp(extra, name) != 0)
            continue;
        for (size_t i = 0; i < erg_monitor_devices(monitor); i++) {
            out->device = erg_monitor_device_at(monitor, i);
            out->value = (erg_monitor_value)(ERG_MONITOR_EXTRA + (int)e);
            if (has_any(out->device, out->value))
                return true;
        }
    }
    return false;
}

static bool refuse_name(const erg_monitor *monitor, const char *name, erg_error *err)
{
    char known[120] = "";
    size_t at = 0;

    for (size_t i = 0; i < erg_monitor_devices(monitor) && at < sizeof(known); i++)
        at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", i ? ", " : "",
                               erg_monitor_device_at(monitor, i)->name);
    return erg_fail(err, ERG_NOT_FOUND, "--meters: '%s' is neither a device of the log "
                    "that has power or joules nor a column of numbers; its devices: %s",
                    name, known);
}

static bool find(const erg_monitor *monitor, const char *name, meter *out, erg_error *err)
{
    const erg_monitor_value values[] = { ERG_MONITOR_POWER_W, ERG_MONITOR_ENERGY_J };

    out->device = erg_monitor_find(monitor, name);
    for (size_t i = 0; out->device && i < ERG_COUNT(values); i++) {
        out->value = values[i];
        if (has_any(out->device, out->value))
            return true;
    }
    return find_column(monitor, name, out) || refuse_name(monitor, name, err);
}

/* A counter that falls was reset: nothing is known between its two readings. */
static bool read_meter(meter *of, int64_t zero_ns, erg_error *err)
{
    size_t rows = of->device->count, n = 0;
    bool counts = of->value == ERG_MONITOR_ENERGY_J;

    of->t_s = calloc(3 * rows, sizeof(*of->t_s));
    if (!of->t_s) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for %zu rows", rows);
        return false;
    }
    of->joules = of->t_s + rows;
    of->power_w = counts ? NULL : of->t_s + 2 * rows;
    for (size_t i = 0; i < rows; i++) {
        const erg_monitor_row *row = &of->device->rows[i];
        double value = row->value[of->value], t_s = erg_s_from_ns(row->t_ns - zero_ns);
        if (!isfinite(value) || (n && t_s <= of->t_s[n - 1]))
            continue;
        of->t_s[n] = t_s;
        if (counts)
            of->joules[n] = value;
        else {
            of->power_w[n] = value;
            of->joules[n] = n ? of->joules[n - 1] + (t_s - of->t_s[n - 1])
                                * (value + of->power_w[n - 1]) / 2 : 0;
        }
        n++;
    }
    of->count = n;
    of->period_s = of->device->period_s;
    return n > 1 || erg_fail(err, ERG_NO_DATA, "%s: a meter with a single reading",
                             of->device->name);
}

/* The stretch between readings at and at + 1 says nothing. */
static bool is_gap(const meter *of, size_t at)
{
    return of->t_s[at + 1] - of->t_s[at] > ERG_BALANCE_GAP * of->period_s
        || (!of->power_w && of->joules[at + 1] < of->joules[at]);
}

static double joules_at(const meter *of, double t_s)
{
    const double *t = of->t_s + of->at, *j = of->joules + of->at;
    return j[0] + (j[1] - j[0]) * (t_s - t[0]) / (t[1] - t[0]);
}

/* ---- all of them --------------------------------------------------------------------- */

typedef struct sums {
    double joules[METERS_MOST], sampling_j2[METERS_MOST];
    double span_s;
} sums;

/* From one reading of any meter to the next: what each one's straight line says. */
static void add_stretch(meter of[], size_t count, double from_s, double to_s, sums *to)
{
    bool known = true;

    for (size_t i = 0; i < count; i++) {
        while (of[i].at + 2 < of[i].count && of[i].t_s[of[i].at + 1] <= from_s)
            of[i].at++;
        known = known && !is_gap(&of[i], of[i].at);
    }
    if (!known)
        return;
    to->span_s += to_s - from_s;
    for (size_t i = 0; i < count; i++) {
        const double *p = of[i].power_w ? of[i].power_w + of[i].at : NULL;
        double h_s = of[i].t_s[of[i].at + 1] - of[i].t_s[of[i].at];
        to->joules[i] += joules_at(&of[i], to_s) - joules_at(&of[i], from_s);
        if (p)
            to->sampling_j2[i] += (to_s - from_s) / h_s
                * pow(h_s * (p[1] - p[0]) / 2 * ERG_SD_OF_UNIFORM, 2);
    }
}

static double next_reading_s(const meter of[], size_t count, double after_s, double end_s)
{
    double next_s = end_s;

    for (size_t i = 0; i < count; i++) {
        size_t k = of[i].at;
        while (k < of[i].count && of[i].t_s[k] <= after_s)
            k++;
        next_s = k < of[i].count ? fmin(next_s, of[i].t_s[k]) : next_s;
    }
    return next_s;
}

/* Each meter's gain, its sampling, and its ends: half a period of its mean power each. */
static void conclude(const meter of[], size_t count, const sums *all, erg_balance *out)
{
    double u[3 * METERS_MOST];

    out->in_j = all->joules[0];
    for (size_t i = 0; i < count; i++) {
        out->out_j += i ? all->joules[i] : 0;
        u[3 * i] = erg_sensor_u_j(all->joules[i], all->span_s) / out->in_j;
        u[3 * i + 1] = sqrt(all->sampling_j2[i]) / out->in_j;
        u[3 * i + 2] = of[i].period_s / 2 * ERG_SD_OF_UNIFORM * sqrt(2)
            * all->joules[i] / all->span_s / out->in_j;
    }
    erg_balance_combine(out, u, 3 * count);
}

static bool balance(meter of[], size_t count, const erg_thermal_options *options,
                    erg_balance *out, erg_error *err)
{
    double begin_s = options->begin_s;
    double end_s = options->end_s > 0 ? options->end_s : INFINITY;
    sums all = { .span_s = 0 };

    for (size_t i = 0; i < count; i++) {
        begin_s = fmax(begin_s, of[i].t_s[0]);
        end_s = fmin(end_s, of[i].t_s[of[i].count - 1]);
    }
    *out = (erg_balance){ .kind = ERG_BALANCE_INDEPENDENT, .begin_s = begin_s,
                          .end_s = end_s, .eta_p = NAN };
    double from_s = begin_s;
    while (from_s < end_s) {
        double to_s = next_reading_s(of, count, from_s, end_s);
        add_stretch(of, count, from_s, to_s, &all);
        from_s = to_s;
    }
    if (!(all.joules[0] > 0) || !(all.span_s > 0))
        return erg_fail(err, ERG_NO_DATA, "the meters share no time in which the outer one "
                        "reads power");
    out->span_s = all.span_s;
    conclude(of, count, &all, out);
    return true;
}

bool erg_meters_balance(const erg_monitor *monitor, const char *text,
                        const erg_thermal_options *options, erg_balance *out,
                        erg_error *err)
{
    meter of[METERS_MOST] = { { NULL } };
    meters names;
    bool ok = parse_one(&text, &names, err);
    const size_t count = ok ? names.count : 0;

    for (size_t i = 0; ok && i < count; i++)
        ok = find(monitor, names.names[i], &of[i], err)
            && read_meter(&of[i], of[0].device->rows[0].t_ns, err);
    ok = ok && count > 0 && balance(of, count, options, out, err);
    for (size_t i = 0; i < METERS_MOST; i++)
        free(of[i].t_s);
    return ok;
}

bool erg_meters_put(erg_table *table, const erg_monitor *monitor,
                    const erg_thermal_options *options, erg_error *err)
{
    const char *text = options->meters;

    while (text && *text) {
        const char *begin = text;
        erg_balance one;
        meters names;
        char against[128];
        size_t at = 0;

        if (!erg_meters_balance(monitor, begin, options, &one, err)
            || !parse_one(&text, &names, err))
            return false;
        for (size_t i = 1; i < names.count && at < sizeof(against); i++)
            at += (size_t)snprintf(against + at, sizeof(against) - at, "%s%s",
                                   i > 1 ? "+" : "", names.names[i]);
        if (!erg_balance_put(table, &(erg_balance_name){ names.names[0], against }, &one,
                             err))
            return false;
    }
    return true;
}
