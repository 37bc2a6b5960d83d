/* SPDX-License-Identifier: Apache-2.0 */
/* Which importer reads a file: the one that was named, else the first that knows it. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "import/chrome.h"
#include "import/formats/event_clock.h"
#include "import/formats/importer.h"
#include "import/formats/meter_clock.h"
#include "import/spool.h"
#include "trace/take.h"

/* The surest signs first; the generic CSV knows only what it is told. */
static const erg_importer *const importers[] = {
    &erg_importer_erg,
    &erg_importer_tape,
    &erg_importer_erg_json,
    &erg_importer_erg_csv,
    &erg_importer_chrome,
    &erg_importer_timing_json,
    &erg_importer_dcgmi,
    &erg_importer_nvidia_smi,
    &erg_importer_wattsup,
    &erg_importer_power_log,
    &erg_importer_hwinfo,
    &erg_importer_csv,
};

enum { FILE_MOST = 1 << 30 };

size_t erg_importer_count(void)
{
    return ERG_COUNT(importers);
}

erg_importer_info erg_importer_at(size_t index)
{
    if (index >= ERG_COUNT(importers))
        return (erg_importer_info){ 0 };
    return (erg_importer_info){ importers[index]->name, importers[index]->about };
}

/* Nobody knew it: by what it is, if that can be told, else what could be said of it. */
static void fail_unknown(const erg_source *source, const char *names, erg_error *err)
{
    const char *name = source->name;

    if (erg_is_utf16(source->bytes, source->size))
        erg_fail(err, ERG_BAD_INPUT, "%s:1: UTF-16: save it as UTF-8 first", name);
    else if (erg_is_packed(source->bytes, source->size))
        erg_fail(err, ERG_BAD_INPUT, "%s is packed, and no Chrome trace: unpack it first, "
                 "as by gunzip", name);
    else if (erg_is_of_cr(source->bytes, source->size))
        erg_fail(err, ERG_BAD_INPUT, "%s:1: its lines end in CR alone: write it with LF, "
                 "as by tr '\\r' '\\n'", name);
    else
        erg_fail(err, ERG_BAD_INPUT, "%s:1: not a format that erg knows: erg import takes "
                 "its name by --from (%s), and the columns of any CSV by --time and "
                 "--power", name, names);
}

static const erg_importer *choose(const erg_source *source, erg_error *err)
{
    const char *format = source->options->format;

    if (erg_is_table_of_points(source)) {
        erg_fail(err, ERG_BAD_INPUT,
                 "%s is a table of points, a workload at a clock in each row, and no log: "
                 "erg fit, predict and choose read it as it is", source->name);
        return NULL;
    }
    for (size_t i = 0; i < ERG_COUNT(importers); i++)
        if (format ? strcmp(importers[i]->name, format) == 0 : importers[i]->sniff(source))
            return importers[i];

    erg_text names = { 0 };
    for (size_t i = 0; i < ERG_COUNT(importers); i++)
        erg_text_add(&names, "%s%s", i ? ", " : "", importers[i]->name);
    if (format)
        erg_fail(err, ERG_BAD_INPUT, "no importer is called '%.40s': there are %s", format,
                 names.data ? names.data : "");
    else
        fail_unknown(source, names.data ? names.data : "", err);
    erg_text_free(&names);
    return NULL;
}

