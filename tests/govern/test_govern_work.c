/* SPDX-License-Identifier: Apache-2.0 */
/* Phases and work as jobs tell them: whose they are, how they count, when they end. */
#include "govern/governed.h"

#define TWO_GPUS                                                                           \
    "node: {id: n, sensors: [\"sim:a100-sxm4-80gb,load=constant:300\", "                   \
    "\"sim:plain,load=constant:100\"]}\n"

static bool tell(governed *is, int64_t uid, const char *line, erg_error *err)
{
    erg_govern_request request;
    if (!erg_govern_request_parse(line, strlen(line), &request, err))
        return false;
    request.uid = uid;
    erg_result *result = erg_governor_answer(is->governor, &request, "test", err);
    erg_result_free(result);
    return result != NULL;
}

static bool refuses(governed *is, int64_t uid, const char *line, const char *why)
{
    erg_error err = { 0 };
    bool good = !tell(is, uid, line, &err) && strstr(err.text, why);
    if (!good)
        print_message("# %s: %s\n", line, err.text);
    return good;
}

static double phase_real(const governed *is, const char *phase, const char *column)
{
    erg_result *result = tables(is);
    const erg_table *table = erg_result_find(result, "phases");
    double value = NAN;
    for (size_t i = 0; isnan(value) && i < erg_table_row_count(table); i++)
        if (strcmp(erg_table_find(table, i, "phase").text, phase) == 0)
            value = strcmp(column, "is_now") == 0
                ? (double)erg_table_find(table, i, column).integer
                : erg_table_find(table, i, column).real;
    erg_result_free(result);
    return value;
}

#define DECODE                                                                             \
    "{\"do\": \"work\", \"device\": \"sim:a100-sxm4-80gb\", \"phase\": \"decode\""

/* 4 s at 300 W with 8 units, of which the first word's 100 were done before. */
static void seconds_joules_and_units_are_of_the_phase_that_was_told(void)
{
    governed is = { 0 };
    erg_error err = { 0 };
    begin(&is, TWO_GPUS);
    run_for(&is, 1, 0.1);
    CHECK_OK(tell(&is, 7, DECODE ", \"units\": 100}", &err), err);
    run_for(&is, 2, 0.1);
    CHECK_OK(tell(&is, 7, DECODE ", \"units\": 105}", &err), err);
    run_for(&is, 2, 0.1);
    CHECK_OK(tell(&is, 7, DECODE ", \"units\": 108}", &err), err);
    CHECK_NEAR(phase_real(&is, "decode", "time_s"), 4, 0.02);
    CHECK_NEAR(phase_real(&is, "decode", "units"), 8, 1e-9);
    CHECK_NEAR(phase_real(&is, "decode", "energy_j"), 1200, 40);
    CHECK_NEAR(phase_real(&is, "decode", "j_per_unit"), 150, 6);
    CHECK(phase_real(&is, "decode", "is_now") == 1);
    CHECK_OK(tell(&is, 7, "{\"do\": \"work\"}", &err), err);    /* between phases */
    run_for(&is, 2, 0.1);
    CHECK_NEAR(phase_real(&is, "decode", "time_s"), 4, 0.02);
    CHECK(phase_real(&is, "decode", "is_now") == 0);
    end(&is);
}

/* A program that was started again counts from 0. */
static void a_count_that_falls_takes_nothing_off(void)
{
    static const double told[] = { 50, 60, 5, 25 };     /* 10 more, anew, 20 more */
    governed is = { 0 };
    erg_error err = { 0 };
    char line[160];
    begin(&is, TWO_GPUS);
    for (size_t i = 0; i < ERG_COUNT(told); i++) {
        run_for(&is, 1, 0.1);
        snprintf(line, sizeof(line), DECODE ", \"units\": %g}", told[i]);
        CHECK_OK(tell(&is, 7, line, &err), err);
    }
    CHECK_NEAR(phase_real(&is, "decode", "units"), 30, 1e-9);
    end(&is);
}

