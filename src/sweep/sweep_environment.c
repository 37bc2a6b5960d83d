/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A variable of the command's environment as a knob: "env:DEPTH=1,2,4,8". No device has
 * it; it is the further coordinate of the points, under that very name.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "sweep/sweep_inside.h"

static const char prefix[] = "env:";
enum { VALUES_MOST = 256, WORD_MOST = 40 };

bool erg_sweep_env_is(const char *request)
{
    return strncmp(request, prefix, strlen(prefix)) == 0;
}

/* A variable is no device's. */
const erg_sweep_dial *erg_sweep_first(const erg_sweep_setup *setup)
{
    for (size_t i = 0; i < setup->dial_count; i++)
        if (setup->dials[i].count)
            return &setup->dials[i];
    return NULL;
}

/* As a shell would take it. */
static bool take_name(erg_sweep_setup *setup, const char *request, const char *equals)
{
    const char *name = request + strlen(prefix);
    size_t size = equals ? (size_t)(equals - name) : 0;
    bool good = size > 0 && (size_t)(equals - request) < sizeof(setup->env_name)
        && !isdigit((unsigned char)name[0]);

    for (size_t i = 0; good && i < size; i++)
        good = isalnum((unsigned char)name[i]) || name[i] == '_';
    if (good)
        snprintf(setup->env_name, sizeof(setup->env_name), "%.*s", (int)(equals - request),
                 request);
    return good;
}

static bool take_values(const char *text, erg_sweep_axis *axis)
{
    for (const char *from = text; from;) {
        size_t size = strcspn(from, ",");
        double value;
        if (axis->count == VALUES_MOST || !erg_number_parse(from, size, '.', &value)
            || !isfinite(value))
            return false;
        for (size_t i = 0; i < axis->count; i++)
            if (axis->values[i] >= value && axis->values[i] <= value)
                return false;
        axis->requested[axis->count] = value;
        axis->values[axis->count++] = value;
        from = from[size] ? from + size + 1 : NULL;
    }
    return true;
}

bool erg_sweep_env_add(erg_sweep_setup *setup, const char *request, erg_sweep_axis *axis,
                       erg_error *err)
{
    const char *equals = strchr(request, '=');
    const erg_knob_info *had = erg_sweep_further(setup);

    if (had || erg_sweep_has_env(setup))
        return erg_fail(err, ERG_BAD_INPUT, "--knob %.60s beside %s: a sweep takes one "
                        "variable, or one knob that is neither a clock nor power_limit; "
                        "make two sweeps of it", request,
                        had ? had->name : setup->env_name);
    *axis = (erg_sweep_axis){ .knob = ERG_OTHER_SETTING };
    axis->requested = calloc(VALUES_MOST, sizeof(double));
    axis->values = calloc(VALUES_MOST, sizeof(double));
    if (!axis->requested || !axis->values)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory for the values of a knob");
    if (!take_name(setup, request, equals) || !take_values(equals + 1, axis))
        return erg_fail(err, ERG_BAD_INPUT, "--knob %.60s is not a variable with numbers, "
                        "each once, as in env:DEPTH=1,2,4,8: the first is what LLC misses "
                        "are held against", request);
    setup->dials[setup->dial_count++] = (erg_sweep_dial){ .knob = ERG_OTHER_SETTING };
    return true;
}

char **erg_sweep_env_argv(const erg_sweep_setup *setup, const erg_knob_setting *setting,
                          char *const argv[], erg_error *err)
{
    size_t given = 0;
    while (argv[given])
        given++;
    /* The assignment lies behind the pointers to all words. */
    size_t room = (given + 3) * sizeof(char *);
    size_t size = sizeof(setup->env_name) + WORD_MOST;
    char **list = malloc(room + size);
    if (!list) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory for a command");
        return NULL;
    }
    char *word = (char *)list + room;
    snprintf(word, size, "%s=%.15g", setup->env_name + strlen(prefix),
             setting->at[ERG_OTHER_SETTING]);
    list[0] = (char *)(uintptr_t) "env";
    list[1] = word;
    for (size_t i = 0; i <= given; i++)
        list[2 + i] = argv[i];
    return list;
}
