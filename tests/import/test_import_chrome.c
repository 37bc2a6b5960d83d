/* SPDX-License-Identifier: Apache-2.0 */
/* Chrome traces as recordings: clocks, who asked for a kernel,
 * streams that exchange data. */
#include "erg/import.h"
#include "test.h"
#include "import/chrome_work.h"
#include "import/formats/chrome_rows.h"

#define OPERATOR(name, id, ts) "{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"" name \
    "\",\"pid\":9,\"tid\":9,\"ts\":" ts ",\"dur\":9,\"args\":{\"External id\":" id "}}"
#define CALL(id, correlation, ts) \
    "{\"ph\":\"X\",\"cat\":\"cuda_runtime\",\"name\":\"cudaLaunchKernel\"," \
    "\"pid\":9,\"tid\":9,\"ts\":" ts ",\"dur\":2,\"args\":{\"External id\":" id \
    ",\"correlation\":" correlation "}}"
#define KERNEL(name, args, ts, dur) "{\"ph\":\"X\",\"cat\":\"kernel\",\"name\":\"" name \
    "\",\"pid\":0,\"tid\":7,\"ts\":" ts ",\"dur\":" dur ",\"args\":{\"device\":0," args "}}"

static erg_trace *imported(const char *bytes, const erg_import_options *options)
{
    erg_trace *trace = erg_trace_new(NULL);
    erg_error err = { 0 };

    CHECK_OK(erg_import_bytes(trace, "t.json", bytes, strlen(bytes), options, &err), err);
    return trace;
}

static const char kineto[] = "{\"traceEvents\":["
    /* kernels before their operators; the second names its call alone */
    KERNEL("gemm", "\"stream\":7,\"External id\":5,\"correlation\":31", "100.5",
           "40.25") ","
    KERNEL("relu", "\"stream\":7,\"correlation\":32", "150", "10") ","
    KERNEL("ncclDevKernel_AllReduce_Sum_f32", "\"stream\":20", "120", "30") ","
    KERNEL("add", "\"stream\":20", "155", "20") ","
    "{\"ph\":\"X\",\"cat\":\"gpu_memcpy\",\"name\":\"Memcpy HtoD\",\"ts\":90,\"dur\":5,"
    "\"args\":{\"device\":0,\"stream\":7}},"
    OPERATOR("aten::addmm", "5", "90") "," OPERATOR("aten::relu", "6", "101") ","
    CALL("5", "31", "92") "," CALL("6", "32", "103") ","
    "{\"ph\":\"X\",\"cat\":\"user_annotation\",\"name\":\"ProfilerStep#3\",\"pid\":9,"
    "\"tid\":9,\"ts\":80,\"dur\":99},{\"ph\":\"i\",\"name\":\"Record Window "
    "End\",\"ts\":200},{\"ph\":\"M\",\"name\":\"process_name\","
    "\"args\":{\"name\":\"python\"}}],\"baseTimeNanoseconds\":1712345678901234567}";

static const erg_trace_event *event_of(const erg_trace *trace, const char *name)
{
    size_t count;
    const erg_trace_event *events = erg_trace_events(trace, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(erg_trace_event_name(trace, events[i].name), name) == 0)
            return &events[i];
    fail_msg("no event %s", name);
    return NULL;
}

static const char *asker(const erg_trace *trace, const char *name)
{
    const char *by = erg_trace_event_name(trace, event_of(trace, name)->by);
    return by ? by : "nobody";
}

static void kernels_know_their_operators_whatever_the_order(void)
{
    erg_trace *trace = imported(kineto, NULL);

    CHECK_TEXT(asker(trace, "gemm"), "aten::addmm");
    CHECK_TEXT(asker(trace, "relu"), "aten::relu");
    CHECK_TEXT(asker(trace, "add"), "nobody");
    CHECK(event_of(trace, "gemm")->kind == ERG_EVENT_KERNEL);
    CHECK(event_of(trace, "Memcpy HtoD")->kind == ERG_EVENT_COPY);
    CHECK(event_of(trace, "cudaLaunchKernel")->kind == ERG_EVENT_RUNTIME);
    CHECK(event_of(trace, "aten::relu")->kind == ERG_EVENT_OPERATOR);
    CHECK(event_of(trace, "ncclDevKernel_AllReduce_Sum_f32")->kind == ERG_EVENT_COLLECTIVE);
    erg_trace_free(trace);
}

static void the_base_time_is_added_to_the_nanosecond(void)
{
    erg_trace *trace = imported(kineto, NULL);
    const erg_trace_event *gemm = event_of(trace, "gemm");

    CHECK(erg_trace_utc_ns(trace, gemm->begin_ns) == 1712345678901234567 + 100500);
    CHECK(gemm->duration_ns == 40250);
    CHECK(erg_trace_region_count(trace) == 1 && erg_trace_mark_count(trace) == 1);
    CHECK_TEXT(erg_trace_region(trace, 0)->name, "ProfilerStep#3");
    CHECK(erg_trace_region(trace, 0)->end_ns - erg_trace_region(trace, 0)->begin_ns
          == 99000);
    CHECK(erg_trace_flag_count(trace) == 0);
    erg_trace_free(trace);
}

