/* SPDX-License-Identifier: Apache-2.0 */
/* What ERG_MPI may say: keys, words, quantities, and one sentence for all else. */
#include "test.h"
#include "mpi/config.h"

static void nothing_asked_changes_nothing(void)
{
    mpi_config config;

    CHECK(mpi_config_parse(NULL, &config, NULL) && !mpi_config_acts(&config));
    CHECK(mpi_config_parse("", &config, NULL) && !mpi_config_acts(&config));
    CHECK(mpi_config_parse("wait=busy,deterministic=off,wait_after=1ms", &config, NULL));
    CHECK(!mpi_config_acts(&config));
}

static void every_key_is_read_in_si(void)
{
    mpi_config c;
    erg_error err = { 0 };

    CHECK_OK(mpi_config_parse("wait=sleep,wait_after=250us,stagger=20ms,pace=10MB/s,"
                              "chunk=64KiB,hierarchical=on,deterministic=off,timeout=30s,"
                              "node_ranks=2,nap=2ms", &c, &err), err);
    CHECK(c.wait == WAIT_SLEEP && c.hierarchical == 1 && c.deterministic == 0);
    CHECK_NEAR(c.wait_after_s, 250e-6, 1e-15);
    CHECK_NEAR(c.nap_s, 2e-3, 1e-15);
    CHECK_NEAR(c.stagger_s, 0.020, 1e-15);
    CHECK_NEAR(c.pace_bytes_per_s, 1e7, 1e-6);
    CHECK_NEAR(c.chunk_bytes, 65536, 0);
    CHECK_NEAR(c.timeout_s, 30, 0);
    CHECK_NEAR(c.node_ranks, 2, 0);
}

static void what_acts_is_known(void)
{
    static const char *const texts[] = { "wait=sleep", "wait=slack", "stagger=1ms",
                                         "pace=1B/s", "hierarchical=on" };
    mpi_config config;

    for (size_t i = 0; i < ERG_COUNT(texts); i++)
        CHECK(mpi_config_parse(texts[i], &config, NULL) && mpi_config_acts(&config));
}

static void trouble_names_the_key_and_leaves_the_neutral(void)
{
    static const struct { const char *text, *says; } rows[] = {
        { "wiat=sleep", "wiat" },           { "wait=doze", "busy sleep slack" },
        { "wait", "wait" },                 { "wait=", "wait" },
        { "stagger=20", "stagger" },        { "stagger=20W", "stagger" },
        { "stagger=-1ms", "stagger" },      { "stagger=nan", "stagger" },
        { "pace=1MB", "pace" },             { "hierarchical=yes", "hierarchical" },
        { "wait=sleep,", NULL },            { ",wait=sleep", "key" },
        { "wait=sleep=busy", "wait" },      { "timeout=infs", "timeout" },
        { "wait=slee", "wait" },            { "wait=sleep busy", "wait" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        mpi_config config = { .wait = 77 };
        erg_error err = { 0 };
        bool good = mpi_config_parse(rows[i].text, &config, &err);
        CHECK(good == !rows[i].says);
        if (good)
            continue;
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, rows[i].says));
        CHECK(!mpi_config_acts(&config) && config.deterministic == 1);
    }
}

static void a_value_of_any_length_is_refused_or_read(void)
{
    char text[400];
    mpi_config config;

    for (size_t n = 1; n < sizeof(text) - 8; n++) {
        strcpy(text, "chunk=");
        memset(text + 6, '1', n);
        text[6 + n] = '\0';
        CHECK(!mpi_config_parse(text, &config, NULL));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(nothing_asked_changes_nothing),
        TEST(every_key_is_read_in_si),
        TEST(what_acts_is_known),
        TEST(trouble_names_the_key_and_leaves_the_neutral),
        TEST(a_value_of_any_length_is_refused_or_read),
    };
    return test_run(tests, ERG_COUNT(tests));
}
