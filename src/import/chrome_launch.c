/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launches of a Chrome trace, joined to operators. The first pass learns operators by
 * External id, launching calls by correlation, steps, and what each stream is for; the
 * second hands the launches over. An operator and what it launched share an External id, so
 * that parts of the ids can be done one after the other where all do not fit.
 */
#include "import/chrome_launch.h"
#include <stdlib.h>
#include <string.h>
#include "base/search.h"
#include "trace/events.h"

enum {
    LINKS_MOST = 390000,        /* of each kind: 2^19 slots of 24 bytes */
    WORDS_MOST = 12 << 20,      /* bytes of operators with their shapes */
    PARTS_MOST = 1 << 12, STREAMS_MOST = 4096, STEPS_MOST = 1 << 20
};
#define BETWEEN "\x1f"          /* no JSON has it unescaped */

static const int64_t NONE = INT64_MIN;

typedef struct stream { int64_t device, number; double work_s, exchange_s; } stream;

typedef struct joining {
    erg_chrome_launches *out;
    erg_links operators, calls;     /* External id: operator; correlation: External id */
    erg_span *steps;
    size_t step_count, step_capacity;
    stream *streams;
    size_t stream_count, stream_capacity;
    uint64_t part, parts;
    size_t word_bytes;
    bool is_full, is_first;         /* no room for a link; the first part */
    erg_error *err;
} joining;

static int64_t whole_or(const erg_chrome_text *text, int64_t other)
{
    int64_t number;
    return text->count && erg_chrome_whole(text, &number) ? number : other;
}

/* ---- what is in this part ----------------------------------------------------------- */

/* By External id; what has none by its correlation. */
static bool is_in_part(const joining *j, const erg_chrome_event *event)
{
    int64_t id = whole_or(&event->args[ERG_ARG_EXTERNAL_ID], NONE);

    if (id == NONE)
        id = whole_or(&event->args[ERG_ARG_CORRELATION], 0);
    return (uint64_t)id % j->parts == j->part;
}

static bool put_link(joining *j, erg_links *links, const erg_link *link)
{
    erg_error why = { 0 };

    if (erg_links_put(links, link, &why))
        return true;
    j->is_full = why.code == ERG_OK;
    return why.code == ERG_OK ? false : erg_fail(j->err, why.code, "%s", why.text);
}

static void add_part(erg_text *to, const erg_chrome_text *text)
{
    erg_text_add(to, BETWEEN);
    if (text->count)
        erg_text_add_bytes(to, text->at, text->count);
}

/* -1: no memory. Where shapes vary without end, further operators
 * are kept by name alone. */
static int32_t operator_of(joining *j, const erg_chrome_event *event)
{
    char name[sizeof(((erg_chrome_operator *)0)->name)];
    erg_text words = { 0 };
    bool full = j->word_bytes > WORDS_MOST;

    erg_chrome_put(&event->name, name, sizeof(name));
    erg_text_add(&words, "%s", name);
    for (int arg = ERG_ARG_DIMS; !full && arg <= ERG_ARG_CONCRETE; arg++)
        add_part(&words, &event->args[arg]);
    j->out->shapes_dropped += full && event->args[ERG_ARG_DIMS].count > 0;
    size_t before = j->out->operators.rows.count;
    int32_t number = words.failed
        ? -1 : erg_intern(&j->out->operators, words.data, words.count, j->err);
    if (j->out->operators.rows.count > before)
        j->word_bytes += words.count + 32;
    erg_text_free(&words);
    return number;
}

static bool learn_operator(joining *j, const erg_chrome_event *event)
{
    int64_t id = whole_or(&event->args[ERG_ARG_EXTERNAL_ID], NONE);

    if (id == NONE || !is_in_part(j, event))
        return true;
    int32_t number = operator_of(j, event);
    if (number < 0)
        return erg_fail(j->err, ERG_NO_MEMORY, "out of memory");
    return put_link(j, &j->operators, &(erg_link){ id, event->begin_ns, number });
}

static bool learn_call(joining *j, const erg_chrome_event *event)
{
    int64_t correlation = whole_or(&event->args[ERG_ARG_CORRELATION], NONE);

    if (correlation == NONE || !is_in_part(j, event))
        return true;
    int64_t id = whole_or(&event->args[ERG_ARG_EXTERNAL_ID], NONE);
    return put_link(j, &j->calls, &(erg_link){ correlation, event->begin_ns, id });
}

/* ---- steps and streams --------------------------------------------------------------- */

static bool is_step(const joining *j, const erg_chrome_event *event)
{
    return j->out->step_mark ? erg_chrome_is(&event->name, j->out->step_mark)
                             : erg_chrome_is_step(&event->name);
}

