/* SPDX-License-Identifier: Apache-2.0 */
/* What a governor hands out to the tools beside its jobs: the launch gate's bucket. */
#include "test.h"
#include "govern/governed.h"

static void expect(const char *config, const char *want)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_SETTINGS };
    erg_error err = { 0 };
    governed is;

    begin(&is, config);
    run_for(&is, 2, 0.1);
    erg_result *result = erg_governor_answer(is.governor, &request, "test", &err);
    CHECK_OK(result, err);
    const erg_table *table = erg_result_find(result, "settings");
    if (want) {
        CHECK(erg_table_row_count(table) == 1);
        CHECK_TEXT(erg_table_find(table, 0, "tool").text, "launch");
        CHECK_TEXT(erg_table_find(table, 0, "variable").text, "ERG_LAUNCH");
        CHECK_TEXT(erg_table_find(table, 0, "settings").text, want);
    } else
        CHECK(erg_table_row_count(table) == 0);
    erg_result_free(result);
    end(&is);
}

/* Without a section mpi the MPI library has its delays, too. */
static void jitter_is_for_both_kinds_of_collectives(void)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_SETTINGS };
    static const char want[] = "jitter_from=0.01s,jitter=0.05s,rng_key=3,every=1";
    erg_error err = { 0 };
    governed is;

    begin(&is, "node: {id: x, sensors: ['sim:plain']}\n"
               "shaper: {jitter: [10ms, 50ms], rng_key: 3}\n");
    CHECK(is.config->unused_count == 0);
    erg_result *result = erg_governor_answer(is.governor, &request, "test", &err);
    CHECK_OK(result, err);
    const erg_table *table = erg_result_find(result, "settings");
    CHECK(erg_table_row_count(table) == 2);
    for (size_t i = 0; i < 2; i++) {
        CHECK_TEXT(erg_table_find(table, i, "tool").text, i ? "launch" : "mpi");
        CHECK_TEXT(erg_table_find(table, i, "settings").text, want);
    }
    erg_result_free(result);
    end(&is);
}

/* Blocks of NCCL are for the launch gate alone, with a budget and without. */
static void blocks_of_nccl_are_handed_to_the_launch_gate(void)
{
    expect("node: {id: x, sensors: ['sim:plain']}\nshaper: {nccl_ctas: 8}\n",
           "nccl_ctas=8");
    expect("socket: {path: /run/x.sock}\nnode: {id: x, sensors: ['sim:plain']}\n"
           "shaper: {nccl_ctas: 16}\ncap: {scope: gpu, limit: 600W, policy: token_bucket, "
           "enforcement: [launch_gate]}\n",
           "nccl_ctas=16,power=600W,sensor=ergd:/run/x.sock");
}

#define NODE "socket: {path: /run/x.sock}\nnode: {id: x, base: 40W, sensors: " \
             "['sim:a100-sxm4-80gb', 'sim:a100-sxm4-80gb']}\n"
#define BUCKET "limit: 600W, policy: token_bucket, enforcement: [launch_gate]"

/* Of 600 W two GPUs have half each, beside 40 W that no knob holds. */
static void a_cap_of_the_node_is_shared_by_its_gpus(void)
{
    expect(NODE "cap: {scope: node, window: 50ms, " BUCKET "}\n",
           "power=280W,window=0.05s,sensor=ergd:/run/x.sock");
}

static void a_cap_of_a_gpu_is_each_ones_own(void)
{
    expect(NODE "cap: {scope: gpu, " BUCKET "}\n", "power=600W,sensor=ergd:/run/x.sock");
}

static void without_a_gate_nothing_is_handed_out(void)
{
    expect(NODE "cap: {scope: gpu, limit: 600W, policy: token_bucket}\n", NULL);
    expect(NODE "cap: {scope: gpu, limit: 600W}\n", NULL);
}

