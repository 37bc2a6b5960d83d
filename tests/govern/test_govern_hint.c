/* SPDX-License-Identifier: Apache-2.0 */
/* What jobs ask for while they run: the least is in force, and each ends with its time. */
#include "govern/governed.h"

#define TWO                                                                                \
    "node: {id: n, sensors: [\"sim:a100-sxm4-80gb,load=constant:300\", "                   \
    "\"sim:h100-sxm5-80gb,load=constant:300\"]}\nmode: enforce\n"
static const char *const first = "sim:a100-sxm4-80gb";

static bool say(governed *is, const char *line, int64_t uid, erg_error *err)
{
    erg_govern_request request;
    CHECK_OK(erg_govern_request_parse(line, strlen(line), &request, err), *err);
    request.uid = uid;
    erg_result *result = erg_governor_answer(is->governor, &request, "test", err);
    erg_result_free(result);
    return result != NULL;
}

static void hint(governed *is, const char *line, int64_t uid)
{
    erg_error err = { 0 };
    CHECK_OK(say(is, line, uid, &err), err);
}

static void a_hint_holds_every_gpu_and_ends_with_its_time(void)
{
    governed is;
    begin(&is, TWO);
    run_for(&is, 0.2, 0.1);
    hint(&is, "{\"do\": \"hint\", \"cap_w\": 300, \"for_s\": 5}", 7);
    CHECK_NEAR(grant(&is, 1, "enforced_w"), 300, 1e-6);
    CHECK_NEAR(grant(&is, 2, "enforced_w"), 300, 1e-6);
    CHECK(says(&is, 1, "rule", "hint") && rows_in(&is, "hints") == 1);
    run_for(&is, 4, 0.1);
    CHECK_NEAR(grant(&is, 1, "enforced_w"), 300, 1e-6);
    run_for(&is, 2, 0.1);
    CHECK(rows_in(&is, "hints") == 0 && grant(&is, 1, "enforced_w") > 390);
    end(&is);
}

static void the_least_is_in_force_and_nobody_undoes_anothers(void)
{
    governed is;
    begin(&is, TWO);
    ask(&is, ERG_GOVERN_SET, 250, first);
    hint(&is, "{\"do\": \"hint\", \"cap_w\": 300}", 7);
    CHECK_NEAR(grant(&is, 1, "enforced_w"), 250, 1e-6);     /* what was set stays */
    CHECK_NEAR(grant(&is, 2, "enforced_w"), 300, 1e-6);
    hint(&is, "{\"do\": \"hint\", \"cap_w\": 220, \"device\": \"sim:a100-sxm4-80gb\"}", 8);
    CHECK_NEAR(grant(&is, 1, "enforced_w"), 220, 1e-6);
    hint(&is, "{\"do\": \"hint\", \"device\": \"sim:a100-sxm4-80gb\"}", 7);
    CHECK(rows_in(&is, "hints") == 2);                         /* of user 7 there is none */
    hint(&is, "{\"do\": \"hint\"}", 7);
    hint(&is, "{\"do\": \"hint\", \"device\": \"sim:a100-sxm4-80gb\"}", 8);
    run_for(&is, 1, 0.1);
    CHECK(rows_in(&is, "hints") == 0);
    CHECK_NEAR(grant(&is, 1, "enforced_w"), 250, 1e-6);
    end(&is);
}

static void a_delta_is_under_the_highest_clock(void)
{
    governed is;
    begin(&is, TWO);
    run_for(&is, 0.2, 0.1);
    hint(&is, "{\"do\": \"hint\", \"clock_delta_hz\": -2e8, "
              "\"device\": \"sim:a100-sxm4-80gb\"}", 7);
    CHECK_NEAR(real_in(&is, "clocks", 0, "wanted_hz"), 1410e6 - 200e6, 8e6);
    CHECK(isnan(real_in(&is, "clocks", 1, "wanted_hz")));
    ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);
    CHECK(isnan(real_in(&is, "clocks", 0, "wanted_hz")) && rows_in(&is, "hints") == 0);
    end(&is);
}

static bool has_policy(const governed *is)
{
    erg_result *result = tables(is);
    const erg_table *phases = erg_result_find(result, "phases");
    bool has = erg_table_row_count(phases) && erg_table_find(phases, 0, "policy").text;
    erg_result_free(result);
    return has;
}

