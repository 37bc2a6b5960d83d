/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a rack: what is written is read, what is wrong is named. */
#include "govern/rack_message.h"
#include "test.h"

static const char grant_text[] =
    "{\"schema\":1,\"boot\":9,\"req\":4,\"epoch\":2,\"seq\":11,"
                                 "\"cap_w\":612.5,\"lease_s\":10,\"later\":[1,{}]}";

static void a_status_survives_the_way(void)
{
    const erg_lease_status sent = {
        .boot = 9007199254740991u, .request = 12, .epoch = 3, .sequence = 44,
        .epoch_seen = 3, .enforced_w = 612.25, .power_w = NAN, .demand_w = 700,
        .least_w = 100, .most_w = 1600, .fallback_w = 400, .rank = 2, .job = "7/train",
        .steps = 120, .epoch_s = 0.75,
    };
    char text[ERG_RACK_MESSAGE_MOST];
    erg_lease_status got;
    erg_error err = { 0 };
    size_t size = erg_rack_status_write(&sent, "leased", text);

    CHECK(size > 0 && size < ERG_RACK_MESSAGE_MOST);
    CHECK_OK(erg_rack_status_read(text, size, &got, &err), err);
    CHECK(got.boot == sent.boot && got.request == 12 && got.epoch == 3
          && got.sequence == 44);
    CHECK(got.enforced_w == 612.25 && isnan(got.power_w) && got.demand_w == 700);
    CHECK(got.least_w == 100 && got.most_w == 1600 && got.fallback_w == 400
          && got.rank == 2);
    CHECK_TEXT(got.job, "7/train");
    CHECK(got.steps == 120 && got.epoch_s == 0.75);
}

/* Nodes of an older version say nothing of jobs; who is in none says null. */
static void a_status_may_be_without_a_job(void)
{
    static const struct { const char *more, *says; } cases[] = {
        { "", NULL },
        { ",\"job\":\"\",\"steps\":0,\"epoch_s\":null", NULL },
        { ",\"job\":7", "job" },
        { ",\"job\":\"\\u001b\"", "job" },
        { ",\"job\":\"a name of more than fifty-five letters, which is the most there is\"",
          "job" },
        { ",\"steps\":-1", "steps" },
        { ",\"epoch_s\":0", "epoch_s" },
        { ",\"epoch_s\":1e99", "epoch_s" },
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        char text[ERG_RACK_MESSAGE_MOST];
        erg_lease_status got;
        erg_error err = { 0 };
        int size = snprintf(text, sizeof(text), "{\"schema\":1,\"boot\":7,\"req\":12,"
                            "\"epoch\":3,\"seq\":7,\"epoch_seen\":3,\"enforced_w\":700,"
                            "\"power_w\":650,\"demand_w\":null,\"min_w\":100,"
                            "\"max_w\":1200,\"fallback_w\":200,\"class\":1%s}",
                            cases[i].more);
        bool good = erg_rack_status_read(text, (size_t)size, &got, &err);
        CHECK(good == !cases[i].says && (good || strstr(err.text, cases[i].says)));
        if (good)
            CHECK(!got.job[0] && got.steps == 0 && isnan(got.epoch_s));
    }
}

static void a_grant_survives_the_way(void)
{
    const erg_lease_grant sent = { 9, 4, 2, 11, 612.5, 2500 * ERG_NS_PER_MS, true };
    char text[ERG_RACK_MESSAGE_MOST];
    erg_lease_grant got;
    erg_error err = { 0 };
    size_t size = erg_rack_grant_write(&sent, text);

    CHECK_OK(erg_rack_grant_read(text, size, &got, &err), err);
    CHECK(got.boot == 9 && got.request == 4 && got.epoch == 2 && got.sequence == 11);
    CHECK(got.cap_w == 612.5 && got.lease_ns == sent.lease_ns && got.hold);
}

static void unknown_keys_are_passed_over_and_hold_may_be_missing(void)
{
    erg_lease_grant got;
    erg_error err = { 0 };

    CHECK_OK(erg_rack_grant_read(grant_text, strlen(grant_text), &got, &err), err);
    CHECK(!got.hold && got.lease_ns == 10 * ERG_NS_PER_S);
}