static void a_stream_half_in_collectives_is_for_communication(void)
{
    erg_trace *trace = imported(kineto, NULL);

    for (int32_t i = 0; i < erg_trace_track_count(trace); i++) {
        const erg_track *track = erg_trace_track(trace, i);
        CHECK(track->is_communication == (track->stream == 20));
        CHECK((track->device == 0) == (track->stream == 7 || track->stream == 20));
    }
    CHECK(erg_trace_track(trace, event_of(trace, "gemm")->track)->stream == 7);
    erg_trace_free(trace);
}

static const char onnx[] =
    "[{\"cat\":\"Session\",\"pid\":4,\"tid\":4,\"dur\":900,\"ts\":10,\"ph\":\"X\","
    "\"name\":\"model_run\",\"args\":{}},{\"cat\":\"Node\",\"pid\":4,\"tid\":4,\"dur\":80,"
    "\"ts\":20,\"ph\":\"X\",\"name\":\"conv1_kernel_time\",\"args\":{\"op_name\":\"Conv\","
    "\"provider\":\"CPUExecutionProvider\"}},{\"cat\":\"Node\",\"pid\":4,\"tid\":4,"
    "\"dur\":0,\"ts\":19,\"ph\":\"X\",\"name\":\"conv1_fence_before\","
    "\"args\":{\"op_name\":\"Conv\"}}]";

static void onnx_runtime_counts_from_the_start_that_is_given(void)
{
    erg_trace *trace =
        imported(onnx, &(erg_import_options){ .start = "2026-02-06T10:00:00Z" });
    const erg_trace_event *conv = event_of(trace, "conv1_kernel_time");

    CHECK(erg_trace_utc_ns(trace, conv->begin_ns) == 1770372000000010000);
    CHECK(conv->kind == ERG_EVENT_KERNEL);
    CHECK_TEXT(asker(trace, "conv1_kernel_time"), "Conv");
    CHECK(event_of(trace, "conv1_fence_before")->kind == ERG_EVENT_OTHER);
    CHECK_TEXT(erg_trace_region(trace, 0)->name, "model_run");
    erg_trace_free(trace);
}

static void a_time_from_nowhere_joins_no_other(void)
{
    erg_trace *trace = imported("timestamp,gpu,power_w\n2026-02-06 10:00:00,0,100\n"
                                "2026-02-06 10:00:01,0,100\n",
                                &(erg_import_options){ .tz = "UTC" });
    erg_error err = { 0 };

    CHECK(!erg_import_bytes(trace, "o.json", onnx, strlen(onnx), NULL, &err));
    CHECK(strstr(err.text, "--start"));
    CHECK(erg_import_bytes(trace, "o.json", onnx, strlen(onnx),
                           &(erg_import_options){ .start = "2026-02-06T10:00:00Z" }, &err));
    CHECK(event_of(trace, "conv1_kernel_time"));
    erg_trace_free(trace);
}

static void a_trace_is_imported_once(void)
{
    erg_trace *trace = imported(kineto, NULL);
    erg_error err = { 0 };
    size_t before, after;

    erg_trace_events(trace, &before);
    CHECK(!erg_import_bytes(trace, "t.json", kineto, strlen(kineto), NULL, &err));
    CHECK(strstr(err.text, "once"));
    erg_trace_events(trace, &after);
    CHECK(before == after && before == 10);
    erg_trace_free(trace);
}

static void what_is_cut_is_flagged(void)
{
    char torn[1200];
    erg_text_put(torn, sizeof(torn), kineto);
    erg_trace *trace =
        imported(torn, &(erg_import_options){ .start = "2026-02-06T10:00:00Z" });

    CHECK(erg_trace_flag_count(trace) == 1);
    CHECK(erg_trace_flag(trace, 0)->code == ERG_FLAG_TORN_INPUT);
    CHECK(strstr(erg_trace_flag(trace, 0)->text, "cut off"));
    erg_trace_free(trace);
}

static void a_file_is_known_by_its_head(void)
{
    const char *path = test_file("t.json", kineto);
    erg_trace *trace = erg_trace_new(NULL);
    erg_error err = { 0 };

    CHECK_OK(erg_import(trace, path, NULL, &err), err);
    CHECK(event_of(trace, "gemm"));
    CHECK_TEXT(erg_import_format(kineto, strlen(kineto)), "chrome");
    CHECK_TEXT(erg_import_format(onnx, strlen(onnx)), "chrome");
    erg_trace_free(trace);
}

