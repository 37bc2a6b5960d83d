/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out says what it is. */
#include <jansson.h>
#include "report/made.h"

static const char *skip_name(const char *c)
{
    while ((*c >= 'a' && *c <= 'z') || *c == '_')
        c++;
    return c;
}

/* name="value",...} with the three escapes, in UTF-8. */
static const char *skip_labels(const char *c)
{
    for (const char *end; *c != '}'; c = end + (*end == ',')) {
        end = skip_name(c);
        CHECK(end > c && end[0] == '=' && end[1] == '"');
        for (end += 2; *end != '"'; end++) {
            CHECK((unsigned char)*end >= ' ');
            if (*end == '\\')
                CHECK(strchr("\\\"n", *++end) && *end);
        }
        end++;
        CHECK(*end == ',' || *end == '}');
    }
    return c + 1;
}

static void prometheus_is_what_a_scraper_reads(void)
{
    size_t size;
    erg_trace *trace = make_rough_trace();
    char *text = export_text(trace, &(erg_export_options){ .format = "prometheus" }, &size);
    char family[80] = "", *rest = text, *line;
    int samples = 0;
    CHECK(strstr(text, "b\xc3\xa4rg, \\\"0\\\""));
    while ((line = strsep(&rest, "\n")) && *line) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            snprintf(family, sizeof(family), "%.*s", (int)strcspn(line + 7, " "), line + 7);
            CHECK(skip_name(family)[0] == '\0' && strncmp(family, "erg_", 4) == 0);
            CHECK(strncmp(rest, "# TYPE ", 7) == 0);
            CHECK(strncmp(rest + 7, family, strlen(family)) == 0);
        } else if (strncmp(line, "# TYPE ", 7) != 0) {
            const char *end = skip_name(line);
            CHECK((size_t)(end - line) == strlen(family)
                  && !strncmp(line, family, strlen(family)));
            CHECK(*end == '{');
            end = skip_labels(end + 1);
            CHECK(*end == ' ');
            char *stop;
            strtod(end + 1, &stop);
            CHECK(stop > end + 1 && *stop == '\0');
            samples++;
            CHECK(!strstr(rest ? rest : "", line));    /* no series twice */
        }
    }
    CHECK(samples > 20 && size > 0 && (!line || (!*line && (!rest || !*rest))));
    free(text);
    erg_trace_free(trace);
}

static void json_keeps_regions_marks_and_settings(void)
{
    erg_error err = { 0 };
    size_t size;
    erg_trace *trace = make_trace(ERG_METHOD_INTEGRAL), *again = erg_trace_new(&err);
    char *text = export_text(trace, &(erg_export_options){ .format = "json" }, &size);
    CHECK_OK(erg_import_bytes(again, "again", text, size, NULL, &err), err);
    CHECK(erg_trace_region_count(again) == 1 && erg_trace_region(again, 0)->runs == 4);
    CHECK(erg_trace_mark_count(again) == 1 && erg_trace_mark(again, 0)->value == 0.1);
    CHECK_TEXT(erg_trace_meta(again, "command"), "sleep 1");
    CHECK_TEXT(erg_trace_device(again, 0)->model, "A \"quoted\" GPU");
    erg_trace_free(again);
    erg_trace_free(trace);
    free(text);
}

/* Each format is read back as text: the words must be there, and tell a modelled
 * and a simulated figure from a measured one. */
static void every_format_carries_what_its_figure_is(void)
{
    static const struct { erg_method method; const char *word; } methods[] = {
        { ERG_METHOD_INTEGRAL, "integral" }, { ERG_METHOD_MODEL, "model" },
        { ERG_METHOD_SIMULATED, "simulated" },
    };
    static const char *const formats[] = { "csv", "json", "energy-report", "perfetto",
                                           "prometheus", "tape" };
    for (size_t m = 0; m < ERG_COUNT(methods); m++) {
        erg_trace *trace = make_trace(methods[m].method);
        erg_error err = { 0 };
        erg_energy energy;
        CHECK_OK(erg_trace_energy(trace, 0, erg_trace_span(trace), &energy, &err), err);
        for (size_t f = 0; f < ERG_COUNT(formats); f++) {
            size_t size;
            erg_export_options options = { .format = formats[f], .channel = "gpu:0/power" };
            char *text = export_text(trace, &options, &size);
            CHECK(strstr(text, methods[m].word));
            CHECK(strstr(text, "board") && strstr(text, "gross"));
            CHECK(strstr(text, erg_quality_name(energy.quality)));
            CHECK(strstr(text, "spread") || strstr(text, "energy_low_j"));
            if (methods[m].method == ERG_METHOD_INTEGRAL)
                CHECK(!strstr(text, "simulated") && !strstr(text, "\"model\": \"model"));
            free(text);
        }
        erg_trace_free(trace);
    }
}

