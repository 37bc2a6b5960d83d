/* SPDX-License-Identifier: Apache-2.0 */
/* Chrome traces beside jansson: every event, at every cut, in any layout. */
#include <jansson.h>
#include <zlib.h>
#include "import/chrome_seen.h"

static void add_space(test_random *random, erg_text *to)
{
    static const char *const spaces[] = { "", "", " ", "\n  ", "\t", "\r\n" };
    erg_text_add(to, "%s", spaces[bits(random) % ERG_COUNT(spaces)]);
}

static void add_string(test_random *random, erg_text *to)
{
    static const char *const pieces[] = { "a", "gemm<{", "\\\"", "\\\\", "}]", "\\u00e9",
                                          "\xc3\xa9",
        "[", ",", ":", "\\ud83d\\ude00", "traceEvents", "ph", "\\n", " ",
        "void at::native::kernel" };
    erg_text_add(to, "\"");
    for (uint64_t left = bits(random) % 9; left > 0; left--)
        erg_text_add(to, "%s", pieces[bits(random) % ERG_COUNT(pieces)]);
    erg_text_add(to, "\"");
}

static void add_value(test_random *random, erg_text *to, int depth)
{
    uint64_t kind = bits(random) % (depth > 4 ? 4 : 6);

    add_space(random, to);
    if (kind == 0)
        erg_text_add(to, "%d", (int)(bits(random) % 100000) - 50000);
    else if (kind == 1)
        erg_text_add(to, "%.6g", test_normal(random));
    else if (kind == 2)
        erg_text_add(to, bits(random) % 2 ? "null" : "true");
    else if (kind == 3)
        add_string(random, to);
    else {
        erg_text_add(to, kind == 4 ? "[" : "{");
        uint64_t count = bits(random) % 4;
        for (uint64_t i = 0; i < count; i++) {
            erg_text_add(to, i ? "," : "");
            add_space(random, to);
            if (kind == 5)
                erg_text_add(to, "\"k%d\":", (int)i);
            add_value(random, to, depth + 1);
        }
        add_space(random, to);
        erg_text_add(to, kind == 4 ? "]" : "}");
    }
    add_space(random, to);
}

static void add_event(test_random *random, erg_text *to)
{
    static const char *const phases[] = { "X", "X", "X", "i", "C", "s", "M" };
    static const char *const keys[] = { "zz", "args2", "phx", "na", "id", "sf" };

    erg_text_add(to, "{\"name\":");
    add_string(random, to);
    if (bits(random) % 2) {
        erg_text_add(to, ",\"%s\":", keys[bits(random) % ERG_COUNT(keys)]);
        add_value(random, to, 1);
    }
    erg_text_add(to, ",\"ph\" :\"%s\",\"ts\":%lld",
                 phases[bits(random) % ERG_COUNT(phases)],
                 (long long)(bits(random) % 1000000000));
    if (bits(random) % 2) {
        erg_text_add(to, ", \"args\": {\"stream\":%d,\"any\":", (int)(bits(random) % 90));
        add_value(random, to, 2);
        erg_text_add(to, ",\"External id\":");
        add_string(random, to);
        erg_text_add(to, "}");
    }
    erg_text_add(to, ",\"cat\":");
    add_string(random, to);
    erg_text_add(to, ",\"dur\": %d, \"tid\":%d}", (int)(bits(random) % 1000),
                 (int)(bits(random) % 99));
    add_space(random, to);
}

static char *random_trace(test_random *random, int count)
{
    erg_text to = { 0 };
    bool bare = bits(random) % 4 == 0;

    erg_text_add(&to, bare ? " [" : "{\"before\":");
    if (!bare) {
        add_value(random, &to, 0);
        erg_text_add(&to, ", \"traceEvents\" : [");
    }
    for (int i = 0; i < count; i++) {
        erg_text_add(&to, i ? "," : "");
        add_space(random, &to);
        add_event(random, &to);
    }
    erg_text_add(&to, bare ? "]" : "], \"after\":");
    if (!bare) {
        add_value(random, &to, 0);
        erg_text_add(&to, "}");
    }
    return erg_text_take(&to);
}

