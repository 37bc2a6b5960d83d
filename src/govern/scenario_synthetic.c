/* SPDX-License-Identifier: Apache-2.0 */
/* "square:1000W/750ms,300W/250ms": a step of levels, the first of them work. */
#include <math.h>
#include <string.h>
#include "govern/scenario.h"

enum { WORD_MOST = 48, LEVELS_MOST = 16 };

/* The GPU of the reference scenario: 130 W idle of 1000 W. */
#define IDLE_SHARE 0.13

static bool take(const char **at, char end, char *word, const char *text, erg_error *err)
{
    size_t count = strcspn(*at, end == '/' ? "/" : ",");

    if (count == 0 || count >= WORD_MOST || (end == '/' && (*at)[count] != '/'))
        return erg_fail(err, ERG_BAD_INPUT,
                        "--synthetic: '%s' is not as in square:1000W/750ms,300W/250ms",
                        text);
    memcpy(word, *at, count);
    word[count] = '\0';
    *at += count + ((*at)[count] != '\0');
    return true;
}

static bool take_level(const char **at, const char *text, erg_phase *out, erg_error *err)
{
    char power[WORD_MOST], time[WORD_MOST];

    return take(at, '/', power, text, err) && take(at, ',', time, text, err)
        && erg_quantity_parse(power, "W", &out->power_w, err)
        && erg_quantity_parse(time, "s", &out->duration_s, err);
}

static bool add_levels(erg_scenario *scenario, const char *text, const char *at,
                       erg_error *err)
{
    erg_phase level = { ERG_PHASE_COMPUTE, 0, 0, 1, true };

    for (int i = 0; *at; i++) {
        if (i == LEVELS_MOST)
            return erg_fail(err, ERG_BAD_INPUT, "--synthetic: at most %d levels",
                            LEVELS_MOST);
        if (!take_level(&at, text, &level, err)
            || !erg_scenario_add_phase(scenario, &level, err))
            return false;
        /* What follows the work is the collective: all wait for the last. */
        level = (erg_phase){ i == 0 ? ERG_PHASE_COLLECTIVE : ERG_PHASE_PAUSE, 0, 0,
                             0, false };
    }
    if (scenario->phase_count < 2)
        return erg_fail(err, ERG_BAD_INPUT, "--synthetic: '%s' needs two levels", text);
    return true;
}

erg_scenario *erg_scenario_synthetic(const char *text, const erg_load_options *options,
                                     erg_error *err)
{
    static const char head[] = "square:";
    erg_scenario *scenario = erg_scenario_new("--synthetic", err);
    size_t units = options->units > 0 ? (size_t)options->units : 1;
    bool ok = scenario != NULL;

    if (ok && strncmp(text, head, strlen(head)) != 0)
        ok = erg_fail(err, ERG_BAD_INPUT,
                      "--synthetic: '%s' is not as in square:1000W/750ms,300W/250ms", text);
    ok = ok && add_levels(scenario, text, text + strlen(head), err)
        && erg_scenario_add_job(scenario, units, scenario->phases[1].power_w, err);
    if (ok) {
        bool given = options->idle_w > 0;
        scenario->silicon.idle_w = given ? options->idle_w : IDLE_SHARE * scenario->peak_w;
        scenario->lag_s = 5e-3;
        if (!given)
            snprintf(scenario->note, sizeof(scenario->note),
                     "idle power of a unit is taken as 13 %% of its highest, %g W: --idle",
                     scenario->silicon.idle_w);
        ok = erg_scenario_check(scenario, err);
    }
    if (ok)
        return scenario;
    erg_scenario_free(scenario);
    return NULL;
}
