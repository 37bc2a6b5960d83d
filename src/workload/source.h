/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workload that is read several times, with another batch or precision each time:
 * what does not depend on those (an ONNX file without its weights) is kept.
 */
#ifndef ERG_WORKLOAD_SOURCE_H
#define ERG_WORKLOAD_SOURCE_H

#include "erg/workload.h"

typedef struct erg_source erg_source;

/* spec is borrowed. A workload that cannot be read fails in erg_source_read. */
erg_source *erg_source_open(const char *spec, erg_error *err);
/* As erg_graph_load; options->dims are those of the first reading. */
erg_graph *erg_source_read(erg_source *source, const erg_graph_options *options,
                           erg_error *err);
void erg_source_close(erg_source *source);

#endif
