/* SPDX-License-Identifier: Apache-2.0 */
/* Two recordings: different, equal, or not to be compared. */
#include "erg/energy.h"
#include "test.h"

typedef struct made {
    double mean_j, sd_j;
    int runs;
    const char *uuid;
    uint64_t seed;
} made;

/* Runs of 1 s each, of constant power that varies from run to run. */
static erg_trace *make(const made *plan, erg_scope scope, erg_method method)
{
    erg_error err = { 0 };
    erg_trace *trace = erg_trace_new(&err);
    CHECK_OK(trace, err);
    erg_device_info device = { .name = "nvml:0", .driver = "nvml", .scope = scope };
    snprintf(device.uuid, sizeof(device.uuid), "%s", plan->uuid);
    erg_channel_info info = { .device = erg_trace_add_device(trace, &device, &err),
                              .name = "power", .unit = "W", .quantity = ERG_POWER,
                              .kind = ERG_INSTANT, .method = method, .scope = scope,
                              .update_s = 0.01, .gain_u = 0.05 };
    int channel = erg_trace_add_channel(trace, &info, &err);
    test_random random = { plan->seed };
    for (int run = 0; run < plan->runs; run++) {
        double power_w = plan->mean_j + plan->sd_j * test_normal(&random);
        for (int i = 0; i < 200; i++) {
            erg_sample sample = { .t_ns = (run * 200 + i) * 10 * ERG_NS_PER_MS,
                                  .value = power_w };
            CHECK_OK(erg_trace_add_samples(trace, channel, &sample, 1, &err), err);
        }
        erg_region region = { .name = "run", .runs = NAN,
                              .begin_ns = (run * 2000 + 500) * ERG_NS_PER_MS,
                              .end_ns = (run * 2000 + 1500) * ERG_NS_PER_MS };
        CHECK_OK(erg_trace_add_region(trace, &region, &err), err);
    }
    return trace;
}

static erg_trace *plain(const made *plan)
{
    return make(plan, ERG_SCOPE_BOARD, ERG_METHOD_INTEGRAL);
}

typedef struct answer {
    double ratio, low, high;
    bool significant, says_turns;   /* a note says that one was recorded after the other */
    int verdict;
} answer;

static answer compare(erg_trace *a, erg_trace *b)
{
    erg_error err = { 0 };
    answer out = { 0 };
    erg_result *result = erg_trace_compare(a, b, &out.verdict, &err);
    CHECK_OK(result, err);
    const erg_table *table = erg_result_find(result, "comparison");
    out.ratio = erg_table_find(table, 0, "ratio").real;
    out.low = erg_table_find(table, 0, "ratio_low").real;
    out.high = erg_table_find(table, 0, "ratio_high").real;
    out.significant = erg_table_find(table, 0, "significant").integer == 1;
    out.says_turns = test_has_note(result, "One was recorded after the other: what changed "
                                   "meanwhile is in the difference")
        && test_has_note(result, "erg sweep --mode baseline --variant A,B");
    erg_result_free(result);
    erg_trace_free(a);
    erg_trace_free(b);
    return out;
}

static void three_per_cent_is_seen_by_one_meter_though_its_gain_is_not_known(void)
{
    answer got = compare(plain(&(made){ 100, 1, 20, "GPU-1", 1 }),
                         plain(&(made){ 103, 1, 20, "GPU-1", 2 }));
    CHECK(got.verdict == 1 && got.significant);
    CHECK_NEAR(got.ratio, 1.03, 0.01);
    CHECK(got.low > 1 && got.high < 1.05);
}

static void two_meters_of_unknown_gain_cannot_see_it(void)
{
    answer got = compare(plain(&(made){ 100, 1, 20, "GPU-1", 1 }),
                         plain(&(made){ 103, 1, 20, "GPU-2", 2 }));
    CHECK(got.verdict == 0 && !got.significant);
    CHECK(got.low < 1 && got.high > 1.1);
}

