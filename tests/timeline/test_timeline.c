/* SPDX-License-Identifier: Apache-2.0 */
/* The mathematics of the timeline: spikes, lift, limits. */
#include "test.h"
#include "math/xoshiro.h"
#include "timeline/timeline.h"

/* ---- spikes ------------------------------------------------------------------------- */

enum { POINTS = 2000 };

/* 100 W with 1 W of noise, a reading every 10 ms; 300 W at the indices given. */
static void flat_with(const size_t at[], size_t count, erg_power_point out[POINTS])
{
    test_random random = { 7 };

    for (size_t i = 0; i < POINTS; i++)
        out[i] = (erg_power_point){ (int64_t)i * 10 * ERG_NS_PER_MS,
                                    100 + test_normal(&random) };
    for (size_t i = 0; i < count; i++)
        out[at[i]].w = 300;
}

static size_t spikes_of(const erg_power_point points[], erg_spike_rule rule,
                        erg_spike out[], size_t most)
{
    erg_error err = { 0 };
    erg_rows rows = { 0 };

    CHECK_OK(erg_spikes_find(&(erg_rows){ .items = (void *)points, .count = POINTS },
                             &rule, &rows, &err), err);
    size_t count = rows.count;
    for (size_t i = 0; i < count && i < most; i++)
        out[i] = ((erg_spike *)rows.items)[i];
    free(rows.items);
    return count;
}

static double level_of(erg_power_point points[], size_t count)
{
    erg_error err = { 0 };
    double level_w;

    CHECK_OK(erg_spike_level(&(erg_rows){ .items = points, .count = count }, &level_w,
                             &err), err);
    return level_w;
}

static void the_level_is_far_above_noise_and_a_tenth_of_the_range(void)
{
    static erg_power_point points[POINTS];

    flat_with(NULL, 0, points);
    double level = level_of(points, POINTS);
    CHECK(level > 105 && level < 107.5);
    flat_with((size_t[]){ 50 }, 1, points);
    CHECK_NEAR(level_of(points, POINTS), 120, 1.5);
    CHECK(isnan(level_of(points, 0)));
}

static void steady_noise_has_no_spikes(void)
{
    static erg_power_point points[POINTS];
    erg_spike spike;

    flat_with(NULL, 0, points);
    erg_spike_rule rule = { .above_w = level_of(points, POINTS) };
    CHECK(spikes_of(points, rule, &spike, 1) == 0);
}

static void runs_closer_than_the_sensor_sees_are_one_spike(void)
{
    static const size_t at[] = { 100, 101, 104, 400, 500 };
    static erg_power_point points[POINTS];
    erg_spike spikes[8];

    flat_with(at, ERG_COUNT(at), points);
    CHECK(spikes_of(points, (erg_spike_rule){ .above_w = 200, .merge_s = 0.025 }, spikes, 8)
          == 4);
    CHECK(spikes_of(points, (erg_spike_rule){ .above_w = 200, .merge_s = 0.035 }, spikes, 8)
          == 3);
    CHECK(spikes[0].begin_ns == 1000 * ERG_NS_PER_MS
          && spikes[0].end_ns == 1040 * ERG_NS_PER_MS);
    CHECK_NEAR(spikes[0].peak_w, 300, 0);
    CHECK_NEAR(spikes[0].rise_w_per_s, 200 / 0.01, 500);
}

static void a_rise_faster_than_asked_is_a_spike_below_the_level(void)
{
    static erg_power_point points[POINTS];
    erg_spike spike;

    flat_with(NULL, 0, points);
    for (size_t i = 900; i < POINTS; i++)
        points[i].w += 30;          /* 3 W/ms over 10 ms */
    erg_spike_rule rule = { .above_w = 1e6, .ramp_w_per_s = 2000 };
    CHECK(spikes_of(points, rule, &spike, 1) == 1);
    CHECK(spike.begin_ns == 9000 * ERG_NS_PER_MS);
    rule.ramp_w_per_s = 4000;
    CHECK(spikes_of(points, rule, &spike, 1) == 0);
}

/* A ramp is over 10 ms, however often the sensor speaks. */
static void a_ramp_is_over_ten_milliseconds_of_a_fast_sensor_too(void)
{
    static erg_power_point points[POINTS];
    erg_spike spike;

    for (size_t i = 0; i < POINTS; i++)     /* 1 ms apart; 20 W more for 1 ms at 500 */
        points[i] = (erg_power_point){ (int64_t)i * ERG_NS_PER_MS, i < 500 ? 100 : 120 };
    erg_spike_rule rule = { .above_w = 1e6, .ramp_w_per_s = 1900 };
    CHECK(spikes_of(points, rule, &spike, 1) == 1);
    CHECK_NEAR(spike.rise_w_per_s, 2000, 1e-6);
    rule.ramp_w_per_s = 2100;
    CHECK(spikes_of(points, rule, &spike, 1) == 0);
}

