/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of known time and energy against a whole that is known too. */
#include "made.h"
#include "test.h"

enum { STEP_NS = 1000000, WINDOW_S = 2 };
static const double BASE_W = 50;
static const made_kernel kernels[] = { { 1e-3, 150, 30 },
                                       { 4e-3, 90, 20 },
                                       { 2e-4, 210, 100 } };

typedef struct maker { erg_replay *replay; int64_t now_ns; } maker;

static void power(maker *to, double w, double for_s)
{
    int64_t end_ns = to->now_ns + erg_ns_from_s(for_s);

    for (; to->now_ns < end_ns; to->now_ns += STEP_NS) {
        erg_sample one = { to->now_ns, 0, w };
        CHECK(erg_trace_add_samples(to->replay->trace, to->replay->channel, &one, 1, NULL));
    }
}

static void begin(maker *to)
{
    erg_error err = { 0 };
    erg_device_info device = { .name = "gpu:0", .driver = "sim", .scope = ERG_SCOPE_BOARD };
    erg_channel_info channel = { .name = "power",
                                 .unit = "W",
                                 .quantity = ERG_POWER,
                                 .kind = ERG_INSTANT,
                                 .scope = ERG_SCOPE_BOARD,
                                 .gain = 1,
                                 .update_s = 1e-3 };

    *to = (maker){ .replay = erg_replay_new(&err), .now_ns = 0 };
    to->replay->trace = erg_trace_new(&err);
    CHECK(erg_trace_add_device(to->replay->trace, &device, &err) == 0);
    CHECK((to->replay->channel = erg_trace_add_channel(to->replay->trace, &channel, &err))
          == 0);
    to->replay->base_w = BASE_W;
    to->replay->base_u_w = 0;
    to->replay->steps = 10;
}

static void add_kernels(maker *to)
{
    for (size_t i = 0; i < ERG_COUNT(kernels); i++) {
        erg_kernel_timing timing =
            made_timing(&kernels[i], WINDOW_S / kernels[i].time_s, to->now_ns);
        CHECK(erg_replay_add(to->replay, &timing, NULL));
        power(to, kernels[i].power_w, WINDOW_S);
    }
    power(to, kernels[ERG_COUNT(kernels) - 1].power_w, 0.01);
}

static double busy_s(void)
{
    double sum = 0;
    for (size_t i = 0; i < ERG_COUNT(kernels); i++)
        sum += kernels[i].count / 10 * kernels[i].time_s;
    return sum;
}

static double dynamic_j(void)
{
    double sum = 0;
    for (size_t i = 0; i < ERG_COUNT(kernels); i++)
        sum += kernels[i].count / 10 * kernels[i].time_s * (kernels[i].power_w - BASE_W);
    return sum;
}

static void add_whole(erg_replay *replay, double gap_s)
{
    replay->whole.time_s = busy_s() + gap_s;
    replay->whole.energy_j = dynamic_j() + BASE_W * replay->whole.time_s;
    replay->whole.energy_u_j = 1e-3 * replay->whole.energy_j;
}

static erg_recomposed put_together(erg_replay *replay)
{
    erg_error err = { 0 };
    erg_recomposed out;

    erg_replay_repair_runs(replay);
    CHECK_OK(erg_replay_meter(replay, &err), err);
    CHECK_OK(erg_recompose(replay, ERG_STATE_UNKNOWN, &out, &err), err);
    return out;
}

static void parts_and_base_are_the_whole(void)
{
    maker made;

    begin(&made);
    add_kernels(&made);
    add_whole(made.replay, 0.02);
    erg_recomposed r = put_together(made.replay);
    CHECK_NEAR(r.predicted_s, busy_s(), 1e-9);
    CHECK_NEAR(r.predicted_j / made.replay->whole.energy_j, 1, 2e-3);
    CHECK_NEAR(r.all.dynamic_j / dynamic_j(), 1, 2e-3);
    CHECK(r.agreement_en <= 1);
    CHECK_NEAR(r.unattributed_j, r.measured_j - r.predicted_j, 1e-12);
    erg_replay_free(made.replay);
}

