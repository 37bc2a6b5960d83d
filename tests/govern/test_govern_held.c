/* SPDX-License-Identifier: Apache-2.0 */
/* Knobs of the boards that a user asks ergd to hold, on simulated silicon. */
#include "test.h"
#include "govern/governed.h"

#define TWO "sensors: ['sim:plain,smoothing,profiles,start=0s,load=square:50:300:10s', " \
            "'sim:a100-sxm4-80gb']"
#define ENFORCES "mode: enforce\nnode: {id: x, " TWO "}\n"

static double real(const governed *is, size_t row, const char *column)
{
    return real_in(is, "held", row, column);
}

static bool is_text(const governed *is, size_t row, const char *column, const char *want)
{
    return is_in(is, "held", row, column, want);
}

static bool journal_has(const governed *is, const char *rule, const char *part)
{
    erg_result *result = tables(is);
    const erg_table *table = erg_result_find(result, "journal");
    bool has = false;
    for (size_t i = 0; i < erg_table_row_count(table); i++) {
        const char *text = erg_table_find(table, i, "text").text;
        has |= strcmp(erg_table_find(table, i, "rule").text, rule) == 0 && text
            && strstr(text, part);
    }
    erg_result_free(result);
    return has;
}

static bool hold(governed *is, const char *knob, double value, double for_s, erg_error *err)
{
    erg_govern_request request = { .verb = ERG_GOVERN_SET, .value = value, .for_s = for_s };
    snprintf(request.knob, sizeof(request.knob), "%s", knob);
    erg_result *result = erg_governor_answer(is->governor, &request, "user 7", err);
    erg_result_free(result);
    return result != NULL;
}

/* Least power of the next 10 s, in which the load is at 50 W for 5 s. */
static double least_w(governed *is)
{
    double least = INFINITY;
    for (int i = 0; i < 100; i++) {
        run_for(is, 0.1, 0.1);
        least = fmin(least, grant(is, 1, "power_w"));
    }
    return least;
}

static void a_floor_that_is_set_is_held_and_gone_on_release(void)
{
    governed is;
    erg_error err = { 0 };
    begin(&is, ENFORCES);
    run_for(&is, 1, 0.1);
    CHECK(rows_in(&is, "held") == 0);
    CHECK_NEAR(least_w(&is), 50, 2);
    CHECK_OK(hold(&is, "smoothing_floor", 0.6, INFINITY, &err), err);
    CHECK_OK(hold(&is, "smoothing_hysteresis", 60, INFINITY, &err), err);
    CHECK_OK(hold(&is, "smoothing", 1, INFINITY, &err), err);
    CHECK(rows_in(&is, "held") == 3);           /* one of two boards has them */
    CHECK(is_text(&is, 0, "node", "x/sim:plain") && is_text(&is, 0, "rule", "set"));
    CHECK(is_text(&is, 0, "knob", "smoothing_floor"));
    CHECK(is_text(&is, 0, "state", "enforced") && real(&is, 0, "enforced") == 0.6);
    CHECK(isnan(real(&is, 0, "left_s")));
    run_for(&is, 10, 0.1);                          /* the load has been at the floor */
    CHECK_NEAR(least_w(&is), 180, 2);
    CHECK(journal_has(&is, "set", "smoothing_floor was 0.5, asked 0.6, set 0.6"));
    ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);
    CHECK(rows_in(&is, "held") == 0);
    CHECK_NEAR(least_w(&is), 50, 2);
    CHECK(journal_has(&is, "free", "smoothing_floor is 0.5 again"));
    end(&is);
}

static bool let_go(governed *is, const char *knob, const char *device, erg_error *err)
{
    erg_govern_request request = { .verb = ERG_GOVERN_RELEASE };
    snprintf(request.knob, sizeof(request.knob), "%s", knob);
    snprintf(request.device, sizeof(request.device), "%s", device);
    erg_result *result = erg_governor_answer(is->governor, &request, "user 7", err);
    erg_result_free(result);
    return result != NULL;
}

