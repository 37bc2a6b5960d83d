/* SPDX-License-Identifier: Apache-2.0 */
/* Each policy against its closed form and its invariants, on loads by chance. */
#include "shape/policy.h"
#include "test.h"

typedef struct one { const erg_policy *policy; erg_policy_state state; } one;

static one begin(const char *text, uint64_t key)
{
    erg_policy_chain chain;
    erg_error err = { 0 };
    one made;

    CHECK_OK(erg_policy_parse(text, strlen(text), &chain, &err), err);
    CHECK(chain.count == 1);
    erg_policy_setup setup = { .key = key, .groups = 4, .group = 1, .unit = 1, .units = 4,
                               .idle_w = 130, .most_w = 1000 };
    memcpy(setup.values, chain.values[0], sizeof(setup.values));
    memset(&made, 0, sizeof(made));
    made.policy = chain.policies[0];
    made.policy->start(&made.state, &setup);
    return made;
}

static erg_policy_out ask(one *it, erg_policy_in in, double dt_s)
{
    erg_policy_out out = erg_policy_free();

    it->policy->step(&it->state, &in, dt_s, &out);
    return out;
}

/* 1 ms items of 1 J at 1000 W; 300 W while it waits.
 * Time of one period from a full bucket. */
static double bucket_period_s(const char *text)
{
    one bucket = begin(text, 1);
    double time_s = 0, since_s = 0, unpaid_w = 0;

    for (int done = 0; done < 750;) {
        erg_policy_in in = { .item_j = 1, .wait_w = 300, .unpaid_w = unpaid_w };
        double wait_s = ask(&bucket, in, since_s).wait_s;
        done += wait_s == 0;
        unpaid_w = wait_s > 0 ? 300 : 0;
        since_s = wait_s > 0 ? wait_s * (1 + 1e-12) : 1e-3;
        time_s += since_s;
    }
    return time_s + 0.25;
}

static void a_bucket_stretches_the_period_as_its_closed_form_says(void)
{
    /* B = 17 J lasts 0.1133 s, then duty 550/700; a grain of 1 J stays unused. */
    double free_s = (17 - 1) / 150.0,
           grainy_s = free_s + (0.75 - free_s) * 700 / 550 + 0.25;

    CHECK_NEAR(bucket_period_s("bucket=850W:20ms"), grainy_s, 1.3e-3);
    CHECK_NEAR(bucket_period_s("bucket=850W:150ms"), 1, 1e-9);
}

static void a_bucket_bounds_energy_over_every_window(void)
{
    enum { EVENTS = 400 };
    static double at_s[EVENTS], energy_j[EVENTS];
    test_random random = { 7 };

    for (int draw = 0; draw < 20; draw++) {
        one bucket = begin("bucket=500W:50ms", 1);
        double now_s = 0, since_s = 0, most_j = 0;
        for (int i = 0; i < EVENTS;) {
            erg_policy_in in = { .item_j = 30 * test_uniform(&random) + 1e-3 };
            double wait_s = ask(&bucket, in, since_s).wait_s;
            /* An item of up to 30 J may leave a backlog of 5 J. */
            CHECK(bucket.state.bucket.tokens_j <= 25);
            CHECK(wait_s <= (in.item_j + 5) / 500 + 1e-9);
            if (wait_s == 0)
                at_s[i] = now_s, energy_j[i++] = in.item_j,
                    most_j = fmax(most_j, in.item_j);
            since_s = wait_s > 0 ? wait_s * (1 + 1e-12) : 0.02 * test_uniform(&random);
            now_s += since_s;
        }
        for (int i = 0; i < EVENTS; i++) {
            double sum_j = 0;
            for (int k = i; k < EVENTS; k++) {
                sum_j += energy_j[k];
                CHECK(sum_j <= 25 + 500 * (at_s[k] - at_s[i])
                      + fmax(0, most_j - 25) + 1e-6);
            }
        }
    }
}

static void a_bucket_whose_wait_outdraws_it_never_admits(void)
{
    one bucket = begin("bucket=200W:10ms", 1);

    CHECK(ask(&bucket, (erg_policy_in){ .item_j = 1, .wait_w = 300 }, 0).wait_s == 0);
    CHECK(ask(&bucket, (erg_policy_in){ .item_j = 2, .wait_w = 300 }, 0).wait_s
          == INFINITY);
}

