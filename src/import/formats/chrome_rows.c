/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profiler may write a kernel before the operator that asked for it: who did is looked up
 * when all is read. Until then events, operators and calls lie aside; they are joined by as
 * many operators at once as memory may hold.
 */
#include "import/formats/chrome_rows.h"
#include <stdlib.h>
#include <string.h>
#include "trace/events.h"
#include "trace/take.h"

enum { NAME_MOST = 1024, LINKS_MOST = 350000 };      /* of 2^19 slots of 24 bytes */

static const int64_t NOBODY = INT64_MIN;

void erg_chrome_rows_begin(erg_chrome_rows *rows, erg_trace *into, erg_error *err)
{
    *rows = (erg_chrome_rows){ .into = into, .first_ns = INT64_MAX, .last_ns = INT64_MIN,
                               .events = { .size = sizeof(erg_chrome_row) },
                               .operators = { .size = sizeof(erg_link) },
                               .calls = { .size = sizeof(erg_link) },
                               .links_most = LINKS_MOST, .err = err };
}

void erg_chrome_rows_free(erg_chrome_rows *rows)
{
    erg_spill_free(&rows->events);
    erg_spill_free(&rows->operators);
    erg_spill_free(&rows->calls);
    free(rows->numbers.items);
    free(rows->tracks.items);
    erg_interned_free(&rows->raw_names);
    erg_interned_free(&rows->places);
}

/* ---- words and places --------------------------------------------------------------- */

/* -1: no memory. */
static int32_t name_of(erg_chrome_rows *rows, const erg_chrome_text *raw)
{
    char name[NAME_MOST];
    int32_t known = (int32_t)rows->raw_names.rows.count;
    int32_t at = erg_intern(&rows->raw_names, raw->at ? raw->at : "", raw->count,
                            rows->err);

    if (at < known)
        return at < 0 ? at : ((const int32_t *)rows->numbers.items)[at];
    erg_chrome_put(raw, name, sizeof(name));
    int32_t number = erg_trace_add_event_name(rows->into, name, rows->err);
    if (number < 0 || !erg_rows_add(&rows->numbers, &number, 1, sizeof(number), rows->err))
        return -1;
    return number;
}

static int64_t whole_or(const erg_chrome_text *text, int64_t other)
{
    int64_t number;
    return text->count && erg_chrome_whole(text, &number) ? number : other;
}

/* A thread of the host has its number; two processes may have one of the same number. */
static void name_thread(erg_chrome_rows *rows, const erg_chrome_event *event,
                        erg_track *track)
{
    char process[24], thread[24];
    const erg_chrome_track *others = rows->tracks.items;

    erg_chrome_put(&event->process, process, sizeof(process));
    erg_chrome_put(&event->thread, thread, sizeof(thread));
    snprintf(track->name, sizeof(track->name), "process %s thread %s", process, thread);
    track->device = -1;
    track->stream = whole_or(&event->thread, -1);
    for (size_t i = 0; i < rows->tracks.count; i++)
        if (others[i].info.device == -1 && others[i].info.stream == track->stream)
            track->stream = -1 - (int64_t)rows->tracks.count;
}

static void name_stream(const erg_chrome_event *event, erg_track *track)
{
    int64_t device = whole_or(&event->args[ERG_ARG_DEVICE], 0);

    track->device = device >= 0 && device < INT32_MAX ? (int32_t)device : 0;
    track->stream = whole_or(&event->args[ERG_ARG_STREAM], 0);
    snprintf(track->name, sizeof(track->name), "GPU %d stream %lld", track->device,
             (long long)track->stream);
}

/* -1: no memory. */
static int32_t track_of(erg_chrome_rows *rows, const erg_chrome_event *event,
                        bool on_device)
{
    const erg_chrome_text *first = on_device
        ? &event->args[ERG_ARG_DEVICE] : &event->process;
    const erg_chrome_text *second = on_device
        ? &event->args[ERG_ARG_STREAM] : &event->thread;
    char place[160];
    erg_chrome_track track = { 0 };
    int32_t known = (int32_t)rows->places.rows.count;

    int count = snprintf(place, sizeof(place), "%c%.*s\t%.*s", on_device ? 'd' : 'h',
                         (int)(first->count < 64 ? first->count : 64),
                         first->at ? first->at : "",
                         (int)(second->count < 64 ? second->count : 64),
                         second->at ? second->at : "");
    int32_t at = erg_intern(&rows->places, place, (size_t)count, rows->err);
    if (at < known)
        return at;
    if (on_device)
        name_stream(event, &track.info);
    else
        name_thread(rows, event, &track.info);
    return erg_rows_add(&rows->tracks, &track, 1, sizeof(track), rows->err) ? at : -1;
}

