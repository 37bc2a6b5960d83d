/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that do not say what their header says: what was read as another number. */
#include "import/odd_log.h"

/* 100,50 between commas was 100, and what stood behind it another column. */
static void a_row_with_more_cells_than_its_header_is_not_read(void)
{
    static const odd_log logs[] = {
        { "timestamp, index, power.draw [W]", AT ", 0, 100,50 W", .word = "4 cells" },
        { "timestamp,gpu,power_w", AT ",0,100,50", .word = "header" },
        { "time,id,pm1,sum", AT ",%02d,100,5,100,5", .word = "6 cells" },
        { "timestamp,gpu,power_w", AT ",0,100,,", .watts = 100 },
    };

    check_logs(logs, ERG_COUNT(logs));
}

/* Read on by the first header, the second half was a temperature. */
static void a_header_with_other_columns_is_another_table(void)
{
    static const char *const seconds[] = { "timestamp,gpu,temp,power_w",
                                           "timestamp, gpu, power_w" };

    for (size_t i = 0; i < ERG_COUNT(seconds); i++) {
        erg_text text = { 0 };
        erg_error err = { 0 };
        erg_text_add(&text, "timestamp,gpu,power_w\n2026-02-06T18:32:01Z,0,100\n"
                     "2026-02-06T18:32:02Z,0,100\n%s\n2026-02-06T18:32:03Z,0,100\n",
                     seconds[i]);
        erg_trace *trace = import_text(text.data, NULL, &err);
        CHECK((trace != NULL) == (i == 1));
        CHECK(trace || (strstr(err.text, "t.log:4:") && strstr(err.text, "columns")));
        CHECK(!trace || !flag_of(trace, ERG_FLAG_TORN_INPUT));
        erg_trace_free(trace);
        erg_text_free(&text);
    }
}

/* "Time (ms)" was counted in seconds: a thousand times the joules. */
static void every_log_says_the_unit_of_its_time_in_brackets(void)
{
    static const odd_log logs[] = {
        { "Time (ms),Power (W)", "%02d000,100", .watts = 100 },
        { "timestamp [us], index, power.draw [W]", "%02d000000, 0, 100 W", .watts = 100 },
        { "time [ms],id,pm1,sum", "%02d000,%02d,100,100", .watts = 100 },
        { "time (s),power", AT ",100", .watts = 100 },
    };

    check_logs(logs, ERG_COUNT(logs));
}

static void a_cell_in_a_unit_of_something_else_is_no_power(void)
{
    static const odd_log logs[] = {
        { "timestamp,gpu,power_w", AT ",0,100 C", .word = "100 C" },
        { "timestamp,gpu,power_w", AT ",0,100 J", .word = "100 J" },
        { "timestamp,gpu,power_w", AT ",0,0.0001 MW", .word = "MW" },
        { "timestamp,gpu,power_w", AT ",0,100000 mw", .watts = 100 },
        { "timestamp,gpu,power_w", AT ",0,100 Watts", .watts = 100 },
        { "timestamp,gpu,power_w", AT ",0,100000000 \xce\xbcW", .watts = 100 },
    };

    check_logs(logs, ERG_COUNT(logs));
}

/* Microjoules were watts. */
static void a_column_of_any_csv_bears_its_unit_in_its_name(void)
{
    static const odd_log logs[] = {
        { "time_s,e_uj", "%02d,%02d000000", { .power_columns = "e_uj" }, 1, NULL },
        { "time_s,energy (mJ)", "%02d,%02d000", { .power_columns = "energy" }, 1, NULL },
        { "time_s,total_kwh", "%02d,%02d", { .power_columns = "total_kwh" }, 3.6e6, NULL },
        { "time_s,e", "%02d,%02d kJ", { .power_columns = "e", .unit = "J" }, 1000, NULL },
        { "time_s,power_mw", "%02d,100000", { .power_columns = "power_mw" }, 100, NULL },
        { "time_s,power_mw", "%02d,100", { .power_columns = "power_mw", .unit = "W" }, 100,
          NULL },
        { "time_s,p", "%02d,100 J", { .power_columns = "p" }, 0, "100 J" },
    };

    check_logs(logs, ERG_COUNT(logs));
}

int main(void)
{
    static const test tests[] = {
        TEST(a_row_with_more_cells_than_its_header_is_not_read),
        TEST(a_header_with_other_columns_is_another_table),
        TEST(every_log_says_the_unit_of_its_time_in_brackets),
        TEST(a_cell_in_a_unit_of_something_else_is_no_power),
        TEST(a_column_of_any_csv_bears_its_unit_in_its_name),
    };
    return test_run(tests, ERG_COUNT(tests));
}
