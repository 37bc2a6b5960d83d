/* SPDX-License-Identifier: Apache-2.0 */
/* Samples made ready for integration: shifted, corrected, without duplicates. */
#ifndef ERG_TRACE_STREAM_H
#define ERG_TRACE_STREAM_H

#include "trace/trace_inside.h"

typedef struct erg_stream {
    erg_sample *at;
    size_t count;
} erg_stream;

#endif
