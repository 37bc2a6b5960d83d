/* SPDX-License-Identifier: Apache-2.0 */
/* Which stamps are times. */
#include <inttypes.h>
#include "trace/trace_inside.h"

/* Stamps of any clock until 2096; differences of two of them still fit 64 bits. */
static const int64_t FARTHEST_NS = 4000000000000000000;

bool erg_stamp_is_sane(int64_t t_ns, const char *what, erg_error *err)
{
    if (t_ns >= -FARTHEST_NS && t_ns <= FARTHEST_NS)
        return true;
    return erg_fail(err, ERG_BAD_INPUT, "%s: stamp %" PRId64 " ns is not a time", what,
                    t_ns);
}