/* Static power also flows in the gaps: joules with the base in each launch miss it. */
static void a_sum_of_gross_energies_misses_the_base_of_the_gaps(void)
{
    maker made;
    double gap_s = 0.3;

    begin(&made);
    add_kernels(&made);
    add_whole(made.replay, gap_s);
    erg_recomposed r = put_together(made.replay);
    CHECK_NEAR(r.measured_j - r.all.gross_j, BASE_W * gap_s, 0.02 * BASE_W * gap_s);
    erg_replay_free(made.replay);
}

/* The base is taken off and put on again: with kernels back to back it cannot matter. */
static void a_wrong_base_counts_only_for_the_gaps(void)
{
    maker made;

    begin(&made);
    add_kernels(&made);
    add_whole(made.replay, 0);
    double right_j = put_together(made.replay).predicted_j;
    made.replay->base_w += 10;
    made.replay->base_u_w = 10;
    erg_recomposed r = put_together(made.replay);
    CHECK_NEAR(r.predicted_j / right_j, 1, 1e-6);
    CHECK(r.predicted_u_j < 1e-2 * right_j);

    made.replay->whole.time_s += 0.1;
    r = put_together(made.replay);
    CHECK_NEAR(r.predicted_u_j, 10 * 0.1, 0.01);
    erg_replay_free(made.replay);
}

static void a_silent_limit_on_runs_is_found_from_the_windows(void)
{
    maker made;

    begin(&made);
    add_kernels(&made);
    add_whole(made.replay, 0);
    for (size_t i = 0; i < made.replay->kernel_count; i++) {
        erg_kernel_timing *one = &made.replay->kernels[i];
        double executed = one->runs_requested;
        one->runs_requested *= 50;
        CHECK(erg_replay_runs_error(one) > ERG_RUNS_SLACK);
        erg_replay_repair_runs(made.replay);
        CHECK_NEAR(one->runs_used / executed, 1, 0.006);
    }
    CHECK(put_together(made.replay).agreement_en <= 5);
    erg_replay_free(made.replay);
}

/* Who counted the runs is believed: a longer window then held something else too. */
static void counted_runs_are_not_replaced(void)
{
    erg_replay *replay = erg_replay_new(NULL);
    erg_kernel_timing one = made_timing(&(made_kernel){ 1e-3, 100, 1 }, 1000, 1000);

    one.runs_executed = 700;
    CHECK(erg_replay_add(replay, &one, NULL));
    CHECK(erg_replay_runs_error(&one) > ERG_RUNS_SLACK);
    CHECK(erg_replay_repair_runs(replay) == 0 && replay->kernels[0].runs_used == 700);
    erg_replay_free(replay);
}

/* Ratios that scatter around one limit give that limit, not one each. */
static void kernels_of_a_tier_share_a_round_limit(void)
{
    static const double slack[] = { 1.004, 0.998, 1.001 };
    erg_replay *replay = erg_replay_new(NULL);

    for (size_t i = 0; i < ERG_COUNT(slack); i++) {
        erg_kernel_timing one =
            made_timing(&(made_kernel){ 3.7e-6, 100, 1 }, 20000 * slack[i], 1000);
        one.runs_requested = 700000;
        CHECK(erg_replay_add(replay, &one, NULL));
    }
    CHECK(erg_replay_repair_runs(replay) == ERG_COUNT(slack));
    for (size_t i = 0; i < ERG_COUNT(slack); i++)
        CHECK_NEAR(replay->kernels[i].runs_used, 20000, 1e-6);
    erg_replay_free(replay);
}

static void a_kernel_without_a_reading_is_estimated_and_apart(void)
{
    maker made;

    begin(&made);
    add_kernels(&made);
    add_whole(made.replay, 0);
    double before_j = put_together(made.replay).predicted_j;
    erg_kernel_timing lost = made_timing(&kernels[0], 2000, made.now_ns + ERG_NS_PER_S);
    CHECK(erg_replay_add(made.replay, &lost, NULL));
    erg_recomposed r = put_together(made.replay);
    CHECK_NEAR(r.predicted_j, before_j, 1e-9);
    CHECK(r.all.estimated_launches == 3 && r.all.estimated_j > 0);
    CHECK_TEXT(made.replay->kernels[3].method, "estimated");
    erg_replay_free(made.replay);
}