/* ---- lift --------------------------------------------------------------------------- */

static const int64_t LONG_NS = 1000 * ERG_NS_PER_S;

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void random_moments(test_random *random, int64_t to[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (int64_t)(test_uniform(random) * (double)LONG_NS);
    qsort(to, count, sizeof(to[0]), by_time);
}

static erg_lift lift_of(const int64_t begins[], size_t begin_count, const int64_t spikes[],
                        size_t spike_count, uint64_t key)
{
    erg_reach reach = { .span = { 0, LONG_NS }, .before_ns = 125 * ERG_NS_PER_MS,
                        .after_ns = 25 * ERG_NS_PER_MS, .shifts = ERG_SHIFTS };
    erg_error err = { 0 };
    erg_lift out;

    CHECK_OK(erg_lift_of(&(erg_moments){ begins, begin_count },
                         &(erg_moments){ spikes, spike_count }, &reach, key, &out,
                         &err), err);
    return out;
}

/* Every third collective is followed by a spike. */
static size_t plant(const int64_t begins[], size_t count, int64_t late_ns, int64_t spikes[])
{
    size_t planted = 0;

    for (size_t i = 0; i < count; i += 3)
        if (begins[i] + late_ns < LONG_NS)
            spikes[planted++] = begins[i] + late_ns;
    return planted;
}

static void spikes_at_collective_begins_have_a_large_lift(void)
{
    int64_t begins[600], spikes[600];
    test_random random = { 11 };

    random_moments(&random, begins, ERG_COUNT(begins));
    size_t count = plant(begins, ERG_COUNT(begins), 40 * ERG_NS_PER_MS, spikes);
    erg_lift lift = lift_of(begins, ERG_COUNT(begins), spikes, count, 1);
    CHECK(lift.near == count && lift.begins == 600);
    CHECK(lift.lift > 5);
    CHECK(lift.p_value < 0.01);
    /* 600 windows of 150 ms in 1000 s, some of them overlapping. */
    CHECK_NEAR(1 / lift.lift, 1 - exp(-600 * 0.15 / 1000), 0.005);
}

static void a_clock_that_is_wrong_by_a_second_finds_nothing(void)
{
    enum { SEEDS = 20 };
    int64_t begins[600], spikes[600];
    double sum = 0;
    int found = 0;

    for (int seed = 0; seed < SEEDS; seed++) {
        test_random random = { (uint64_t)(12 + seed) };
        random_moments(&random, begins, ERG_COUNT(begins));
        size_t count = plant(begins, ERG_COUNT(begins), ERG_NS_PER_S, spikes);
        erg_lift lift = lift_of(begins, ERG_COUNT(begins), spikes, count, 1);
        sum += lift.lift;
        found += lift.p_value < 0.01;
    }
    CHECK_NEAR(sum / SEEDS, 1, 0.2);
    CHECK(found <= 2);
}

/* Kolmogorov and Smirnov: above 1.63/sqrt(n) once in a hundred. */
static void spikes_without_a_cause_give_uniform_p(void)
{
    enum { SEEDS = 300, BEGINS = 3000, SPIKES = 800 };
    static int64_t begins[BEGINS], spikes[SPIKES];
    double p[SEEDS], farthest = 0;

    for (int seed = 0; seed < SEEDS; seed++) {
        test_random random = { (uint64_t)(1000 + seed) };
        random_moments(&random, begins, BEGINS);
        random_moments(&random, spikes, SPIKES);
        erg_reach reach = { .span = { 0, LONG_NS }, .before_ns = 125 * ERG_NS_PER_MS,
                            .after_ns = 25 * ERG_NS_PER_MS, .shifts = 200 };
        erg_lift out;
        CHECK(erg_lift_of(&(erg_moments){ begins, BEGINS },
                          &(erg_moments){ spikes, SPIKES },
                          &reach, (uint64_t)seed, &out, NULL));
        p[seed] = out.p_value;
    }
    for (int i = 0; i < SEEDS; i++) {
        double below = 0;
        for (int k = 0; k < SEEDS; k++)
            below += p[k] <= p[i];
        farthest = fmax(farthest, fabs(below / SEEDS - p[i]));
    }
    CHECK(farthest < 1.63 / sqrt(SEEDS) + 1.0 / 50);
}

static void the_same_key_gives_the_same_p(void)
{
    int64_t begins[300], spikes[60];
    test_random random = { 5 };

    random_moments(&random, begins, ERG_COUNT(begins));
    random_moments(&random, spikes, ERG_COUNT(spikes));
    erg_lift one = lift_of(begins, 300, spikes, 60, 9),
             two = lift_of(begins, 300, spikes, 60, 9);
    CHECK(one.p_value == two.p_value);
    CHECK(one.lift == two.lift);
}

/* The definition, spike by spike and begin by begin. */
static size_t near_by_hand(const int64_t begins[], size_t begin_count,
                           const int64_t spikes[],
                           size_t spike_count, const erg_reach *reach, int64_t shift_ns)
{
    int64_t length_ns = reach->span.end_ns - reach->span.begin_ns;
    size_t near = 0;

    for (size_t i = 0; i < spike_count; i++) {
        int64_t at_ns = spikes[i] - shift_ns;
        bool is_near = false;
        at_ns += at_ns < reach->span.begin_ns ? length_ns : 0;
        for (size_t k = 0; k < begin_count; k++)
            is_near = is_near || (begins[k] >= at_ns - reach->before_ns
                                  && begins[k] <= at_ns + reach->after_ns);
        near += is_near;
    }
    return near;
}

static void p_is_what_counting_by_hand_gives(void)
{
    enum { SPIKES = 20, SHIFTS = 90, MOST = 600, ENOUGH = 50 };
    static const size_t counts[] = { 1, 2, 7, 60, MOST };
    static const int64_t spans[][2] = { { 0, 1000000 }, { 12345, 12345 + 77777 },
                                        { 3, 67 } };

    for (size_t c = 0; c < ERG_COUNT(counts) * ERG_COUNT(spans); c++) {
        int64_t begins[MOST], spikes[SPIKES];
        const int64_t *span = spans[c / ERG_COUNT(counts)];
        size_t count = counts[c % ERG_COUNT(counts)], as_well = 0;
        test_random random = { 77 + c };
        int64_t length = span[1] - span[0];
        for (size_t i = 0; i < count; i++)
            begins[i] = span[0] + (int64_t)(test_uniform(&random) * (double)length);
        for (size_t i = 0; i < SPIKES; i++)
            spikes[i] = span[0] + (int64_t)(test_uniform(&random) * (double)length);
        qsort(begins, count, sizeof(begins[0]), by_time);
        qsort(spikes, SPIKES, sizeof(spikes[0]), by_time);
        erg_reach reach = { { span[0], span[1] }, length / 300, length / 900, SHIFTS };
        size_t near = near_by_hand(begins, count, spikes, SPIKES, &reach, 0);
        erg_xoshiro draw = erg_xoshiro_of(c, 0);
        int tried = 0;
        for (; tried < SHIFTS && as_well < ENOUGH; tried++) {
            int64_t shift = (int64_t)(erg_xoshiro_uniform(&draw) * (double)length);
            as_well += near_by_hand(begins, count, spikes, SPIKES, &reach, shift) >= near;
        }
        double p = as_well < ENOUGH ? (1.0 + (double)as_well) / (1.0 + SHIFTS)
                                    : (double)ENOUGH / tried;
        erg_lift out;
        CHECK(erg_lift_of(&(erg_moments){ begins, count }, &(erg_moments){ spikes, SPIKES },
                          &reach, c, &out, NULL));
        CHECK(out.near == near);
        CHECK(out.p_value == (near ? p : 1));
    }
}

/* Of a name that is not tried only what is counted here is known. */
static void a_lift_that_is_counted_is_that_of_the_begins_themselves(void)
{
    enum { BEGINS = 400, SPIKES = 70 };
    static int64_t begins[BEGINS], spikes[SPIKES];
    test_random random = { 11 };
    const erg_reach reach = { .span = { 0, LONG_NS }, .before_ns = 125 * ERG_NS_PER_MS,
                              .after_ns = 25 * ERG_NS_PER_MS };

    for (size_t count = 1; count <= BEGINS; count += 57) {
        const erg_moments at = { spikes, SPIKES };
        erg_error err = { 0 };
        erg_tally tally = { 0 };
        erg_lift whole;

        random_moments(&random, begins, count);
        random_moments(&random, spikes, SPIKES);
        for (size_t i = 0; i < count; i++)
            erg_tally_add(&tally, begins[i], &reach, &at);
        CHECK_OK(erg_lift_of(&(erg_moments){ begins, count }, &at, &reach, 0, &whole, &err),
                 err);
        erg_lift counted = erg_lift_of_tally(&tally, &at, &reach);
        CHECK(counted.begins == whole.begins && counted.near == whole.near);
        CHECK_NEAR(counted.lift, whole.lift, 1e-9);
    }
    CHECK(isnan(erg_lift_of_tally(&(erg_tally){ 0 }, &(erg_moments){ spikes, SPIKES },
                                  &reach).lift));
}

static void nothing_to_compare_is_not_a_lift(void)
{
    int64_t one = ERG_NS_PER_S, far = 500 * ERG_NS_PER_S;

    CHECK(isnan(lift_of(&one, 0, &one, 1, 0).lift));
    CHECK(isnan(lift_of(&one, 1, &one, 0, 0).lift));
    erg_lift apart = lift_of(&one, 1, &far, 1, 0);
    CHECK(apart.lift == 0 && apart.p_value == 1);
}

/* ---- limits ------------------------------------------------------------------------- */

static void idle_is_not_throttling_and_the_strongest_reason_is_named(void)
{
    static const struct { uint64_t mask; erg_hold hold; } rows[] = {
        { 0, ERG_HOLD_NONE }, { 0x01, ERG_HOLD_IDLE }, { 0x02, ERG_HOLD_OTHER },
        { 0x04, ERG_HOLD_POWER }, { 0x08, ERG_HOLD_OTHER }, { 0x10, ERG_HOLD_OTHER },
        { 0x20, ERG_HOLD_THERMAL }, { 0x40, ERG_HOLD_THERMAL }, { 0x80, ERG_HOLD_POWER },
        { 0x100, ERG_HOLD_OTHER }, { 0x48, ERG_HOLD_THERMAL }, { 0x88, ERG_HOLD_POWER },
        { 0x05, ERG_HOLD_POWER }, { 0x24, ERG_HOLD_THERMAL },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        CHECK_TEXT(erg_hold_name(erg_hold_of(rows[i].mask)), erg_hold_name(rows[i].hold));
}

#define NONE_READ .errors = NAN, .memory_used = NAN, .temperature = NAN, .power = NAN, \
    .use = NAN, .fabric = NAN, .memory_bandwidth = NAN, .reasons = NAN

static void the_first_limit_that_holds_is_the_label(void)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
    static const struct { erg_limits limits; const char *label; } rows[] = {
        { { NONE_READ, .errors = 1, .reasons = 0x40 }, "reliability_risk" },
        { { NONE_READ, .errors = 0, .memory_used = 0.95, .use = 1 }, "memory_pressured" },
        { { NONE_READ, .reasons = 0x20 }, "thermal_throttled" },
        { { NONE_READ, .temperature = 0.95, .use = 0.30 }, "thermal_throttled" },
        { { NONE_READ, .temperature = 0.95, .use = 0.29 }, "idle" },
        { { NONE_READ, .reasons = 0x04, .power = 0.97 }, "power_capped" },
        { { NONE_READ, .reasons = 0x04, .power = 0.97, .use = 1 }, "power_capped" },
        { { NONE_READ, .power = 0.95, .use = 0.30 }, "power_capped" },
        { { NONE_READ, .power = 0.95, .use = 0.29 }, "idle" },
        { { NONE_READ, .power = 0.94, .use = 0.95 }, "compute_bound" },
        { { NONE_READ, .fabric = 0.85, .use = 0.1 }, "fabric_limited" },
        { { NONE_READ, .reasons = 0x01 }, "idle" },
        { { NONE_READ, .reasons = 0x01, .use = 0.0 }, "idle" },
        { { NONE_READ, .use = 0.30, .memory_bandwidth = 0.85 }, "bandwidth_bound" },
        { { NONE_READ, .use = 0.90, .memory_bandwidth = 0.84 }, "compute_bound" },
        { { NONE_READ, .use = 0.89 }, "gpu_active" },
        { { NONE_READ, .power = 0.99 }, "gpu_active" },
        { { NONE_READ }, "gpu_active" },
    };
#pragma GCC diagnostic pop

    for (size_t i = 0; i < ERG_COUNT(rows); i++)
        CHECK_TEXT(erg_limiter_of(&rows[i].limits), rows[i].label);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_level_is_far_above_noise_and_a_tenth_of_the_range),
        TEST(steady_noise_has_no_spikes),
        TEST(runs_closer_than_the_sensor_sees_are_one_spike),
        TEST(a_rise_faster_than_asked_is_a_spike_below_the_level),
        TEST(a_ramp_is_over_ten_milliseconds_of_a_fast_sensor_too),
        TEST(spikes_at_collective_begins_have_a_large_lift),
        TEST(a_clock_that_is_wrong_by_a_second_finds_nothing),
        TEST(spikes_without_a_cause_give_uniform_p),
        TEST(the_same_key_gives_the_same_p),
        TEST(p_is_what_counting_by_hand_gives),
        TEST(a_lift_that_is_counted_is_that_of_the_begins_themselves),
        TEST(nothing_to_compare_is_not_a_lift),
        TEST(idle_is_not_throttling_and_the_strongest_reason_is_named),
        TEST(the_first_limit_that_holds_is_the_label),
    };
    return test_run(tests, ERG_COUNT(tests));
}