static void a_gpu_has_one_teller_until_that_is_forgotten(void)
{
    governed is = { 0 };
    erg_error err = { 0 };
    begin(&is, TWO_GPUS);
    run_for(&is, 1, 0.1);
    CHECK_OK(tell(&is, 7, DECODE ", \"for_s\": 5}", &err), err);
    CHECK(refuses(&is, 8, DECODE "}", "another job"));
    CHECK(refuses(&is, 7, DECODE ", \"job\": \"b\"}", "another job"));
    /* All GPUs or none. */
    CHECK(refuses(&is, 8, "{\"do\": \"work\", \"phase\": \"x\"}", "another job"));
    CHECK(isnan(phase_real(&is, "x", "time_s")));
    CHECK_OK(tell(&is, 8, "{\"do\": \"work\", \"device\": \"sim:plain\", \"phase\": \"x\"}",
                  &err), err);
    run_for(&is, 6, 0.1);
    CHECK(phase_real(&is, "decode", "is_now") == 0);        /* it has died, or is silent */
    CHECK_NEAR(phase_real(&is, "decode", "time_s"), 5, 0.2);
    CHECK_OK(tell(&is, 8, DECODE ", \"job\": \"b\"}", &err), err);
    CHECK_NEAR(phase_real(&is, "decode", "time_s"), 0, 0.01);   /* another job's: anew */
    end(&is);
}

static void more_phases_than_are_kept_are_refused(void)
{
    governed is = { 0 };
    erg_error err = { 0 };
    char line[160];
    begin(&is, TWO_GPUS);
    run_for(&is, 1, 0.1);
    for (int i = 0; i < 16; i++) {
        snprintf(line, sizeof(line), "{\"do\": \"work\", \"phase\": \"p%d\"}", i);
        CHECK_OK(tell(&is, 7, line, &err), err);
    }
    CHECK(refuses(&is, 7, "{\"do\": \"work\", \"phase\": \"more\"}", "16 phases"));
    CHECK_OK(tell(&is, 7, "{\"do\": \"work\", \"phase\": \"p3\"}", &err), err);
    CHECK(phase_real(&is, "p3", "is_now") == 1);
    end(&is);
}

static void what_is_no_report_is_said(void)
{
    static const struct { const char *line, *why; } rows[] = {
        { "{\"do\": \"work\", \"phase\": \"a b\"}", "\"phase\" is a name" },
        { "{\"do\": \"work\", \"phase\": \"\\u001b[2J\"}", "\"phase\" is a name" },
        { "{\"do\": \"work\", \"phase\": 5}", "\"phase\" is a name" },
        { "{\"do\": \"work\", \"phase\": \"0123456789012345678901234567890123\"}",
          "\"phase\" is a name" },
        { "{\"do\": \"work\", \"phase\": \"a\", \"units\": -1}", "0 or above" },
        { "{\"do\": \"work\", \"phase\": \"a\", \"units\": \"9\"}", "0 or above" },
        { "{\"do\": \"work\", \"units\": 9}", "needs \"phase\"" },
        { "{\"do\": \"work\", \"device\": \"nvml:9\", \"phase\": \"a\"}",
          "no device nvml:9" },
    };
    governed is = { 0 };
    begin(&is, TWO_GPUS);
    run_for(&is, 1, 0.1);
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        CHECK(refuses(&is, 7, rows[i].line, rows[i].why));
    end(&is);
}

int main(void)
{
    static const test tests[] = {
        TEST(seconds_joules_and_units_are_of_the_phase_that_was_told),
        TEST(a_count_that_falls_takes_nothing_off),
        TEST(a_gpu_has_one_teller_until_that_is_forgotten),
        TEST(more_phases_than_are_kept_are_refused),
        TEST(what_is_no_report_is_said),
    };
    return test_run(tests, ERG_COUNT(tests));
}
