/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs that ask a governor before they start: their lines, their room, their queue. */
#include "device/machine.h"
#include "erg/govern.h"

static const char text[] =
    "version: 1\nnode: {id: n, ceil: 600W, sensors: [\"sim:a100-sxm4-80gb,"
    "load=constant:100\"]}\n"; /* 570 W may be promised */

typedef struct house {
    machine box;
    erg_govern_config *config;
    erg_governor *governor;
} house;

static void begin_as(house *is, const char *config)
{
    erg_error err = { 0 };

    machine_open(&is->box, NULL);
    is->config = erg_govern_config_parse("test", config, strlen(config), &err);
    CHECK_OK(is->config, err);
    is->governor = erg_governor_open(is->config, &is->box.env, &err);
    CHECK_OK(is->governor, err);
    is->box.now_ns += ERG_NS_PER_S;
    CHECK_OK(erg_governor_step(is->governor, is->box.now_ns, &err), err);
}

static void begin(house *is)
{
    begin_as(is, text);
}

static void end(house *is)
{
    erg_governor_free(is->governor);
    erg_govern_config_free(is->config);
}

static erg_result *say(house *is, const char *line, erg_error *err)
{
    erg_govern_request request;

    if (!erg_govern_request_parse(line, strlen(line), &request, err))
        return NULL;
    return erg_governor_answer(is->governor, &request, "test", err);
}

/* The state of a job after this line; "": there is none of that name. */
static const char *after(house *is, const char *line, const char *job)
{
    static char state[32];
    erg_error err = { 0 };
    erg_result *result = say(is, line, &err);

    CHECK_OK(result, err);
    const erg_table *jobs = erg_result_find(result, "jobs");
    state[0] = '\0';
    for (size_t i = 0; i < erg_table_row_count(jobs); i++)
        if (strcmp(erg_table_find(jobs, i, "job").text, job) == 0)
            snprintf(state, sizeof(state), "%s", erg_table_find(jobs, i, "state").text);
    erg_result_free(result);
    return state;
}

static bool fails(house *is, const char *line, const char *why)
{
    erg_error err = { 0 };
    erg_result *result = say(is, line, &err);
    bool good = !result && strstr(err.text, why);

    if (!good)
        print_message("# %s: %s\n", line, err.text);
    erg_result_free(result);
    return good;
}

static void a_job_waits_until_its_watts_fit(void)
{
    house is = { 0 };

    begin(&is);
    CHECK(strcmp(after(&is, "{\"do\": \"admit\", \"job\": \"a\", \"power_w\": 400}", "a"),
                 "admitted")
          == 0);
    CHECK(strcmp(after(&is, "{\"do\": \"admit\", \"job\": \"b\", \"power_w\": 150}", "b"),
                 "queued")
          == 0);
    CHECK(strcmp(after(&is, "{\"do\": \"admit\", \"job\": \"b\", \"power_w\": 150}", "b"),
                 "queued")
          == 0); /* asked again, it is no second job */
    CHECK(fails(&is, "{\"do\": \"admit\", \"job\": \"b\", \"power_w\": 100}",
                "has said 150 W"));
    CHECK(strcmp(after(&is, "{\"do\": \"done\", \"job\": \"a\"}", "b"), "admitted") == 0);
    CHECK(strcmp(after(&is, "{\"do\": \"status\"}", "a"), "") == 0);
    erg_result *why = say(&is, "{\"do\": \"why\"}", NULL);
    const erg_table *journal = erg_result_find(why, "journal");
    CHECK(erg_table_row_count(journal) == 2);
    CHECK(strcmp(erg_table_find(journal, 1, "rule").text, "admit") == 0
          && strcmp(erg_table_find(journal, 1, "who").text, "b") == 0);
    erg_result_free(why);
    end(&is);
}

static void a_stated_time_ends_a_job(void)
{
    house is = { 0 };
    erg_error err = { 0 };

    begin(&is);
    CHECK(
        strcmp(after(&is,
                     "{\"do\": \"admit\", \"job\": \"a\", \"power_w\": 400, \"for_s\": 5}",
                     "a"),
               "admitted")
        == 0);
    is.box.now_ns += 6 * ERG_NS_PER_S;
    CHECK_OK(erg_governor_step(is.governor, is.box.now_ns, &err), err);
    CHECK(strcmp(after(&is, "{\"do\": \"status\"}", "a"), "") == 0);
    end(&is);
}

