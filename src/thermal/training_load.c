/* SPDX-License-Identifier: Apache-2.0 */
/* A training log from a file or memory, whichever form it has. */
#include <stdlib.h>
#include <string.h>
#include "thermal/training_inside.h"

enum { FILE_MOST = 1 << 30 };

static bool looks_like_json(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!strchr(" \t\r\n", bytes[i]))
            return bytes[i] == '[' || bytes[i] == '{';
    return false;
}

erg_training *erg_training_parse(const char *name, const char *bytes, size_t size,
                                 const char *zone, erg_error *err)
{
    erg_training_draft draft = { .name = name };
    erg_zone *known = zone ? erg_zone_new(zone, err) : NULL;
    erg_training *made = NULL;

    if (zone && !known)
        return NULL;
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        bytes += 3, size -= 3;
    draft.zone = known;
    if (looks_like_json(bytes, size) ? erg_training_read_json(&draft, bytes, size, err)
                                     : erg_training_read_csv(&draft, bytes, size, err))
        made = erg_training_finish(&draft, err);
    free(draft.records);
    erg_zone_free(known);
    return made;
}

erg_training *erg_training_load(const char *path, const char *zone, erg_error *err)
{
    static const char sqlite[] = "SQLite format 3";
    size_t size = 0;
    char *bytes = erg_file_read(path, FILE_MOST, &size, err);
    erg_training *made = NULL;

    if (!bytes)
        return NULL;
    if (size < sizeof(sqlite) || memcmp(bytes, sqlite, sizeof(sqlite)) != 0)
        made = erg_training_parse(path, bytes, size, zone, err);
    else {
        erg_trace *trace = erg_trace_load(path, err);
        made = trace ? erg_training_of_trace(trace, err) : NULL;
        erg_trace_free(trace);
    }
    free(bytes);
    return made;
}
