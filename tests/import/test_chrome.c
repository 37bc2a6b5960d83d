/* SPDX-License-Identifier: Apache-2.0 */
/* Chrome traces: what profilers write, numbers and texts, files. */
#include "import/chrome_scan.h"
#include "import/chrome_seen.h"

/* ---- quotes and brackets ---------------------------------------------------------- */

static void fill_with_signs(test_random *random, unsigned char *bytes, size_t count)
{
    static const char signs[] = "\"\"\\{}[]aab z:,";
    for (size_t i = 0; i < count; i++)
        bytes[i] = bits(random) % 9
            ? (unsigned char)signs[bits(random) % (sizeof(signs) - 1)]
                                    : (unsigned char)bits(random);
}

static void the_fast_look_sees_what_the_plain_one_sees(void)
{
    test_random random = { 1 };
    unsigned char bytes[ERG_SCAN_STEP];

    for (int round = 0; round < 20000; round++) {
        fill_with_signs(&random, bytes, sizeof(bytes));
        erg_scan_masks a = erg_scan_look(bytes), b = erg_scan_look_plain(bytes);
        CHECK(memcmp(&a, &b, sizeof(a)) == 0);
    }
}

/* One byte after the other, as anybody would. */
static size_t plain_tokens(const unsigned char *bytes, size_t count, uint32_t *tokens)
{
    bool inside = false, escaped = false;
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        bool quote = bytes[i] == '"' && !escaped;
        if (quote || (!inside && bytes[i] && strchr("{}[]", bytes[i])))
            tokens[found++] = (uint32_t)i;
        inside ^= quote;
        escaped = bytes[i] == '\\' && !escaped;
    }
    return found;
}

static void tokens_are_those_of_a_plain_walk(void)
{
    enum { COUNT = 40 * ERG_SCAN_STEP };
    static unsigned char bytes[COUNT];
    static uint32_t plain[COUNT], fast[COUNT];
    test_random random = { 2 };

    for (int round = 0; round < 2000; round++) {
        erg_scan scan = { 0 };
        fill_with_signs(&random, bytes, COUNT);
        size_t cut = bits(&random) % 40 * ERG_SCAN_STEP;
        size_t count = erg_scan_tokens(&scan, bytes, 0, cut, fast);
        count += erg_scan_tokens(&scan, bytes, cut, COUNT, fast + count);
        CHECK(count == plain_tokens(bytes, COUNT, plain));
        CHECK(memcmp(fast, plain, count * sizeof(*fast)) == 0);
    }
}

/* ---- numbers and texts --------------------------------------------------------------- */

static erg_chrome_text text_of(const char *word)
{
    return (erg_chrome_text){ word, strlen(word) };
}

static void microseconds_become_nanoseconds_without_a_second_rounding(void)
{
    static const struct { const char *us; int64_t ns; } rows[] = {
        { "0", 0 }, { "1", 1000 }, { "1.5", 1500 }, { "-2.25", -2250 },
        { "1712345678901234.567", 1712345678901234567 },
        { "1712345678901234.5674999", 1712345678901234567 },
        { "1712345678901234.5675", 1712345678901234568 },
        { "1712345678901234.56749999999999999999", 1712345678901234567 },
        { "1.712345678901234567e15", 1712345678901234567 },
        { "1712345678901234567E-3", 1712345678901234567 },
        { "0.0004", 0 }, { "0.0005", 1 }, { "123456.7895", 123456790 },
        { "0.00049999999999999999999999", 0 }, { "1e-30", 0 }, { "0e999999", 0 },
        { "9223372036854775.807", INT64_MAX }, { "1e3", 1000000 }, { "1E+2", 100000 },
    };
    static const char *const wrong[] = { "", "-", ".5", "1.", "1e", "1e+", "x", "1x", "1 2",
        "9223372036854775.808", "1e16", "1e9999999999", "nan", "--1",
        "99999999999999999999" };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_chrome_text text = text_of(rows[i].us);
        int64_t ns;
        CHECK(erg_chrome_ns(&text, &ns));
        CHECK(ns == rows[i].ns);
    }
    for (size_t i = 0; i < ERG_COUNT(wrong); i++) {
        erg_chrome_text text = text_of(wrong[i]);
        int64_t ns;
        CHECK(!erg_chrome_ns(&text, &ns));
    }
}