static bool learn_step(joining *j, const erg_chrome_event *event)
{
    if (!j->is_first || !is_step(j, event) || j->step_count == STEPS_MOST)
        return true;
    if (!erg_grow((void **)&j->steps, &j->step_capacity, j->step_count,
                  sizeof(*j->steps), j->err))
        return false;
    j->steps[j->step_count++] = (erg_span){ event->begin_ns,
                                            event->begin_ns + event->duration_ns };
    return true;
}

static int by_begin(const void *a, const void *b)
{
    int64_t x = ((const erg_span *)a)->begin_ns, y = ((const erg_span *)b)->begin_ns;
    return (x > y) - (x < y);
}

/* A mark without a length lasts to the next one. */
static void settle_steps(joining *j)
{
    if (j->step_count)
        qsort(j->steps, j->step_count, sizeof(*j->steps), by_begin);
    for (size_t i = 0; i < j->step_count; i++)
        if (j->steps[i].end_ns == j->steps[i].begin_ns)
            j->steps[i].end_ns = i + 1 < j->step_count
                ? j->steps[i + 1].begin_ns : INT64_MAX;
    j->out->steps = (int32_t)j->step_count;
}

static int32_t step_at(const joining *j, int64_t at_ns)
{
    const erg_timed_rows begins = { j->steps, j->step_count, sizeof(*j->steps),
                                    offsetof(erg_span, begin_ns) };
    size_t after = erg_first_after(begins, at_ns);

    return after && at_ns < j->steps[after - 1].end_ns ? (int32_t)after - 1 : -1;
}

static stream *stream_of(joining *j, const erg_chrome_event *event)
{
    int64_t device = whole_or(&event->args[ERG_ARG_DEVICE], -1);
    int64_t number = whole_or(&event->args[ERG_ARG_STREAM], -1);

    for (size_t i = 0; i < j->stream_count; i++)
        if (j->streams[i].device == device && j->streams[i].number == number)
            return &j->streams[i];
    if (j->stream_count == STREAMS_MOST
        || !erg_grow((void **)&j->streams, &j->stream_capacity, j->stream_count,
                     sizeof(*j->streams), NULL))
        return NULL;
    j->streams[j->stream_count] = (stream){ .device = device, .number = number };
    return &j->streams[j->stream_count++];
}

static void learn_stream(joining *j, const erg_chrome_event *event)
{
    stream *on = j->is_first ? stream_of(j, event) : NULL;
    double duration_s = erg_s_from_ns(event->duration_ns);

    if (!on)
        return;
    on->work_s += duration_s;
    if (erg_name_is_exchange(event->name.at, event->name.count))
        on->exchange_s += duration_s;
}

/* ---- first pass ---------------------------------------------------------------------- */

static bool learn(void *self, const erg_chrome_event *event, erg_error *err)
{
    joining *j = self;
    erg_trace_event_kind kind = erg_chrome_kind(event);

    (void)err;
    if (event->phase == 'i' || (event->phase == 'X' && kind == ERG_EVENT_ANNOTATION))
        return learn_step(j, event);
    if (event->phase != 'X')
        return true;
    if (kind == ERG_EVENT_OPERATOR)
        return learn_operator(j, event);
    if (kind == ERG_EVENT_RUNTIME)
        return learn_call(j, event);
    if (erg_kind_is_device(kind))
        learn_stream(j, event);
    return true;
}

/* ---- second pass --------------------------------------------------------------------- */

static void take_sizes(erg_chrome_launch *launch, const erg_chrome_event *event)
{
    const erg_chrome_text *args = event->args;
    int64_t sizes[3];

    if (erg_chrome_list(&args[ERG_ARG_GRID], sizes, 3) == 3)
        memcpy(launch->grid, sizes, sizeof(sizes));
    if (erg_chrome_list(&args[ERG_ARG_BLOCK], sizes, 3) == 3)
        memcpy(launch->block, sizes, sizeof(sizes));
    launch->shared_bytes = whole_or(&args[ERG_ARG_SHARED], 0);
    launch->bytes = whole_or(&args[ERG_ARG_BYTES], -1);
    launch->device = whole_or(&args[ERG_ARG_DEVICE], -1);
    launch->stream = whole_or(&args[ERG_ARG_STREAM], -1);
}

