/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What writer and reader of .erg files agree on (docs/formats.md). Included by what runs
 * while erg is built (lay_schema.c), too: it needs no other header of ours.
 */
#ifndef ERG_TRACE_SCHEMA_H
#define ERG_TRACE_SCHEMA_H

enum { ERG_APPLICATION_ID = 0x45524731, ERG_FILE_VERSION = 1 };

/* The meta row that says that the recording came to its end. */
#define ERG_META_ENDED "ended"

/* SQL that makes an empty file a run file without a row. */
extern const char erg_store_schema[];

#endif
