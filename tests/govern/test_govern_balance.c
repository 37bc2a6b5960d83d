/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watts between two GPUs of one synchronous job. The job is a law: a rank's work takes
 * TIME/((cap - 60 W)/(350 W - 60 W))^(1/2.4), its time at 350 W and above; with 500 W for
 * both the best split makes the two equal, which is 1.0355 s: half each takes 1.193 s.
 */
#include "erg/record.h"
#include "govern/ergd.h"
#include "govern/governed.h"

#define NODE                                                                               \
    "mode: enforce\n"                                                                      \
    "node: {id: n, sensors: [\"sim:a100-sxm4-80gb,load=constant:350\", "                   \
    "\"sim:a100-sxm4-40gb,load=constant:350\"]}\n"
/* Both draw all they may: the bands, which never look here,
 * would take that for too much. */
#define LIMIT(policy)                                                                      \
    NODE "cap: {scope: node, limit: 500W, policy: " policy "}\n"                           \
         "rack: {period: 3600s}\n"
#define BALANCED LIMIT("balance")
#define BEST_S 1.0355
#define HALF_S 1.193

static const char *const gpus[] = { "sim:a100-sxm4-80gb", "sim:a100-sxm4-40gb" };
static const double full_s[] = { 1.0, 0.7 };

static double epoch_of(size_t rank, double cap_w)
{
    return full_s[rank] / pow(fmin(1, (cap_w - 60) / 290), 1 / 2.4);
}

static void tell(governed *is, size_t rank, int64_t uid, const char *job, double epoch_s)
{
    erg_govern_request request = { .verb = ERG_GOVERN_WORK, .epoch_s = epoch_s, .uid = uid,
                                   .units = NAN, .for_s = 60 };
    erg_error err = { 0 };
    erg_text_put(request.device, sizeof(request.device), gpus[rank]);
    erg_text_put(request.job, sizeof(request.job), job);
    erg_result *result = erg_governor_answer(is->governor, &request, "test", &err);
    CHECK_OK(result, err);
    erg_result_free(result);
}

/* Seconds that the slower one takes, after one step of the job. */
static double step(governed *is, const int64_t uids[], double *late_w)
{
    double slowest_s = 0, sum_w = 0;

    for (size_t k = 0; k < 2; k++) {
        double cap_w = grant(is, k + 1, "enforced_w");
        double epoch_s = epoch_of(k, isnan(cap_w) ? 400 : cap_w);
        sum_w += cap_w;
        slowest_s = fmax(slowest_s, epoch_s);
        tell(is, k, uids[k], "train", epoch_s);
        if (k == 0)
            *late_w = cap_w;
    }
    CHECK(!(sum_w > 500 + 1e-6));
    run_for(is, slowest_s, 0.1);
    return slowest_s;
}

static void the_late_one_gets_watts_until_both_are_equally_late(void)
{
    static const int64_t uids[] = { 7, 7 };
    governed is = { 0 };
    double time_s = 0, late_w, before_w = 0;
    begin(&is, BALANCED);
    run_for(&is, 2, 0.1);
    for (int k = 0; k < 100; k++) {
        time_s = step(&is, uids, &late_w);
        if (k == 0)
            CHECK_NEAR(time_s, HALF_S, 0.01);
        CHECK(late_w >= before_w - 1e-6 || epoch_of(0, before_w) < time_s);
        before_w = late_w;
    }
    print_message("# %.4f s a step, the late one at %.1f W\n", time_s, late_w);
    CHECK(time_s < 1.02 * BEST_S && late_w > 310);
    CHECK(says(&is, 1, "rule", "balance") && says(&is, 2, "rule", "balance"));
    CHECK_NEAR(grant(&is, 1, "grant_w") + grant(&is, 2, "grant_w"), 500, 1);
    end(&is);
}

static void a_limit_without_it_shares_evenly(void)
{
    static const int64_t uids[] = { 7, 7 };
    governed is = { 0 };
    double late_w, time_s = 0;
    begin(&is, LIMIT("limit"));
    run_for(&is, 2, 0.1);
    for (int k = 0; k < 20; k++)
        time_s = step(&is, uids, &late_w);
    CHECK_NEAR(time_s, HALF_S, 0.01);
    CHECK_NEAR(late_w, 250, 1);
    end(&is);
}

/* Whether or not somebody acts on it. */
static void the_epoch_that_is_shown_follows(void)
{
    static const char *const configs[] = { BALANCED, LIMIT("limit") };
    for (size_t k = 0; k < ERG_COUNT(configs); k++) {
        governed is = { 0 };
        begin(&is, configs[k]);
        run_for(&is, 2, 0.1);
        for (int i = 0; i < 15; i++) {
            tell(&is, 0, 7, "alone", i < 5 ? 1 : 2);
            run_for(&is, 1, 0.1);
        }
        erg_result *result = tables(&is);
        const erg_table *epochs = erg_result_find(result, "epochs");
        CHECK(erg_table_row_count(epochs) == 1);
        CHECK_NEAR(erg_table_find(epochs, 0, "epoch_s").real, 2, 1e-12);
        CHECK(isnan(erg_table_find(epochs, 0, "cap_w").real));
        erg_result_free(result);
        end(&is);
    }
}

