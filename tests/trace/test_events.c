/* SPDX-License-Identifier: Apache-2.0 */
/* Events of a recording: their order, their words, and what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "erg/trace.h"
#include "math/xoshiro.h"
#include "test.h"
#include "trace/block.h"
#include "import/formats/copy.h"

static erg_trace_event event_at(int64_t begin_ns, int64_t duration_ns)
{
    return (erg_trace_event){ .begin_ns = begin_ns, .duration_ns = duration_ns,
                              .by = ERG_EVENT_NOBODY, .kind = ERG_EVENT_KERNEL };
}

static erg_trace *new_trace(void)
{
    erg_trace *trace = erg_trace_new(NULL);

    CHECK(erg_trace_add_event_name(trace, "sgemm", NULL) == 0);
    CHECK(erg_trace_add_track(trace, &(erg_track){ "GPU 0 stream 7", 0, 7, false }, NULL)
          == 0);
    return trace;
}

static void equal_names_have_one_number(void)
{
    erg_trace *trace = erg_trace_new(NULL);
    char name[16];

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 3000; i++) {
            snprintf(name, sizeof(name), "kernel %d", i);
            CHECK(erg_trace_add_event_name(trace, name, NULL) == i);
        }
    CHECK(erg_trace_event_name_count(trace) == 3000);
    CHECK(strcmp(erg_trace_event_name(trace, 77), "kernel 77") == 0);
    CHECK(!erg_trace_event_name(trace, 3000) && !erg_trace_event_name(trace, -1));
    erg_trace_free(trace);
}

static int by_begin(const void *a, const void *b)
{
    const erg_trace_event *x = a, *y = b;
    if (x->begin_ns != y->begin_ns)
        return x->begin_ns < y->begin_ns ? -1 : 1;
    return (x->duration_ns < y->duration_ns) - (x->duration_ns > y->duration_ns);
}

static void events_added_in_any_order_lie_in_time(void)
{
    enum { COUNT = 5000, FIRST = 1700 };
    static erg_trace_event events[COUNT];
    erg_xoshiro random = erg_xoshiro_of(5, 0);
    size_t count;

    for (int round = 0; round < 20; round++) {
        erg_trace *trace = new_trace();
        int64_t spread = round % 2 ? 50 : 1000000;
        for (int i = 0; i < COUNT; i++)
            events[i] = event_at((int64_t)(erg_xoshiro_next(&random) % (uint64_t)spread),
                                 (int64_t)(erg_xoshiro_next(&random) % 9));
        CHECK(erg_trace_add_events(trace, events, FIRST, NULL));
        CHECK(erg_trace_add_events(trace, events + FIRST, COUNT - FIRST, NULL));
        qsort(events, COUNT, sizeof(events[0]), by_begin);
        CHECK(memcmp(erg_trace_events(trace, &count), events, sizeof(events)) == 0);
        CHECK(count == COUNT);
        erg_trace_free(trace);
    }
}

static void a_span_reaches_to_the_last_end(void)
{
    erg_trace *trace = new_trace();
    const erg_trace_event events[] = { event_at(50, 10), event_at(10, 90),
                                       event_at(60, 1) };

    CHECK(erg_trace_add_events(trace, events, ERG_COUNT(events), NULL));
    CHECK(erg_trace_span(trace).begin_ns == 10 && erg_trace_span(trace).end_ns == 100);
    erg_trace_free(trace);
}

static void a_track_is_known_by_device_and_stream(void)
{
    erg_trace *trace = new_trace();

    CHECK(erg_trace_add_track(trace, &(erg_track){ "GPU 1 stream 7", 1, 7, false }, NULL)
          == 1);
    CHECK(erg_trace_add_track(trace, &(erg_track){ "GPU 0 stream 7", 0, 7, true }, NULL)
          == 0);
    CHECK(erg_trace_track(trace, 0)->is_communication && erg_trace_track_count(trace) == 2);
    CHECK(!erg_trace_track(trace, 2) && !erg_trace_track(trace, -1));
    erg_trace_free(trace);
}

static void an_event_that_cannot_be_is_refused(void)
{
    erg_trace *trace = new_trace();
    erg_trace_event wrong[8];
    size_t count;

    for (size_t i = 0; i < ERG_COUNT(wrong); i++)
        wrong[i] = event_at(5, 5);
    wrong[0].name = 1, wrong[1].name = -1, wrong[2].by = 9, wrong[3].by = -2;
    wrong[4].track = 1, wrong[5].kind = ERG_EVENT_KINDS, wrong[6].duration_ns = -1;
    wrong[7].begin_ns = INT64_MAX;
    for (size_t i = 0; i < ERG_COUNT(wrong); i++)
        CHECK(!erg_trace_add_events(trace, &wrong[i], 1, NULL));
    erg_trace_event far = event_at(4000000000000000000, INT64_MAX);
    CHECK(!erg_trace_add_events(trace, &far, 1, NULL));
    erg_trace_events(trace, &count);
    CHECK(count == 0);
    erg_trace_free(trace);
}

/* What a profiler might leave: streams, threads, names by the hundred. */
static void fill(erg_trace *trace, int count)
{
    static erg_trace_event events[20000];
    erg_xoshiro random = erg_xoshiro_of(8, 0);
    char name[40];

    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "kernel_\xc3\xa9_%d", i);
        erg_trace_add_event_name(trace, name, NULL);
    }
    CHECK(erg_trace_add_track(trace, &(erg_track){ "thread 4321", -1, 4321, false }, NULL)
          == 1);
    CHECK(erg_trace_add_track(trace, &(erg_track){ "GPU 0 stream 20", 0, 20, true }, NULL)
          == 2);
    for (int i = 0; i < count; i++) {
        uint64_t bits = erg_xoshiro_next(&random);
        events[i] = (erg_trace_event){
            .begin_ns = 1712345678901234567 + i * 1000 + (int64_t)(bits % 5000),
            .duration_ns = (int64_t)(bits >> 13 & 0xffff),
            .name = (int32_t)(bits >> 30 & 0xff),
            .by = (int32_t)(bits >> 40 & 0xff) - 1, .track = (int32_t)(bits >> 50) % 3,
            .kind = (int32_t)(bits >> 54) % ERG_EVENT_KINDS,
        };
    }
    CHECK(erg_trace_add_events(trace, events, (size_t)count, NULL));
}

