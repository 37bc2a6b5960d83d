/* SPDX-License-Identifier: Apache-2.0 */
/* What writer and reader of .erg files agree on (docs/formats.md). */
#ifndef ERG_TRACE_SCHEMA_H
#define ERG_TRACE_SCHEMA_H

enum { ERG_APPLICATION_ID = 0x45524731, ERG_FILE_VERSION = 1 };

/* The meta row that says that the recording came to its end. */
#define ERG_META_ENDED "ended"

#endif
