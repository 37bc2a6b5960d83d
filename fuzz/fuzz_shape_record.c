/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a record of power: a load that can be played, or a sentence. */
#include <stdlib.h>
#include "govern/shape_sim.h"

#define PLAYED_MOST 20000       /* samples: longer ones take the time of many others */

static void play(const erg_scenario *scenario)
{
    const erg_policy_chain none = { .text = "none" };
    erg_shaped shaped;
    erg_error err = { 0 };

    if (scenario->duration_s / scenario->sample_s > PLAYED_MOST)
        return;
    if (erg_shape_simulate(scenario, &none, 0, &shaped, &err))
        erg_shaped_free(&shaped);
    else if (err.code == ERG_OK || !err.text[0])
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    const erg_load_options how = { .units = 1 };
    erg_error err = { 0 };
    erg_scenario *scenario =
        erg_scenario_record_parse("fuzz.csv", (const char *)bytes, size, &how, &err);

    if (scenario)
        play(scenario);
    else if (err.code == ERG_OK || !err.text[0])
        abort();
    erg_scenario_free(scenario);
    return 0;
}
