/* SPDX-License-Identifier: Apache-2.0 */
/* A clock for each phase, as erg choose --phases prints it. */
#include <math.h>
#include "govern/phase_table.h"
#include "test.h"

static bool parse(const char *text, erg_phase_table *out, erg_error *err)
{
    return erg_phase_table_parse("f", text, strlen(text), out, err);
}

static void what_erg_choose_prints_is_read(void)
{
    erg_phase_table table;
    erg_error err = { 0 };
    CHECK_OK(parse("phase,sm_clock_mhz,power_cap_w,time_s,energy_j\n"
                   "prefill,1275,,1.1,85\ndecode,900,,2.1,49\n", &table, &err), err);
    CHECK(table.count == 2);
    CHECK_NEAR(erg_phase_table_find(&table, "prefill"), 1275e6, 1);
    CHECK_NEAR(erg_phase_table_find(&table, "decode"), 900e6, 1);
    CHECK(isnan(erg_phase_table_find(&table, "fill")));
    CHECK_OK(parse("sm_clock_hz;phase\n1.2e9;a", &table, &err), err);
    CHECK_NEAR(erg_phase_table_find(&table, "a"), 1.2e9, 1);
}

/* A sweep of one command names its phases COMMAND/PHASE. */
static void a_phase_is_found_behind_the_name_of_its_command(void)
{
    erg_phase_table table;
    erg_error err = { 0 };
    CHECK_OK(parse("phase,sm_clock_mhz\n./a/prefill,1000\n./a/decode,900\n./b/decode,800\n",
                   &table, &err), err);
    CHECK_NEAR(erg_phase_table_find(&table, "prefill"), 1e9, 1);
    CHECK(isnan(erg_phase_table_find(&table, "decode")));   /* which of the two? */
    CHECK_NEAR(erg_phase_table_find(&table, "./b/decode"), 800e6, 1);
}

static void mistakes_are_refused_with_their_line(void)
{
    static const struct { const char *text, *where, *what; } rows[] = {
        { "", "f", "no phase" },
        { "application,sm_clock_mhz\na,900\n", "f:1:", "--table phases" },
        { "phase,power_cap_w\na,900\n", "f:1:", "sm_clock_mhz" },
        { "phase,sm_clock_mhz\n", "f", "no phase" },
        { "phase,sm_clock_mhz\na,900\nb,\n", "f:3:", "is no clock" },
        { "phase,sm_clock_mhz\na,-900\n", "f:2:", "is no clock" },
        { "phase,sm_clock_mhz\na,1e300\n", "f:2:", "is no clock" },
        { "phase,sm_clock_mhz\na\n", "f:2:", "expected" },
        { "phase,sm_clock_mhz\n,900\n", "f:2:", "needs a name" },
        { "phase,sm_clock_mhz\na,900\na,800\n", "f:3:", "there twice" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_phase_table table;
        erg_error err = { 0 };
        bool taken = parse(rows[i].text, &table, &err);
        bool good = !taken && err.code == ERG_BAD_INPUT && strstr(err.text, rows[i].where)
            && strstr(err.text, rows[i].what);
        if (!good)
            print_message("# row %zu: %s\n", i, taken ? "it was taken" : err.text);
        CHECK(good);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(what_erg_choose_prints_is_read),
        TEST(a_phase_is_found_behind_the_name_of_its_command),
        TEST(mistakes_are_refused_with_their_line),
    };
    return test_run(tests, ERG_COUNT(tests));
}
