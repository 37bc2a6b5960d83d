/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions of the MPI library: offsets, pieces and naps, by their properties. */
#include "test.h"
#include "mpi/plan.h"
#include "mpi/tally.h"

static mpi_config config_of(const char *text)
{
    mpi_config config;
    CHECK(mpi_config_parse(text, &config, NULL));
    return config;
}

/* The world as data x pipeline x tensor groups, in each of the three directions. */
static void like_groups_of_a_regular_split_get_all_the_places(void)
{
    static const int sizes[][3] = { { 2, 2, 2 }, { 4, 2, 8 }, { 1, 3, 4 }, { 5, 1, 2 } };

    for (size_t i = 0; i < ERG_COUNT(sizes); i++) {
        const int *n = sizes[i], world = n[0] * n[1] * n[2];
        for (int way = 0, stride = 1; way < 3; stride *= n[2 - way], way++) {
            int size = n[2 - way], groups = world / size, seen[64] = { 0 };
            for (int rank = 0; rank < world; rank++) {
                if (rank / stride % size != 0)
                    continue;           /* not the first of its group */
                int64_t index = mpi_place_index((mpi_place){ rank, stride, size, world });
                CHECK(index >= 0 && index < groups && !seen[index]++);
            }
        }
    }
}

static void offsets_spread_evenly_and_stay_within_slack_and_timeout(void)
{
    mpi_config c = config_of("stagger=20ms");

    for (int i = 0; i < 8; i++)
        CHECK_NEAR(mpi_plan_offset_s(&c, i, 8, INFINITY), 20e-3 * i / 8, 1e-15);
    CHECK_NEAR(mpi_plan_offset_s(&c, 7, 8, 3e-3), 3e-3, 0);
    CHECK_NEAR(mpi_plan_offset_s(&c, 7, 8, 0), 0, 0);
    CHECK_NEAR(mpi_plan_offset_s(&c, 0, 1, INFINITY), 0, 0);
    c = config_of("stagger=20ms,timeout=1s");
    CHECK_NEAR(mpi_plan_offset_s(&c, 7, 8, INFINITY), 10e-3, 0);
    c = config_of("");
    CHECK_NEAR(mpi_plan_offset_s(&c, 7, 8, INFINITY), 0, 0);
}

/* Of the world, too; each of its collectives anew, unless a step has several. */
static void jitter_lies_between_its_bounds_and_below_the_timeout(void)
{
    mpi_config c = config_of("jitter_from=1ms,jitter=5ms,rng_key=7");

    for (int64_t i = 0; i < 200; i++) {
        double delay_s = mpi_plan_jitter_s(&c, i % 3, 3, i);
        CHECK(delay_s >= 1e-3 && delay_s < 5e-3);
        CHECK(mpi_plan_jitter_s(&c, 0, 3, i) != mpi_plan_jitter_s(&c, 1, 3, i));
        CHECK(mpi_plan_jitter_s(&c, 0, 1, i) != mpi_plan_jitter_s(&c, 0, 1, i + 1));
    }
    c = config_of("jitter_from=5ms,jitter=5ms,timeout=100ms,every=2");
    CHECK_NEAR(mpi_plan_jitter_s(&c, 0, 1, 4), 1e-3, 0);
    CHECK(mpi_plan_jitter_s(&c, 0, 1, 5) == 0);
    c = config_of("");
    CHECK(mpi_plan_jitter_s(&c, 0, 1, 0) == 0);
}

/* Two groups meet in a world-wide call after each step; the later one is waited for. */
static double settle(double stagger_s, double lead_s, double *late_s)
{
    mpi_config c = { .stagger_s = stagger_s, .timeout_s = 600 };
    double slack_s = INFINITY, offset_s = 0;

    for (int round = 0; round < 40; round++) {
        offset_s = mpi_plan_offset_s(&c, 1, 2, slack_s);
        slack_s = mpi_plan_slack_s(offset_s, fmax(0, lead_s - offset_s));
    }
    *late_s = fmax(0, offset_s - lead_s);
    return offset_s;
}

static void a_delay_takes_slack_and_no_more(void)
{
    double late_s;

    CHECK_NEAR(settle(20e-3, 50e-3, &late_s), 10e-3, 1e-12);    /* all of it fits */
    CHECK_NEAR(late_s, 0, 0);
    CHECK(settle(20e-3, 0, &late_s) < 100e-6);                  /* nothing to take */
    for (double lead_s = 1e-3; lead_s < 9e-3; lead_s += 1e-3) {
        double offset_s = settle(20e-3, lead_s, &late_s);
        CHECK(offset_s > 0.4 * lead_s && late_s < 0.1 * lead_s + 100e-6);
    }
}

