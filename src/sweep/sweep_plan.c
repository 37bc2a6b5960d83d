/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of a sweep. A request is snapped to what the device offers: a step of 15 MHz
 * on a grid of 7.5 would otherwise fail on every second clock.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "math/random.h"
#include "sweep/sweep_plan.h"

enum { VALUES_MOST = 4096, REFERENCE_EVERY = 8 };

double erg_sweep_step(const erg_device_knob *knob, double value)
{
    double step = INFINITY;

    for (size_t i = 0; i < knob->value_count; i++)
        if (knob->values[i] != value)
            step = fmin(step, fabs(knob->values[i] - value));
    return isfinite(step) ? step : 0;
}

/* ---- reading what is asked ------------------------------------------------------ */

void erg_sweep_axis_free(erg_sweep_axis *axis)
{
    free(axis->requested);
    free(axis->values);
    *axis = (erg_sweep_axis){ .knob = axis->knob };
}

static bool add(erg_sweep_axis *axis, const erg_device_knob *knob, double requested)
{
    double value = erg_device_knob_snap(knob, requested);

    for (size_t i = 0; i < axis->count; i++)
        if (axis->values[i] == value)
            return true;
    if (axis->count == VALUES_MOST)
        return false;
    axis->requested[axis->count] = requested;
    axis->values[axis->count++] = value;
    return true;
}

static bool fail_form(const erg_knob_info *info, const char *text, erg_error *err)
{
    return erg_fail(err, ERG_BAD_INPUT,
                    "--knob %s=%s is neither low:high:step, as in "
                    "510:1410:15, nor a list, as in 510,1410, nor all",
                    info->name, text);
}

static bool read_stretch(const char *text, const erg_device_knob *knob,
                         erg_sweep_axis *axis, erg_error *err)
{
    const erg_knob_info *info = &erg_knob_infos[axis->knob];
    const char *middle = strchr(text, ':'), *last = middle ? strchr(middle + 1, ':') : NULL;
    double low, high, step;

    if (!last || !erg_knob_value_parse(text, (size_t)(middle - text), axis->knob, &low)
        || !erg_knob_value_parse(middle + 1, (size_t)(last - middle - 1), axis->knob, &high)
        || !erg_knob_value_parse(last + 1, strlen(last + 1), axis->knob, &step))
        return fail_form(info, text, err);
    if (low > high || (high - low) / step > VALUES_MOST)
        return erg_fail(err, ERG_BAD_INPUT, "--knob %s=%s has no values, or more than %d",
                        info->name, text, VALUES_MOST);
    for (long i = 0; low + (double)i * step <= high * (1 + 1e-12); i++)
        if (!add(axis, knob, low + (double)i * step))
            return fail_form(info, text, err);
    return true;
}

static bool read_list(const char *text, const erg_device_knob *knob, erg_sweep_axis *axis,
                      erg_error *err)
{
    const erg_knob_info *info = &erg_knob_infos[axis->knob];

    for (const char *from = text; from;) {
        size_t size = strcspn(from, ",");
        double value;
        if (!erg_knob_value_parse(from, size, axis->knob, &value)
            || !add(axis, knob, value))
            return fail_form(info, text, err);
        from = from[size] ? from + size + 1 : NULL;
    }
    return true;
}

static bool take_all(const erg_device_knob *knob, double floor, erg_sweep_axis *axis,
                     erg_error *err)
{
    const erg_knob_info *info = &erg_knob_infos[axis->knob];

    if (!knob->values)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s has no list of values here, only a range of "
                        "%g to %g: name the values, as in --knob %s=low:high:step",
                        info->name, knob->low / info->per_column_unit,
                        knob->high / info->per_column_unit, info->name);
    for (size_t i = 0; i < knob->value_count; i++)
        if (knob->values[i] >= floor)
            add(axis, knob, knob->values[i]);
    return axis->count > 0
           || erg_fail(err, ERG_BAD_INPUT, "no %s is left above the floor of %g",
                       info->name, floor / info->per_column_unit);
}

static void sort_descending(erg_sweep_axis *axis)
{
    for (size_t i = 1; i < axis->count; i++) {
        double value = axis->values[i], requested = axis->requested[i];
        size_t at = i;
        for (; at > 0 && axis->values[at - 1] < value; at--) {
            axis->values[at] = axis->values[at - 1];
            axis->requested[at] = axis->requested[at - 1];
        }
        axis->values[at] = value;
        axis->requested[at] = requested;
    }
}

bool erg_sweep_axis_parse(const char *text, const erg_device_knob *knob, double floor,
                          erg_sweep_axis *out, erg_error *err)
{
    bool good;

    *out = (erg_sweep_axis){ .knob = knob->knob };
    out->requested = calloc(VALUES_MOST, sizeof(double));
    out->values = calloc(VALUES_MOST, sizeof(double));
    if (!out->requested || !out->values)
        good = erg_fail(err, ERG_NO_MEMORY, "out of memory for the values of a knob");
    else if (strcmp(text, "all") == 0)
        good = take_all(knob, floor, out, err);
    else if (strchr(text, ':'))
        good = read_stretch(text, knob, out, err);
    else
        good = read_list(text, knob, out, err);
    if (good)
        sort_descending(out);
    else
        erg_sweep_axis_free(out);
    return good;
}

/* ---- settings and their order ---------------------------------------------------- */

erg_knob_setting *erg_sweep_grid(const erg_sweep_axis axes[], size_t axis_count,
                                 size_t *count, erg_error *err)
{
    size_t total = 1;

    for (size_t a = 0; a < axis_count; a++)
        total *= axes[a].count;
    erg_knob_setting *settings =
        total <= VALUES_MOST ? calloc(total, sizeof(*settings)) : NULL;
    if (!settings) {
        erg_fail(err, total > VALUES_MOST ? ERG_BAD_INPUT : ERG_NO_MEMORY,
                 "a grid of %zu "
                 "settings is more than %d: name fewer values",
                 total, VALUES_MOST);
        return NULL;
    }
    for (size_t i = 0; i < total; i++) {
        size_t rest = i;
        settings[i] = erg_knob_setting_none();
        for (size_t a = axis_count; a-- > 0;) {
            settings[i].at[axes[a].knob] = axes[a].values[rest % axes[a].count];
            rest /= axes[a].count;
        }
    }
    *count = total;
    return settings;
}

size_t erg_sweep_block_most(size_t settings)
{
    return settings + settings / REFERENCE_EVERY + 2;
}

size_t erg_sweep_block(size_t settings, const bool open[], uint64_t start, size_t visits[])
{
    erg_random random = { start };
    size_t count = 0, since = 0;

    if (settings == 1) {
        visits[0] = 0;
        return !open || open[0];
    }
    size_t *order = calloc(settings + 1, sizeof(*order));
    if (!order)
        return 0;
    erg_random_order(&random, order, settings);
    for (size_t i = 0; i < settings; i++) {
        if (open && !open[order[i]])
            continue;
        if (since == 0)
            visits[count++] = 0;
        visits[count++] = order[i];
        since = (since + 1) % REFERENCE_EVERY;
    }
    if (count)
        visits[count++] = 0;
    free(order);
    return count;
}
