/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and quantities as people type them. */
#include "test.h"

static void a_quantity_needs_its_unit(void)
{
    erg_error err = { 0 };
    double value = NAN;
    CHECK(erg_quantity_parse("250W", "W", &value, &err));
    CHECK_NEAR(value, 250, 0);
    CHECK(erg_quantity_parse("1kHz", "Hz", &value, &err));
    CHECK_NEAR(value, 1000, 0);
    CHECK(erg_quantity_parse("51.107ms", "s", &value, &err));
    CHECK_NEAR(value, 0.051107, 1e-15);
    CHECK(erg_quantity_parse("3%", "%", &value, &err));
    CHECK_NEAR(value, 0.03, 1e-15);
    CHECK(erg_quantity_parse("80C", "K", &value, &err));
    CHECK_NEAR(value, 353.15, 1e-12);
    CHECK(erg_quantity_parse("353K", "K", &value, &err));
    CHECK_NEAR(value, 353, 0);
    CHECK(!erg_quantity_parse("250", "W", &value, &err));
    CHECK(err.code == ERG_BAD_INPUT);
    CHECK(!erg_quantity_parse("2s", "W", &value, &err));
    CHECK(!erg_quantity_parse("", "s", &value, &err));
}

static void a_number_is_all_of_its_text(void)
{
    double value;
    CHECK(erg_number_parse(" 12.5 ", 6, '.', &value) && value == 12.5);
    CHECK(erg_number_parse("12,5", 4, ',', &value) && value == 12.5);
    CHECK(!erg_number_parse("12.5x", 5, '.', &value));
    CHECK(!erg_number_parse("nan", 3, '.', &value));
    CHECK(!erg_number_parse("", 0, '.', &value));
    CHECK(!erg_number_parse("1e999", 5, '.', &value));
}

static void a_short_number_is_the_double_that_strtod_gives(void)
{
    test_random random = { 7 };
    for (int i = 0; i < 20000; i++) {
        char text[64];
        double value;
        int count = snprintf(text, sizeof(text), "%.*f", i % 12,
                             (test_uniform(&random) - 0.5) * pow(10, i % 17));
        CHECK(erg_number_parse(text, (size_t)count, '.', &value));
        CHECK(value == strtod(text, NULL));
    }
}

static void a_cut_text_ends_between_letters(void)
{
    char small[4];
    erg_text_put(small, sizeof(small), "ab\xc3\xa9");
    CHECK_TEXT(small, "ab");
    erg_text_put(small, 0, "no room, nothing written");
    CHECK_TEXT(small, "ab");
}

static void a_stamp_has_the_digits_asked_for(void)
{
    char text[40];
    erg_utc_format(1770402743000468000, 6, text, sizeof(text));
    CHECK_TEXT(text, "2026-02-06T18:32:23.000468Z");
    erg_utc_format(-1, 0, text, sizeof(text));
    CHECK_TEXT(text, "1969-12-31T23:59:59Z");
}

int main(void)
{
    static const test tests[] = {
        TEST(a_quantity_needs_its_unit),
        TEST(a_number_is_all_of_its_text),
        TEST(a_short_number_is_the_double_that_strtod_gives),
        TEST(a_cut_text_ends_between_letters),
        TEST(a_stamp_has_the_digits_asked_for),
    };
    return test_run(tests, ERG_COUNT(tests));
}
