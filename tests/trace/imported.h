/* SPDX-License-Identifier: Apache-2.0 */
/* Small helpers of the tests that import logs of others. */
#ifndef ERG_TEST_IMPORTED_H
#define ERG_TEST_IMPORTED_H

#include "test.h"
#include "erg/energy.h"
#include "erg/import.h"

static inline erg_trace *import_text(const char *text, const erg_import_options *options,
                                     erg_error *err)
{
    erg_trace *trace = erg_trace_new(err);
    if (trace && erg_import_bytes(trace, "t.log", text, strlen(text), options, err))
        return trace;
    erg_trace_free(trace);
    return NULL;
}

static inline erg_trace *import_file(const char *path, const erg_import_options *options)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(trace && erg_import(trace, path, options, &err), err);
    return trace;
}

static inline const erg_flag *flag_of(const erg_trace *trace, erg_flag_code code)
{
    for (size_t i = 0; i < erg_trace_flag_count(trace); i++)
        if (erg_trace_flag(trace, i)->code == code)
            return erg_trace_flag(trace, i);
    return NULL;
}

static inline const erg_sample *samples_of(const erg_trace *trace, const char *name,
                                           size_t *count)
{
    int channel = erg_trace_find_channel(trace, name);
    CHECK(channel >= 0);
    return erg_trace_samples(trace, channel, count);
}

#endif
