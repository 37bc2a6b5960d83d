/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a recording: a trace or one sentence. */
#include "trace/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_load_bytes("fuzz.erg", (const char *)data, size, &err);
    if (!trace && !err.text[0])
        __builtin_trap();
    erg_trace_free(trace);
    return 0;
}
