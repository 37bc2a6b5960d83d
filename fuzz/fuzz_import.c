/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes into one importer; what it takes must then survive the integrator and
 * the checks. The options are those that the format needs.
 */
#include "erg/energy.h"
#include "erg/import.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_import_options options = {
        .format = ERG_FUZZ_FORMAT, .period_s = 0.05, .power_columns = "power",
        .tz = size % 2 ? "+02:00" : NULL, .decimal = size % 3 ? '.' : ',',
        .fields = size % 5 ? NULL : "156,155,100",
    };
    erg_error err = { 0 };
    erg_energy energy;
    erg_trace *trace = erg_trace_new(&err);
    bool good = trace && erg_import_bytes(trace, "fuzz", (const char *)bytes, size, &options, &err);

    if (!good && err.code == ERG_OK)
        __builtin_trap();       /* a failure has a sentence */
    for (int i = 0; good && i < (int)erg_trace_channel_count(trace); i++)
        erg_trace_energy(trace, i, erg_trace_span(trace), &energy, &err);
    erg_trace_free(trace);
    return 0;
}