/* A byte order mark. */
static size_t mark_of(const char *bytes, size_t size)
{
    return size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

const char *erg_import_format(const char *bytes, size_t size)
{
    static const erg_import_options unset;
    size_t mark = mark_of(bytes, size);
    erg_source source = { .name = "", .bytes = bytes + mark, .size = size - mark,
                          .options = &unset };

    for (size_t i = 0; i < ERG_COUNT(importers); i++)
        if (importers[i]->sniff(&source))
            return importers[i]->name;
    return NULL;
}

/* Events without a date, put where the power follows them. */
static bool join_adrift(const erg_trace *own, erg_trace *into, const char *name,
                        erg_error *err)
{
    erg_event_clock clock;

    return erg_event_clock_find(into, own, name, &clock, err)
        && erg_trace_copy(own, into, &clock.turn, err)
        && erg_event_clock_keep(into, name, &clock, err);
}

static bool has_meter(const erg_trace *trace)
{
    bool has = false;

    for (int i = 0; i < (int)erg_trace_channel_count(trace); i++) {
        erg_quantity quantity = erg_trace_channel(trace, i)->quantity;
        has |= erg_has_joules(quantity);
    }
    return has;
}

/* Events with a date, moved to where the power follows them if they are not there. */
static bool join_dated(const erg_trace *own, erg_trace *into, const erg_source *source,
                       erg_error *err)
{
    erg_event_clock clock;
    erg_error why = { 0 };

    if (!erg_event_clock_check(into, own, source->options->align_most_s, &clock, &why, err)
        || !erg_trace_copy(own, into, &clock.turn, err))
        return false;
    return *clock.by ? erg_event_clock_keep(into, source->name, &clock, err)
                     : erg_event_clock_keep_doubt(into, source->name, &why, err);
}

/* A meter that comes behind events without a date: these are put beside it, not it beside
 * them. */
static bool is_behind_events(const erg_trace *own, const erg_trace *into,
                             const erg_source *source)
{
    return source->options->align && erg_trace_event_count(into) > 0
        && erg_trace_anchor_count(into) == 0 && erg_trace_anchor_count(own) > 0;
}

static bool join_turned(erg_trace *own, erg_trace *into, erg_error *err)
{
    erg_trace_swap(own, into);
    if (join_adrift(own, into, "events", err))
        return true;
    erg_trace_swap(own, into);
    return false;
}

/* Nothing at all is in it: no copy is needed. */
static bool is_bare(const erg_trace *trace)
{
    return erg_trace_device_count(trace) + erg_trace_mark_count(trace)
           + erg_trace_setting_count(trace) + erg_trace_anchor_count(trace)
           + erg_trace_flag_count(trace) + erg_trace_meta_count(trace) == 0;
}

bool erg_import_may_join(const erg_trace *own, const erg_trace *into, const char *name,
                         erg_error *err)
{
    bool has_date = erg_trace_anchor_count(own) > 0;

    if (has_date == (erg_trace_anchor_count(into) > 0))
        return true;
    return has_date
        ? erg_fail(err, ERG_BAD_INPUT,
                   "%s:1: its time has a date, and that of the files before "
                   "it counts from nowhere: say when they began with "
                   "--start, or let --align find where the power follows them", name)
        : erg_fail(err, ERG_BAD_INPUT,
                   "%s:1: its time counts from nowhere: say when it began "
                   "with --start, or let --align find where the power "
                   "follows it, to put it beside the others", name);
}

/* What was read whole, put beside what is there. */
static bool join(erg_trace *own, erg_trace *into, const erg_source *source,
                 erg_error *err)
{
    bool is_first = erg_trace_channel_count(into) + erg_trace_region_count(into)
                    + erg_trace_event_count(into) == 0;
    int first_channel = (int)erg_trace_channel_count(into);
    erg_meter_clock clock = { 0 };

    if (is_first && is_bare(into)) {
        erg_trace_swap(own, into);
        return true;
    }
    if (is_first)
        return erg_trace_copy(own, into, NULL, err);
    bool is_adrift = erg_trace_anchor_count(own) == 0 && erg_trace_anchor_count(into) > 0;
    if (is_adrift && source->options->align && erg_trace_event_count(own) > 0)
        return join_adrift(own, into, source->name, err);
    if ((is_adrift || !source->options->align)
        && !erg_import_may_join(own, into, source->name, err))
        return false;
    if (source->options->align && erg_trace_event_count(own) > 0 && !has_meter(own)
        && has_meter(into))
        return join_dated(own, into, source, err);
    if (source->options->align
        && !erg_meter_clock_find(into, own, source->options->align_most_s, &clock, err))
        return false;
    if (erg_trace_holds(into, own, &clock.turn))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s: all that it holds is in the run already: import "
                        "a file once", source->name);
    return erg_trace_copy(own, into, &clock.turn, err)
        && erg_meter_clock_keep(into, first_channel, source->name, &clock, err);
}

/* Numbers have a point, whatever the program around us has set. */
static bool read_with(const erg_importer *importer, const erg_source *source,
                      erg_trace *into, erg_error *err)
{
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    erg_trace *own = plain ? erg_trace_new(err) : NULL;

    if (!plain)
        return erg_fail(err, ERG_NO_MEMORY, "out of memory while reading %s", source->name);
    locale_t before = uselocale(plain);
    bool good = own && (!erg_trace_has_aside(into) || erg_trace_put_events_aside(own, err))
             && importer->read(own, source, err);
    if (good && is_behind_events(own, into, source))
        good = join_turned(own, into, err);
    else
        good = good && join(own, into, source, err);
    uselocale(before);
    freelocale(plain);
    erg_trace_free(own);
    return good;
}

static bool import(erg_trace *into, erg_source *source, erg_error *err)
{
    static const erg_import_options unset;
    erg_zone *zone = NULL;

    if (!source->options)
        source->options = &unset;
    size_t mark = mark_of(source->bytes, source->size);
    source->bytes += mark;
    source->size -= mark;
    if (source->size == 0)
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s:1: the file is empty: was the logger started?", source->name);
    if (!erg_date_order_parse(source->options->date, &source->style.order, err))
        return false;
    if (source->options->tz && !(zone = erg_zone_new(source->options->tz, err)))
        return false;
    source->joins = into;
    source->style.zone = zone;
    source->style.decimal = source->options->decimal;
    const erg_importer *importer = choose(source, err);
    bool good = importer && read_with(importer, source, into, err);
    erg_zone_free(zone);
    return good;
}