/* Not what its own machine draws. */
static void a_coordinators_jobs_must_fit_the_rack(void)
{
    static const char big[] = "{\"do\": \"admit\", \"job\": \"big\", \"power_w\": 5000}";
    house is = { 0 };

    begin(&is);
    erg_governor_room(is.governor, &(erg_govern_room){ 0, 0, NAN });
    CHECK(strcmp(after(&is, big, "big"), "too_large") == 0);
    erg_governor_room(is.governor, &(erg_govern_room){ 10000, 10000, 4000 });
    CHECK(strcmp(after(&is, big, "big"), "admitted") == 0);
    end(&is);
}

/* At 400 W a board whose air is 60 C passes 70 C, and cools below 65 C without a load. */
static void a_hot_node_starts_no_job_where_cool_ones_are_preferred(void)
{
    static const char line[] = "{\"do\": \"admit\", \"job\": \"a\", \"power_w\": 10}";
    static const char node[] =
        "version: 1\nthermal: {hotspot: 70C, inlet: 21C, tau: 28s, prefer_cool: %s}\n"
        "node: {id: n, ceil: 2kW, sensors: [\"sim:a100-sxm4-80gb,heat,start=0s,"
        "ambient=21C,tau=10s,limit=95C,load=list:400:60s:20:600s\"]}\n";

    for (int prefers = 0; prefers < 2; prefers++) {
        house is = { 0 };
        char config[400];
        snprintf(config, sizeof(config), node, prefers ? "true" : "false");
        begin_as(&is, config);
        for (int i = 0; i < 110; i++) {
            is.box.now_ns += ERG_NS_PER_S / 2;
            CHECK(erg_governor_step(is.governor, is.box.now_ns, NULL));
        }
        CHECK(strcmp(after(&is, line, "a"), prefers ? "queued" : "admitted") == 0);
        for (int i = 0; i < 400; i++) {
            is.box.now_ns += ERG_NS_PER_S / 2;
            CHECK(erg_governor_step(is.governor, is.box.now_ns, NULL));
        }
        CHECK(strcmp(after(&is, line, "a"), "admitted") == 0);
        end(&is);
    }
}

static void what_is_no_job_is_said(void)
{
    static const struct {
        const char *line, *why;
    } rows[] = {
        { "{\"do\": \"admit\", \"power_w\": 1}", "\"job\" is a name" },
        { "{\"do\": \"admit\", \"job\": \"\", \"power_w\": 1}", "\"job\" is a name" },
        { "{\"do\": \"admit\", \"job\": \"a b\", \"power_w\": 1}", "\"job\" is a name" },
        { "{\"do\": \"admit\", \"job\": \"\\u001b[2J\", \"power_w\": 1}",
          "\"job\" is a name" },
        { "{\"do\": \"admit\", \"job\": \"0123456789012345678901234567890123\", "
          "\"power_w\": 1}",
          "\"job\" is a name" },
        { "{\"do\": \"admit\", \"job\": \"a\"}", "needs \"power_w\"" },
        { "{\"do\": \"admit\", \"job\": \"a\", \"power_w\": -1}", "above 0" },
        { "{\"do\": \"admit\", \"job\": \"a\", \"power_w\": 1, \"least_w\": 2}",
          "is above" },
        { "{\"do\": \"admit\", \"job\": \"a\", \"power_w\": 1, \"class\": 1.5}", "whole" },
        { "{\"do\": \"done\", \"job\": \"a\"}", "no job a" },
    };
    house is = { 0 };

    begin(&is);
    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        CHECK(fails(&is, rows[i].line, rows[i].why));
    end(&is);
}

static void more_jobs_than_are_kept_are_refused(void)
{
    house is = { 0 };
    char line[128];

    begin(&is);
    for (int i = 0; i < 64; i++) {
        snprintf(line, sizeof(line),
                 "{\"do\": \"admit\", \"job\": \"j%d\", \"power_w\": 1}", i);
        CHECK(*after(&is, line, "more") == '\0');
    }
    CHECK(fails(&is, "{\"do\": \"admit\", \"job\": \"more\", \"power_w\": 1}", "64 jobs"));
    end(&is);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_job_waits_until_its_watts_fit),       TEST(a_stated_time_ends_a_job),
        TEST(a_coordinators_jobs_must_fit_the_rack), TEST(what_is_no_job_is_said),
        TEST(a_hot_node_starts_no_job_where_cool_ones_are_preferred),
        TEST(more_jobs_than_are_kept_are_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