static void lists_are_whole_and_flat(void)
{
    int64_t out[3];
    erg_chrome_text good = text_of("[16, 8 ,\n1]"), empty = text_of("[ ]");
    static const char *const wrong[] = { "", "[", "[1", "[1,2,3,4]", "[1.5]", "[[1]]", "1",
                                         "[1 2]", "[99999999999999999999]" };

    CHECK(erg_chrome_list(&good, out, 3) == 3 && out[0] == 16 && out[1] == 8
          && out[2] == 1);
    CHECK(erg_chrome_list(&empty, out, 3) == 0);
    for (size_t i = 0; i < ERG_COUNT(wrong); i++) {
        erg_chrome_text text = text_of(wrong[i]);
        CHECK(erg_chrome_list(&text, out, 3) == -1);
    }
}

static void texts_are_unescaped_and_cut_between_letters(void)
{
    char to[16];
    erg_chrome_text text = text_of("a\\\"b\\u00e9\\ud83d\\ude00\\ud83dx\\n\\q");

    erg_chrome_put(&text, to, sizeof(to));
    CHECK_TEXT(to, "a\"b\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx ");
    erg_chrome_put(&text, to, 6);
    CHECK_TEXT(to, "a\"b\xc3\xa9");
    erg_chrome_put(&text, to, 1);
    CHECK_TEXT(to, "");
}

/* ---- what profilers write ----------------------------------------------------------- */

static void a_kernel_of_pytorch_has_its_arguments(void)
{
    static const char trace[] =
        "{\n  \"schemaVersion\": 1,\n  \"deviceProperties\": [\n"
        "    { \"id\": 0, \"name\": \"A}\" }\n  ],\n  \"traceEvents\": [\n  {\n"
        "    \"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"ampere_sgemm\", \"pid\": 0, "
        "\"tid\": 7,\n    \"ts\": 5331.125, \"dur\": 12.5,\n    \"args\": {\n"
        "      \"External id\": 77,\n      \"queued\": 0, \"device\": 0, \"context\": 1,\n"
        "      \"stream\": 7, \"correlation\": 901,\n      \"grid\": [32, 4, 1],\n"
        "      \"block\": [128, 1, 1]\n    }\n  }],\n"
        "  \"baseTimeNanoseconds\": 1712345678901234567\n}";
    erg_chrome_facts facts;
    seen got = read_text(trace, &facts);

    CHECK_TEXT(got.lines.data, "X|5331125|12500|ampere_sgemm|kernel|7|7|77\n");
    CHECK(facts.has_base && facts.base_ns == 1712345678901234567 && !facts.is_torn);
    CHECK(facts.events == 1 && facts.bad == 0 && facts.bytes == (int64_t)strlen(trace));
    erg_text_free(&got.lines);
}

static void a_bare_list_may_lack_its_bracket(void)
{
    static const char onnx[] =
        "[\n{\"cat\" : \"Session\",\"pid\" :9,\"tid\" :9,\"dur\" :12,\"ts\" :3,\"ph\" "
        ": \"X\",\"name\" :\"model_loading\",\"args\" : {}},\n"
        "{\"cat\" : \"Node\",\"pid\" :9,\"tid\" :9,\"dur\" :7,\"ts\" :20,\"ph\" "
        ": \"X\",\"name\" :\"Conv_0_kernel_time\",\"args\" : {\"op_name\" : \"Conv\"}}\n";
    erg_chrome_facts facts;
    seen got = read_text(onnx, &facts);

    CHECK_TEXT(got.lines.data, "X|3000|12000|model_loading|Session|9||\n"
                               "X|20000|7000|Conv_0_kernel_time|Node|9||\n");
    CHECK(!facts.is_torn);
    erg_text_free(&got.lines);
}