bool erg_import_bytes(erg_trace *into, const char *name, const char *bytes, size_t size,
                      const erg_import_options *options, erg_error *err)
{
    erg_source source = { .name = name, .bytes = bytes, .size = size, .options = options };
    return import(into, &source, err);
}

static int64_t modified_utc_ns(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0
         ? facts.st_mtim.tv_sec * ERG_NS_PER_S + facts.st_mtim.tv_nsec : 0;
}

/* A trace or a log may be larger than memory: it is looked at by its head, and its importer
 * reads the file itself. */
size_t erg_head_read(const char *path, char head[ERG_HEAD_BYTES])
{
    struct stat facts;
    /* What a pipe gave once it does not give again. */
    bool is_file = stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
    FILE *file = is_file ? fopen(path, "rbe") : NULL;
    size_t count = file ? fread(head, 1, ERG_HEAD_BYTES, file) : 0;

    if (file)
        fclose(file);
    return count;
}

static const erg_importer *importer_of(const char *name, const char *head, size_t size,
                                       const erg_import_options *options, erg_error *err)
{
    static const erg_import_options unset;
    size_t mark = mark_of(head, size);
    erg_source source = { .name = name, .path = name, .bytes = head + mark,
                          .size = size - mark, .options = options ? options : &unset };

    return source.size > 0 ? choose(&source, err) : NULL;
}

/* Does the head alone tell the importer, and does that one read the file itself? */
static bool is_streamed(const char *path, const char *head, size_t size,
                        const erg_import_options *options)
{
    const erg_importer *importer = importer_of(path, head, size, options, NULL);
    return importer && importer->streams;
}

bool erg_import_streams(const char *path, const char *format)
{
    char *head = malloc(ERG_HEAD_BYTES);
    size_t size = head ? erg_head_read(path, head) : 0;
    bool streams = is_streamed(path, head, size,
                               &(erg_import_options){ .format = format });

    free(head);
    return streams;
}

bool erg_import_as(erg_trace *into, const char *path, const char *name,
                   const erg_import_options *options, erg_error *err)
{
    char *head = malloc(ERG_HEAD_BYTES);
    size_t size = head ? erg_head_read(path, head) : 0;
    bool streams = is_streamed(path, head, size, options);
    char *bytes = streams ? head : erg_file_read(path, FILE_MOST, &size, err);
    /* A copy has no name by which SQLite could open it, and no date. */
    bool is_own = path == name && !erg_is_spooled(path);
    erg_source source = { .name = name, .path = is_own || streams ? path : NULL,
                          .bytes = bytes, .size = size, .options = options,
                          .is_head = streams,
                          .modified_utc_ns = is_own ? modified_utc_ns(path) : 0 };
    bool good = bytes && import(into, &source, err);
    if (!streams)
        free(bytes);
    free(head);
    return good;
}

/* How much of a pipe is wanted: what is no text and nobody knows is not read on, for it may
 * never end. 0: nothing. */
static int64_t wanted_of(const erg_spool *spool, const char *head, size_t size,
                         const erg_import_options *options, erg_error *err)
{
    erg_error why = { 0 };

    if (size == 0 || importer_of(spool->name, head, size, options, &why))
        return ERG_SPOOL_MOST;
    if (!memchr(head, '\0', size))
        return FILE_MOST;
    return erg_fail(err, why.code, "%s", why.text);
}

bool erg_import_open(erg_spool *spool, const char **path, const erg_import_options *options,
                     erg_error *err)
{
    char *head = malloc(ERG_HEAD_BYTES);
    bool good = head ? erg_spool_begin(spool, path, false, err)
                     : erg_fail(err, ERG_NO_MEMORY, "no memory to read %s", *path);
    size_t size = good && spool->file ? erg_head_read(*path, head) : 0;
    int64_t wanted = good ? wanted_of(spool, head, size, options, err) : 0;

    free(head);
    return wanted > 0 && erg_spool_rest(spool, wanted, err);
}

bool erg_import_any(erg_import_by *by, erg_trace *into, const char *path,
                    const erg_import_options *options, erg_error *err)
{
    erg_spool spool = { 0 };
    erg_error why = { 0 };
    bool good = erg_import_open(&spool, &path, options, &why)
             && by(into, path, spool.name, options, &why);

    if (!good)
        erg_spool_fail(&spool, &why, err);
    erg_spool_close(&spool);
    return good;
}

bool erg_import(erg_trace *into, const char *path, const erg_import_options *options,
                erg_error *err)
{
    return erg_import_any(erg_import_as, into, path, options, err);
}