static void equal_runs_are_told_different_in_one_of_twenty(void)
{
    int wrong = 0;
    enum { TRIALS = 200 };
    for (int i = 0; i < TRIALS; i++) {
        answer got = compare(plain(&(made){ 100, 2, 6, "GPU-1", (uint64_t)(1000 + i) }),
                             plain(&(made){ 100, 2, 9, "GPU-1", (uint64_t)(5000 + i) }));
        wrong += got.significant;
        CHECK(got.significant == (got.low > 1 || got.high < 1));
    }
    /* 5 % of 200 is 10; n_eff makes small samples cautious; 20 is 3 sigma above. */
    CHECK(wrong <= 20);
}

static void one_run_each_leans_on_the_figures_own_intervals(void)
{
    answer got = compare(plain(&(made){ 100, 0, 1, "GPU-1", 1 }),
                         plain(&(made){ 150, 0, 1, "GPU-1", 1 }));
    CHECK(got.verdict == 1);
    CHECK_NEAR(got.ratio, 1.5, 1e-6);
    CHECK(got.low <= 1.5 && got.high >= 1.5);
}

static void the_error_of_a_model_does_not_cancel(void)
{
    made left = { 100, 0.1, 10, "cpu-a", 7 }, right = { 103, 0.1, 10, "cpu-a", 8 };
    answer seen = compare(make(&left, ERG_SCOPE_PACKAGE, ERG_METHOD_MODEL),
                          make(&right, ERG_SCOPE_PACKAGE, ERG_METHOD_MODEL));
    CHECK(!seen.significant && seen.verdict == 0);
    CHECK(seen.low < 0.9 && seen.high > 1.15);
}

static void scopes_and_simulation_are_not_comparable(void)
{
    const made plan = { 100, 1, 5, "GPU-1", 1 };
    CHECK(compare(plain(&plan), make(&plan, ERG_SCOPE_NODE, ERG_METHOD_INTEGRAL)).verdict
          == 2);
    answer got = compare(plain(&plan), make(&plan, ERG_SCOPE_BOARD, ERG_METHOD_SIMULATED));
    CHECK(got.verdict == 2 && isnan(got.ratio));
    erg_error err = { 0 };
    CHECK(compare(plain(&plan), erg_trace_new(&err)).verdict == 2);
}

static void different_idle_policies_are_not_comparable(void)
{
    erg_error err = { 0 };
    const made plan = { 100, 1, 5, "GPU-1", 1 };
    erg_trace *a = plain(&plan), *b = plain(&plan);
    CHECK_OK(erg_trace_set_meta(a, "idle_state", "deep_idle", &err), err);
    CHECK_OK(erg_trace_set_meta(b, "idle_state", "context_idle", &err), err);
    CHECK(compare(a, b).verdict == 2);
}

/* Temperature alone moves equal work; a model has none, and what is not comparable needs
 * no cure. */
static void two_recordings_are_said_to_be_one_after_the_other(void)
{
    const made plan = { 100, 1, 5, "GPU-1", 1 };

    CHECK(compare(plain(&plan), plain(&plan)).says_turns);
    CHECK(!compare(make(&plan, ERG_SCOPE_PACKAGE, ERG_METHOD_MODEL),
                   make(&plan, ERG_SCOPE_PACKAGE, ERG_METHOD_MODEL)).says_turns);
    CHECK(!compare(plain(&plan), make(&plan, ERG_SCOPE_NODE, ERG_METHOD_INTEGRAL))
               .says_turns);
}

int main(void)
{
    static const test tests[] = {
        TEST(three_per_cent_is_seen_by_one_meter_though_its_gain_is_not_known),
        TEST(two_meters_of_unknown_gain_cannot_see_it),
        TEST(equal_runs_are_told_different_in_one_of_twenty),
        TEST(one_run_each_leans_on_the_figures_own_intervals),
        TEST(the_error_of_a_model_does_not_cancel),
        TEST(scopes_and_simulation_are_not_comparable),
        TEST(different_idle_policies_are_not_comparable),
        TEST(two_recordings_are_said_to_be_one_after_the_other),
    };
    return test_run(tests, ERG_COUNT(tests));
}