/* A device works behind the host: a launch belongs to the step that asked for it. */
static void find_asker(const joining *j, const erg_chrome_event *event,
                       erg_chrome_launch *launch)
{
    const erg_link *call =
        erg_links_find(&j->calls, whole_or(&event->args[ERG_ARG_CORRELATION], NONE));
    int64_t id = whole_or(&event->args[ERG_ARG_EXTERNAL_ID], call ? call->value : NONE);
    const erg_link *by = erg_links_find(&j->operators, id);
    int64_t at_ns = call ? call->begin_ns : by ? by->begin_ns : event->begin_ns;

    launch->by = by ? (int32_t)by->value : -1;
    launch->step = step_at(j, at_ns);
}

static bool launch(void *self, const erg_chrome_event *event, erg_error *err)
{
    joining *j = self;
    erg_trace_event_kind kind = erg_chrome_kind(event);
    erg_chrome_launch one = { .name = event->name, .kind = kind,
                              .begin_ns = event->begin_ns,
                              .duration_ns = event->duration_ns };

    if (event->phase != 'X' || !erg_kind_is_device(kind) || !is_in_part(j, event))
        return true;
    take_sizes(&one, event);
    one.node = event->args[ERG_ARG_OP_NAME];
    one.node_inputs = event->args[ERG_ARG_TYPE_SHAPE];
    one.node_outputs = event->args[ERG_ARG_OUT_TYPE_SHAPE];
    find_asker(j, event, &one);
    if (kind == ERG_EVENT_KERNEL && erg_name_is_exchange(event->name.at, event->name.count))
        one.kind = ERG_EVENT_COLLECTIVE;
    const stream *on = stream_of(j, event);
    one.is_communication = on && on->work_s > 0 && on->exchange_s >= 0.5 * on->work_s;
    j->out->launches++;
    j->out->without_operator += one.by < 0 && one.node.count == 0;
    return j->out->take(j->out->self, &one, err);
}

/* ---- passes -------------------------------------------------------------------------- */

static bool pass(joining *j, bool (*take)(void *, const erg_chrome_event *, erg_error *))
{
    const erg_chrome_asked asked = { erg_chrome_args, take, j };

    j->out->passes++;
    return erg_chrome_read(j->out->path, &asked, &j->out->facts, j->err);
}

static void forget(joining *j)
{
    erg_links_free(&j->operators);
    erg_links_free(&j->calls);
}

/* Learns the first part in as many parts as it takes. */
static bool learn_first(joining *j)
{
    for (j->parts = 1; j->parts <= PARTS_MOST; j->parts *= 2) {
        j->is_full = false;
        j->step_count = j->stream_count = 0;
        if (pass(j, learn))
            return true;
        if (!j->is_full)
            return false;
        forget(j);
    }
    return erg_fail(j->err, ERG_BAD_INPUT,
                    "%s: too many operators of one External id: is it a "
                    "trace?", j->out->path);
}

static bool read_parts(joining *j)
{
    j->is_first = true;
    bool good = learn_first(j);

    settle_steps(j);
    good = good && pass(j, launch);
    j->is_first = false;
    for (j->part = 1; good && j->part < j->parts; j->part++) {
        forget(j);
        good = pass(j, learn) && pass(j, launch);
        if (!good && j->is_full)
            erg_fail(j->err, ERG_BAD_INPUT, "%s: its External ids are too uneven",
                     j->out->path);
    }
    return good;
}

bool erg_chrome_launches_read(erg_chrome_launches *out, erg_error *err)
{
    size_t most = out->operators_most ? out->operators_most : LINKS_MOST;
    joining j = { .out = out, .operators = { .most = most }, .calls = { .most = most },
                  .err = err };
    bool good = strcmp(out->path, "-") != 0
        ? read_parts(&j)
        : erg_fail(err, ERG_BAD_INPUT, "a trace is read twice here: "
                   "name a file instead of -");

    forget(&j);
    free(j.steps);
    free(j.streams);
    return good;
}

static erg_chrome_text next_part(const char **at)
{
    const char *end = strchrnul(*at, BETWEEN[0]);
    erg_chrome_text part = { *at, (size_t)(end - *at) };

    *at = *end ? end + 1 : end;
    return part;
}

erg_chrome_operator erg_chrome_launches_operator(const erg_chrome_launches *from,
                                                 int32_t number)
{
    const char *at = erg_interned_at(&from->operators, number);
    erg_chrome_operator out = { 0 };

    if (!at)
        return out;
    erg_chrome_text name = next_part(&at);
    snprintf(out.name, sizeof(out.name), "%.*s", (int)name.count, name.at);
    out.dims = next_part(&at);
    out.strides = next_part(&at);
    out.types = next_part(&at);
    out.concrete = next_part(&at);
    return out;
}

void erg_chrome_launches_free(erg_chrome_launches *launches)
{
    erg_interned_free(&launches->operators);
}