/* The others, the cap, and what the configuration holds, stay. */
static void one_knob_is_released_alone(void)
{
    governed is;
    erg_error err = { 0 };
    begin(&is, ENFORCES "gpu: {hold: [smoothing_floor=70%]}\n");
    run_for(&is, 1, 0.1);
    CHECK(!let_go(&is, "smoothing_floor", "", &err) && err.code == ERG_NOT_FOUND);
    CHECK(strstr(err.text, "no user holds smoothing_floor"));
    ask(&is, ERG_GOVERN_SET, 300, NULL);
    CHECK_OK(hold(&is, "smoothing_floor", 0.4, INFINITY, &err), err);
    CHECK_OK(hold(&is, "smoothing_hysteresis", 60, INFINITY, &err), err);
    CHECK_OK(hold(&is, "workload_profile", 1, INFINITY, &err), err);
    CHECK_OK(let_go(&is, "smoothing_floor", "", &err), err);
    CHECK(rows_in(&is, "held") == 3 && is_text(&is, 0, "rule", "hold"));
    CHECK_NEAR(real(&is, 0, "enforced"), 0.7, 1e-12);
    CHECK_OK(let_go(&is, "workload_profile", "sim:plain", &err), err);
    CHECK(rows_in(&is, "held") == 2 && is_text(&is, 1, "knob", "smoothing_hysteresis"));
    CHECK(grant(&is, 0, "cap_w") == 300);
    CHECK(journal_has(&is, "release", "workload_profile is let go"));
    CHECK(!let_go(&is, "smoothing_hysteresis", "sim:a100-sxm4-80gb", &err));
    CHECK(strstr(err.text, "no user holds smoothing_hysteresis of sim:a100-sxm4-80gb"));
    CHECK(!let_go(&is, "zebra", "", &err) && err.code == ERG_BAD_INPUT);
    CHECK(!let_go(&is, "smoothing", "nvml:9", &err) && err.code == ERG_NOT_FOUND);
    CHECK(rows_in(&is, "held") == 2);
    end(&is);
}

/* A board of 300 W whose smoothing holds 180: what it is granted below that is burnt. */
static void a_floor_above_the_grant_is_said(void)
{
    governed is;
    erg_error err = { 0 };
    begin(&is, ENFORCES);
    run_for(&is, 1, 0.1);
    CHECK_OK(hold(&is, "smoothing_floor", 0.6, INFINITY, &err), err);
    CHECK(says(&is, 1, "state", "free"));           /* it is not switched on yet */
    CHECK_OK(hold(&is, "smoothing", 1, INFINITY, &err), err);
    CHECK(says(&is, 1, "state", "free"));
    ask(&is, ERG_GOVERN_SET, 150, "sim:plain");
    CHECK(says(&is, 1, "state", "floor"));
    CHECK(says(&is, 1, "reason", "power smoothing holds it at 180 W or more, it is granted "
                                 "150 W: lower smoothing_floor"));
    CHECK_OK(hold(&is, "smoothing_floor", 0.45, INFINITY, &err), err);
    CHECK(says(&is, 1, "state", "enforced"));
    end(&is);
}

/* A gate lowers what is launched, not what the board makes up for. */
static void a_floor_above_what_launches_may_draw_is_said(void)
{
    governed is;
    erg_error err = { 0 };
    begin(&is, ENFORCES "cap: {scope: gpu, limit: 140W, policy: token_bucket, "
                        "enforcement: [launch_gate]}\n");
    run_for(&is, 1, 0.1);
    CHECK_OK(hold(&is, "smoothing", 1, INFINITY, &err), err);
    CHECK(says(&is, 1, "state", "floor"));
    CHECK(says(&is, 1, "reason", "power smoothing holds it at 150 W or more, its launches "
                                 "may draw 140 W: held back they save nothing, until "
                                 "smoothing_floor is lower"));
    ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);
    CHECK(says(&is, 1, "state", "free"));
    end(&is);
}

static void for_a_time_and_over_what_the_configuration_holds(void)
{
    governed is;
    erg_error err = { 0 };
    begin(&is, ENFORCES "gpu: {hold: [smoothing_floor=70%]}\n");
    run_for(&is, 1, 0.1);
    CHECK(rows_in(&is, "held") == 1 && is_text(&is, 0, "rule", "hold"));
    CHECK_NEAR(real(&is, 0, "enforced"), 0.7, 1e-12);
    CHECK_OK(hold(&is, "smoothing_floor", 0.4, 5, &err), err);
    CHECK_OK(hold(&is, "workload_profile", 1, 5, &err), err);
    CHECK(rows_in(&is, "held") == 2 && is_text(&is, 0, "rule", "set"));
    CHECK(real(&is, 0, "enforced") == 0.4 && real(&is, 1, "enforced") == 1);
    CHECK_NEAR(real(&is, 1, "left_s"), 5, 0.01);
    run_for(&is, 6, 0.1);
    CHECK(rows_in(&is, "held") == 1 && is_text(&is, 0, "rule", "hold"));
    CHECK_NEAR(real(&is, 0, "enforced"), 0.7, 1e-12);
    ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);        /* is not the user's to release */
    CHECK(rows_in(&is, "held") == 1);
    CHECK_NEAR(real(&is, 0, "enforced"), 0.7, 1e-12);
    end(&is);
}

