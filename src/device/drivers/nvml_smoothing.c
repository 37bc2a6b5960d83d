/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power smoothing of an NVIDIA GPU (Blackwell and later): a floor under its power and
 * limits to its rise and fall, held by the board itself within milliseconds.
 *
 * What is in force is a preset, one of at most five, or what the administrator of the
 * machine set over it. The numbers of NVML's fields moved by 5 with R575 and back with
 * R590: a layout is believed where its answers make sense. The parameters that are turned
 * are those of the preset that was in force when the GPU was opened.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "device/drivers/nvml.h"

typedef struct parameter {
    erg_knob knob;
    unsigned number;          /* of a preset's parameters */
    unsigned field, override; /* what a preset says; what stands over it */
    double field_unit;        /* in SI */
    double unit;              /* of what is written, in SI */
} parameter;

#define EARLY(at) NVML_FIELD_PRESET_FIRST + (at), NVML_FIELD_OVERRIDE_FIRST + (at)
#define DELAYED(at)                                                                        \
    NVML_FIELD_DELAYED_FIRST + (at), NVML_FIELD_DELAYED_OVERRIDE_FIRST + (at)

static const parameter parameters[] = {
    { ERG_SMOOTHING_FLOOR, NVML_PRESET_FLOOR, EARLY(0), 0.01, 0.01 },
    { ERG_SMOOTHING_RAMP_UP, NVML_PRESET_RAMP_UP, EARLY(1), 1e-3, 1 },
    { ERG_SMOOTHING_RAMP_DOWN, NVML_PRESET_RAMP_DOWN, EARLY(2), 1e-3, 1 },
    { ERG_SMOOTHING_HYSTERESIS, NVML_PRESET_HYSTERESIS, EARLY(3), 1e-3, 1e-3 },
    { ERG_SMOOTHING_SECOND_FLOOR, NVML_PRESET_SECOND_FLOOR, DELAYED(0), 1, 1 },
    { ERG_SMOOTHING_ACTIVE_WINDOW, NVML_PRESET_ACTIVE_WINDOW, DELAYED(1), 1, 1 },
    { ERG_SMOOTHING_TARGET_WINDOW, NVML_PRESET_TARGET_WINDOW, DELAYED(2), 1, 1 },
    { ERG_SMOOTHING_OFFSET, NVML_PRESET_OFFSET, DELAYED(3), 1, 1 },
};

static const char too_old[] = "this driver's NVML has no call that turns it: update the "
                              "NVIDIA driver (R570 or later)";

/* ---- what it is at --------------------------------------------------------- */

static double field_of(const nvml *own, unsigned id, unsigned preset)
{
    unsigned moved = id <= NVML_FIELD_SMOOTHING_LAST ? own->smoothing.moved : 0;
    double value = NAN;

    return nvml_read_number(own, id + moved, preset, &value) == NVML_DONE ? value : NAN;
}

/* NAN is below and above nothing: what is not told does not speak against a layout. */
static bool makes_sense(nvml *own, unsigned moved)
{
    own->smoothing.moved = moved;
    double is_on = field_of(own, NVML_FIELD_SMOOTHING, 0);
    double count = field_of(own, NVML_FIELD_PRESETS, 0);
    double least = field_of(own, NVML_FIELD_FLOOR_LEAST, 0);
    double most = field_of(own, NVML_FIELD_FLOOR_MOST, 0);

    return (is_on == 0 || is_on == 1) && count >= 1 && count <= NVML_PRESETS_MOST
           && count == floor(count) && !(field_of(own, NVML_FIELD_PRESET, 0) >= count)
           && !(least > most) && !(most > 100);
}

static const parameter *parameter_of(erg_knob which)
{
    for (size_t i = 0; i < ERG_COUNT(parameters); i++)
        if (parameters[i].knob == which)
            return &parameters[i];
    return NULL;
}

static double preset_value(const nvml *own, const parameter *row, unsigned preset)
{
    return row->field_unit * field_of(own, row->field, preset);
}

/* What the administrator set stands over the preset; not set, it is a blank. */
static double in_force(const nvml *own, erg_knob which)
{
    const parameter *row = parameter_of(which);

    if (which == ERG_SMOOTHING)
        return field_of(own, NVML_FIELD_SMOOTHING, 0);
    if (!row)
        return field_of(own, NVML_FIELD_PRESET, 0);
    double over = row->field_unit * field_of(own, row->override, 0);
    return isnan(over) ? preset_value(own, row, own->smoothing.preset) : over;
}

/* ---- what there is ------------------------------------------------------------ */

static void refuse(erg_device_knob *knob, const char *reason)
{
    knob->can_turn = false;
    erg_text_put(knob->reason, sizeof(knob->reason), reason);
}

static bool add_counted(erg_device *dev, erg_knob which, unsigned count, bool has_call,
                        erg_error *err)
{
    const double values[] = { 0, 1, 2, 3, 4 };
    erg_device_knob *knob = nvml_add_knob(dev, which);

    knob->now = in_force(dev->own, which);
    if (!has_call)
        refuse(knob, too_old);
    return erg_device_knob_values(knob, values, count, err);
}

static void add_parameter(erg_device *dev, const parameter *row)
{
    const nvml *own = dev->own;

    if (isnan(preset_value(own, row, own->smoothing.preset)))
        return;
    erg_device_knob *knob = nvml_add_knob(dev, row->knob);
    knob->now = in_force(own, row->knob);
    knob->low = 0;
    if (row->knob == ERG_SMOOTHING_FLOOR) {
        knob->low = row->unit * field_of(own, NVML_FIELD_FLOOR_LEAST, 0);
        knob->high = row->unit * field_of(own, NVML_FIELD_FLOOR_MOST, 0);
    } else if (row->knob == ERG_SMOOTHING_OFFSET) {
        knob->low = field_of(own, NVML_FIELD_OFFSET_LEAST, 0);
    }
    if (!own->api.preset_parameter)
        refuse(knob, too_old);
}

