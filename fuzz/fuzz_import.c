/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes into one importer, alone or beside a run whose clock they must meet; what
 * it takes must then survive the integrator. The options are those that the format
 * needs.
 */
#include "erg/energy.h"
#include "erg/import.h"

/* Two samples, a region and an anchor: enough to be joined and aligned with. */
static bool put_run(erg_trace *trace)
{
    erg_device_info device = { .name = "gpu:0", .driver = "test" };
    erg_channel_info channel = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                                 .update_s = 0.1 };
    erg_sample samples[] = { { 1000, 0, 100 }, { 5000000000, 0, 200 } };
    erg_anchor anchor = { 1000, 1000, 1770402743000001000, 50 };
    erg_region region = { .name = "run", .begin_ns = 1000, .end_ns = 2000000000 };

    return erg_trace_add_device(trace, &device, NULL) == 0
        && erg_trace_add_channel(trace, &channel, NULL) == 0
        && erg_trace_add_samples(trace, 0, samples, 2, NULL)
        && erg_trace_add_anchor(trace, &anchor, NULL)
        && erg_trace_add_region(trace, &region, NULL);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    erg_import_options options = {
        .format = ERG_FUZZ_FORMAT, .period_s = 0.05, .power_columns = "power",
        .tz = size % 2 ? "+02:00" : NULL, .decimal = size % 3 ? '.' : ',',
        .fields = size % 5 ? NULL : "156,155,100", .align = size % 8 == 0,
    };
    erg_error err = { 0 };
    erg_energy energy;
    erg_trace *trace = erg_trace_new(&err);
    bool good = trace && (size % 4 || put_run(trace))
             && erg_import_bytes(trace, "fuzz", (const char *)bytes, size, &options, &err);

    if (!good && err.code == ERG_OK)
        __builtin_trap();       /* a failure has a sentence */
    for (int i = 0; good && i < (int)erg_trace_channel_count(trace); i++)
        erg_trace_energy(trace, i, erg_trace_span(trace), &energy, &err);
    erg_trace_free(trace);
    return 0;
}
