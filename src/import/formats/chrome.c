/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chrome traces: every event becomes an event of the recording, and what the program said
 * of itself a region or a mark. PyTorch stamps in UTC; ONNX Runtime counts from its own
 * start, and needs --start.
 */
#include <math.h>
#include <string.h>
#include "import/formats/chrome_rows.h"
#include "import/formats/importer.h"

/* Regions and marks are words of a program: more of them are no words. */
enum { REGIONS_MOST = 100000 };

typedef struct reader {
    erg_chrome_rows rows;
    erg_trace *own;             /* regions and marks, not shifted yet */
    size_t regions, dropped;
} reader;

static bool sniff(const erg_source *source)
{
    return erg_chrome_sniff(source->bytes, source->size);
}

static bool add_region(reader *to, const erg_chrome_event *event)
{
    erg_region region = { .begin_ns = event->begin_ns, .runs = NAN,
                          .end_ns = event->begin_ns + event->duration_ns };

    erg_chrome_put(&event->name, region.name, sizeof(region.name));
    if (!erg_chrome_whole(&event->thread, &region.thread))
        region.thread = 0;
    return erg_trace_add_region(to->own, &region, to->rows.err);
}

static bool add_mark(reader *to, const erg_chrome_event *event)
{
    erg_mark_row mark = { .t_ns = event->begin_ns, .value = NAN };

    erg_chrome_put(&event->name, mark.name, sizeof(mark.name));
    return erg_trace_add_mark(to->own, &mark, to->rows.err);
}

static bool is_sane(const erg_chrome_event *event)
{
    return event->begin_ns > -ERG_EPOCH_LEAST_NS * 4
        && event->begin_ns < ERG_EPOCH_LEAST_NS * 4
        && event->duration_ns < ERG_EPOCH_LEAST_NS;
}

static bool take(void *self, const erg_chrome_event *event, erg_error *err)
{
    reader *to = self;
    bool is_word = event->phase == 'i'
                || (event->phase == 'X' && erg_chrome_kind(event) == ERG_EVENT_ANNOTATION);

    (void)err;
    if (!event->has_time || !is_sane(event) || event->phase == 'C' || event->phase == 'M')
        return true;
    if (is_word && to->regions++ >= REGIONS_MOST)
        to->dropped++;
    else if (is_word
             && !(event->phase == 'i' ? add_mark(to, event) : add_region(to, event)))
        return false;
    return event->phase != 'X' || erg_chrome_rows_add(&to->rows, event);
}

/* What is to be added to the file's stamps for UTC; false in *known:
 * they count from nowhere. */
static bool find_clock(const reader *from, const erg_chrome_facts *facts,
                       const erg_source *source, int64_t *shift_ns, bool *known)
{
    const char *start = source->options->start;
    erg_stamp stamp;

    *known = true;
    *shift_ns = facts->has_base ? facts->base_ns : 0;
    if (start) {
        if (!erg_stamp_parse(start, strlen(start), &source->style, &stamp))
            return erg_fail(from->rows.err, ERG_BAD_INPUT,
                            "--start '%.60s' is no stamp: write "
                            "it as 2026-02-06 18:32:23.532", start);
        *shift_ns = stamp.utc_ns - from->rows.first_ns;
    } else if (!facts->has_base && from->rows.first_ns < ERG_EPOCH_LEAST_NS) {
        *known = false;
    }
    int64_t first_ns, last_ns;
    if (__builtin_add_overflow(from->rows.first_ns, *shift_ns, &first_ns)
        || __builtin_add_overflow(from->rows.last_ns, *shift_ns, &last_ns))
        return erg_fail(from->rows.err, ERG_BAD_INPUT, "%s: its stamps are not times",
                        source->name);
    return true;
}

static bool add_words(reader *from, erg_trace *into, int64_t shift_ns)
{
    bool good = true;

    for (size_t i = 0; good && i < erg_trace_region_count(from->own); i++) {
        erg_region region = *erg_trace_region(from->own, i);
        region.begin_ns += shift_ns;
        region.end_ns += shift_ns;
        good = erg_trace_add_region(into, &region, from->rows.err);
    }
    for (size_t i = 0; good && i < erg_trace_mark_count(from->own); i++) {
        erg_mark_row mark = *erg_trace_mark(from->own, i);
        mark.t_ns += shift_ns;
        good = erg_trace_add_mark(into, &mark, from->rows.err);
    }
    return good;
}

static bool add_doubts(const reader *from, const erg_chrome_facts *facts,
                       const erg_source *source, erg_trace *into)
{
    erg_flag flag = { .code = ERG_FLAG_TORN_INPUT, .channel = -1,
                      .span = erg_trace_span(into) };
    int64_t lost = facts->bad + facts->too_long + facts->unpaired + (int64_t)from->dropped;

    if (!facts->is_torn && lost == 0)
        return true;
    snprintf(flag.text, sizeof(flag.text),
             "%.80s %s; left out: %lld events without phase or "
             "stamp, %lld too long, %lld without their other end, %zu annotations",
             source->name, facts->is_torn ? "is cut off" : "is whole",
             (long long)facts->bad, (long long)facts->too_long, (long long)facts->unpaired,
             from->dropped);
    return erg_trace_add_flag(into, &flag, from->rows.err);
}

static bool finish(reader *from, const erg_chrome_facts *facts, const erg_source *source,
                   erg_trace *into)
{
    int64_t shift_ns, clock_ns = 0;
    bool known;

    if (erg_spill_count(&from->rows.events) == 0)
        return erg_fail(from->rows.err, ERG_BAD_INPUT,
                        "%s: no event in it has a beginning and a duration: record it "
                        "again, while something runs", source->name);
    if (!find_clock(from, facts, source, &shift_ns, &known)
        || (known && !erg_import_clock(into, from->rows.first_ns + shift_ns, &clock_ns,
                                       from->rows.err)))
        return false;
    return add_words(from, into, shift_ns + clock_ns)
        && erg_chrome_rows_finish(&from->rows, shift_ns + clock_ns)
        && add_doubts(from, facts, source, into);
}

static bool read_chrome(erg_trace *into, const erg_source *source, erg_error *err)
{
    reader to = { .own = erg_trace_new(err) };
    const erg_chrome_asked asked = { erg_chrome_args, take, &to };
    erg_chrome_facts facts;

    if (!to.own)
        return false;
    erg_chrome_rows_begin(&to.rows, into, err);
    bool good = source->is_head
        ? erg_chrome_read(source->path, &asked, &facts, err)
        : erg_chrome_read_bytes(source->name, source->bytes, source->size, &asked,
                                &facts, err);
    good = good && finish(&to, &facts, source, into);
    erg_chrome_rows_free(&to.rows);
    erg_trace_free(to.own);
    return good;
}

const erg_importer erg_importer_chrome = {
    .name = "chrome",
    .about = "Chrome trace of PyTorch, ONNX Runtime and others: .json, .json.gz",
    .streams = true,
    .sniff = sniff,
    .read = read_chrome,
};
