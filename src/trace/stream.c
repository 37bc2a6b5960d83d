/* SPDX-License-Identifier: Apache-2.0 */
/* Samples made ready for integration, kept with their channel. */
#include <stdlib.h>
#include "trace/stream.h"

void erg_stream_free(erg_stream *stream)
{
    if (!stream)
        return;
    free(stream->at);
    free(stream);
}
