/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels under the power: on the page, and in the file for Perfetto. */
#include <jansson.h>
#include "erg/import.h"
#include "erg/report.h"
#include "erg/timeline.h"
#include "test.h"

/* 100 W every 10 ms for 20 s, spikes at 5 and 12 s; kernels of 3 names back to back. */
static erg_trace *make(size_t kernels)
{
    static const char *const names[] = { "gemm<b>", "softmax", "ncclAllReduce",
                                         "aten::mm" };
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    erg_trace_event *events = calloc(kernels, sizeof(*events));
    const erg_track streams[] = { { .name = "GPU 0 stream 7", .stream = 7 },
                                  { .name = "GPU 0 stream 9", .stream = 9 } };

    CHECK(trace && events);
    CHECK(erg_trace_add_device(trace, &(erg_device_info){ .name = "nvml:0" }, &err) == 0);
    erg_channel_info info = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                              .method = ERG_METHOD_INTEGRAL };
    CHECK(erg_trace_add_channel(trace, &info, &err) == 0);
    CHECK(erg_trace_add_anchor(trace, &(erg_anchor){ .utc_ns = 1772445600 * ERG_NS_PER_S },
                               &err));
    for (int i = 0; i <= 2000; i++) {
        erg_sample sample =
            { i * 10 * ERG_NS_PER_MS, 0, i == 500 || i == 1200 ? 400 : 100 + i % 3 };
        CHECK_OK(erg_trace_add_samples(trace, 0, &sample, 1, &err), err);
    }
    for (int i = 0; i < 4; i++)
        CHECK(erg_trace_add_event_name(trace, names[i], &err) == i);
    for (int i = 0; i < 2; i++)
        CHECK(erg_trace_add_track(trace, &streams[i], &err) == i);
    int64_t each_ns = 20 * ERG_NS_PER_S / (int64_t)kernels;
    for (size_t i = 0; i < kernels; i++)
        events[i] = (erg_trace_event){ (int64_t)i * each_ns, each_ns * 9 / 10,
                                       (int32_t)(i % 3), 3, (int32_t)(i % 2),
                                       i % 3 == 2
                                           ? ERG_EVENT_COLLECTIVE : ERG_EVENT_KERNEL };
    CHECK_OK(erg_trace_add_events(trace, events, kernels, &err), err);
    free(events);
    return trace;
}

static char *page_of(erg_trace *trace)
{
    erg_error err = { 0 };
    char *bytes = NULL;
    size_t count;
    FILE *out = open_memstream(&bytes, &count);

    CHECK_OK(erg_report_page(trace, "run", out, &err), err);
    fclose(out);
    erg_trace_free(trace);
    return bytes;
}

static void streams_spikes_and_joules_are_on_the_page(void)
{
    char *page = page_of(make(500));

    CHECK(test_count(page, "<div class=\"stream\">") == 2);
    CHECK(test_count(page, "<line class=\"spike\"") == 2);
    CHECK(strstr(page, "GPU 0 stream 7, busy 45"));
    CHECK(strstr(page, "Energy by kernel"));
    CHECK(strstr(page, "unattributed"));
    CHECK(strstr(page, "gemm&lt;b&gt;") && !strstr(page, "gemm<b>"));
    CHECK(!strstr(page, "http:") && !strstr(page, "https:"));
    free(page);
}

static void a_run_without_events_keeps_its_page(void)
{
    erg_error err = { 0 };
    erg_trace *full = make(1), *trace = erg_trace_new(&err);
    size_t count;
    const erg_sample *at = erg_trace_samples(full, 0, &count);

    CHECK(erg_trace_add_device(trace, erg_trace_device(full, 0), &err) == 0);
    CHECK(erg_trace_add_channel(trace, erg_trace_channel(full, 0), &err) == 0);
    CHECK_OK(erg_trace_add_samples(trace, 0, at, count, &err), err);
    erg_trace_free(full);
    char *page = page_of(trace);
    CHECK(!strstr(page, "class=\"stream\"") && !strstr(page, "<h2>Spikes"));
    free(page);
}

/* Two hundred thousand kernels: a rectangle a column at most. */
static void many_kernels_stay_a_small_page(void)
{
    char *page = page_of(make(200000));

    CHECK(strlen(page) < 200000);
    free(page);
}

static char *perfetto_of(const erg_trace *trace, size_t *size)
{
    erg_error err = { 0 };
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, size);

    CHECK_OK(erg_export(trace, &(erg_export_options){ .format = "perfetto" }, out, &err),
             err);
    fclose(out);
    return bytes;
}

static void perfetto_has_power_kernels_and_spikes_with_their_phases(void)
{
    erg_trace *trace = make(500);
    size_t size, counters = 0, kernels = 0, spikes = 0;
    char *text = perfetto_of(trace, &size);
    json_t *root = json_loadb(text, size, 0, NULL), *event;
    size_t index;

    CHECK(root != NULL);
    json_array_foreach(json_object_get(root, "traceEvents"), index, event) {
        const char *phase = json_string_value(json_object_get(event, "ph"));
        const char *name = json_string_value(json_object_get(event, "name"));
        counters += strcmp(phase, "C") == 0;
        spikes += strcmp(phase, "i") == 0 && strcmp(name, "spike") == 0;
        if (strcmp(phase, "X") != 0)
            continue;
        kernels++;
        CHECK(json_integer_value(json_object_get(event, "pid")) == 3);
        CHECK_NEAR(json_number_value(json_object_get(event, "dur")), 36000, 1e-6);
    }
    CHECK(counters == 2001 && kernels == 500 && spikes == 2);
    json_decref(root);
    free(text);
    erg_trace_free(trace);
}

/* What we write, we read: the same kernels on the same streams at the same time. */
static void perfetto_reads_back_as_the_same_events(void)
{
    erg_trace *trace = make(300), *back = make(1);
    erg_error err = { 0 };
    size_t size, n, m;
    char *text = perfetto_of(trace, &size);

    CHECK_OK(erg_import_bytes(back, "p.json", text, size, &(erg_import_options){ 0 }, &err),
             err);
    const erg_trace_event *a = erg_trace_events(trace, &n), *b = erg_trace_events(back, &m);
    size_t k = 0;
    for (size_t i = 0; i < m && k < n; i++) {
        bool is_same = strcmp(erg_trace_event_name(back, b[i].name),
                              erg_trace_event_name(trace, a[k].name)) == 0
                    && b[i].begin_ns == a[k].begin_ns
                    && b[i].duration_ns == a[k].duration_ns
                    && erg_trace_track(back, b[i].track)->stream
                           == erg_trace_track(trace, a[k].track)->stream;
        k += is_same;
    }
    CHECK(k == n);
    free(text);
    erg_trace_free(trace);
    erg_trace_free(back);
}

int main(void)
{
    static const test tests[] = {
        TEST(streams_spikes_and_joules_are_on_the_page),
        TEST(a_run_without_events_keeps_its_page),
        TEST(many_kernels_stay_a_small_page),
        TEST(perfetto_has_power_kernels_and_spikes_with_their_phases),
        TEST(perfetto_reads_back_as_the_same_events),
    };
    return test_run(tests, ERG_COUNT(tests));
}