/* The fallback of the node, beside what no knob holds, is the jobs' as well. */
static void a_fallback_is_handed_out_with_it(void)
{
    expect("socket: {path: /run/x.sock}\nnode: {id: x, base: 40W, fallback: 440W, sensors: "
           "['sim:a100-sxm4-80gb', 'sim:a100-sxm4-80gb']}\n"
           "cap: {scope: node, " BUCKET "}\n",
           "power=280W,fallback=200W,sensor=ergd:/run/x.sock");
}

/* Watts of a row of the table budgets; is_cap: by its rule they are the cap. */
static double budget_w(governed *is, size_t row, bool is_cap)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_SETTINGS };
    erg_error err = { 0 };
    erg_result *result = erg_governor_answer(is->governor, &request, "test", &err);
    CHECK_OK(result, err);
    const erg_table *table = erg_result_find(result, "budgets");
    double power_w = erg_table_find(table, row, "power_w").real;
    const char *rule = erg_table_find(table, row, "rule").text;
    CHECK(erg_table_row_count(table) == 3 && (strcmp(rule, "cap") == 0) == is_cap);
    erg_result_free(result);
    return power_w;
}

/* Of a board that was seen at 50 and at 300 W the least; of any other what all of ours
 * together were seen at. */
static void what_a_gpu_was_seen_at_least_is_handed_out_beside_its_budget(void)
{
    static const double want_w[] = { 50, 90, 140 };
    governed is;

    begin(&is, "node: {id: x, sensors: ['sim:plain,start=0s,load=square:50:300:10s', "
               "'sim:plain,start=0s,load=square:90:200:10s']}\n"
               "cap: {scope: gpu, " BUCKET "}\n");
    run_for(&is, 12, 0.1);
    erg_result *result = erg_governor_answer(
        is.governor, &(erg_govern_request){ .verb = ERG_GOVERN_SETTINGS }, "test", NULL);
    const erg_table *table = erg_result_find(result, "budgets");
    CHECK(erg_table_row_count(table) == ERG_COUNT(want_w));
    for (size_t i = 0; i < ERG_COUNT(want_w); i++)
        CHECK_NEAR(erg_table_find(table, i, "idle_w").real, want_w[i], 3);
    erg_result_free(result);
    end(&is);
}

/* Of a budget's row: whether the GPU was seen at rest. */
static bool seen_at_rest(const char *load)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_SETTINGS };
    char config[400];
    governed is;

    snprintf(config, sizeof(config), "node: {id: x, sensors: ['sim:plain,start=0s,%s']}\n"
             "cap: {scope: gpu, " BUCKET "}\n", load);
    begin(&is, config);
    run_for(&is, 12, 0.1);
    erg_result *result = erg_governor_answer(is.governor, &request, "test", NULL);
    const erg_table *table = erg_result_find(result, "budgets");
    bool at_rest = erg_table_find(table, 0, "at_rest").integer == 1;
    CHECK(erg_table_find(table, 1, "at_rest").integer == (at_rest ? 1 : 0));
    erg_result_free(result);
    end(&is);
    return at_rest;
}

/* A board of that kind idles at 20 W; one without a sensor of its use says nothing. */
static void a_gpu_is_seen_at_rest_only_where_nothing_ran_on_it(void)
{
    CHECK(seen_at_rest("heat,load=square:0:300:10s"));
    CHECK(!seen_at_rest("heat,load=square:60:300:10s"));
    CHECK(!seen_at_rest("heat,load=square:0:300:1s"));
    CHECK(!seen_at_rest("load=square:0:300:10s"));
}

#define GPUS "socket: {path: /run/x.sock}\nnode: {id: x, sensors: " \
             "['sim:a100-sxm4-80gb,load=constant:390', " \
             "'sim:a100-sxm4-80gb,load=constant:390']}\n" \
             "cap: {scope: gpu, limit: 350W, policy: token_bucket, " \
             "enforcement: [launch_gate]}\n"