static void jitter_stays_in_its_bounds_and_repeats_to_the_bit(void)
{
    one jitter = begin("jitter=10ms:50ms", 3), copy = jitter,
        other = begin("jitter=10ms:50ms", 4);
    erg_policy_in in = { .step_begins = true };
    double sum_s = 0;
    int same = 0;

    for (int i = 0; i < 10000; i++) {
        double wait_s = ask(&jitter, in, 1).wait_s;
        CHECK(wait_s >= 0.01 && wait_s < 0.05);
        CHECK(wait_s == ask(&copy, in, 1).wait_s);
        same += wait_s == ask(&other, in, 1).wait_s;
        sum_s += wait_s;
        in.step_begins = false;
        CHECK(ask(&jitter, in, 0.1).wait_s == 0 && ask(&copy, in, 0.1).wait_s == 0);
        in.step_begins = true;
    }
    CHECK(same == 0);
    CHECK_NEAR(sum_s / 10000, 0.03, 3 * 0.04 / sqrt(12 * 10000.0));
}

static void stagger_waits_once_and_only_once(void)
{
    one stagger = begin("stagger=4", 1);
    erg_policy_in in = { .step_begins = true, .period_s = 2 };

    CHECK_NEAR(ask(&stagger, in, 0).wait_s, 0.5, 0);
    CHECK(ask(&stagger, in, 2).wait_s == 0);
}

static double shift_of(int group, int groups)
{
    const erg_policy_setup setup = { .group = group, .groups = groups };
    one stagger = { .policy = &erg_policy_stagger };

    stagger.policy->start(&stagger.state, &setup);
    return ask(&stagger, (erg_policy_in){ .step_begins = true, .period_s = 1 }, 0).wait_s;
}

static void a_harmonic_vanishes_unless_the_number_of_groups_divides_it(void)
{
    for (int groups = 1; groups <= 12; groups++)
        for (int k = 1; k <= 24; k++) {
            double re = 0, im = 0;
            for (int g = 0; g < groups; g++) {
                re += cos(2 * M_PI * k * shift_of(g, groups)) / groups;
                im += sin(2 * M_PI * k * shift_of(g, groups)) / groups;
            }
            CHECK_NEAR(hypot(re, im), k % groups == 0, 1e-12);
        }
}

/* Of N units delayed by U(a, b): E|S|^2 = N + N (N - 1) sinc^2(f w), within three sigma. */
static void jitter_takes_from_a_line_what_the_sinc_law_says(void)
{
    enum { UNITS = 32, STEPS = 3000 };
    static const double lines_hz[] = { 1, 5, 10, 15, 25 };
    one units[UNITS];

    for (int i = 0; i < UNITS; i++)
        units[i] = begin("jitter=10ms:50ms", (uint64_t)i + 1);
    for (size_t l = 0; l < ERG_COUNT(lines_hz); l++) {
        double sum = 0, squares = 0, fw = lines_hz[l] * 0.04;
        for (int step = 0; step < STEPS; step++) {
            double re = 0, im = 0;
            for (int i = 0; i < UNITS; i++) {
                double turn = 2 * M_PI * lines_hz[l]
                    * ask(&units[i], (erg_policy_in){ .step_begins = true }, 1).wait_s;
                re += cos(turn), im += sin(turn);
            }
            sum += re * re + im * im;
            squares += (re * re + im * im) * (re * re + im * im);
        }
        double mean = sum / STEPS, sd = sqrt(squares / STEPS - mean * mean);
        double sinc = sin(M_PI * fw) / (M_PI * fw);
        CHECK_NEAR(mean, UNITS + UNITS * (UNITS - 1) * sinc * sinc, 3 * sd / sqrt(STEPS));
    }
}

static void a_floor_falls_after_its_hold(void)
{
    one low = begin("floor=800W:2s:100W/s", 1), always = begin("floor=800W", 1);
    erg_policy_in idle = { .power_w = 300 }, busy = { .power_w = 1000 };

    CHECK_NEAR(ask(&low, idle, 1).floor_w, 800, 0);
    CHECK_NEAR(ask(&low, idle, 3).floor_w, 600, 1e-9);
    CHECK_NEAR(ask(&low, idle, 9).floor_w, 0, 0);
    CHECK_NEAR(ask(&low, busy, 1).floor_w, 800, 0);
    /* The time until it fell was a busy one. */
    CHECK(ask(&low, idle, 5).again_s == 2);
    CHECK(ask(&low, idle, 1).again_s == 1);
    CHECK_NEAR(ask(&always, idle, 1e6).floor_w, 800, 0);
}