static void wrong_grants_are_refused_by_name(void)
{
    static const struct { const char *from, *to, *says; } wrongs[] = {
        { "\"schema\":1", "\"schema\":2", "schema 1" },
        { "\"schema\":1,", "", "schema 1" },
        { "\"boot\":9", "\"boot\":-9", "boot" },
        { "\"boot\":9", "\"boot\":9.5", "boot" },
        { "\"boot\":9", "\"boot\":9007199254740992", "boot" },
        { "\"cap_w\":612.5", "\"cap_w\":\"612.5\"", "cap_w" },
        { "\"cap_w\":612.5", "\"cap_w\":null", "cap_w" },
        { "\"cap_w\":612.5", "\"cap_w\":-1", "cap_w" },
        { "\"cap_w\":612.5", "\"cap_w\":1e99", "cap_w" },
        { "\"lease_s\":10", "\"lease_s\":1e9", "lease_s" },
        { "\"lease_s\":10", "\"hold\":1,\"lease_s\":10", "hold" },
        { "\"seq\":11", "\"seq\":11,\"seq\":12", "grant:1" },
        { "}", "", "grant:1" },
    };

    for (size_t i = 0; i < ERG_COUNT(wrongs); i++) {
        char text[512];
        const char *at = strstr(grant_text, wrongs[i].from);
        erg_lease_grant got;
        erg_error err = { 0 };
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - grant_text), grant_text,
                 wrongs[i].to, at + strlen(wrongs[i].from));
        CHECK(!erg_rack_grant_read(text, strlen(text), &got, &err));
        CHECK(strstr(err.text, wrongs[i].says));
    }
}

static void long_messages_are_not_even_parsed(void)
{
    char text[ERG_RACK_MESSAGE_MOST + 1];
    erg_lease_status got;
    erg_error err = { 0 };

    memset(text, '[', sizeof(text));
    CHECK(!erg_rack_status_read(text, sizeof(text), &got, &err)
          && strstr(err.text, "1025 bytes"));
}

static void presence_and_brake_survive_the_way(void)
{
    char text[ERG_RACK_MESSAGE_MOST];
    erg_rack_presence presence;
    erg_rack_brake brake;

    size_t size = erg_rack_presence_write(&(erg_rack_presence){ true, 5, 6 }, text);
    CHECK(erg_rack_presence_read(text, size, &presence, NULL));
    CHECK(presence.is_up && presence.boot == 5 && presence.epoch == 6);
    size = erg_rack_brake_write(&(erg_rack_brake){ true, 6 }, text);
    CHECK(erg_rack_brake_read(text, size, &brake, NULL) && brake.is_on && brake.epoch == 6);
    CHECK(!erg_rack_brake_read("{\"schema\":1,\"on\":1,\"epoch\":1}", 31, &brake, NULL));
}

static void an_event_survives_the_way_and_steers_no_terminal(void)
{
    const erg_rack_event sent = { "migrate", "n\xc3\xa4", "nvml:0", "\"hot\"" };
    char text[ERG_RACK_MESSAGE_MOST], wrong[ERG_RACK_MESSAGE_MOST];
    erg_rack_event got;
    erg_error err = { 0 };

    size_t size = erg_rack_event_write(&sent, text);
    CHECK_OK(erg_rack_event_read(text, size, &got, &err), err);
    CHECK(memcmp(&got, &sent, sizeof(got)) == 0);
    static const char *const devices[] = { "\\u001b[2J", "\\n", "\\u007f",
        "a name of more than thirty-one letters" };
    for (size_t i = 0; i < ERG_COUNT(devices); i++) {
        int count = snprintf(wrong, sizeof(wrong),
                             "{\"schema\":1,\"kind\":\"mark\",\"node\":"
                             "\"n\",\"device\":\"%s\",\"text\":\"\"}", devices[i]);
        CHECK(!erg_rack_event_read(wrong, (size_t)count, &got, &err));
        CHECK(strstr(err.text, "device"));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_status_survives_the_way),
        TEST(a_status_may_be_without_a_job),
        TEST(a_grant_survives_the_way),
        TEST(unknown_keys_are_passed_over_and_hold_may_be_missing),
        TEST(wrong_grants_are_refused_by_name),
        TEST(long_messages_are_not_even_parsed),
        TEST(presence_and_brake_survive_the_way),
        TEST(an_event_survives_the_way_and_steers_no_terminal),
    };
    return test_run(tests, ERG_COUNT(tests));
}