bool nvml_smoothing_add(erg_device *dev, erg_error *err)
{
    nvml *own = dev->own;

    if (!makes_sense(own, 0) && !makes_sense(own, 5)) {
        if (own->architecture >= NVML_BLACKWELL)
            refuse(nvml_add_knob(dev, ERG_SMOOTHING),
                   "NVML tells no power smoothing of this GPU: the board has none, or its "
                   "management controller (Redfish) grants this machine no access to it");
        return true;
    }
    double preset = field_of(own, NVML_FIELD_PRESET, 0);
    own->smoothing.preset = preset >= 0 ? (unsigned)preset : 0;
    unsigned count = (unsigned)field_of(own, NVML_FIELD_PRESETS, 0);
    if (!add_counted(dev, ERG_SMOOTHING, 2, own->api.smoothing, err)
        || !add_counted(dev, ERG_SMOOTHING_PROFILE, count, own->api.preset, err))
        return false;
    for (size_t i = 0; i < ERG_COUNT(parameters); i++)
        add_parameter(dev, &parameters[i]);
    return true;
}

/* ---- saving, turning, putting back ------------------------------------------------ */

/* The number itself, or a preset and its value as they are written. */
bool nvml_smoothing_save(erg_device *dev, erg_knob which, erg_text *to, erg_error *err)
{
    const nvml *own = dev->own;
    const parameter *row = parameter_of(which);
    double now = row ? preset_value(own, row, own->smoothing.preset) : in_force(own, which);

    if (isnan(now))
        return erg_fail(err, ERG_IO, "%s does not say its %s, so it is not turned",
                        dev->info.name, erg_knob_infos[which].name);
    if (row)
        erg_text_add(to, "%u %.9g", own->smoothing.preset, now / row->unit);
    else
        erg_text_add(to, "%.0f", now);
    return true;
}

static bool settle(const erg_device *dev, erg_knob which, unsigned code, erg_error *err)
{
    const char *name = erg_knob_infos[which].name;

    if (code == NVML_DONE)
        return true;
    if (code == NVML_NO_PERMISSION)
        return erg_fail(err, ERG_NO_ACCESS,
                        "%s of %s may be turned by root only, and where "
                        "the board's management controller (Redfish) grants it: run erg as "
                        "root",
                        name, dev->info.name);
    return nvml_fail_turn(dev, name, code, err);
}

static unsigned write_state(const nvml *own, unsigned is_on)
{
    nvml_smoothing_state state = { .version = NVML_VERSION_OF(nvml_smoothing_state, 1),
                                   .is_on = is_on };

    return own->api.smoothing ? own->api.smoothing(own->gpu, &state) : NVML_NO_FUNCTION;
}

static unsigned write_preset(const nvml *own, unsigned preset)
{
    nvml_preset to = { .version = NVML_VERSION_OF(nvml_preset, 1), .profile = preset };

    return own->api.preset ? own->api.preset(own->gpu, &to) : NVML_NO_FUNCTION;
}

static unsigned write_parameter(const nvml *own, const parameter *row, unsigned preset,
                                double written)
{
    nvml_preset to = { .version = NVML_VERSION_OF(nvml_preset, 1),
                       .profile = preset,
                       .parameter = row->number,
                       .value = written };

    return own->api.preset_parameter ? own->api.preset_parameter(own->gpu, &to)
                                     : NVML_NO_FUNCTION;
}

/* To write a parameter of another preset than the one in force would change nothing now,
 * and something later. */
static bool is_same_preset(const erg_device *dev, erg_error *err)
{
    const nvml *own = dev->own;
    double now = field_of(own, NVML_FIELD_PRESET, 0);

    return !(now >= 0) || (unsigned)now == own->smoothing.preset
           || erg_fail(err, ERG_REFUSED,
                       "smoothing_profile of %s is %.0f now and was %u when "
                       "erg began: turn either the profile or its parameters",
                       dev->info.name, now, own->smoothing.preset);
}

bool nvml_smoothing_turn(erg_device *dev, erg_knob which, double value, double *enforced,
                         erg_error *err)
{
    const nvml *own = dev->own;
    const parameter *row = parameter_of(which);

    if (row && !is_same_preset(dev, err))
        return false;
    unsigned code =
        row ? write_parameter(own, row, own->smoothing.preset, value / row->unit)
        : which == ERG_SMOOTHING ? write_state(own, (unsigned)value)
                                 : write_preset(own, (unsigned)value);
    if (!settle(dev, which, code, err))
        return false;
    *enforced = in_force(own, which);
    return true;
}

bool nvml_smoothing_put_back(erg_device *dev, erg_knob which, const char *saved,
                             erg_error *err)
{
    const nvml *own = dev->own;
    const parameter *row = parameter_of(which);
    unsigned number, most = which == ERG_SMOOTHING ? 1 : NVML_PRESETS_MOST - 1;
    double written = 0;
    int count = sscanf(saved, "%u %lf", &number, &written);

    if (count != (row ? 2 : 1) || number > most || !(written >= 0 && isfinite(written)))
        return erg_fail(err, ERG_BAD_INPUT, "'%.40s' is no %s of %s", saved,
                        erg_knob_infos[which].name, dev->info.name);
    unsigned code = row                      ? write_parameter(own, row, number, written)
                    : which == ERG_SMOOTHING ? write_state(own, number)
                                             : write_preset(own, number);
    return settle(dev, which, code, err);
}