static void check_alike(const erg_trace *a, const erg_trace *b)
{
    size_t count, other;
    const erg_trace_event *x = erg_trace_events(a, &count),
                          *y = erg_trace_events(b, &other);

    CHECK(count == other && memcmp(x, y, count * sizeof(*x)) == 0);
    CHECK(erg_trace_event_name_count(a) == erg_trace_event_name_count(b));
    for (int32_t i = 0; i < erg_trace_event_name_count(a); i++)
        CHECK(strcmp(erg_trace_event_name(a, i), erg_trace_event_name(b, i)) == 0);
    CHECK(erg_trace_track_count(a) == erg_trace_track_count(b));
    for (int32_t i = 0; i < erg_trace_track_count(a); i++) {
        const erg_track *one = erg_trace_track(a, i), *two = erg_trace_track(b, i);
        CHECK_TEXT(one->name, two->name);
        CHECK(one->device == two->device && one->stream == two->stream);
        CHECK(one->is_communication == two->is_communication);
    }
}

static void events_come_back_from_a_file_bit_for_bit(void)
{
    static const int counts[] = { 1, 2047, 2048, 2049, 20000 };
    char path[300];

    snprintf(path, sizeof(path), "%s/events.erg", test_folder());
    for (size_t i = 0; i < ERG_COUNT(counts); i++) {
        erg_trace *trace = new_trace();
        erg_error err = { 0 };
        fill(trace, counts[i]);
        CHECK_OK(erg_trace_save(trace, path, &err), err);
        erg_trace *again = erg_trace_load(path, &err);
        CHECK_OK(again != NULL, err);
        check_alike(trace, again);
        erg_trace_free(again);
        erg_trace_free(trace);
    }
}

typedef struct gathered { erg_trace_event *events; size_t count; } gathered;

static bool gather(void *self, const erg_trace_event events[], size_t count, erg_error *err)
{
    gathered *to = self;

    (void)err;
    memcpy(to->events + to->count, events, count * sizeof(*events));
    to->count += count;
    return true;
}

/* Three runs that fill memory's share, and what is left;
 * most begin together with others. */
