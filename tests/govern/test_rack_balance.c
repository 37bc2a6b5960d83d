/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watts between two nodes of one synchronous job: two governors and a coordinator, with all
 * that they say to each other. The job is the law of test_govern_balance.c, with 500 W for
 * both: half each takes 1.193 s a step, the best split 1.0355 s.
 */
#include "govern/rack_place.h"

#define BEST_S 1.0355
#define HALF_S 1.193
#define NODE(id, policy)                                                                   \
    "mode: enforce\nnode: {id: " id ", fallback: 160W, sensors: "                          \
    "['sim:a100-sxm4-80gb,load=constant:350']}\ncap: {policy: " policy "}\n"               \
    "rack: {period: 3600s}\n"
/* 0.95 of it, the target of the bands, is 500 W. What nodes drew before they were capped is
 * cut by the bands; it comes back at once where rest is 0 s, else never. */
#define DESK(policy, rest)                                                                 \
    "role: rack\nnode: {id: c, sensors: ['sim:a100-sxm4-80gb']}\nrack: {cap: 526.32W, "    \
    "bands: {uncap: 0.95, hold: " rest "}, policy: " policy                                \
    ", nodes: [{id: n1, fallback: 160W}, {id: n2, fallback: 160W}]}\n"

enum { NODES = 2 };

static const double full_s[] = { 1.0, 0.7 };

typedef struct rack {
    place nodes[NODES], desk;
    int64_t uids[NODES];
    const char *jobs[NODES];
    double begun_s[NODES];
} rack;

static void begin_after(rack *is, const char *node_policy, const char *desk_policy,
                        const char *rest)
{
    char folder[200], text[500];
    erg_error err = { 0 };

    *is = (rack){ .uids = { 7, 7 }, .jobs = { "train", "train" } };
    now_ns = 1000 * ERG_NS_PER_S;
    for (int i = 0; i < NODES; i++) {
        erg_text_put(folder, sizeof(folder), test_folder());
        snprintf(text, sizeof(text), i ? NODE("n2", "%s") : NODE("n1", "%s"), node_policy);
        CHECK_OK(place_open(&is->nodes[i], folder, text, &err), err);
        erg_rack_up(is->nodes[i].rack, &(erg_rack_line){ put, &is->nodes[i].out });
    }
    erg_text_put(folder, sizeof(folder), test_folder());
    snprintf(text, sizeof(text), DESK("%s", "%s"), rest, desk_policy);
    CHECK_OK(place_open(&is->desk, folder, text, &err), err);
    erg_rack_up(is->desk.rack, &(erg_rack_line){ put, &is->desk.out });
}

static void begin(rack *is, const char *node_policy, const char *desk_policy)
{
    begin_after(is, node_policy, desk_policy, "0s");
}

static void end(rack *is)
{
    for (int i = 0; i < NODES; i++)
        place_close(&is->nodes[i]);
    place_close(&is->desk);
}

static double enforced_w(place *node)
{
    return erg_governor_claim(node->governor).enforced_w;
}

static double epoch_of(rack *is, int i)
{
    return full_s[i] / pow(fmin(1, (enforced_w(&is->nodes[i]) - 60) / 290), 1 / 2.4);
}

/* All members for a while; every message reaches all that it may be for. */
static void run_for(rack *is, double seconds)
{
    for (int64_t until_ns = now_ns + erg_ns_from_s(seconds); now_ns < until_ns;
         now_ns += ERG_NS_PER_S / 10) {
        for (int i = 0; i < NODES; i++) {
            step(&is->nodes[i]);
            carry(&is->nodes[i], &is->desk);
        }
        step(&is->desk);
        box sent = is->desk.out;
        for (int i = 0; i < NODES; i++) {
            is->desk.out = sent;
            carry(&is->desk, &is->nodes[i]);
        }
        CHECK(enforced_w(&is->nodes[0]) + enforced_w(&is->nodes[1]) <= 526.32 + 1e-6);
    }
}

static void tell(rack *is, int i, double epoch_s)
{
    erg_govern_request request = { .verb = ERG_GOVERN_WORK, .epoch_s = epoch_s,
                                   .uid = is->uids[i], .units = NAN, .for_s = 60 };
    erg_error err = { 0 };

    erg_text_put(request.job, sizeof(request.job), is->jobs[i]);
    erg_result *result = erg_governor_answer(is->nodes[i].governor, &request, "test", &err);
    CHECK_OK(result, err);
    erg_result_free(result);
}

/* Seconds that the slower one takes; each tells those that its own work took. */
static double step_job(rack *is)
{
    double slowest_s = 0;

    for (int i = 0; i < NODES; i++) {
        double epoch_s = epoch_of(is, i);
        slowest_s = fmax(slowest_s, epoch_s);
        tell(is, i, epoch_s);
    }
    run_for(is, slowest_s);
    return slowest_s;
}

static double after(rack *is, int steps)
{
    double time_s = 0;

    run_for(is, 30);    /* the coordinator's own wait, and a rise from the fallbacks */
    for (int k = 0; k < steps; k++)
        time_s = step_job(is);
    return time_s;
}

static void the_late_node_gets_watts_until_both_are_equally_late(void)
{
    rack is;

    begin(&is, "balance", "balance");
    double time_s = after(&is, 1);
    CHECK_NEAR(time_s, HALF_S, 0.01);
    for (int k = 0; k < 150; k++)
        time_s = step_job(&is);
    print_message("# %.4f s a step, %.1f and %.1f W\n", time_s, enforced_w(&is.nodes[0]),
                  enforced_w(&is.nodes[1]));
    CHECK(time_s < 1.02 * BEST_S);
    CHECK(enforced_w(&is.nodes[0]) > 310);
    end(&is);
}