static void counts_without_steps_are_refused(void)
{
    maker made;
    erg_error err = { 0 };
    erg_recomposed out;

    begin(&made);
    add_kernels(&made);
    made.replay->steps = NAN;
    CHECK(!erg_recompose(made.replay, ERG_STATE_UNKNOWN, &out, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "--steps"));
    erg_replay_free(made.replay);
}

static void tiers_by_time_add_up_to_the_whole(void)
{
    maker made;
    erg_error err = { 0 };

    begin(&made);
    add_kernels(&made);
    made.replay->kernels[0].tier = ERG_TIER_MATRIX;
    add_whole(made.replay, 0.3);
    erg_recomposed r = put_together(made.replay);
    CHECK(isnan(r.tiers[ERG_TIER_MATRIX].shared_j));
    CHECK_OK(erg_recompose_by_time(&r, &err), err);
    CHECK_NEAR(r.tiers[ERG_TIER_MATRIX].shared_j / r.measured_j,
               kernels[0].count / 10 * kernels[0].time_s / busy_s(), 1e-9);
    CHECK_NEAR(r.tiers[ERG_TIER_MATRIX].shared_j + r.tiers[ERG_TIER_OTHER].shared_j,
               r.measured_j, 1e-9);
    CHECK(isnan(r.predicted_j) && isnan(r.agreement_en));
    erg_replay_free(made.replay);
}

static void without_joules_of_the_whole_there_are_none_to_share_by_time(void)
{
    maker made;
    erg_error err = { 0 };

    begin(&made);
    add_kernels(&made);
    erg_recomposed r = put_together(made.replay);
    CHECK(!erg_recompose_by_time(&r, &err));
    CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "--power"));
    erg_replay_free(made.replay);
}

static void kernels_that_draw_less_than_idle_are_counted(void)
{
    maker made;

    begin(&made);
    add_kernels(&made);
    add_whole(made.replay, 0);
    CHECK(put_together(made.replay).all.below_base == 0);
    made.replay->base_w = 100;      /* one of them drew 90 W */
    CHECK(put_together(made.replay).all.below_base == 1);
    made.replay->base_u_w = 6;      /* which may well be the base */
    CHECK(put_together(made.replay).all.below_base == 0);
    erg_replay_free(made.replay);
}

/* Nobody gave the kernels an interval: one without width would be a lie. */
static void what_nobody_knows_is_no_interval(void)
{
    maker made;

    begin(&made);
    add_kernels(&made);
    add_whole(made.replay, 0);
    erg_recomposed r = put_together(made.replay);
    CHECK(isnan(r.predicted_u_s) && isnan(r.measured_u_s));
    for (size_t i = 0; i < made.replay->kernel_count; i++) {
        made.replay->kernels[i].low_s = 0.99 * made.replay->kernels[i].time_s;
        made.replay->kernels[i].high_s = 1.01 * made.replay->kernels[i].time_s;
    }
    r = put_together(made.replay);
    CHECK(r.predicted_u_s > 0 && r.predicted_u_s < 0.01 * r.predicted_s);
    erg_replay_free(made.replay);
}

/* Sums count the base once, for the gaps; a kernel by itself has all of it. */
static void a_kernel_alone_has_the_doubt_of_the_base_and_a_quality(void)
{
    static const double base_u_w = 4;
    maker made;
    erg_error err = { 0 };
    bool agrees;

    begin(&made);
    add_kernels(&made);
    add_whole(made.replay, 0);
    made.replay->base_u_w = base_u_w;
    put_together(made.replay);
    erg_result *result = erg_result_new("replay", &err);
    const erg_recompose_told told = { .refused_by = "" };
    CHECK_OK(erg_recompose_tables(made.replay, &told, result, &agrees, &err), err);
    const erg_table *table = erg_result_find(result, "kernels");
    for (size_t i = 0; i < ERG_COUNT(kernels); i++) {
        double low_j = erg_table_find(table, i, "dynamic_low_j").real;
        double high_j = erg_table_find(table, i, "dynamic_high_j").real;
        double time_s = erg_table_find(table, i, "time_s").real;
        CHECK(high_j - low_j >= 4 * base_u_w * time_s * (1 - 1e-3));
        CHECK(erg_table_find(table, i, "quality").text != NULL);
    }
    const erg_table *totals = erg_result_find(result, "totals");
    CHECK_NEAR(erg_table_find(totals, 0, "energy_measured").real, 1, 1e-12);
    erg_result_free(result);
    erg_replay_free(made.replay);
}

