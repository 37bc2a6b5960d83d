/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power smoothing and workload profiles of the fake NVML. Structures are looked at byte by
 * byte where the public header says a field lies, so that a wrong layout of erg's is told.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "fake_nvml.h"

enum { ARGUMENT = 2, ARGUMENT_VERSION = 25, FLOOR_LEAST_PCT = 40, FLOOR_MOST_PCT = 90,
       OFFSET_LEAST_W = 20, NOT_SET = -1 };

static const double first[PARAMETERS] = { 60, 800, 500, 250, 300, 4, 0, 50 };

void fake_smoothing_start(turned *turn)
{
    for (unsigned i = 0; i < NVML_PRESETS_MOST; i++)
        for (unsigned p = 0; p < PARAMETERS; p++)
            turn->parameters[i][p] = first[p] + (p == 0 ? i : 10 * i);
    turn->preset = fake_script.presets > 1;
}

/* ---- what it is at --------------------------------------------------------- */

/* Watts a second are told as milliwatts a second. */
static unsigned tell(nvml_field *field, const turned *turn, unsigned parameter)
{
    bool is_rate = parameter == NVML_PRESET_RAMP_UP || parameter == NVML_PRESET_RAMP_DOWN;

    if (field->scope >= fake_script.presets)
        return ARGUMENT;
    field->type = NVML_UINT;
    field->value.natural =
        (unsigned)lround((is_rate ? 1e3 : 1) * turn->parameters[field->scope][parameter]);
    return NVML_DONE;
}

static unsigned tell_override(nvml_field *field, unsigned parameter)
{
    bool is_set = parameter == NVML_PRESET_FLOOR && fake_script.override >= 0;

    field->value.natural = is_set ? (unsigned)fake_script.override : (unsigned)NOT_SET;
    return NVML_DONE;
}

static unsigned tell_early(nvml_field *field, const turned *turn, unsigned id)
{
    const struct { unsigned id, value; } plain[] = {
        { NVML_FIELD_SMOOTHING, turn->smoothing },
        { NVML_FIELD_FLOOR_MOST, FLOOR_MOST_PCT },
        { NVML_FIELD_FLOOR_LEAST, FLOOR_LEAST_PCT },
        { NVML_FIELD_PRESETS, (unsigned)fake_script.presets },
        { NVML_FIELD_PRESET, turn->preset },
        { 254, 1200 },          /* watts under which it smooths: no number of presets */
    };

    for (size_t i = 0; i < ERG_COUNT(plain); i++)
        if (plain[i].id == id) {
            field->value.natural = plain[i].value;
            return NVML_DONE;
        }
    if (id >= NVML_FIELD_PRESET_FIRST && id < NVML_FIELD_PRESET)
        return tell(field, turn, id - NVML_FIELD_PRESET_FIRST);
    if (id >= NVML_FIELD_OVERRIDE_FIRST)
        return tell_override(field, id - NVML_FIELD_OVERRIDE_FIRST);
    return NVML_NOT_SUPPORTED;
}

static unsigned tell_delayed(nvml_field *field, const turned *turn)
{
    if (fake_script.delayed == 0 || fake_script.moved != 0)
        return NVML_NOT_SUPPORTED;
    if (field->id == NVML_FIELD_OFFSET_LEAST) {
        field->value.natural = OFFSET_LEAST_W;
        return NVML_DONE;
    }
    if (field->id < NVML_FIELD_DELAYED_FIRST)
        return NVML_NOT_SUPPORTED;
    return field->id < NVML_FIELD_DELAYED_OVERRIDE_FIRST
        ? tell(field, turn, NVML_PRESET_SECOND_FLOOR + field->id - NVML_FIELD_DELAYED_FIRST)
        : tell_override(field, PARAMETERS);
}

bool fake_smoothing_field(unsigned gpu, nvml_field *field, unsigned *code)
{
    const turned *turn = &fake_turns[gpu];
    unsigned moved = (unsigned)fake_script.moved;

    if (fake_script.presets == 0)
        return false;
    if (field->id >= NVML_FIELD_SMOOTHING + moved
        && field->id <= NVML_FIELD_SMOOTHING_LAST + moved)
        *code = tell_early(field, turn, field->id - moved);
    else if (field->id >= 275 && field->id <= 288)
        *code = tell_delayed(field, turn);
    else
        return false;
    return true;
}

/* As it would be told: "on 1 floor 61 810 510 ...", and the profiles asked for. */
EXPORT void fake_nvml_smoothing(unsigned gpu, char *text, size_t size)
{
    const turned *turn = &fake_turns[gpu];
    snprintf(text, size, "%s %u:", turn->smoothing ? "on" : "off", turn->preset);
    for (unsigned p = 0; p < PARAMETERS; p++)
        snprintf(text + strlen(text), size - strlen(text), " %g",
                 turn->parameters[turn->preset][p]);
}