static void events_aside_come_in_the_same_order(void)
{
    enum { MANY = 3 * 131072 + 777, SOME = 5000 };
    erg_trace *beside = new_trace(), *aside = new_trace();
    erg_trace_event *events = calloc(MANY, sizeof(*events));
    gathered got = { calloc(MANY, sizeof(*events)), 0 };
    erg_xoshiro random = erg_xoshiro_of(3, 0);
    const erg_turn none = { 0 };
    size_t count;

    for (int i = 0; i < MANY; i++)
        events[i] =
            (erg_trace_event){ .begin_ns = (int64_t)(erg_xoshiro_next(&random) % 9999),
                               .duration_ns = i % 3, .by = ERG_EVENT_NOBODY,
                               .kind = i % ERG_EVENT_KINDS };
    CHECK(erg_trace_add_events(beside, events, MANY, NULL));
    CHECK(erg_trace_add_events(aside, events, SOME, NULL));
    CHECK(!erg_trace_has_aside(aside) && erg_trace_put_events_aside(aside, NULL));
    for (int i = SOME; i < MANY; i += SOME)
        CHECK(erg_trace_add_events(aside, events + i, MANY - i < SOME ? MANY - i : SOME,
                                   NULL));
    CHECK(erg_trace_event_count(aside) == MANY && !erg_trace_events(aside, &count));
    for (int round = 0; round < 2; round++) {
        got.count = 0;
        CHECK(erg_trace_each_event(aside, gather, &got, NULL));
        const erg_trace_event *wanted = erg_trace_events(beside, &count);
        CHECK(got.count == count
              && memcmp(got.events, wanted, count * sizeof(*wanted)) == 0);
    }
    erg_span a = erg_trace_span(aside), b = erg_trace_span(beside);
    CHECK(a.begin_ns == b.begin_ns && a.end_ns == b.end_ns);
    CHECK(erg_trace_holds(aside, beside, &none) && erg_trace_holds(beside, aside, &none));
    free(got.events);
    free(events);
    erg_trace_free(beside);
    erg_trace_free(aside);
}

static void a_copied_trace_has_its_events_once(void)
{
    erg_trace *from = new_trace(), *into = erg_trace_new(NULL);
    const erg_turn none = { 0 };

    fill(from, 9000);
    CHECK(!erg_trace_holds(into, from, &none));
    CHECK(erg_trace_copy(from, into, NULL, NULL));
    check_alike(from, into);
    CHECK(erg_trace_holds(into, from, &none));
    erg_trace_free(from);
    erg_trace_free(into);
}

/* Any byte of a block may be wrong: what comes out is refused or sound. */
static void a_damaged_block_is_refused_or_sound(void)
{
    erg_trace *trace = new_trace();
    erg_block *codec = erg_block_new(NULL);
    static erg_trace_event got[ERG_BLOCK_MOST];
    unsigned char copy[20000];
    const unsigned char *bytes;
    size_t count, size;

    fill(trace, 300);
    const erg_trace_event *events = erg_trace_events(trace, &count);
    CHECK(erg_block_encode_events(codec, events, count, &bytes, &size)
          && size < sizeof(copy));
    memcpy(copy, bytes, size);
    CHECK(erg_block_decode_events(codec, copy, size, events[0].begin_ns, got) == count);
    CHECK(memcmp(got, events, count * sizeof(*got)) == 0);
    for (size_t i = 0; i < size; i++) {
        copy[i] ^= 0x55;
        erg_block_decode_events(codec, copy, size, INT64_MAX, got);
        CHECK(erg_block_decode_events(codec, copy, i, 0, got) == 0);
        copy[i] ^= 0x55;
    }
    erg_block_free(codec);
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(equal_names_have_one_number),
        TEST(events_added_in_any_order_lie_in_time),
        TEST(a_span_reaches_to_the_last_end),
        TEST(a_track_is_known_by_device_and_stream),
        TEST(an_event_that_cannot_be_is_refused),
        TEST(events_come_back_from_a_file_bit_for_bit),
        TEST(events_aside_come_in_the_same_order),
        TEST(a_copied_trace_has_its_events_once),
        TEST(a_damaged_block_is_refused_or_sound),
    };
    return test_run(tests, ERG_COUNT(tests));
}