static void storage_follows_with_its_time_constant(void)
{
    one box = begin("storage=5s", 1);

    CHECK_NEAR(ask(&box, (erg_policy_in){ .power_w = 300 }, 0).supply_w, 300, 0);
    CHECK_NEAR(ask(&box, (erg_policy_in){ .power_w = 1000 }, 5).supply_w,
               1000 - 700 * exp(-1), 1e-9);
    CHECK_NEAR(box.state.storage.stored_j, -700 * 5 * (1 - exp(-1)), 1e-9);
}

static void storage_keeps_the_books_and_its_bounds(void)
{
    test_random random = { 11 };

    for (int draw = 0; draw < 50; draw++) {
        one box = begin("storage=2s:900J:400W:90%:50W/s", 1);
        double load_j = 0, begin_j = box.state.storage.stored_j;
        ask(&box, (erg_policy_in){ .power_w = 500 }, 0);
        for (int i = 0; i < 2000; i++) {
            erg_policy_in in = { .power_w = 1000 * test_uniform(&random) };
            double dt_s = test_uniform(&random), before_j = box.state.storage.supplied_j;
            ask(&box, in, dt_s);
            load_j += in.power_w * dt_s;
            const erg_storage *it = &box.state.storage;
            CHECK(it->stored_j >= -1e-9 && it->stored_j <= 900 + 1e-9);
            CHECK(fabs(it->supplied_j - before_j - in.power_w * dt_s) <= 400 * dt_s + 1e-6);
            CHECK_NEAR((it->supplied_j - load_j - (it->stored_j - begin_j) - it->lost_j)
                       / load_j, 0, 1e-9);
        }
    }
}

static void an_empty_store_lets_the_load_through(void)
{
    one box = begin("storage=100s:10J", 1);

    ask(&box, (erg_policy_in){ .power_w = 0 }, 0);
    CHECK_NEAR(ask(&box, (erg_policy_in){ .power_w = 1000 }, 1).supply_w, 1000, 0);
}

static void steps_of_any_length_give_the_same_storage(void)
{
    one coarse = begin("storage=3s", 1), fine = coarse;
    erg_policy_in in = { .power_w = 100 };

    ask(&coarse, in, 0), ask(&fine, in, 0);
    in.power_w = 900;
    double once_w = ask(&coarse, in, 2).supply_w, often_w = 0;
    for (int i = 0; i < 2000; i++)
        often_w = ask(&fine, in, 1e-3).supply_w;
    CHECK_NEAR(often_w, once_w, 1e-9);
    CHECK_NEAR(fine.state.storage.stored_j, coarse.state.storage.stored_j, 1e-8);
}

static void firmware_lets_an_edge_pass_and_then_keeps_its_limit(void)
{
    one loop = begin("firmware=850W:50ms", 1);
    double cap_w = ask(&loop, (erg_policy_in){ .power_w = 1000, .drawn_w = 300 }, 0).cap_w;

    CHECK(cap_w == 1000);
    for (int period = 0; period < 20; period++) {
        erg_policy_out out = ask(&loop, (erg_policy_in){ .power_w = 1000,
                                                         .drawn_w = fmin(1000, cap_w) },
                                 0.05);
        CHECK_NEAR(out.again_s, 0.05, 1e-12);
        /* half of the rest, period by period */
        CHECK(out.cap_w < cap_w && out.cap_w > 850);
        CHECK_NEAR(out.cap_w - 850, (cap_w - 850) / 2, 1e-9);
        cap_w = out.cap_w;
    }
    /* Idle for long: the cap is gone again, and never above the top. */
    for (int period = 0; period < 4; period++)
        cap_w = ask(&loop, (erg_policy_in){ .power_w = 300, .drawn_w = 300 }, 0.05).cap_w;
    CHECK(cap_w == 1000);
}

static void a_ramp_is_never_steeper_than_it_says(void)
{
    test_random random = { 11 };

    for (int draw = 0; draw < 50; draw++) {
        one ramp = begin("ramp=2000W/s", 1);
        double now_s = 0, dt_s = 0, want_w = 300, risen_w = 0, last_w = 130, fell_w = 0;
        for (int i = 0; i < 300; i++) {
            if (test_uniform(&random) < 0.1)
                want_w = 130 + 870 * test_uniform(&random);
            erg_policy_out out = ask(&ramp, (erg_policy_in){ .power_w = want_w }, dt_s);
            double drawn_w = fmin(want_w, out.cap_w);
            risen_w += fmax(0, drawn_w - last_w);
            fell_w += fmax(0, last_w - drawn_w);
            CHECK(risen_w <= 2000 * now_s * (1 + 1e-9) + 1e-9);
            CHECK(out.cap_w == want_w || isfinite(out.again_s));
            last_w = drawn_w;
            dt_s = fmin(out.again_s, 0.05 * test_uniform(&random));
            now_s += dt_s;
        }
        CHECK(risen_w > 100 && fell_w > 0);
    }
}