/* ---- events ------------------------------------------------------------------------- */

static bool keep_link(erg_spill *links, const erg_chrome_text *key, int64_t value,
                      erg_error *err)
{
    erg_link link = { .value = value };
    return !key->count || !erg_chrome_whole(key, &link.key)
        || erg_spill_add(links, &link, 1, err);
}

static bool keep_links(erg_chrome_rows *rows, const erg_chrome_event *event, int32_t kind,
                       int32_t name)
{
    const erg_chrome_text *id = &event->args[ERG_ARG_EXTERNAL_ID];

    if (kind == ERG_EVENT_OPERATOR)
        return keep_link(&rows->operators, id, name, rows->err);
    return kind != ERG_EVENT_RUNTIME || !id->count
        || keep_link(&rows->calls, &event->args[ERG_ARG_CORRELATION], whole_or(id, NOBODY),
                     rows->err);
}

/* Its operator's External id; without one, its launch's correlation, to be looked up. */
static int64_t asked_by(const erg_chrome_event *event, bool *by_call)
{
    int64_t id = whole_or(&event->args[ERG_ARG_EXTERNAL_ID], NOBODY);

    *by_call = id == NOBODY;
    return *by_call ? whole_or(&event->args[ERG_ARG_CORRELATION], NOBODY) : id;
}

static void count_work(erg_chrome_rows *rows, const erg_trace_event *event)
{
    erg_chrome_track *track = (erg_chrome_track *)rows->tracks.items + event->track;
    double duration_s = erg_s_from_ns(event->duration_ns);

    track->work_s += duration_s;
    track->exchange_s += event->kind == ERG_EVENT_COLLECTIVE ? duration_s : 0;
}

/* The kind of operator that ONNX Runtime names beside a node. */
static int32_t operator_of(erg_chrome_rows *rows, const erg_chrome_event *event)
{
    const erg_chrome_text *name = &event->args[ERG_ARG_OP_NAME];
    return name->count ? name_of(rows, name) : ERG_EVENT_NOBODY;
}

bool erg_chrome_rows_add(erg_chrome_rows *rows, const erg_chrome_event *event)
{
    erg_trace_event_kind kind = erg_chrome_kind(event);
    bool on_device = erg_kind_is_device(kind) && event->args[ERG_ARG_STREAM].count;
    erg_chrome_row row = { .id = NOBODY };

    if (on_device)
        row.id = asked_by(event, &row.by_call);
    if (kind == ERG_EVENT_KERNEL && erg_name_is_exchange(event->name.at, event->name.count))
        kind = ERG_EVENT_COLLECTIVE;
    erg_trace_event *own = &row.event;
    *own = (erg_trace_event){
        .begin_ns = event->begin_ns, .duration_ns = event->duration_ns,
        .kind = (int32_t)kind,
        .name = name_of(rows, &event->name), .by = ERG_EVENT_NOBODY,
        .track = track_of(rows, event, on_device),
    };
    if (own->name < 0 || own->track < 0 || !keep_links(rows, event, own->kind, own->name))
        return false;
    if (!(row.by_call && row.id != NOBODY) && event->args[ERG_ARG_OP_NAME].count
        && (own->by = operator_of(rows, event)) < 0)
        return false;
    if (on_device)
        count_work(rows, own);
    if (own->begin_ns < rows->first_ns)
        rows->first_ns = own->begin_ns;
    if (own->begin_ns + own->duration_ns > rows->last_ns)
        rows->last_ns = own->begin_ns + own->duration_ns;
    return erg_spill_add(&rows->events, &row, 1, rows->err);
}

/* ---- at the end ---------------------------------------------------------------------- */

