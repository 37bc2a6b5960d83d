/* SPDX-License-Identifier: Apache-2.0 */
/* Our own recordings: a run file (SQLite) or a tape, put beside what is there. */
#include <stdlib.h>
#include <string.h>
#include "import/formats/copy.h"
#include "import/formats/importer.h"
#include "trace/load.h"
#include "trace/tape.h"

static bool starts(const erg_source *source, const char *magic, size_t count)
{
    return source->size >= count && memcmp(source->bytes, magic, count) == 0;
}

static bool sniff_run(const erg_source *source)
{
    return starts(source, "SQLite format 3", 16);
}

static bool read_run(erg_trace *into, const erg_source *source, erg_error *err)
{
    /* By its path an interrupted run comes with its log, where its last seconds are. */
    erg_trace *from = source->path
        ? erg_trace_load(source->path, err)
        : erg_trace_load_bytes(source->name, source->bytes, source->size, err);
    bool good = from && erg_trace_copy(from, into, NULL, err);
    erg_trace_free(from);
    return good;
}

static bool sniff_tape(const erg_source *source)
{
    return starts(source, "# erg tape 1", 12);
}

static bool read_tape(erg_trace *into, const erg_source *source, erg_error *err)
{
    return erg_tape_read(into, source->name, source->bytes, source->size, err);
}

const erg_importer erg_importer_erg = {
    .name = "erg",
    .about = "a run file of erg",
    .sniff = sniff_run,
    .read = read_run,
};

const erg_importer erg_importer_tape = {
    .name = "tape",
    .about = "a tape of erg: # erg tape 1",
    .sniff = sniff_tape,
    .read = read_tape,
};
