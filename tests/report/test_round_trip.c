/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out comes in again as the same joules. */
#include <locale.h>
#include "report/made.h"

static void check_same_joules(const erg_trace *a, const erg_trace *b, const char *name)
{
    erg_error err = { 0 };
    erg_energy first, second;
    erg_span span = { 1000000000, 9000000000 };
    int channel_a = erg_trace_find_channel(a, name),
        channel_b = erg_trace_find_channel(b, name);
    CHECK(channel_a >= 0 && channel_b >= 0);
    CHECK_OK(erg_trace_energy(a, channel_a, span, &first, &err), err);
    CHECK_OK(erg_trace_energy(b, channel_b, span, &second, &err), err);
    CHECK_NEAR(second.energy_j, first.energy_j, 1e-12 * first.energy_j);
    CHECK_NEAR(second.spread_j, first.spread_j, 1e-9 * first.spread_j);
    CHECK(first.method == second.method && first.scope == second.scope);
    CHECK(first.quality == second.quality);
}

static void what_is_exported_imports_as_the_same_joules(void)
{
    static const struct { const char *format, *name; } cases[] = {
        { "csv", "gpu:0/power" }, { "csv", "gpu:0/energy" }, { "json", "gpu:0/power" },
        { "json", "gpu:0/energy" }, { "tape", "gpu:0/energy" }, { "tape", "gpu:0/power" },
    };
    erg_trace *trace = make_trace(ERG_METHOD_INTEGRAL);
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        size_t size;
        erg_export_options options = { .format = cases[i].format,
                                       .channel = cases[i].name };
        char *text = export_text(trace, &options, &size);
        erg_trace *again = erg_trace_new(&err);
        CHECK_OK(erg_import_bytes(again, "again", text, size, NULL, &err), err);
        check_same_joules(trace, again, cases[i].name);
        CHECK(erg_trace_utc_ns(again, 1000) == erg_trace_utc_ns(trace, 1000));
        erg_trace_free(again);
        free(text);
    }
    erg_trace_free(trace);
}

static void check_channel(const erg_trace *a, const erg_trace *b, int channel, int other)
{
    static const erg_span spans[] = { { 0, 10000000000 }, { 1234567890, 7654321098 } };
    for (size_t i = 0; i < ERG_COUNT(spans); i++) {
        erg_error err = { 0 }, err_b = { 0 };
        erg_energy first = { 0 }, second = { 0 };
        bool known = erg_trace_energy(a, channel, spans[i], &first, &err);
        CHECK(erg_trace_energy(b, other, spans[i], &second, &err_b) == known);
        CHECK(err.code == err_b.code);
        if (known) {
            CHECK_NEAR(second.energy_j, first.energy_j, 1e-12 * first.energy_j);
            CHECK_NEAR(second.covered, first.covered, 1e-12);
            CHECK(second.flags == first.flags && second.quality == first.quality);
        }
    }
}

static void check_round_trip(const erg_trace *trace)
{
    static const char *const formats[] = { "csv", "json" };
    int channels = (int)erg_trace_channel_count(trace);
    erg_error err = { 0 };
    size_t size;
    for (size_t f = 0; f < ERG_COUNT(formats); f++) {
        char *text = export_text(trace, &(erg_export_options){ .format = formats[f] },
                                 &size);
        erg_trace *again = erg_trace_new(&err);
        CHECK_OK(erg_import_bytes(again, "again", text, size, NULL, &err), err);
        CHECK((int)erg_trace_channel_count(again) == channels);
        for (int i = 0; i < channels; i++)
            check_channel(trace, again, i, i);
        erg_trace_free(again);
        free(text);
    }
    /* Tapes of all channels make the run whole again, devices and all. */
    erg_trace *again = erg_trace_new(&err);
    for (int i = 0; i < channels; i++) {
        const erg_channel_info *info = erg_trace_channel(trace, i);
        char path[80];
        snprintf(path, sizeof(path), "%s/%s", erg_trace_device(trace, info->device)->name,
                 info->name);
        char *text = export_text(trace, &(erg_export_options){ .format = "tape",
                                                               .channel = path }, &size);
        CHECK_OK(erg_import_bytes(again, path, text, size, NULL, &err), err);
        check_channel(trace, again, i, i);
        free(text);
    }
    CHECK(erg_trace_device_count(again) == erg_trace_device_count(trace));
    erg_trace_free(again);
}

static void gaps_wraps_and_many_devices_come_back(void)
{
    erg_trace *trace = make_rough_trace();
    check_round_trip(trace);
    erg_trace_free(trace);
}

static void a_decimal_comma_around_us_changes_nothing(void)
{
    char command[400];
    const char *folder = test_folder();
    snprintf(command, sizeof(command),
             "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", folder);
    if (system(command) == 0)
        setenv("LOCPATH", folder, 1);
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) {
        unsetenv("LOCPATH");
        SKIP("there is no locale with a decimal comma");
    }
    CHECK_TEXT(localeconv()->decimal_point, ",");
    erg_trace *trace = make_rough_trace();
    check_round_trip(trace);
    erg_trace_free(trace);
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
}

/* ---- Prometheus --------------------------------------------------------------------- */

int main(void)
{
    static const test tests[] = {
        TEST(what_is_exported_imports_as_the_same_joules),
        TEST(gaps_wraps_and_many_devices_come_back),
        TEST(a_decimal_comma_around_us_changes_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