EXPORT unsigned fake_nvml_workloads(unsigned gpu) { return fake_turns[gpu].workloads; }

/* ---- turning ------------------------------------------------------------------ */
#ifndef FAKE_NVML_OLD

static unsigned word(const void *of, size_t at)
{
    unsigned value;
    memcpy(&value, (const char *)of + at, sizeof(value));
    return value;
}

EXPORT unsigned nvmlDevicePowerSmoothingSetState(nvml_handle gpu, const void *state)
{
    turned *turn = fake_change(gpu, 2);
    if (word(state, 0) != 0x1000008)
        return ARGUMENT_VERSION;
    if (fake_script.presets == 0)
        return NVML_NOT_SUPPORTED;
    if (!turn)
        return NVML_NO_PERMISSION;
    turn->smoothing = word(state, 4);
    return turn->smoothing > 1 ? ARGUMENT : NVML_DONE;
}

static unsigned check(const turned *turn, const void *preset)
{
    if (word(preset, 0) != 0x1000018)
        return ARGUMENT_VERSION;
    if (fake_script.presets == 0)
        return NVML_NOT_SUPPORTED;
    if (!turn)
        return NVML_NO_PERMISSION;
    return word(preset, 4) < fake_script.presets ? NVML_DONE : ARGUMENT;
}

EXPORT unsigned nvmlDevicePowerSmoothingActivatePresetProfile(nvml_handle gpu,
                                                              const void *preset)
{
    turned *turn = fake_change(gpu, 2);
    unsigned code = check(turn, preset);
    if (code == NVML_DONE)
        turn->preset = word(preset, 4);
    return code;
}

EXPORT unsigned nvmlDevicePowerSmoothingUpdatePresetProfileParam(nvml_handle gpu,
                                                                 const void *preset)
{
    turned *turn = fake_change(gpu, 2);
    unsigned code = check(turn, preset), parameter = word(preset, 8);
    double value;
    memcpy(&value, (const char *)preset + 16, sizeof(value));
    if (code != NVML_DONE)
        return code;
    if (parameter >= PARAMETERS || !(value >= 0)
        || (parameter == NVML_PRESET_FLOOR
            && (value < FLOOR_LEAST_PCT || value > FLOOR_MOST_PCT)))
        return ARGUMENT;
    turn->parameters[word(preset, 4)][parameter] = value;
    return NVML_DONE;
}

/* ---- profiles of power for kinds of work ----------------------------------------- */

/* Of what is asked for, the profile of the lowest number holds. */
EXPORT unsigned nvmlDeviceWorkloadPowerProfileGetCurrentProfiles(nvml_handle gpu, void *now)
{
    unsigned asked = fake_turns[gpu->index].workloads;
    const struct { size_t at; unsigned mask; } masks[] = {
        { 4, (unsigned)fake_script.workloads }, { 36, asked }, { 68, asked & (~asked + 1) },
    };
    if (word(now, 0) != 0x1000064)
        return ARGUMENT_VERSION;
    if (fake_script.workloads == 0)
        return NVML_NOT_SUPPORTED;
    for (size_t i = 0; i < ERG_COUNT(masks); i++)
        memcpy((char *)now + masks[i].at, &masks[i].mask, sizeof(masks[i].mask));
    return NVML_DONE;
}

static unsigned ask(nvml_handle gpu, unsigned operation, unsigned mask)
{
    turned *turn = fake_change(gpu, 2);
    if (!turn)
        return NVML_NO_PERMISSION;
    if (mask == 0 || (mask & ~(unsigned)fake_script.workloads))
        return ARGUMENT;
    turn->workloads = operation == NVML_WORKLOAD_CLEAR ? turn->workloads & ~mask
                    : operation == NVML_WORKLOAD_ADD   ? turn->workloads | mask
                                                       : mask;
    return NVML_DONE;
}

EXPORT unsigned nvmlDeviceWorkloadPowerProfileUpdateProfiles_v1(nvml_handle gpu,
                                                                const void *update)
{
    return fake_script.update == 0 ? NVML_NO_FUNCTION
                                   : ask(gpu, word(update, 0), word(update, 4));
}

EXPORT unsigned nvmlDeviceWorkloadPowerProfileSetRequestedProfiles(nvml_handle gpu,
                                                                   const void *asked)
{
    return word(asked, 0) == 0x1000024 ? ask(gpu, NVML_WORKLOAD_ADD, word(asked, 4))
                                       : ARGUMENT_VERSION;
}

EXPORT unsigned nvmlDeviceWorkloadPowerProfileClearRequestedProfiles(nvml_handle gpu,
                                                                     const void *asked)
{
    return word(asked, 0) == 0x1000024 ? ask(gpu, NVML_WORKLOAD_CLEAR, word(asked, 4))
                                       : ARGUMENT_VERSION;
}
#endif