/* As the reader shows control characters. */
static void put_member(erg_text *lines, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    char word[200] = "";

    if (json_is_integer(value))
        snprintf(word, sizeof(word), "%lld", (long long)json_integer_value(value));
    else if (json_is_string(value))
        erg_text_put(word, sizeof(word), json_string_value(value));
    for (char *c = word; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    erg_text_add(lines, "|%s", word);
}

static char *lines_of_jansson(const char *bytes)
{
    json_error_t why;
    json_t *root = json_loads(bytes, 0, &why), *event;
    const json_t *events = json_is_array(root)
        ? root : json_object_get(root, "traceEvents");
    erg_text lines = { 0 };
    size_t index;

    CHECK(root != NULL);
    erg_text_add(&lines, "%s", "");
    json_array_foreach(events, index, event) {
        const char *phase = json_string_value(json_object_get(event, "ph"));
        const json_t *args = json_object_get(event, "args");
        long long long_us = strcmp(phase, "X") == 0
            ? json_integer_value(json_object_get(event, "dur")) : 0;
        if (strcmp(phase, "s") == 0)
            continue;
        erg_text_add(&lines, "%s|%lld|%lld", phase,
                     1000 * (long long)json_integer_value(json_object_get(event, "ts")),
                     1000 * long_us);
        put_member(&lines, event, "name");
        put_member(&lines, event, "cat");
        put_member(&lines, event, "tid");
        put_member(&lines, args, "stream");
        put_member(&lines, args, "External id");
        erg_text_add(&lines, "\n");
    }
    json_decref(root);
    return erg_text_take(&lines);
}

static void random_traces_read_as_jansson_reads_them(void)
{
    test_random random = { 3 };

    for (int round = 0; round < 400; round++) {
        char *bytes = random_trace(&random, (int)(bits(&random) % 30));
        char *want = lines_of_jansson(bytes);
        erg_chrome_facts facts;
        seen got = read_text(bytes, &facts);
        CHECK_TEXT(got.lines.data ? got.lines.data : "", want);
        CHECK(!facts.is_torn && facts.bad == 0);
        erg_text_free(&got.lines);
        free(want);
        free(bytes);
    }
}

static void a_trace_larger_than_the_window_reads_as_jansson_reads_it(void)
{
    test_random random = { 4 };
    char *bytes = random_trace(&random, 14000);
    char *want = lines_of_jansson(bytes);
    erg_chrome_facts facts;
    seen got = read_text(bytes, &facts);

    CHECK(strlen(bytes) > (2 << 20));
    CHECK(strcmp(got.lines.data, want) == 0);
    erg_text_free(&got.lines);
    free(want);
    free(bytes);
}

static void every_cut_gives_the_events_before_it(void)
{
    test_random random = { 5 };
    char *bytes = random_trace(&random, 12);
    erg_chrome_facts whole;
    seen all = read_text(bytes, &whole);
    size_t size = strlen(bytes);
    int64_t before = 0;

    for (size_t cut = 0; cut < size; cut++) {
        erg_chrome_facts facts;
        erg_error err = { 0 };
        seen some = { 0 };
        bool good = read_into(&some, bytes, cut, &facts, &err);
        CHECK(good || err.code == ERG_BAD_INPUT);
        CHECK(some.count >= before && some.count <= all.count);
        CHECK(!some.count
              || strncmp(some.lines.data, all.lines.data, some.lines.count) == 0);
        before = some.count;
        erg_text_free(&some.lines);
    }
    CHECK(before == all.count);
    erg_text_free(&all.lines);
    free(bytes);
}

static void an_event_beyond_the_window_is_passed_over(void)
{
    erg_text bytes = { 0 };
    erg_chrome_facts facts;

    erg_text_add(&bytes, "{\"meta\":[\"");
    for (int i = 0; i < 150000; i++)
        erg_text_add(&bytes, "0123456789{");
    erg_text_add(&bytes,
                 "\"],\"traceEvents\":[{\"ph\":\"X\",\"ts\":1,\"dur\":1},{\"ph\":\"X\","
                 "\"args\":"
                         "{\"stack\":[\"");
    for (int i = 0; i < 150000; i++)
        erg_text_add(&bytes, "}]\\\"89\",{\"a\":1},\"");
    erg_text_add(&bytes, "\"]},\"ts\":2},{\"ph\":\"X\",\"ts\":3,\"dur\":1}]}");
    seen got = read_text(bytes.data, &facts);
    CHECK_TEXT(got.lines.data, "X|1000|1000|||||\nX|3000|1000|||||\n");
    CHECK(facts.too_long == 1 && !facts.is_torn);
    erg_text_free(&got.lines);
    erg_text_free(&bytes);
}

static void packed_and_plain_files_read_alike(void)
{
    test_random random = { 6 };
    char *bytes = random_trace(&random, 3000), path[2][300];
    const char *folder = test_folder();
    erg_chrome_facts facts;
    seen got[3] = { read_text(bytes, &facts) };

    snprintf(path[0], sizeof(path[0]), "%s/trace.json", folder);
    snprintf(path[1], sizeof(path[1]), "%s/trace.json.gz", folder);
    for (int i = 0; i < 2; i++) {
        gzFile file = gzopen(path[i], i ? "wb" : "wbT");
        CHECK(gzwrite(file, bytes, (unsigned)strlen(bytes)) == (int)strlen(bytes));
        gzclose(file);
        const erg_chrome_asked asked = { asked_args, take, &got[i + 1] };
        CHECK(erg_chrome_read(path[i], &asked, &facts, NULL));
        CHECK(strcmp(got[0].lines.data, got[i + 1].lines.data) == 0);
        CHECK(!facts.is_torn && facts.bytes == (int64_t)strlen(bytes));
    }
    CHECK(truncate(path[1], 9000) == 0);
    erg_text_free(&got[2].lines);
    got[2] = (seen){ 0 };
    const erg_chrome_asked asked = { asked_args, take, &got[2] };
    CHECK(erg_chrome_read(path[1], &asked, &facts, NULL));
    CHECK(facts.is_torn && got[2].count > 0 && got[2].count < got[0].count);
    for (int i = 0; i < 3; i++)
        erg_text_free(&got[i].lines);
    free(bytes);
}

int main(void)
{
    static const test tests[] = {
        TEST(random_traces_read_as_jansson_reads_them),
        TEST(a_trace_larger_than_the_window_reads_as_jansson_reads_it),
        TEST(every_cut_gives_the_events_before_it),
        TEST(an_event_beyond_the_window_is_passed_over),
        TEST(packed_and_plain_files_read_alike),
    };
    return test_run(tests, ERG_COUNT(tests));
}