/* From one memory to another; no other is touched. */
static erg_replay_launch launch_of(int32_t kernel, int32_t stream, int32_t from, int32_t to)
{
    erg_replay_launch launch = { .kernel = kernel, .stream = stream };

    for (size_t i = 0; i < ERG_COUNT(launch.tensors); i++)
        launch.tensors[i] = -1;
    launch.tensors[0] = from;
    launch.tensors[1] = to;
    return launch;
}

static erg_replay *on_streams(int32_t second_stream, bool waits)
{
    erg_error err = { 0 };
    erg_replay *replay = erg_replay_new(&err);
    erg_replay_kernel rows[2] = { { .id = "k0" }, { .id = "k1" } };

    replay->plan = erg_replay_plan_new(&err);
    replay->plan->kernels = calloc(2, sizeof(rows[0]));
    replay->plan->kernel_count = replay->plan->kernel_capacity = 2;
    memcpy(replay->plan->kernels, rows, sizeof(rows));
    for (int i = 0; i < 2; i++) {
        replay->plan->kernels[i].signature.input_count = 1;
        erg_kernel_timing timing =
            made_timing(&(made_kernel){ i ? 5e-3 : 3e-3, 100, 1 }, 10, 1);
        timing.kernel = i;
        CHECK(erg_replay_add(replay, &timing, &err));
    }
    erg_replay_launch first = launch_of(0, 0, 0, 1);
    erg_replay_launch second = launch_of(1, second_stream, waits ? 1 : 2, 3);
    CHECK(erg_replay_plan_launch(replay->plan, &first, &err));
    CHECK(erg_replay_plan_launch(replay->plan, &second, &err));
    replay->plan->tensor_count = 4;
    replay->steps = 1;
    return replay;
}

static void launches_on_two_streams_overlap_unless_one_needs_the_other(void)
{
    static const struct { int32_t stream; bool waits; double want_s; } cases[] = {
        { 1, false, 5e-3 }, { 1, true, 8e-3 }, { 0, false, NAN },
    };

    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_replay *replay = on_streams(cases[i].stream, cases[i].waits);
        double got_s = erg_recompose_path_s(replay, ERG_STATE_UNKNOWN, NULL);
        CHECK(isnan(got_s) == isnan(cases[i].want_s));
        if (!isnan(got_s))
            CHECK_NEAR(got_s, cases[i].want_s, 1e-12);
        CHECK_NEAR(put_together(replay).predicted_s, isnan(got_s) ? 8e-3 : got_s, 1e-12);
        erg_replay_free(replay);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(parts_and_base_are_the_whole),
        TEST(a_sum_of_gross_energies_misses_the_base_of_the_gaps),
        TEST(a_wrong_base_counts_only_for_the_gaps),
        TEST(a_silent_limit_on_runs_is_found_from_the_windows),
        TEST(counted_runs_are_not_replaced),
        TEST(kernels_of_a_tier_share_a_round_limit),
        TEST(a_kernel_without_a_reading_is_estimated_and_apart),
        TEST(counts_without_steps_are_refused),
        TEST(tiers_by_time_add_up_to_the_whole),
        TEST(without_joules_of_the_whole_there_are_none_to_share_by_time),
        TEST(kernels_that_draw_less_than_idle_are_counted),
        TEST(what_nobody_knows_is_no_interval),
        TEST(a_kernel_alone_has_the_doubt_of_the_base_and_a_quality),
        TEST(launches_on_two_streams_overlap_unless_one_needs_the_other),
    };
    return test_run(tests, ERG_COUNT(tests));
}
