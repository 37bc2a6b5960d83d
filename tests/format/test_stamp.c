/* SPDX-License-Identifier: Apache-2.0 */
/* Stamps of other programs, and the zones they leave out. */
#include "test.h"
#include "format/stamp.h"

static int64_t ns_of(const char *text, const erg_stamp_style *style)
{
    erg_stamp stamp;
    return erg_stamp_parse(text, strlen(text), style, &stamp) ? stamp.utc_ns : INT64_MIN;
}

static const int64_t evening_ns = 1770402743000000000;     /* 2026-02-06 18:32:23 UTC */
static const erg_stamp_style plain = { 0 };

static void every_form_of_a_stamp_is_the_same_moment(void)
{
    static const char *const forms[] = {
        "2026-02-06 18:32:23.532", "2026/02/06 18:32:23.532", "2026-02-06T18:32:23.532Z",
        "2026-02-06T19:32:23.532+01:00", "2026-02-06T13:02:23,532-0530",
        "6.2.2026 18:32:23.532",
        "1770402743.532", "1770402743532", "1770402743532000", "1770402743532000000",
        " 2026-02-06 18:32:23.53200000000000 ",
    };
    erg_stamp_style comma = { .decimal = ',' };
    for (size_t i = 0; i < ERG_COUNT(forms); i++) {
        const erg_stamp_style *style = strchr(forms[i], ',') ? &comma : &plain;
        if (ns_of(forms[i], style) != evening_ns + 532000000)
            print_error("%s\n", forms[i]);
        CHECK(ns_of(forms[i], style) == evening_ns + 532000000);
    }
}

static void digits_after_the_point_are_a_fraction_of_any_length(void)
{
    CHECK(ns_of("2026-02-06 18:32:23.000468", &plain) == evening_ns + 468000);
    CHECK(ns_of("2026-02-06 18:32:23.5", &plain) == evening_ns + 500000000);
    CHECK(ns_of("2026-02-06 18:32:23.1234567899", &plain) == evening_ns + 123456789);
    CHECK(ns_of("1770402743.000000001", &plain) == evening_ns + 1);
}

static void what_is_no_stamp_is_refused(void)
{
    static const char *const wrong[] = {
        "", "N/A", "2026-02-30 10:00:00", "2026-13-01 10:00:00", "2026-02-06 25:00:00",
        "2026-02-06", "2026-02-06 18:32:23.", "2026-02-06 18:32:23 x", "1/2/2026 10:00:00",
        "12345678901234567890", "1e9", "-5", "2025/040GB", "9999999999999999999",
    };
    for (size_t i = 0; i < ERG_COUNT(wrong); i++) {
        if (ns_of(wrong[i], &plain) != INT64_MIN)
            print_error("%s\n", wrong[i]);
        CHECK(ns_of(wrong[i], &plain) == INT64_MIN);
    }
}

static void the_order_of_a_date_is_said_not_guessed(void)
{
    erg_stamp_style mdy = { .order = ERG_DATE_MDY }, dmy = { .order = ERG_DATE_DMY };
    CHECK(ns_of("2/6/2026 18:32:23", &mdy) == evening_ns);
    CHECK(ns_of("6/2/2026 18:32:23", &dmy) == evening_ns);
    CHECK(ns_of("6.2.2026 18:32:23", &mdy) != evening_ns);
}

static void a_zone_with_a_name_knows_summer_and_winter(void)
{
    erg_error err = { 0 };
    erg_zone *berlin = erg_zone_new("Europe/Berlin", &err);
    if (!berlin)
        SKIP("no tzdata here");
    erg_stamp_style style = { .zone = berlin };
    CHECK(ns_of("2026-02-06 19:32:23", &style) == evening_ns);
    CHECK(ns_of("2026-07-01 12:00:00", &style) == ns_of("2026-07-01T10:00:00Z", &plain));
    /* Past the table of transitions the footer's rule holds. */
    CHECK(ns_of("2090-07-01 12:00:00", &style) == ns_of("2090-07-01T10:00:00Z", &plain));
    CHECK(ns_of("2090-12-01 12:00:00", &style) == ns_of("2090-12-01T11:00:00Z", &plain));
    CHECK(ns_of("2026-02-06T18:32:23Z", &style) == evening_ns);

    erg_stamp twice;
    CHECK(erg_stamp_parse("2026-10-25 02:30:00", 19, &style, &twice));
    CHECK(twice.utc_ns == ns_of("2026-10-25T00:30:00Z", &plain));
    CHECK(twice.later_ns == ns_of("2026-10-25T01:30:00Z", &plain));
    erg_zone_free(berlin);
}

static void a_southern_summer_turns_the_year(void)
{
    erg_zone *sydney = erg_zone_new("Australia/Sydney", NULL);
    if (!sydney)
        SKIP("no tzdata here");
    erg_stamp_style style = { .zone = sydney };
    CHECK(ns_of("2091-01-01 12:00:00", &style) == ns_of("2091-01-01T01:00:00Z", &plain));
    CHECK(ns_of("2091-07-01 12:00:00", &style) == ns_of("2091-07-01T02:00:00Z", &plain));
    erg_zone_free(sydney);
}

static void a_fixed_offset_needs_no_files(void)
{
    erg_error err = { 0 };
    erg_zone *fixed = erg_zone_new("-05:30", &err);
    CHECK(fixed != NULL);
    erg_stamp_style style = { .zone = fixed };
    CHECK(ns_of("2026-02-06 13:02:23", &style) == evening_ns);
    erg_zone_free(fixed);
    CHECK(!erg_zone_new("Nowhere/Land", &err));
    CHECK(strstr(err.text, "tzdata"));
    CHECK(!erg_zone_new("../../etc/passwd", &err));
    CHECK(!erg_zone_parse("TZif2 but not really, only some bytes that look so", 50, &err));
}

int main(void)
{
    static const test tests[] = {
        TEST(every_form_of_a_stamp_is_the_same_moment),
        TEST(digits_after_the_point_are_a_fraction_of_any_length),
        TEST(what_is_no_stamp_is_refused),
        TEST(the_order_of_a_date_is_said_not_guessed),
        TEST(a_zone_with_a_name_knows_summer_and_winter),
        TEST(a_southern_summer_turns_the_year),
        TEST(a_fixed_offset_needs_no_files),
    };
    return test_run(tests, ERG_COUNT(tests));
}
