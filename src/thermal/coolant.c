/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heat that a coolant carries off: q = flow x heat x (T_out - T_in), all of it measured:
 * a balance that no model closes by itself. What the part stores meanwhile is the
 * network's.
 */
#include <math.h>
#include <string.h>
#include "base/base.h"
#include "thermal/balance_inside.h"

#define WATER_J_PER_L_K 4169.0      /* at 25 C: 997.05 kg/m3 x 4181 J/(kg K) */
#define S_PER_MIN 60.0

enum { FLOW, IN, OUT, COLUMNS };
static const char *const keys[COLUMNS] = { "flow", "in", "out" };

typedef struct coolant { char column[COLUMNS][32]; double heat_j_per_l_k; } coolant;

static bool take(coolant *to, const char *part, size_t count, erg_error *err)
{
    const char *equals = memchr(part, '=', count);
    size_t key = equals ? (size_t)(equals - part) : 0;
    size_t size = equals ? count - key - 1 : 0;

    for (size_t i = 0; size && i < COLUMNS; i++)
        if (strlen(keys[i]) == key && memcmp(keys[i], part, key) == 0
            && size < sizeof(to->column[i])) {
            memcpy(to->column[i], equals + 1, size);
            to->column[i][size] = '\0';
            return true;
        }
    if (size && key == 4 && memcmp(part, "heat", 4) == 0
        && erg_number_parse(equals + 1, size, '.', &to->heat_j_per_l_k)
        && to->heat_j_per_l_k > 0)
        return true;
    return erg_fail(err, ERG_BAD_INPUT, "--coolant: '%.*s' is not as in flow=COLUMN, "
                    "in=COLUMN, out=COLUMN or heat=4169 (J per litre and kelvin)",
                    (int)count, part);
}

static bool parse(const char *text, coolant *out, erg_error *err)
{
    *out = (coolant){ .heat_j_per_l_k = WATER_J_PER_L_K };
    while (*text) {
        size_t count = strcspn(text, ",");
        if (!take(out, text, count, err))
            return false;
        text += count + (text[count] == ',');
    }
    for (size_t i = 0; i < COLUMNS; i++)
        if (!out->column[i][0])
            return erg_fail(err, ERG_BAD_INPUT, "--coolant needs %s=COLUMN", keys[i]);
    return true;
}

bool erg_coolant_columns(const char *text, erg_monitor_columns *out, erg_error *err)
{
    coolant of;

    if (!text)
        return true;
    bool ok = parse(text, &of, err);
    for (size_t i = 0; ok && i < COLUMNS; i++)
        ok = erg_monitor_columns_add(out, of.column[i], err);
    return ok;
}

bool erg_balance_columns(const erg_thermal_options *options, erg_monitor_columns *out,
                         erg_error *err)
{
    *out = (erg_monitor_columns){ .count = 0 };
    return erg_meters_columns(options->meters, out, err)
        && erg_coolant_columns(options->coolant, out, err);
}

/* ---- the balance --------------------------------------------------------------------- */

typedef struct loop {
    erg_monitor_value at[COLUMNS];
    double heat_j_per_l_k;
} loop;

static bool find(const erg_monitor *monitor, const char *text, loop *out, erg_error *err)
{
    coolant of;

    if (!parse(text, &of, err))
        return false;
    out->heat_j_per_l_k = of.heat_j_per_l_k;
    for (size_t i = 0; i < COLUMNS; i++) {
        size_t e = 0;
        const char *name = NULL;
        for (; e < ERG_MONITOR_EXTRAS; e++) {
            name = erg_monitor_extra_name(monitor, e);
            if (name && strcmp(name, of.column[i]) == 0)
                break;
        }
        if (e == ERG_MONITOR_EXTRAS)
            return erg_fail(err, ERG_NOT_FOUND, "--coolant: the log has no column '%s'",
                            of.column[i]);
        out->at[i] = (erg_monitor_value)(ERG_MONITOR_EXTRA + (int)e);
    }
    return true;
}

/* What was summed, and what of it the meters may be off by. */
typedef struct sums {
    double flow_l, step_k, sampling_j2;
} sums;

static double heat_w(const loop *of, const erg_monitor_row *row)
{
    return of->heat_j_per_l_k * row->value[of->at[FLOW]] / S_PER_MIN
        * (row->value[of->at[OUT]] - row->value[of->at[IN]]);
}

static bool is_whole(const loop *of, const erg_monitor_row *row)
{
    return isfinite(row->value[ERG_MONITOR_POWER_W]) && isfinite(heat_w(of, row));
}