static int32_t *put_tracks(erg_chrome_rows *rows)
{
    erg_chrome_track *tracks = rows->tracks.items;
    int32_t *numbers = calloc(rows->tracks.count + 1, sizeof(*numbers));

    if (!numbers)
        erg_fail(rows->err, ERG_NO_MEMORY, "out of memory");
    for (size_t i = 0; numbers && i < rows->tracks.count; i++) {
        tracks[i].info.is_communication = tracks[i].work_s > 0
            && tracks[i].exchange_s >= 0.5 * tracks[i].work_s;
        numbers[i] = erg_trace_add_track(rows->into, &tracks[i].info, rows->err);
        if (numbers[i] < 0) {
            free(numbers);
            return NULL;
        }
    }
    return numbers;
}

/* ---- joining ------------------------------------------------------------------------- */

/* Keys of one part of all, so that the links of a part fit. */
typedef struct joining {
    erg_links links;
    uint64_t part, parts;
    bool by_call;  /* of correlations to External ids, else of these to operators */
} joining;

static bool is_in_part(const joining *of, int64_t key)
{
    return ((uint64_t)key * 0x9e3779b97f4a7c15 >> 32) % of->parts == of->part;
}

static bool learn(void *self, void *records, size_t count, erg_error *err)
{
    joining *of = self;
    const erg_link *links = records;

    for (size_t i = 0; i < count; i++)
        if (is_in_part(of, links[i].key) && !erg_links_put(&of->links, &links[i], err))
            return false;
    return true;
}

static bool look_up(void *self, void *records, size_t count, erg_error *err)
{
    const joining *of = self;
    erg_chrome_row *rows = records;

    (void)err;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].by_call != of->by_call || rows[i].event.by >= 0 || rows[i].id == NOBODY
            || !is_in_part(of, rows[i].id))
            continue;
        const erg_link *link = erg_links_find(&of->links, rows[i].id);
        if (link && of->by_call)
            rows[i].id = link->value;
        else if (link)
            rows[i].event.by = (int32_t)link->value;
        rows[i].by_call = rows[i].by_call && !link;
    }
    return true;
}

static bool join(erg_chrome_rows *rows, erg_spill *with, bool by_call)
{
    joining of = { .parts = erg_spill_count(with) / rows->links_most + 1,
                   .by_call = by_call };
    bool good = true;

    for (; good && of.part < of.parts; of.part++) {
        good = erg_spill_each(with, learn, &of, false, rows->err)
            && erg_spill_each(&rows->events, look_up, &of, true, rows->err);
        erg_links_free(&of.links);
    }
    erg_spill_free(with);
    return good;
}

/* ---- into the trace ------------------------------------------------------------------ */

typedef struct handing {
    erg_trace *into;
    const int32_t *tracks;
    int64_t shift_ns;
    erg_trace_event *all;       /* NULL: they go aside */
    size_t count;
} handing;

static bool hand_over(void *self, void *records, size_t count, erg_error *err)
{
    handing *to = self;
    const erg_chrome_row *rows = records;

    for (size_t i = 0; i < count; i++) {
        erg_trace_event event = rows[i].event;
        event.begin_ns += to->shift_ns;
        event.track = to->tracks[event.track];
        if (to->all)
            to->all[to->count++] = event;
        else if (!erg_trace_add_events(to->into, &event, 1, err))
            return false;
    }
    return true;
}

static bool hand_all(erg_chrome_rows *rows, handing *to)
{
    size_t count = erg_spill_count(&rows->events);

    if (erg_trace_has_aside(to->into))
        return erg_spill_each(&rows->events, hand_over, to, false, rows->err);
    to->all = malloc((count + 1) * sizeof(*to->all));
    bool good = to->all
        ? erg_spill_each(&rows->events, hand_over, to, false, rows->err)
            && erg_trace_take_events(to->into, &to->all, count, count + 1, rows->err)
        : erg_fail(rows->err, ERG_NO_MEMORY, "out of memory");
    free(to->all);
    return good;
}

bool erg_chrome_rows_finish(erg_chrome_rows *rows, int64_t shift_ns)
{
    int32_t *tracks = put_tracks(rows);
    handing to = { .into = rows->into, .tracks = tracks, .shift_ns = shift_ns };
    bool good = tracks && join(rows, &rows->calls, true)
        && join(rows, &rows->operators, false)
             && hand_all(rows, &to);

    free(tracks);
    erg_spill_free(&rows->events);
    return good;
}
