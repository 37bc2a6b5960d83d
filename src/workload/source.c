/* SPDX-License-Identifier: Apache-2.0 */
/* A reader and what it keeps between two readings. */
#include <stdlib.h>
#include "workload/build.h"
#include "workload/source.h"

struct erg_source {
    const char *spec;
    const erg_graph_reader *reader;
    void *kept;
    int readings;
};

erg_source *erg_source_open(const char *spec, erg_error *err)
{
    erg_source *source = calloc(1, sizeof(*source));

    if (!source) {
        erg_fail(err, ERG_NO_MEMORY, "out of memory");
        return NULL;
    }
    source->spec = spec;
    return source;
}

erg_graph *erg_source_read(erg_source *source, const erg_graph_options *options,
                           erg_error *err)
{
    if (!source->reader)
        source->reader = erg_graph_reader_find(source->spec, err);
    if (!source->reader
        || !erg_graph_reader_takes(source->reader, source->spec, options, err))
        return NULL;
    if (source->readings++ == 0 && source->reader->keep)
        source->kept = source->reader->keep(source->spec, options);
    if (source->kept)
        return source->reader->read_kept(source->kept, options, err);
    return source->reader->read(source->spec, options, err);
}

void erg_source_close(erg_source *source)
{
    if (source && source->kept)
        source->reader->drop(source->kept);
    free(source);
}