/* Whoever else tells of its work must not turn clocks by somebody's hint. */
static void dvfs_is_of_the_user_who_asked(void)
{
    static const char work[] = "{\"do\": \"work\", \"phase\": \"decode\", "
                               "\"device\": \"sim:a100-sxm4-80gb\"}";
    governed is;
    begin(&is, TWO);
    hint(&is, "{\"do\": \"hint\", \"dvfs\": \"auto\", \"slowdown\": 0.03, "
              "\"objective\": \"throughput_per_watt\"}", 7);
    hint(&is, work, 8);
    run_for(&is, 2, 0.1);
    CHECK(!has_policy(&is));
    run_for(&is, 40, 0.5);      /* user 8 and the hint are forgotten */
    CHECK(rows_in(&is, "hints") == 0);
    hint(&is, "{\"do\": \"hint\", \"dvfs\": \"auto\", \"slowdown\": 0.03}", 7);
    hint(&is, work, 7);
    run_for(&is, 2, 0.1);
    CHECK(has_policy(&is));
    hint(&is, "{\"do\": \"hint\", \"dvfs\": \"off\"}", 7);
    run_for(&is, 1, 0.1);
    CHECK(isnan(real_in(&is, "clocks", 0, "wanted_hz")));
    end(&is);
}

/* By hand nobody says it again: it is kept until somebody lets go of it. */
static void a_hint_may_be_kept_until_release(void)
{
    static const char kept[] = "{\"do\": \"hint\", \"cap_w\": 290, \"job\": \"hand\", "
                               "\"until_release\": true}";
    governed is;
    begin(&is, TWO);
    hint(&is, kept, 7);
    hint(&is, "{\"do\": \"hint\", \"cap_w\": 300}", 7); /* a program of the same user */
    run_for(&is, 7200, 5);
    CHECK(rows_in(&is, "hints") == 1 && isnan(real_in(&is, "hints", 0, "left_s")));
    CHECK_NEAR(grant(&is, 2, "enforced_w"), 290, 1e-6);
    ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);
    CHECK(rows_in(&is, "hints") == 0);
    hint(&is, kept, 7);
    hint(&is, "{\"do\": \"hint\", \"job\": \"hand\"}", 8);     /* not his */
    CHECK(rows_in(&is, "hints") == 1);
    hint(&is, "{\"do\": \"hint\", \"job\": \"hand\"}", 7);
    CHECK(rows_in(&is, "hints") == 0);
    end(&is);
}

static void a_device_that_is_not_there_is_said(void)
{
    governed is;
    erg_error err = { 0 };
    begin(&is, TWO);
    CHECK(!say(&is, "{\"do\": \"hint\", \"cap_w\": 9, \"device\": \"nvml:7\"}", 7, &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "no device nvml:7"));
    CHECK(rows_in(&is, "hints") == 0);
    end(&is);
}

static void a_line_of_nonsense_is_no_hint(void)
{
    static const char *const lines[] = {
        "{\"do\": \"hint\", \"dvfs\": \"now\"}",
        "{\"do\": \"hint\", \"cap_w\": \"275W\"}",
        "{\"do\": \"hint\", \"clock_delta_hz\": 5}",
        "{\"do\": \"hint\", \"slowdown\": 0.1}",
        "{\"do\": \"hint\", \"dvfs\": \"auto\", \"objective\": \"beauty\"}",
    };
    for (size_t i = 0; i < ERG_COUNT(lines); i++) {
        erg_govern_request request;
        erg_error err = { 0 };
        CHECK(!erg_govern_request_parse(lines[i], strlen(lines[i]), &request, &err));
        CHECK(err.code == ERG_BAD_INPUT && err.text[0]);
    }
}

static void a_full_house_takes_no_more(void)
{
    governed is;
    erg_error err = { 0 };
    char line[100];
    begin(&is, TWO);
    for (int i = 0; i < 64; i++) {
        snprintf(line, sizeof(line), "{\"do\": \"hint\", \"cap_w\": 300, \"job\": \"j%d\"}",
                 i);
        hint(&is, line, 7);
    }
    CHECK(!say(&is, "{\"do\": \"hint\", \"cap_w\": 9}", 7, &err)
          && err.code == ERG_REFUSED);
    hint(&is, "{\"do\": \"hint\", \"cap_w\": 290, \"job\": \"j3\"}", 7);   /* its own */
    CHECK_NEAR(grant(&is, 1, "enforced_w"), 290, 1e-6);
    end(&is);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_hint_holds_every_gpu_and_ends_with_its_time),
        TEST(the_least_is_in_force_and_nobody_undoes_anothers),
        TEST(a_delta_is_under_the_highest_clock),
        TEST(dvfs_is_of_the_user_who_asked),
        TEST(a_hint_may_be_kept_until_release),
        TEST(a_device_that_is_not_there_is_said),
        TEST(a_line_of_nonsense_is_no_hint),
        TEST(a_full_house_takes_no_more),
    };
    return test_run(tests, ERG_COUNT(tests));
}