/* The least difference of two readings of a thermometer. */
static void look_at_steps(const loop *of, const erg_monitor_row *a,
                          const erg_monitor_row *b, sums *to)
{
    for (size_t i = IN; i <= OUT; i++) {
        double step_k = fabs(b->value[of->at[i]] - a->value[of->at[i]]);
        if (step_k > 1e-6)
            to->step_k = fmin(to->step_k, step_k);
    }
}

static void add(const loop *of, const erg_monitor_row *a, const erg_monitor_row *b,
                sums *to, erg_balance *out)
{
    double h_s = erg_s_from_ns(b->t_ns - a->t_ns);
    double from_w = a->value[ERG_MONITOR_POWER_W], to_w = b->value[ERG_MONITOR_POWER_W];

    out->span_s += h_s;
    out->in_j += h_s * (from_w + to_w) / 2;
    out->out_j += h_s * (heat_w(of, a) + heat_w(of, b)) / 2;
    to->flow_l += h_s * (a->value[of->at[FLOW]] + b->value[of->at[FLOW]]) / 2 / S_PER_MIN;
    to->sampling_j2 += pow(h_s * (to_w - from_w) / 2 * ERG_SD_OF_UNIFORM, 2);
    look_at_steps(of, a, b, to);
}

/* Gain of the power sensor and of the flow, a step of both thermometers, sampling, and the
 * capacities as sure as the resistances that they come from. */
static void conclude(const loop *of, const erg_thermal *model, const sums *all,
                     double period_s, erg_balance *out)
{
    const erg_thermal_pole *slow =
        model && model->pole_count ? &model->poles[model->pole_count - 1] : NULL;
    double step_j = isfinite(all->step_k)
        ? all->step_k * ERG_SD_OF_UNIFORM * sqrt(2) * of->heat_j_per_l_k * all->flow_l : 0;
    const double u[] = {
        erg_sensor_u_j(out->in_j, out->span_s) / out->in_j,
        ERG_SENSOR_SHARE * ERG_SD_OF_UNIFORM * out->out_j / out->in_j,
        step_j / out->in_j,
        sqrt(all->sampling_j2) / out->in_j,
        period_s / 2 * ERG_SD_OF_UNIFORM * sqrt(2) / out->span_s,
        slow ? (slow->r_high_k_per_w - slow->r_low_k_per_w) / 3.92 / slow->r_k_per_w
                   * out->stored_j / out->in_j : NAN,
    };
    erg_balance_combine(out, u, ERG_COUNT(u));
}

/* What the network says was stored in the window. */
static double stored_j(const erg_monitor_device *device, const erg_thermal_options *options,
                       const erg_thermal *model)
{
    erg_balance own;
    bool known = model && model->verdict == ERG_THERMAL_IDENTIFIED
        && erg_thermal_balance(device, options, model, &own, NULL);

    return known ? own.stored_j : NAN;
}

bool erg_coolant_balance(const erg_monitor *monitor, const erg_monitor_device *device,
                         const erg_thermal_options *options, const erg_thermal *model,
                         erg_balance *out, erg_error *err)
{
    const erg_monitor_row *before = NULL;
    sums all = { .step_k = INFINITY };
    loop of;

    *out = (erg_balance){ .kind = ERG_BALANCE_INDEPENDENT, .begin_s = NAN, .eta_p = NAN };
    if (!find(monitor, options->coolant, &of, err))
        return false;
    for (size_t i = 0; i < device->count; i++) {
        const erg_monitor_row *row = &device->rows[i];
        double t_s = erg_s_from_ns(row->t_ns - device->rows[0].t_ns);
        bool inside = t_s >= options->begin_s && (options->end_s == 0
                                                  || t_s <= options->end_s);
        if (!inside || !is_whole(&of, row))
            continue;
        double h_s = before ? erg_s_from_ns(row->t_ns - before->t_ns) : 0;
        if (h_s > 0 && h_s <= ERG_BALANCE_GAP * device->period_s)
            add(&of, before, row, &all, out);
        out->begin_s = isnan(out->begin_s) ? t_s : out->begin_s;
        out->end_s = t_s;
        before = row;
    }
    if (!(out->in_j > 0))
        return erg_fail(err, ERG_NO_DATA, "%s: no two rows of the window have power, flow "
                        "and both temperatures of the coolant", device->name);
    out->stored_j = stored_j(device, options, model);
    conclude(&of, model, &all, device->period_s, out);
    return true;
}