static void pieces_hold_every_element_once(void)
{
    mpi_config c = config_of("pace=1GB/s,deterministic=off");
    test_random random = { 1 };

    for (int i = 0; i < 20000; i++) {
        int element = 1 + (int)(test_uniform(&random) * 64);
        int count = (int)(test_uniform(&random) * 1e6);
        bool one_node = i % 2;
        mpi_cut cut = mpi_plan_cut(&c, one_node, count, element);
        double bytes = (double)count * element;
        CHECK((int64_t)cut.each * (cut.pieces - 1) < (count ? count : 1)
              && (int64_t)cut.each * cut.pieces >= count);
        if (bytes <= 256 * 1024)
            CHECK(cut.pieces == 1);
        if (cut.pieces > 1)
            CHECK((double)cut.each * element <= (one_node ? 512 : 256) * 1024);
        else
            CHECK(bytes <= (one_node ? 512 : 256) * 1024 || count < 2);
    }
}

static void a_deterministic_program_is_neither_cut_nor_paced(void)
{
    mpi_config c = config_of("pace=1MB/s");

    CHECK(mpi_plan_cut(&c, true, 1 << 28, 8).pieces == 1);
    CHECK_NEAR(mpi_plan_gap_s(&c, 1e9), 0, 0);
    c.deterministic = 0;
    CHECK(mpi_plan_cut(&c, true, 1 << 28, 8).pieces == (1 << 28) / 65536);
    CHECK_NEAR(mpi_plan_gap_s(&c, 1e6), 1, 1e-12);
}

/* Each start waits for the gap of the one before: in any window at most a piece more than
 * rate times time. */
static void a_paced_stream_keeps_its_rate_in_every_window(void)
{
    mpi_config c = config_of("pace=100MB/s,deterministic=off");
    enum { PIECES = 200 };
    double start_s[PIECES], bytes[PIECES], free_s = 0, now_s = 0, most = 0;
    test_random random = { 2 };

    for (int i = 0; i < PIECES; i++) {
        now_s += test_uniform(&random) * 1e-3;
        now_s = fmax(now_s, free_s);
        start_s[i] = now_s;
        bytes[i] = test_uniform(&random) * 512e3;
        most = fmax(most, bytes[i]);
        free_s = now_s + mpi_plan_gap_s(&c, bytes[i]);
    }
    for (int from = 0; from < PIECES; from++) {
        double sum = 0;
        for (int to = from; to < PIECES; to++) {
            sum += bytes[to];
            CHECK(sum <= most + 100e6 * (start_s[to] - start_s[from]) + 1);
        }
    }
}

static void naps_grow_with_the_wait_and_lengthen_it_by_a_fiftieth(void)
{
    mpi_config c = config_of("wait=sleep");
    double waited_s = 0;

    CHECK_NEAR(mpi_plan_nap_s(&c, 499e-6), 0, 0);
    CHECK_NEAR(mpi_plan_nap_s(&c, 500e-6), 10e-6, 1e-15);
    CHECK_NEAR(mpi_plan_nap_s(&c, 1), 200e-6, 1e-15);
    for (waited_s = 0; waited_s < 1; waited_s += 10e-6) {
        double nap_s = mpi_plan_nap_s(&c, waited_s);
        CHECK(nap_s >= 0 && nap_s <= 0.02 * waited_s + 1e-18 && nap_s <= 200e-6);
    }
    /* A longer one is taken as soon as 2 % of the wait allow it, and never before. */
    c.nap_s = 2e-3;
    CHECK_NEAR(mpi_plan_nap_s(&c, 0.05), 1e-3, 1e-15);
    CHECK_NEAR(mpi_plan_nap_s(&c, 1), 2e-3, 1e-15);
}

static void every_call_has_a_name_and_a_row(void)
{
    static mpi_tally tallies[2 * CALL_COUNT];
    char text[8192] = "";

    for (int id = 0; id < CALL_COUNT; id++)
        CHECK(mpi_call_names[id] && strncmp(mpi_call_names[id], "MPI_", 4) == 0);
    tallies[CALL_BCAST] = (mpi_tally){ 3, 1, 0.5, 0.25, 0.125, 24, { 1000, 125 } };
    tallies[CALL_COUNT + CALL_WAIT] = (mpi_tally){ 1, 0, 0.5, 0.25, 0, NAN, { 0, 0 } };
    FILE *file = fmemopen(text, sizeof(text), "w");
    mpi_tally_write(file, tallies, 2);
    fclose(file);
    CHECK_TEXT(text, "rank,call,calls,naps,time_s,cpu_s,held_s,bytes,density\n"
                     "0,MPI_Bcast,3,1,0.500000000,0.250000000,0.125000000,24,0.125\n"
                     "1,MPI_Wait,1,0,0.500000000,0.250000000,0.000000000,n/a,n/a\n");
}

int main(void)
{
    static const test tests[] = {
        TEST(like_groups_of_a_regular_split_get_all_the_places),
        TEST(jitter_lies_between_its_bounds_and_below_the_timeout),
        TEST(offsets_spread_evenly_and_stay_within_slack_and_timeout),
        TEST(a_delay_takes_slack_and_no_more),
        TEST(pieces_hold_every_element_once),
        TEST(a_deterministic_program_is_neither_cut_nor_paced),
        TEST(a_paced_stream_keeps_its_rate_in_every_window),
        TEST(naps_grow_with_the_wait_and_lengthen_it_by_a_fiftieth),
        TEST(every_call_has_a_name_and_a_row),
    };
    return test_run(tests, ERG_COUNT(tests));
}
