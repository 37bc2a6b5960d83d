/* SPDX-License-Identifier: Apache-2.0 */
/* The table ops as the governor runs it, from words of a job to the knob of its GPU. */
#include "govern/governed.h"

#define ONE "node: {id: n, sensors: [\"sim:a100-sxm4-80gb,load=constant:300\"]}\n"
#define OPS "ops: [{match: \"flash_*\", sm_clock: -200MHz, min_region: 500ms}, "           \
            "{match: deep, sm_clock: -9GHz, min_region: 100ms}]\n"
/* 1410 MHz less 200 MHz, in steps of 15 MHz. */
#define ENFORCE "mode: enforce\n" ONE OPS

static erg_result *say(governed *is, const char *line)
{
    erg_govern_request request;
    erg_error err = { 0 };
    CHECK_OK(erg_govern_request_parse(line, strlen(line), &request, &err), err);
    request.uid = 7;
    erg_result *result = erg_governor_answer(is->governor, &request, "test", &err);
    CHECK_OK(result, err);
    return result;
}

static void told(governed *is, const char *line)
{
    erg_result_free(say(is, line));
}

/* "": no phase. */
static void phase(governed *is, const char *name, double seconds)
{
    char line[128];
    snprintf(line, sizeof(line), "{\"do\": \"work\", \"phase\": \"%s\"}", name);
    told(is, line);
    run_for(is, seconds, 0.1);
}

static double hz(const governed *is, const char *column)
{
    erg_result *result = tables(is);
    double value = erg_table_find(erg_result_find(result, "clocks"), 0, column).real;
    erg_result_free(result);
    return value;
}

static bool clock_says(const governed *is, const char *column, const char *want)
{
    erg_result *result = tables(is);
    const char *text = erg_table_find(erg_result_find(result, "clocks"), 0, column).text;
    bool good = text && strstr(text, want);
    if (!good)
        print_message("# %s is %s, not %s\n", column, text ? text : "-", want);
    erg_result_free(result);
    return good;
}

static size_t journal_lines(const governed *is, const char *rule, const char *text)
{
    erg_result *result = tables(is);
    const erg_table *journal = erg_result_find(result, "journal");
    size_t count = 0;
    for (size_t i = 0; i < erg_table_row_count(journal); i++) {
        const char *says = erg_table_find(journal, i, "text").text;
        count += strcmp(erg_table_find(journal, i, "rule").text, rule) == 0
            && (!text || (says && strstr(says, text)));
    }
    erg_result_free(result);
    return count;
}

static void start(governed *is, const char *text)
{
    *is = (governed){ 0 };
    begin(is, text);
    run_for(is, 1, 0.1);
}

static void a_region_of_the_table_is_held_read_back_and_journalled(void)
{
    governed is;
    start(&is, ENFORCE);
    phase(&is, "flash_fwd", 1);
    CHECK(isnan(hz(&is, "wanted_hz")));         /* how long it lasts is not known yet */
    for (int i = 0; i < 3; i++) {
        phase(&is, "other", 1);
        CHECK(clock_says(&is, "state", "free") && hz(&is, "seen_hz") > 1409e6);
        phase(&is, "flash_fwd", 0);
        CHECK_NEAR(hz(&is, "enforced_hz"), 1215e6, 1e6);    /* at once */
        CHECK(clock_says(&is, "rule", "ops") && clock_says(&is, "state", "enforced"));
        run_for(&is, 1, 0.1);
        CHECK_NEAR(hz(&is, "seen_hz"), 1215e6, 1e6);
    }
    phase(&is, "", 0);
    CHECK(clock_says(&is, "state", "free"));
    CHECK(journal_lines(&is, "ops", "flash_fwd: 200 MHz below") == 3);
    CHECK(journal_lines(&is, "free", NULL) == 3);
    end(&is);
}

static void short_regions_and_other_names_turn_nothing(void)
{
    governed is;
    start(&is, ENFORCE);
    for (int i = 0; i < 20; i++) {
        phase(&is, "flash_fwd", 0.3);
        CHECK(isnan(hz(&is, "requested_hz")));
        phase(&is, "prefill", 2);
        CHECK(isnan(hz(&is, "requested_hz")));
    }
    CHECK(journal_lines(&is, "ops", NULL) == 0);
    end(&is);
}