static void what_no_board_has_or_can_take_is_refused_in_a_sentence(void)
{
    static const struct { const char *knob; double value; erg_code code;
                          const char *what; } bad[] = {
        { "fan", 0.5, ERG_BAD_INPUT, "not held like this" },
        { "power_limit", 200, ERG_BAD_INPUT, "--cap" },
        { "sm_clock", 1e9, ERG_BAD_INPUT, "--clock" },
        { "zebra", 1, ERG_BAD_INPUT, "there is no knob zebra" },
        { "smoothing_offset", 50, ERG_UNSUPPORTED, "nothing here has the knob" },
        { "smoothing_ramp_up", 0, ERG_BAD_INPUT, "above 0" },
        { "smoothing_floor", -1, ERG_BAD_INPUT, "at least 0" },
        { "smoothing_floor", NAN, ERG_BAD_INPUT, "at least 0" },
    };
    governed is;
    begin(&is, ENFORCES);
    run_for(&is, 1, 0.1);
    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        bool good = !hold(&is, bad[i].knob, bad[i].value, INFINITY, &err)
            && err.code == bad[i].code && strstr(err.text, bad[i].what);
        if (!good)
            print_message("# %s: %s\n", bad[i].knob, err.text);
        CHECK(good && rows_in(&is, "held") == 0);
    }
    end(&is);
}

/* A parameter is of the preset that was in force: what is refused is a state with its
 * reason, asked for again, and dropped at release without a turn. */
static void what_the_board_refuses_is_said_and_let_go(void)
{
    governed is;
    erg_error err = { 0 };
    begin(&is, ENFORCES);
    run_for(&is, 1, 0.1);
    CHECK_OK(hold(&is, "smoothing_profile", 2, INFINITY, &err), err);
    CHECK_OK(hold(&is, "smoothing_floor", 0.6, INFINITY, &err), err);
    CHECK(is_text(&is, 1, "state", "refused") && isnan(real(&is, 1, "enforced")));
    CHECK(journal_has(&is, "set", "smoothing_profile of sim:plain is 2"));
    run_for(&is, 30, 0.1);
    CHECK(rows_in(&is, "held") == 2);
    ask(&is, ERG_GOVERN_RELEASE, NAN, "sim:plain");
    CHECK(rows_in(&is, "held") == 0);
    end(&is);
}

static void a_value_beyond_the_range_is_the_nearest(void)
{
    governed is;
    erg_error err = { 0 };
    begin(&is, ENFORCES);
    CHECK_OK(hold(&is, "smoothing_floor", 5, INFINITY, &err), err);
    CHECK(real(&is, 0, "requested") == 5 && real(&is, 0, "enforced") == 0.9);
    end(&is);
}

static void who_observes_turns_nothing_and_says_so(void)
{
    governed is;
    erg_error err = { 0 };
    begin(&is, "node: {id: x, " TWO "}\n");
    run_for(&is, 1, 0.1);
    CHECK_OK(hold(&is, "smoothing_floor", 0.6, 2, &err), err);
    CHECK_OK(hold(&is, "smoothing", 1, 2, &err), err);
    CHECK(rows_in(&is, "held") == 2 && is_text(&is, 1, "state", "observe"));
    CHECK(isnan(real(&is, 1, "requested")));
    CHECK_NEAR(least_w(&is), 50, 2);
    CHECK(rows_in(&is, "held") == 0);
    end(&is);
}

static void a_line_says_a_knob_and_its_value(void)
{
    static const char *const bad[] = {
        "{\"do\": \"set\", \"knob\": \"smoothing\"}",
        "{\"do\": \"set\", \"knob\": \"smoothing\", \"value\": \"on\"}",
        "{\"do\": \"set\", \"knob\": 3, \"value\": 1}",
        "{\"do\": \"set\", \"knob\": \"\", \"value\": 1}",
        "{\"do\": \"set\", \"knob\": \"a very very very very long name\", \"value\": 1}",
    };
    const char *good = "{\"do\": \"set\", \"knob\": \"smoothing_floor\", \"value\": 0.6}";
    erg_govern_request is;
    CHECK(erg_govern_request_parse(good, strlen(good), &is, NULL));
    CHECK_TEXT(is.knob, "smoothing_floor");
    CHECK(is.value == 0.6 && isnan(is.cap_w));
    good = "{\"do\": \"release\", \"knob\": \"smoothing_floor\"}";
    CHECK(erg_govern_request_parse(good, strlen(good), &is, NULL));
    CHECK_TEXT(is.knob, "smoothing_floor");
    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        CHECK(!erg_govern_request_parse(bad[i], strlen(bad[i]), &is, &err));
        CHECK(err.code == ERG_BAD_INPUT);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_floor_that_is_set_is_held_and_gone_on_release),
        TEST(one_knob_is_released_alone),
        TEST(a_floor_above_the_grant_is_said),
        TEST(a_floor_above_what_launches_may_draw_is_said),
        TEST(for_a_time_and_over_what_the_configuration_holds),
        TEST(what_no_board_has_or_can_take_is_refused_in_a_sentence),
        TEST(what_the_board_refuses_is_said_and_let_go),
        TEST(a_value_beyond_the_range_is_the_nearest),
        TEST(who_observes_turns_nothing_and_says_so),
        TEST(a_line_says_a_knob_and_its_value),
    };
    return test_run(tests, ERG_COUNT(tests));
}