static void links_hold_the_last_and_no_more_than_told(void)
{
    erg_links links = { .most = 5000 };

    for (int64_t i = 0; i < 5000; i++)
        CHECK(erg_links_put(&links, &(erg_link){ .key = i * i - 77, .value = i }, NULL));
    for (int64_t i = 0; i < 5000; i++)
        CHECK(erg_links_find(&links, i * i - 77)->value == i);
    CHECK(!erg_links_put(&links, &(erg_link){ .key = -5 }, NULL));
    CHECK(erg_links_put(&links, &(erg_link){ .key = -77, .value = 9 }, NULL));
    CHECK(erg_links_find(&links, -77)->value == 9 && !erg_links_find(&links, -5));
    erg_links_free(&links);
}

/* ---- more than memory holds ---------------------------------------------------------- */

enum { LAUNCHES = 500 };

/* Kernels first; of three the last has no External id and is known by its call. */
static char *launches_text(void)
{
    erg_text text = { 0 };

    erg_text_add(&text, "[");
    for (int i = 0; i < LAUNCHES; i++)
        erg_text_add(&text,
                     i % 3 < 2 ? KERNEL("k%d", "\"stream\":7,\"External id\":%d",
                                        "%d", "1") ","
                                      : KERNEL("k%d", "\"stream\":7,\"correlation\":%d",
                                               "%d", "1") ",",
                     i, 10 * i + 5, i % 3 < 2 ? 7 * i : 100000 + i);
    for (int i = 0; i < LAUNCHES; i++)
        erg_text_add(&text, OPERATOR("op%d", "%d", "%d") "," CALL("%d", "%d", "%d") "%s",
                     i, 10 * i, 7 * i, 10 * i + 1, 7 * i, 100000 + i,
                     i + 1 < LAUNCHES ? "," : "]");
    return erg_text_take(&text);
}

static bool take_row(void *self, const erg_chrome_event *event, erg_error *err)
{
    (void)err;
    return erg_chrome_rows_add(self, event);
}

static void kernels_are_joined_by_parts_as_by_all(void)
{
    static const size_t most[] = { 1, 7, 100, LAUNCHES, 100000 };
    char *text = launches_text();

    for (size_t i = 0; i < ERG_COUNT(most); i++) {
        erg_trace *trace = erg_trace_new(NULL);
        erg_chrome_rows rows;
        erg_chrome_facts facts;
        erg_error err = { 0 };
        const erg_chrome_asked asked = { erg_chrome_args, take_row, &rows };
        erg_chrome_rows_begin(&rows, trace, &err);
        rows.links_most = most[i];
        CHECK_OK(erg_chrome_read_bytes("t", text, strlen(text), &asked, &facts, &err)
                     && erg_chrome_rows_finish(&rows, 0), err);
        for (int k = 0; k < LAUNCHES; k++) {
            char kernel[16], operator[16];
            snprintf(kernel, sizeof(kernel), "k%d", k);
            snprintf(operator, sizeof(operator), "op%d", k);
            CHECK_TEXT(asker(trace, kernel), operator);
        }
        erg_chrome_rows_free(&rows);
        erg_trace_free(trace);
    }
    free(text);
}

static char *bytes_of(const erg_trace *trace, size_t *size)
{
    char path[300];
    erg_error err = { 0 };

    snprintf(path, sizeof(path), "%s/aside.erg", test_folder());
    CHECK_OK(erg_trace_save(trace, path, &err), err);
    char *bytes = erg_file_read(path, 1 << 26, size, &err);
    CHECK_OK(bytes != NULL, err);
    return bytes;
}

static void events_aside_give_the_same_run_file(void)
{
    char *text = launches_text();
    erg_trace *beside = imported(text, NULL), *aside = erg_trace_new(NULL);
    erg_error err = { 0 };
    size_t size, other;

    CHECK(erg_trace_put_events_aside(aside, NULL));
    CHECK_OK(erg_import_bytes(aside, "t.json", text, strlen(text), NULL, &err), err);
    CHECK(!erg_import_bytes(aside, "t.json", text, strlen(text), NULL, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    char *a = bytes_of(aside, &size), *b = bytes_of(beside, &other);
    CHECK(size == other && memcmp(a, b, size) == 0);
    free(a);
    free(b);
    free(text);
    erg_trace_free(aside);
    erg_trace_free(beside);
}

int main(void)
{
    static const test tests[] = {
        TEST(kernels_know_their_operators_whatever_the_order),
        TEST(the_base_time_is_added_to_the_nanosecond),
        TEST(a_stream_half_in_collectives_is_for_communication),
        TEST(onnx_runtime_counts_from_the_start_that_is_given),
        TEST(a_time_from_nowhere_joins_no_other),
        TEST(a_trace_is_imported_once),
        TEST(what_is_cut_is_flagged),
        TEST(a_file_is_known_by_its_head),
        TEST(links_hold_the_last_and_no_more_than_told),
        TEST(kernels_are_joined_by_parts_as_by_all),
        TEST(events_aside_give_the_same_run_file),
    };
    return test_run(tests, ERG_COUNT(tests));
}
