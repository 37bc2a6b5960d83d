/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a record; what loads must be readable at every clock. */
#include <stdlib.h>
#include "hardware/record.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_error err = { 0 };
    erg_hardware *hardware = erg_hardware_parse((const char *)bytes, size,
                                                "fuzz.json", &err);

    if (!hardware && (err.code == ERG_OK || !err.text[0]))
        abort();                    /* refused without a sentence */
    for (double hz = 0; hardware && hz < 3e9; hz += 7e8) {
        erg_curve_at(&hardware->voltage_v, hz);
        erg_curve_at(&hardware->idle_curve_w, hz);
    }
    for (size_t i = 0; hardware && i < erg_hardware_number_count(hardware); i++)
        if (!erg_hardware_number_at(hardware, i)->source[0])
            abort();
    erg_hardware_free(hardware);
    return 0;
}
