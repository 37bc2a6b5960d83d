/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a tape; what is read is written and read again. */
#include <stdlib.h>
#include "trace/tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const erg_trace *trace)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    erg_trace *back = erg_trace_new(NULL);

    if (!out || !back || !erg_tape_write(trace, 0, out, NULL) || fclose(out) != 0
        || !erg_tape_read(back, "again.tape", text, size, NULL))
        __builtin_trap();
    erg_trace_free(back);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(NULL);

    if (trace && erg_tape_read(trace, "fuzz.tape", (const char *)data, size, &err))
        write_again(trace);
    else if (trace && !err.text[0])
        __builtin_trap();
    erg_trace_free(trace);
    return 0;
}