/* The bands have left the late one 240 W and the other 260 W, and give nothing back: what
 * they leave the job is shared like any other. */
static void what_the_bands_leave_a_job_is_shared_all_the_same(void)
{
    rack is;

    begin_after(&is, "balance", "balance", "3600s");
    double time_s = after(&is, 1);
    CHECK_NEAR(enforced_w(&is.nodes[0]), 240, 1);
    for (int k = 0; k < 150; k++) {
        time_s = step_job(&is);
        CHECK(enforced_w(&is.nodes[0]) + enforced_w(&is.nodes[1]) <= 500.1);
    }
    CHECK(time_s < 1.02 * BEST_S);
    end(&is);
}

static void without_it_shares_are_even(void)
{
    static const char *const policies[][2] = { { "limit", "balance" },
                                               { "balance", "demand" } };

    for (size_t k = 0; k < ERG_COUNT(policies); k++) {
        rack is;
        begin(&is, policies[k][0], policies[k][1]);
        CHECK_NEAR(after(&is, 60), HALF_S, 0.01);
        end(&is);
    }
}

/* Another user's, another name, none: nothing says that these are one job. */
static void what_is_not_surely_one_job_is_not_balanced(void)
{
    static const struct { int64_t uid; const char *jobs[2]; } others[] = {
        { 8, { "train", "train" } }, { 7, { "train", "test" } }, { 7, { "", "" } },
    };

    for (size_t k = 0; k < ERG_COUNT(others); k++) {
        rack is;
        begin(&is, "balance", "balance");
        is.uids[1] = others[k].uid;
        memcpy(is.jobs, others[k].jobs, sizeof(is.jobs));
        CHECK_NEAR(after(&is, 60), HALF_S, 0.01);
        end(&is);
    }
}

static void the_coordinator_tells_epochs_and_shares(void)
{
    rack is;

    begin(&is, "balance", "balance");
    after(&is, 60);
    erg_result *told = erg_governor_tables(is.desk.governor, NULL);
    const erg_table *epochs = erg_result_find(told, "epochs");
    CHECK(erg_table_row_count(epochs) == 2);
    for (size_t i = 0; i < 2; i++) {
        CHECK_TEXT(erg_table_find(epochs, i, "node").text, i ? "n2" : "n1");
        CHECK_TEXT(erg_table_find(epochs, i, "job").text, "7/train");
        CHECK_NEAR(erg_table_find(epochs, i, "epoch_s").real, epoch_of(&is, (int)i), 0.03);
        CHECK_NEAR(erg_table_find(epochs, i, "cap_w").real, enforced_w(&is.nodes[i]), 6);
    }
    erg_result_free(told);
    end(&is);
}

/* What a job that is silent had is even again, and its node that is cut off falls back. */
static void silence_and_a_cut_end_it(void)
{
    rack is;

    begin(&is, "balance", "balance");
    after(&is, 100);
    CHECK(enforced_w(&is.nodes[0]) > enforced_w(&is.nodes[1]) + 50);
    run_for(&is, 90);
    CHECK_NEAR(enforced_w(&is.nodes[0]), enforced_w(&is.nodes[1]), 10);
    for (int k = 0; k < 101; k++, now_ns += ERG_NS_PER_S / 10)
        step(&is.nodes[0]);
    CHECK(enforced_w(&is.nodes[0]) <= 160);
    end(&is);
}

static void a_node_with_a_gpu_that_nobody_tells_of_takes_no_part(void)
{
    char text[500], folder[200];
    erg_error err = { 0 };
    place node;

    now_ns = 1000 * ERG_NS_PER_S;
    erg_text_put(folder, sizeof(folder), test_folder());
    snprintf(text, sizeof(text), "mode: enforce\ncap: {policy: balance}\nnode: {id: n1, "
             "sensors: ['sim:a100-sxm4-80gb', 'sim:a100-sxm4-40gb'], fallback: 300W}\n");
    CHECK_OK(place_open(&node, folder, text, &err), err);
    step(&node);
    for (int gpus = 1; gpus <= 2; gpus++) {
        for (int i = 0; i < gpus; i++) {
            erg_govern_request request = { .verb = ERG_GOVERN_WORK, .epoch_s = 1 + i,
                                           .uid = 7, .units = NAN, .for_s = 60,
                                           .job = "train" };
            erg_text_put(request.device, sizeof(request.device),
                         i ? "sim:a100-sxm4-40gb" : "sim:a100-sxm4-80gb");
            for (int k = 0; k < 5 + i; k++)
                erg_result_free(erg_governor_answer(node.governor, &request, "test", &err));
        }
        erg_govern_rank rank = erg_govern_rank_of(node.governor);
        CHECK_TEXT(rank.job, gpus == 1 ? "" : "7/train");
        CHECK(gpus == 1 ? isnan(rank.epoch_s) : rank.epoch_s == 2 && rank.steps == 6);
    }
    place_close(&node);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_late_node_gets_watts_until_both_are_equally_late),
        TEST(what_the_bands_leave_a_job_is_shared_all_the_same),
        TEST(without_it_shares_are_even),
        TEST(what_is_not_surely_one_job_is_not_balanced),
        TEST(the_coordinator_tells_epochs_and_shares),
        TEST(silence_and_a_cut_end_it),
        TEST(a_node_with_a_gpu_that_nobody_tells_of_takes_no_part),
    };
    return test_run(tests, ERG_COUNT(tests));
}