/* Two GPUs that want all they can have, each with a cap of 350 W for its launches. */
static void a_budget_is_the_cap_and_never_above_what_is_granted_now(void)
{
    governed is;
    begin(&is, "mode: enforce\n" GPUS);
    run_for(&is, 3, 0.1);
    for (size_t i = 0; i < 3; i++)
        CHECK_NEAR(budget_w(&is, i, true), 350, 1e-9);
    ask(&is, ERG_GOVERN_SET, 500, NULL);
    run_for(&is, 10, 0.1);
    for (size_t i = 0; i < 3; i++)
        CHECK_NEAR(budget_w(&is, i, false), 240, 15);
    CHECK_NEAR(budget_w(&is, 0, false), grant(&is, 1, "grant_w"), 1e-9);
    ask(&is, ERG_GOVERN_SET, 200, "sim:a100-sxm4-80gb");
    run_for(&is, 10, 0.1);
    CHECK_NEAR(budget_w(&is, 0, false), 200, 1e-9);
    CHECK_NEAR(budget_w(&is, 1, false), 285, 25);
    ask(&is, ERG_GOVERN_BRAKE, NAN, NULL);
    run_for(&is, 1, 0.1);
    CHECK_NEAR(budget_w(&is, 0, false), 160, 1e-9);   /* the least of the board */
    ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);
    run_for(&is, 60, 0.1);
    CHECK_NEAR(budget_w(&is, 0, true), 350, 1e-9);
    end(&is);
}

/* A lease is what is shared; lost, the fallback is, and renewed, it is again. */
static void a_lease_that_is_lost_takes_the_budget_down(void)
{
    governed is;
    begin(&is, "mode: enforce\n" GPUS);
    run_for(&is, 2, 0.1);
    for (int round = 0; round < 2; round++) {
        erg_govern_lease lease = { .cap_w = 600, .until_ns = INT64_MAX, .state = "held" };
        erg_governor_lease(is.governor, &lease);
        run_for(&is, 40, 0.1);
        CHECK_NEAR(budget_w(&is, 0, false), 285, 25);
        lease.cap_w = 400;
        erg_governor_lease(is.governor, &lease);
        run_for(&is, 0.2, 0.1);
        CHECK_NEAR(budget_w(&is, 0, false), 190, 25);
    }
    end(&is);
}

static void who_observes_hands_out_the_cap_alone(void)
{
    governed is;
    begin(&is, GPUS);
    run_for(&is, 1, 0.1);
    ask(&is, ERG_GOVERN_SET, 500, NULL);
    run_for(&is, 5, 0.1);
    CHECK_NEAR(budget_w(&is, 0, true), 350, 1e-9);
    end(&is);
}

/* Held by the gate alone a cap turns no limit; by both it turns them, too. */
static void only_a_named_power_limit_is_turned(void)
{
    static const struct { const char *ways; double cap_w; } rows[] = {
        { "[launch_gate]", NAN }, { "[power_limit, launch_gate]", 200 },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char config[500];
        governed is;
        snprintf(config, sizeof(config), "mode: enforce\n" NODE "cap: {scope: gpu, limit: "
                 "200W, policy: token_bucket, enforcement: %s}\n", rows[i].ways);
        begin(&is, config);
        run_for(&is, 3, 0.1);
        double enforced_w = grant(&is, 1, "enforced_w");
        CHECK(isnan(rows[i].cap_w) ? isnan(enforced_w) : enforced_w == rows[i].cap_w);
        end(&is);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_cap_of_the_node_is_shared_by_its_gpus),
        TEST(a_cap_of_a_gpu_is_each_ones_own),
        TEST(without_a_gate_nothing_is_handed_out),
        TEST(a_fallback_is_handed_out_with_it),
        TEST(what_a_gpu_was_seen_at_least_is_handed_out_beside_its_budget),
        TEST(a_budget_is_the_cap_and_never_above_what_is_granted_now),
        TEST(a_lease_that_is_lost_takes_the_budget_down),
        TEST(who_observes_hands_out_the_cap_alone),
        TEST(jitter_is_for_both_kinds_of_collectives),
        TEST(blocks_of_nccl_are_handed_to_the_launch_gate),
        TEST(a_gpu_is_seen_at_rest_only_where_nothing_ran_on_it),
        TEST(only_a_named_power_limit_is_turned),
    };
    return test_run(tests, ERG_COUNT(tests));
}