static void a_soft_start_rises_when_its_turn_comes_and_ends_at_the_top(void)
{
    one soft = begin("soft-start=60s", 1);      /* the second of four: from 15 s to 75 s */
    erg_policy_out out = ask(&soft, (erg_policy_in){ .power_w = 900 }, 0);
    double now_s = 0, last_w = out.cap_w;

    CHECK(last_w == 130);
    CHECK_NEAR(out.again_s, 15, 1e-12);
    while (isfinite(out.again_s)) {
        double dt_s = out.again_s;
        out = ask(&soft, (erg_policy_in){ .power_w = 900 }, dt_s);
        now_s += dt_s;
        CHECK(out.cap_w >= last_w);
        CHECK(out.cap_w - last_w <= 870.0 / 60 * dt_s * (1 + 1e-9));
        last_w = out.cap_w;
    }
    CHECK_NEAR(now_s, 75, 1);
    CHECK(last_w == 1000);
}

static void a_rack_cap_cuts_once_and_then_holds(void)
{
    one rack = begin("rack-cap=10kW:3s:30s", 1);
    const erg_policy_in quiet = { .power_w = 9500, .heat = NAN };
    double cap_w = ask(&rack, (erg_policy_in){ .power_w = 12000, .heat = NAN }, 3).cap_w;

    CHECK_NEAR(cap_w, 9500, 1e-9);
    for (int i = 0; i < 40; i++)
        CHECK(ask(&rack, quiet, 3).cap_w == cap_w);
    /* Long below 0.9: up by the slew, and no rise takes the power above 0.95. */
    double raised_w = cap_w;
    for (int i = 0; i < 40; i++) {
        double before_w = raised_w;
        raised_w = ask(&rack, (erg_policy_in){ .power_w = 8000, .heat = NAN }, 3).cap_w;
        CHECK(raised_w >= before_w && raised_w - before_w <= 300 + 1e-9);
    }
    CHECK(raised_w > cap_w);
}

static void bad_policies_are_refused_with_a_sentence(void)
{
    static const char *const bad[] = {
        "", "limit", "limit=850", "limit=850W:1", "nothing=1W", "bucket=850W",
        "bucket=850W:0s", "jitter=5ms:1ms", "stagger=0", "stagger=2.5", "storage=0s",
        "storage=5s:1J:1W:200%",
        "limit=-5W", "limit=850W+", "none+limit=850W", "limit=nanW",
        "limit=1W+limit=1W+limit=1W+limit=1W+limit=1W",
    };
    erg_policy_chain chain;

    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        CHECK(!erg_policy_parse(bad[i], strlen(bad[i]), &chain, &err));
        CHECK(err.code == ERG_BAD_INPUT && err.text[0]);
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_bucket_stretches_the_period_as_its_closed_form_says),
        TEST(a_bucket_bounds_energy_over_every_window),
        TEST(a_bucket_whose_wait_outdraws_it_never_admits),
        TEST(jitter_stays_in_its_bounds_and_repeats_to_the_bit),
        TEST(stagger_waits_once_and_only_once),
        TEST(a_harmonic_vanishes_unless_the_number_of_groups_divides_it),
        TEST(jitter_takes_from_a_line_what_the_sinc_law_says),
        TEST(a_floor_falls_after_its_hold),
        TEST(storage_follows_with_its_time_constant),
        TEST(storage_keeps_the_books_and_its_bounds),
        TEST(an_empty_store_lets_the_load_through),
        TEST(steps_of_any_length_give_the_same_storage),
        TEST(firmware_lets_an_edge_pass_and_then_keeps_its_limit),
        TEST(a_ramp_is_never_steeper_than_it_says),
        TEST(a_soft_start_rises_when_its_turn_comes_and_ends_at_the_top),
        TEST(a_rack_cap_cuts_once_and_then_holds),
        TEST(bad_policies_are_refused_with_a_sentence),
    };
    return test_run(tests, ERG_COUNT(tests));
}