/* What the late one may draw after so many steps of jobs that are balanced. */
static double after(governed *is, const int64_t uids[], int steps)
{
    double late_w = NAN;

    begin(is, BALANCED);
    run_for(is, 2, 0.1);
    for (int k = 0; k < steps; k++)
        step(is, uids, &late_w);
    return late_w;
}

static void two_jobs_do_not_share(void)
{
    static const int64_t uids[] = { 7, 8 };
    governed is = { 0 };
    double late_w = after(&is, uids, 20);

    CHECK_NEAR(late_w, 250, 1);
    end(&is);
}

static void what_a_job_had_is_even_again_when_it_is_over(void)
{
    static const int64_t uids[] = { 7, 7 };
    governed is = { 0 };
    double late_w = after(&is, uids, 40);

    CHECK(late_w > 300);
    run_for(&is, 70, 0.1);                      /* nothing is told for a minute */
    CHECK_NEAR(grant(&is, 1, "enforced_w"), 250, 6);
    CHECK_NEAR(grant(&is, 2, "enforced_w"), 250, 6);
    end(&is);
}

static void a_lower_cap_holds_at_once_for_both(void)
{
    static const int64_t uids[] = { 7, 7 };
    governed is = { 0 };

    after(&is, uids, 40);
    ask(&is, ERG_GOVERN_SET, 350, NULL);
    CHECK(grant(&is, 1, "enforced_w") + grant(&is, 2, "enforced_w") <= 350 + 1e-6);
    CHECK(grant(&is, 1, "enforced_w") > grant(&is, 2, "enforced_w"));
    ask(&is, ERG_GOVERN_BRAKE, NAN, NULL);
    CHECK_NEAR(grant(&is, 1, "enforced_w"), grant(&is, 2, "enforced_w"), 6);
    end(&is);
}

static void an_epoch_that_is_no_time_is_refused(void)
{
    static const char *const lines[] = {
        "{\"do\": \"work\", \"epoch_s\": 0}", "{\"do\": \"work\", \"epoch_s\": -1}",
        "{\"do\": \"work\", \"epoch_s\": \"1\"}",
    };
    for (size_t i = 0; i < ERG_COUNT(lines); i++) {
        erg_govern_request request;
        erg_error err = { 0 };
        CHECK(!erg_govern_request_parse(lines[i], strlen(lines[i]), &request, &err));
        CHECK(strstr(err.text, "\"epoch_s\" is a number above 0"));
    }
}

/* ---- with ergd itself --------------------------------------------------------------- */

static double enforced(const ergd_box *is, size_t row)
{
    const erg_govern_request request = { .verb = ERG_GOVERN_STATUS };
    erg_error err = { 0 };
    erg_result *result = erg_govern_ask(is->socket, &request, &err);
    CHECK_OK(result, err);
    double value =
        erg_table_find(erg_result_find(result, "grants"), row, "enforced_w").real;
    erg_result_free(result);
    return value;
}

static bool is_held(const ergd_box *is)
{
    return enforced(is, 1) > 0 && enforced(is, 2) > 0;
}

static erg_recorder *rank_of(const ergd_box *is, size_t rank)
{
    static const char *const sensors[] = { "sim:plain" };
    erg_error err = { 0 };
    erg_recorder *rec = erg_recorder_start(NULL, &(erg_record_options){
        .sensors = sensors, .sensor_count = 1 }, &err);
    CHECK_OK(rec, err);
    CHECK_OK(erg_recorder_govern(rec, is->socket, gpus[rank], NULL, &err), err);
    return rec;
}

/* Each rank marks its epochs as a program would. */
static void ergd_balances_two_programs_that_mark_their_epochs(void)
{
    ergd_box is;
    double caps_w[2] = { 0 };
    ergd_program();
    ergd_prepare(&is, BALANCED);
    ergd_start(&is);
    CHECK(ergd_await(ergd_listens, &is) && ergd_await(is_held, &is));
    erg_recorder *ranks[] = { rank_of(&is, 0), rank_of(&is, 1) };
    for (int k = 0; k < 80; k++) {
        for (size_t i = 0; i < 2; i++) {
            caps_w[i] = enforced(&is, i + 1);
            erg_mark(ranks[i], "epoch_s", epoch_of(i, caps_w[i]));
        }
        CHECK(caps_w[0] + caps_w[1] <= 500 + 1e-6);
        usleep(30000);
    }
    print_message("# %.1f and %.1f W\n", caps_w[0], caps_w[1]);
    CHECK(caps_w[0] > 310 && epoch_of(0, caps_w[0]) < 1.03 * BEST_S);
    CHECK(epoch_of(1, caps_w[1]) < 1.03 * BEST_S);
    erg_recorder_free(ranks[0]);
    erg_recorder_free(ranks[1]);
    CHECK(ergd_stop(&is) == 0);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_late_one_gets_watts_until_both_are_equally_late),
        TEST(a_limit_without_it_shares_evenly),
        TEST(the_epoch_that_is_shown_follows),
        TEST(two_jobs_do_not_share),
        TEST(what_a_job_had_is_even_again_when_it_is_over),
        TEST(a_lower_cap_holds_at_once_for_both),
        TEST(an_epoch_that_is_no_time_is_refused),
        TEST(ergd_balances_two_programs_that_mark_their_epochs),
    };
    return test_run(tests, ERG_COUNT(tests));
}
