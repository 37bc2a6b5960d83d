/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "device/drivers/sim_smoothing.h"

typedef struct parameter {
    erg_knob knob;
    double low, high;           /* NAN: not bounded */
} parameter;

/* In the order of a preset's parameters. A floor: from 20 to 90 % of what the board may
 * draw, as the makers say of theirs. */
static const parameter parameters[ERG_SIM_PARAMETERS] = {
    { ERG_SMOOTHING_FLOOR, 0.2, 0.9 },
    { ERG_SMOOTHING_RAMP_UP, 0, NAN },
    { ERG_SMOOTHING_RAMP_DOWN, 0, NAN },
    { ERG_SMOOTHING_HYSTERESIS, 0, NAN },
};
static const char none[] = "none";

static int number_of(erg_knob which)
{
    for (int i = 0; i < ERG_SIM_PARAMETERS; i++)
        if (parameters[i].knob == which)
            return i;
    return -1;
}

bool erg_sim_smoothing_has(erg_knob which)
{
    return which == ERG_WORKLOAD_PROFILE || which == ERG_SMOOTHING
        || which == ERG_SMOOTHING_PROFILE || number_of(which) >= 0;
}

static double *value_at(erg_sim_smoothing *own, erg_knob which)
{
    int number = number_of(which);

    if (number >= 0)
        return &own->presets[(int)own->preset][number];
    return which == ERG_SMOOTHING         ? &own->is_on
         : which == ERG_SMOOTHING_PROFILE ? &own->preset
                                          : &own->profile;
}

double erg_sim_smoothing_now(const erg_sim_smoothing *own, erg_knob which)
{
    return *value_at((erg_sim_smoothing *)(uintptr_t)own, which);
}

/* ---- what there is ------------------------------------------------------------------ */

static bool add_counted(erg_device *dev, const erg_sim_smoothing *own, erg_knob which,
                        size_t count, erg_error *err)
{
    static const double values[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    erg_device_knob *knob = erg_device_add_knob(dev, which);

    knob->now = erg_sim_smoothing_now(own, which);
    return erg_device_knob_values(knob, values, count, err);
}

/* Its presets, from the mildest floor up; a full rise and fall in a second. */
static void fill_presets(erg_sim_smoothing *own)
{
    for (int i = 0; i < ERG_SIM_PRESETS; i++) {
        const double preset[] = { 0.5 + 0.1 * i, own->board_w, own->board_w, 0.25 };
        memcpy(own->presets[i], preset, sizeof(preset));
    }
}

bool erg_sim_smoothing_add(erg_device *dev, erg_sim_smoothing *own,
                           const erg_sim_spec *spec, erg_error *err)
{
    own->board_w = spec->board_w;
    own->profile = NAN;
    fill_presets(own);
    if (spec->profiles
        && !add_counted(dev, own, ERG_WORKLOAD_PROFILE, ERG_SIM_PROFILES, err))
        return false;
    if (!spec->smoothing)
        return true;
    for (size_t i = 0; i < ERG_COUNT(parameters); i++) {
        erg_device_knob *knob = erg_device_add_knob(dev, parameters[i].knob);
        knob->low = parameters[i].low;
        knob->high = parameters[i].high;
        knob->now = own->presets[0][i];
    }
    return add_counted(dev, own, ERG_SMOOTHING, 2, err)
        && add_counted(dev, own, ERG_SMOOTHING_PROFILE, ERG_SIM_PRESETS, err);
}

/* ---- saving, turning, putting back ------------------------------------------------ */

/* A parameter with the number of its preset, as on a board. */
void erg_sim_smoothing_save(const erg_sim_smoothing *own, erg_knob which, erg_text *to)
{
    double now = erg_sim_smoothing_now(own, which);

    if (number_of(which) >= 0)
        erg_text_add(to, "%.0f %.17g", own->preset, now);
    else if (isnan(now))
        erg_text_add(to, "%s", none);
    else
        erg_text_add(to, "%.0f", now);
}

/* What is written to another preset than that in force changes nothing. */
static void follow(erg_sim_smoothing *own, const erg_sim_turn *turn)
{
    const double *preset = own->presets[(int)own->preset];
    const erg_smoothing to = { own->is_on > 0, preset[0] * own->board_w, preset[1],
                               preset[2], preset[3] };

    if (own->plant.count || to.is_on)
        erg_smoothed_turn(&own->plant, turn->load, turn->at_s, &to);
}

bool erg_sim_smoothing_turn(erg_sim_smoothing *own, erg_knob which, double value,
                            const erg_sim_turn *turn, erg_error *err)
{
    if (number_of(which) >= 0 && own->preset != own->first_preset)
        return erg_fail(err, ERG_REFUSED,
                        "smoothing_profile of %s is %.0f now and was %.0f when erg began: "
                        "turn either the profile or its parameters", turn->device,
                        own->preset, own->first_preset);
    *value_at(own, which) = value;
    follow(own, turn);
    return true;
}

static bool take(erg_sim_smoothing *own, erg_knob which, const char *saved)
{
    int number = number_of(which), preset, end = 0;
    double value;

    if (number >= 0) {
        bool good = sscanf(saved, "%d %lf%n", &preset, &value, &end) == 2 && !saved[end]
            && preset >= 0 && preset < ERG_SIM_PRESETS && value >= 0 && isfinite(value);
        if (good)
            own->presets[preset][number] = value;
        return good;
    }
    if (which == ERG_WORKLOAD_PROFILE && strcmp(saved, none) == 0) {
        own->profile = NAN;
        return true;
    }
    int most = which == ERG_SMOOTHING           ? 1
             : which == ERG_SMOOTHING_PROFILE ? ERG_SIM_PRESETS - 1
                                              : ERG_SIM_PROFILES - 1;
    if (sscanf(saved, "%d%n", &preset, &end) != 1 || saved[end] || preset < 0
        || preset > most)
        return false;
    *value_at(own, which) = preset;
    return true;
}

bool erg_sim_smoothing_put_back(erg_sim_smoothing *own, erg_knob which, const char *saved,
                                const erg_sim_turn *turn, erg_error *err)
{
    if (!take(own, which, saved))
        return erg_fail(err, ERG_BAD_INPUT, "'%.40s' is no %s of %s", saved,
                        erg_knob_infos[which].name, turn->device);
    follow(own, turn);
    return true;
}