static void beginnings_meet_their_ends_on_their_thread(void)
{
    static const char trace[] =
        "[{\"ph\":\"B\",\"name\":\"outer\",\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":1},"
        "{\"ph\":\"B\",\"name\":\"other\",\"pid\":1,\"tid\":\"two\",\"ts\":2},"
        "{\"ph\":\"B\",\"name\":\"inner\",\"pid\":1,\"tid\":1,\"ts\":3},"
        "{\"ph\":\"E\",\"pid\":1,\"tid\":1,\"ts\":4,\"args\":{\"stream\":3}},"
        "{\"ph\":\"E\",\"pid\":1,\"tid\":\"two\",\"ts\":5},"
        "{\"ph\":\"E\",\"pid\":1,\"tid\":1,\"ts\":9},"
        "{\"ph\":\"E\",\"pid\":1,\"tid\":1,\"ts\":10},"
        "{\"ph\":\"B\",\"name\":\"late\",\"pid\":1,\"tid\":1,\"ts\":11}]";
    erg_chrome_facts facts;
    seen got = read_text(trace, &facts);

    CHECK_TEXT(got.lines.data, "X|3000|1000|inner||1|3|\nX|2000|3000|other||two||\n"
                               "X|1000|8000|outer|c|1||\n");
    CHECK(facts.unpaired == 2 && facts.events == 3);
    erg_text_free(&got.lines);
}

static void an_event_that_says_no_time_is_counted(void)
{
    static const char trace[] =
        "{\"traceEvents\":[{\"ph\":\"X\",\"name\":\"a\"},{\"ph\":\"X\",\"ts\":\"x\"},"
        "{\"ts\":1},7,[{}],\"ph\",{\"ph\":\"X\",\"ts\":1,\"dur\":-1},{\"ph\":\"M\","
        "\"name\":\"m\"},{\"ph\" 1},{\"ph\":\"s\",\"ts\":1},{\"ph\":\"X\",\"ts\":2,"
        "\"dur\":1}]}";
    erg_chrome_facts facts;
    seen got = read_text(trace, &facts);

    CHECK(facts.bad == 5 && facts.events == 2);
    CHECK_TEXT(got.lines.data, "M|0|0|m||||\nX|2000|1000|||||\n");
    erg_text_free(&got.lines);
}

static void what_is_no_trace_is_refused(void)
{
    static const char *const wrong[] = { "", "{}", "7", "{\"a\":[1,2]}",
                                         "{\"traceEvents\":7}",
        "}", "{\"a\" 1}", "{\"traceEvents\":[}]}", "{]" };

    for (size_t i = 0; i < ERG_COUNT(wrong); i++) {
        erg_chrome_facts facts;
        erg_error err = { 0 };
        seen to = { 0 };
        CHECK(!read_into(&to, wrong[i], strlen(wrong[i]), &facts, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "trace.json"));
        erg_text_free(&to.lines);
    }
}

/* ---- files -------------------------------------------------------------------------- */

static void a_file_that_is_not_there_says_so(void)
{
    erg_error err = { 0 };
    erg_chrome_facts facts;
    seen to = { 0 };
    const erg_chrome_asked asked = { asked_args, take, &to };

    CHECK(!erg_chrome_read("/nowhere/trace.json", &asked, &facts, &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "/nowhere/trace.json"));
    CHECK(!erg_chrome_read("/", &asked, &facts, &err));
}

static void the_head_of_a_trace_is_known(void)
{
    static const char object[] = "\n{ \"schemaVersion\": 1, \"traceEvents\": [";
    static const char list[] = "[\n{\"cat\":\"Session\",\"ts\" :1,\"ph\" :\"X\"";

    CHECK(erg_chrome_sniff(object, strlen(object)) && erg_chrome_sniff(list, strlen(list)));
    CHECK(!erg_chrome_sniff("", 0) && !erg_chrome_sniff("[1,2]", 5));
    CHECK(!erg_chrome_sniff("timestamp,gpu\n", 14) && !erg_chrome_sniff("{\"ph\":1}", 8));
}

int main(void)
{
    static const test tests[] = {
        TEST(the_fast_look_sees_what_the_plain_one_sees),
        TEST(tokens_are_those_of_a_plain_walk),
        TEST(microseconds_become_nanoseconds_without_a_second_rounding),
        TEST(lists_are_whole_and_flat),
        TEST(texts_are_unescaped_and_cut_between_letters),
        TEST(a_kernel_of_pytorch_has_its_arguments),
        TEST(a_bare_list_may_lack_its_bracket),
        TEST(beginnings_meet_their_ends_on_their_thread),
        TEST(an_event_that_says_no_time_is_counted),
        TEST(what_is_no_trace_is_refused),
        TEST(a_file_that_is_not_there_says_so),
        TEST(the_head_of_a_trace_is_known),
    };
    return test_run(tests, ERG_COUNT(tests));
}
