/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>
#include "base/base.h"
#include "erg/hint.h"

/* A limit is kept by the device's own loop, which needs 0.1 to 1 s. */
static const double loop_s = 1;

static bool is_one_of(const char *word, const char *const words[])
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

static bool check_words(const erg_hint *hint, erg_error *err)
{
    static const char *const objectives[] = { "throughput_per_watt", "energy", "edp",
                                              "ed2p", NULL };
    static const char *const ways[] = { "auto", "off", NULL };
    bool is_auto = hint->dvfs && strcmp(hint->dvfs, "auto") == 0;

    if (hint->dvfs && !is_one_of(hint->dvfs, ways))
        return erg_fail(err, ERG_BAD_INPUT, "dvfs is auto or off, not '%.60s'", hint->dvfs);
    if (hint->objective && !is_one_of(hint->objective, objectives))
        return erg_fail(err, ERG_BAD_INPUT, "an objective is throughput_per_watt, energy, "
                        "edp or ed2p, not '%.60s'", hint->objective);
    return is_auto || (!hint->objective && !(hint->slowdown > 0))
        || erg_fail(err, ERG_BAD_INPUT, "an objective and a slowdown are of a clock that "
                    "is chosen: say dvfs auto, too");
}

static bool check_numbers(const erg_hint *hint, erg_error *err)
{
    const struct { bool is_wrong; erg_code code; const char *text; } rows[] = {
        { !(hint->power_cap_w >= 0 && isfinite(hint->power_cap_w)), ERG_BAD_INPUT,
          "a power cap is a number of watts above 0" },
        { !(hint->slowdown >= 0 && hint->slowdown < 1), ERG_BAD_INPUT,
          "a slowdown is a share of the time, below 100%" },
        { !(hint->sm_clock_delta_hz <= 0 && isfinite(hint->sm_clock_delta_hz)),
          ERG_BAD_INPUT, "a clock's delta is below 0: no clock is above the highest" },
        { !(hint->window_s >= 0) || (hint->window_s > 0 && !(hint->power_cap_w > 0)),
          ERG_BAD_INPUT, "a window is of a power cap" },
        { hint->window_s > 0 && hint->window_s < loop_s, ERG_UNSUPPORTED,
          "no device keeps a power limit over less than 1 s" },
        { !(hint->power_cap_w > 0) && !hint->dvfs && !(hint->sm_clock_delta_hz < 0),
          ERG_BAD_INPUT, "a hint asks for a power cap, a clock's delta or dvfs" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        if (rows[i].is_wrong)
            return erg_fail(err, rows[i].code, "%s", rows[i].text);
    return true;
}

bool erg_hint_check(const erg_hint *hint, erg_error *err)
{
    return check_words(hint, err) && check_numbers(hint, err);
}