static void a_delta_below_the_least_clock_ends_there(void)
{
    governed is;
    start(&is, ENFORCE);
    phase(&is, "deep", 1);
    phase(&is, "", 1);
    phase(&is, "deep", 0.5);
    CHECK_NEAR(hz(&is, "enforced_hz"), 210e6, 1e6);
    end(&is);
}

static void the_least_of_all_who_ask_is_in_force(void)
{
    governed is;
    start(&is, ENFORCE);
    phase(&is, "flash_fwd", 1);
    phase(&is, "", 1);
    told(&is, "{\"do\": \"hint\", \"clock_delta_hz\": -100e6}");
    phase(&is, "flash_fwd", 1);
    CHECK_NEAR(hz(&is, "enforced_hz"), 1215e6, 1e6);
    CHECK(clock_says(&is, "rule", "ops"));
    phase(&is, "", 1);
    CHECK_NEAR(hz(&is, "enforced_hz"), 1305e6, 6e6);        /* the hint's is left */
    told(&is, "{\"do\": \"hint\", \"clock_delta_hz\": -400e6}");
    phase(&is, "flash_fwd", 1);
    CHECK_NEAR(hz(&is, "enforced_hz"), 1010e6, 6e6);
    CHECK(clock_says(&is, "rule", "hint"));
    end(&is);
}

/* Nothing to compare by is told, so that the policy of phases stays at the highest. */
static void with_dvfs_auto_it_is_a_cap_of_that_policy(void)
{
    governed is;
    start(&is, ENFORCE "gpu: {dvfs: auto}\n");
    phase(&is, "flash_fwd", 1);
    phase(&is, "other", 1);
    double free_hz = hz(&is, "wanted_hz");
    CHECK(!(free_hz < 1409e6));
    phase(&is, "flash_fwd", 0);
    CHECK_NEAR(hz(&is, "enforced_hz"), 1215e6, 1e6);
    run_for(&is, 1, 0.1);
    CHECK_NEAR(hz(&is, "enforced_hz"), 1215e6, 1e6);
    phase(&is, "other", 0);
    CHECK(!(hz(&is, "wanted_hz") < 1409e6));
    end(&is);
}

static void a_job_that_falls_silent_leaves_no_clock_behind(void)
{
    governed is;
    start(&is, ENFORCE);
    phase(&is, "flash_fwd", 1);
    phase(&is, "", 1);
    phase(&is, "flash_fwd", 20);
    CHECK(clock_says(&is, "rule", "ops"));
    run_for(&is, 11, 0.1);                      /* 30 s without a word */
    CHECK(clock_says(&is, "state", "free") && hz(&is, "seen_hz") > 1409e6);
    end(&is);
}

/* It is seen at its highest clock all through the region: ten times that is too long. */
static void a_gpu_that_does_not_follow_is_asked_once(void)
{
    governed is;
    start(&is, "mode: enforce\nnode: {id: n, sensors: [\"sim:a100-sxm4-80gb,"
          "load=constant:300,refuse=1215MHz\"]}\n" OPS);
    phase(&is, "flash_fwd", 2);
    phase(&is, "", 1);
    phase(&is, "flash_fwd", 2);
    CHECK(clock_says(&is, "state", "not_taken"));
    for (int i = 0; i < 5; i++) {
        phase(&is, "", 1);
        phase(&is, "flash_fwd", 2);
        CHECK(clock_says(&is, "state", "free"));
    }
    CHECK(journal_lines(&is, "ops", NULL) == 1);
    end(&is);
}

static void who_observes_says_what_it_would_do(void)
{
    governed is;
    start(&is, ONE OPS);
    phase(&is, "flash_fwd", 1);
    phase(&is, "", 1);
    phase(&is, "flash_fwd", 1);
    CHECK(clock_says(&is, "reason", "it would be turned to 1215 MHz"));
    CHECK(hz(&is, "seen_hz") > 1409e6);
    end(&is);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_region_of_the_table_is_held_read_back_and_journalled),
        TEST(short_regions_and_other_names_turn_nothing),
        TEST(a_delta_below_the_least_clock_ends_there),
        TEST(the_least_of_all_who_ask_is_in_force),
        TEST(with_dvfs_auto_it_is_a_cap_of_that_policy),
        TEST(a_job_that_falls_silent_leaves_no_clock_behind),
        TEST(a_gpu_that_does_not_follow_is_asked_once),
        TEST(who_observes_says_what_it_would_do),
    };
    return test_run(tests, ERG_COUNT(tests));
}
