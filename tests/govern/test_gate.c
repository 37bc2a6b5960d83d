/* SPDX-License-Identifier: Apache-2.0 */
/* The acceptance gate: each clause alone turns the verdict. */
#include "govern/shape_gate.h"
#include "test.h"

static const erg_gate_side base = {
    .peak_10ms_w = 1000, .ramp_w_per_s = 5000, .band_rms = 0.3, .energy_per_step_j = 800,
    .collective_p99_s = 0.1, .throttled_s = 2, .timeouts = 0,
};
/* Passes by a little everywhere. */
static const erg_gate_side good = {
    .peak_10ms_w = 899, .ramp_w_per_s = 4000, .band_rms = 0.25, .throughput_loss = 0.019,
    .energy_per_step_j = 815, .collective_p99_s = 0.109, .throttled_s = 2, .timeouts = 0,
};

static erg_verdict judge(const erg_gate_side *side, const erg_shape_options *options)
{
    erg_gate_result got = erg_gate_judge(&base, side, options);

    CHECK(got.reason[0]);
    return got.verdict;
}

static void a_change_that_meets_all_is_accepted(void)
{
    CHECK(judge(&good, &(erg_shape_options){ 0 }) == ERG_ACCEPTED);
    CHECK(judge(&good, &(erg_shape_options){ .strict = true }) == ERG_ACCEPTED);
}

/* 1000 W and 0.1 have no exact difference: what is asked for is met by what equals it. */
static void a_tenth_less_is_a_tenth_less(void)
{
    erg_gate_side side = good;

    side.peak_10ms_w = 900 * (1 + 1e-15);
    CHECK(judge(&side, &(erg_shape_options){ 0 }) == ERG_ACCEPTED);
    side.peak_10ms_w = 900.01;
    CHECK(judge(&side, &(erg_shape_options){ 0 }) == ERG_REJECTED);
}

static void a_reason_says_the_figure_and_its_limit(void)
{
    erg_gate_side side = good;

    side.throughput_loss = 0.058;
    erg_gate_result got = erg_gate_judge(&base, &side, &(erg_shape_options){ 0 });
    assert_string_equal(got.reason, "steps lost +5.8 % (at most +5.0 %)");
    side = good;
    side.has_tripped = true;
    got = erg_gate_judge(&base, &side, &(erg_shape_options){ 0 });
    assert_string_equal(got.reason, "a breaker trips");
}

static void each_clause_alone_turns_the_verdict(void)
{
    static const struct { size_t at; double value; } rows[] = {
        { offsetof(erg_gate_side, peak_10ms_w), 901 },
        { offsetof(erg_gate_side, throughput_loss), 0.051 },
        { offsetof(erg_gate_side, energy_per_step_j), 817 },
        { offsetof(erg_gate_side, collective_p99_s), 0.1101 },
        { offsetof(erg_gate_side, throttled_s), 2.1 },
        { offsetof(erg_gate_side, timeouts), 1 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_gate_side side = good;
        memcpy((char *)&side + rows[i].at, &rows[i].value, sizeof(double));
        CHECK(judge(&side, &(erg_shape_options){ 0 }) == ERG_REJECTED);
    }
    erg_gate_side tripped = good;
    tripped.has_tripped = true;
    CHECK(judge(&tripped, &(erg_shape_options){ 0 }) == ERG_REJECTED);
}

static void strict_asks_for_two_percent(void)
{
    erg_gate_side side = good;

    side.throughput_loss = 0.021;
    CHECK(judge(&side, &(erg_shape_options){ 0 }) == ERG_ACCEPTED);
    CHECK(judge(&side, &(erg_shape_options){ .strict = true }) == ERG_REJECTED);
}

static void a_stated_ramp_or_band_stands_in_for_the_peak(void)
{
    erg_gate_side side = good;

    side.peak_10ms_w = 990;
    CHECK(judge(&side, &(erg_shape_options){ .ramp_w_per_s = 4100 }) == ERG_ACCEPTED);
    CHECK(judge(&side, &(erg_shape_options){ .ramp_w_per_s = 3900 }) == ERG_REJECTED);
    CHECK(judge(&side, &(erg_shape_options){ .band_rms = 0.26 }) == ERG_ACCEPTED);
    CHECK(judge(&side, &(erg_shape_options){ .band_rms = 0.24 }) == ERG_REJECTED);
    CHECK(judge(&side, &(erg_shape_options){ .ramp_w_per_s = 4100, .band_rms = 0.24 })
          == ERG_ACCEPTED);
    CHECK(judge(&side, &(erg_shape_options){ .peak_cut = 0.005 }) == ERG_ACCEPTED);
}

static void what_cannot_be_seen_is_never_accepted(void)
{
    erg_gate_side blind = good, still = good;

    blind.peak_10ms_w = NAN;
    CHECK(judge(&blind, &(erg_shape_options){ 0 }) == ERG_NOT_ASSESSABLE);
    still.throughput_loss = NAN;
    CHECK(judge(&still, &(erg_shape_options){ 0 }) == ERG_NOT_ASSESSABLE);
}

/* The band shows at 50 values a second, the peak of 10 ms does not: what is said is the
 * band; and a claim that cannot be seen is not turned down for another that is not met. */
static void what_is_claimed_is_what_is_judged_and_said(void)
{
    erg_gate_side side = good;
    erg_shape_options wish = { .band_rms = 0.26 };

    side.peak_10ms_w = side.ramp_w_per_s = NAN;
    erg_gate_result got = erg_gate_judge(&base, &side, &wish);
    CHECK(got.verdict == ERG_ACCEPTED);
    assert_string_equal(got.reason, "band +25.0 %; throughput -1.9 %");
    wish.band_rms = 0.2;
    got = erg_gate_judge(&base, &side, &wish);
    CHECK(got.verdict == ERG_REJECTED);
    assert_string_equal(got.reason, "band +25.0 % (at most +20.0 %)");
    wish.ramp_w_per_s = 4100;
    CHECK(judge(&side, &wish) == ERG_NOT_ASSESSABLE);
    side.peak_10ms_w = 1000, side.ramp_w_per_s = 6, side.band_rms = NAN;
    wish = (erg_shape_options){ .ramp_w_per_s = 5 };
    got = erg_gate_judge(&base, &side, &wish);
    assert_string_equal(got.reason, "ramp in W/s 6 (at most 5)");
    wish.band_rms = 0.2;
    CHECK(judge(&side, &wish) == ERG_NOT_ASSESSABLE);
}

static void a_floor_may_burn(void)
{
    erg_gate_side side = good;

    side.energy_per_step_j = 1000, side.burns = true;
    CHECK(judge(&side, &(erg_shape_options){ 0 }) == ERG_ACCEPTED);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_change_that_meets_all_is_accepted),
        TEST(a_tenth_less_is_a_tenth_less),
        TEST(a_reason_says_the_figure_and_its_limit),
        TEST(each_clause_alone_turns_the_verdict),
        TEST(strict_asks_for_two_percent),
        TEST(a_stated_ramp_or_band_stands_in_for_the_peak),
        TEST(what_cannot_be_seen_is_never_accepted),
        TEST(what_is_claimed_is_what_is_judged_and_said),
        TEST(a_floor_may_burn),
    };
    return test_run(tests, ERG_COUNT(tests));
}