static erg_trace *make_power(erg_method method)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    erg_device_info device = { .name = "gpu:0", .driver = "test",
                               .scope = ERG_SCOPE_BOARD };
    erg_channel_info power = { .name = "power", .unit = "W", .quantity = ERG_POWER,
                               .kind = ERG_INSTANT, .method = method, .update_s = 0.1,
                               .scope = ERG_SCOPE_BOARD, .gain = 1, .gain_u = 0.02 };
    CHECK(trace && erg_trace_add_device(trace, &device, &err) == 0);
    CHECK(erg_trace_add_channel(trace, &power, &err) == 0);
    for (int i = 0; i < 100; i++) {
        erg_sample watts = { i * 100000000LL, 40, 100 + i % 3 };
        CHECK(erg_trace_add_samples(trace, 0, &watts, 1, &err));
    }
    return trace;
}

static char *summary_text(const erg_trace *trace, const char *format)
{
    erg_error err = { 0 };
    char *text = NULL;
    size_t size;
    erg_result *result =
        erg_trace_summary(trace, &(erg_summary_options){ .command = "show" }, &err);
    FILE *out = open_memstream(&text, &size);
    CHECK_OK(result && erg_write(result, format, &(erg_write_options){ 0 }, out,
                                 &err), err);
    fclose(out);
    erg_result_free(result);
    return text;
}

/* The tables too: text, csv, json and html of a summary. */
static void every_table_format_carries_what_its_figure_is(void)
{
    static const erg_method methods[] = { ERG_METHOD_INTEGRAL, ERG_METHOD_MODEL,
                                          ERG_METHOD_SIMULATED };
    static const char *const words[] = { "scope", "method", "quality", "energy_low_j",
                                         "energy_high_j", "idle_policy", "board", "gross" };
    for (size_t m = 0; m < ERG_COUNT(methods); m++)
        for (size_t w = 0; w < erg_writer_count(); w++) {
            erg_trace *trace = make_power(methods[m]);
            char *text = summary_text(trace, erg_writer_name(w));
            for (size_t i = 0; i < ERG_COUNT(words); i++)
                CHECK(strstr(text, words[i]));
            CHECK(strstr(text, erg_method_name(methods[m])));
            /* What was not measured says so in its quality; heads name all methods. */
            CHECK(!strstr(text, "modelled") == (methods[m] != ERG_METHOD_MODEL));
            CHECK(!strstr(text, "Simulated: ") == (methods[m] != ERG_METHOD_SIMULATED)
                  || strcmp(erg_writer_name(w), "csv") == 0);
            if (strcmp(erg_writer_name(w), "csv") == 0)
                CHECK(!strstr(text, "simulated") == (methods[m] != ERG_METHOD_SIMULATED));
            free(text);
            erg_trace_free(trace);
        }
}

static void perfetto_and_json_are_json_even_for_odd_names(void)
{
    erg_error err = { 0 };
    size_t size;
    erg_trace *trace = make_trace(ERG_METHOD_INTEGRAL);
    erg_mark_row mark = { 3000000000, "b\xe4rg\n", NAN };
    CHECK(erg_trace_add_mark(trace, &mark, &err));
    static const char *const formats[] = { "json", "perfetto" };
    for (size_t i = 0; i < ERG_COUNT(formats); i++) {
        char *text = export_text(trace, &(erg_export_options){ .format = formats[i] },
                                 &size);
        json_error_t fault;
        json_t *root = json_loadb(text, size, 0, &fault);
        if (!root)
            print_error("%s:%d: %s\n", formats[i], fault.line, fault.text);
        CHECK(root != NULL);
        json_decref(root);
        free(text);
    }
    erg_trace_free(trace);
}

static void a_wide_csv_has_a_column_a_channel(void)
{
    size_t size;
    erg_trace *trace = make_trace(ERG_METHOD_INTEGRAL);
    char *text = export_text(trace, &(erg_export_options){ .format = "csv", .wide = true },
                             &size);
    CHECK(strncmp(text, "time_utc,mono_ns,gpu:0/power,gpu:0/energy,facts\n", 48) == 0);
    size_t rows = 0;
    for (const char *c = text; *c; c++)
        rows += *c == '\n';
    CHECK(rows == 201);
    free(text);
    erg_trace_free(trace);
}

static void an_unknown_format_names_the_known_ones(void)
{
    erg_error err = { 0 };
    erg_trace *trace = make_trace(ERG_METHOD_INTEGRAL);
    CHECK(!erg_export(trace, &(erg_export_options){ .format = "xml" }, stdout, &err));
    CHECK(strstr(err.text, "prometheus"));
    erg_trace_free(trace);
}

int main(void)
{
    static const test tests[] = {
        TEST(prometheus_is_what_a_scraper_reads),
        TEST(json_keeps_regions_marks_and_settings),
        TEST(every_format_carries_what_its_figure_is),
        TEST(every_table_format_carries_what_its_figure_is),
        TEST(perfetto_and_json_are_json_even_for_odd_names),
        TEST(a_wide_csv_has_a_column_a_channel),
        TEST(an_unknown_format_names_the_known_ones),
    };
    return test_run(tests, ERG_COUNT(tests));
}
