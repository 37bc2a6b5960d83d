/* SPDX-License-Identifier: Apache-2.0 */
/* A governor over simulated silicon, its clock moved by hand. */
#include "govern/governed.h"
#include "govern/journal.h"

#define TWO                                                                                \
    "node: {id: n, ceil: 550W, sensors: [\"sim:a100-sxm4-80gb,load=constant:400\","        \
    " \"sim:a100-sxm4-80gb,load=constant:100\"]}\n"

static void the_hungry_gets_what_the_modest_leaves(void)
{
    governed is = { 0 };
    begin(&is, "mode: enforce\n" TWO);
    run_for(&is, 5, 0.1);
    CHECK_NEAR(grant(&is, 0, "cap_w"), 550, 1e-9);
    CHECK_NEAR(grant(&is, 1, "grant_w"), 390, 1e-6);
    CHECK_NEAR(grant(&is, 2, "grant_w"), 160, 1e-6);        /* its least */
    CHECK(says(&is, 1, "state", "enforced") && says(&is, 1, "rule", "ceil"));
    end(&is);
}

/* A limit that nothing holds down is not turned, and so never called enforced. */
static void nothing_is_called_enforced_before_it_is_read_back(void)
{
    governed is = { 0 };
    begin(&is, "mode: enforce\nnode: {id: n, sensors: [\"sim:a100-sxm4-80gb,"
               "load=constant:400\"]}\n");
    run_for(&is, 2, 0.1);
    CHECK(isnan(grant(&is, 1, "enforced_w")) && says(&is, 1, "state", "free"));
    ask(&is, ERG_GOVERN_SET, 300, NULL);
    CHECK_NEAR(grant(&is, 1, "enforced_w"), 300, 1e-9);
    CHECK_NEAR(grant(&is, 1, "cap_w"), 300, 1e-9);
    end(&is);

    begin(&is, TWO);
    run_for(&is, 2, 0.1);
    CHECK(isnan(grant(&is, 1, "enforced_w")) && isnan(grant(&is, 0, "enforced_w")));
    CHECK(says(&is, 1, "state", "observe"));
    CHECK_NEAR(grant(&is, 1, "cap_w"), 400, 1e-9);  /* as it was */
    CHECK(grant(&is, 1, "grant_w") < 400);          /* what it would get */
    end(&is);
}

/* Whatever is asked in whatever order: what is in force never passes the least of all. */
static void the_sum_in_force_never_passes_the_limit(void)
{
    static const char *const devices[] = { NULL, "sim:a100-sxm4-80gb", "sim:plain" };
    governed is = { 0 };
    test_random random = { 5 };
    begin(
        &is,
        "mode: enforce\nnode: {id: n, ceil: 800W, sensors: ["
        "\"sim:a100-sxm4-80gb,load=square:80:400:3s\", \"sim:plain,load=square:60:300:2s\","
        " \"sim:h100-sxm5-80gb,load=ramp:80:700:20s\"]}\n");
    for (int i = 0; i < 400; i++) {
        double which = test_uniform(&random);
        run_for(&is, 0.3, 0.1);
        if (which < 0.5)
            ask(&is, ERG_GOVERN_SET, 600 + 300 * test_uniform(&random),
                devices[(int)(3 * test_uniform(&random))]);
        else if (which < 0.6)
            ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);
        else if (which < 0.65)
            ask(&is, ERG_GOVERN_BRAKE, NAN, NULL);
        double limit_w = grant(&is, 0, "cap_w");
        erg_govern_claim claim = erg_governor_claim(is.governor);
        CHECK(limit_w <= 800 && claim.enforced_w <= limit_w + 1e-6);
        CHECK(claim.least_w <= claim.enforced_w + 1e-6);
    }
    end(&is);
}

static void a_brake_holds_everything_at_its_least_until_it_is_let_go(void)
{
    governed is = { 0 };
    begin(&is, "mode: enforce\n" TWO);
    run_for(&is, 2, 0.1);
    ask(&is, ERG_GOVERN_BRAKE, NAN, NULL);
    CHECK_NEAR(grant(&is, 1, "enforced_w"), 160, 1e-9);
    CHECK_NEAR(grant(&is, 2, "enforced_w"), 160, 1e-9);
    CHECK(says(&is, 0, "state", "braked") && says(&is, 1, "rule", "brake"));
    ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);
    run_for(&is, 2, 0.1);
    CHECK(grant(&is, 1, "enforced_w") > 300);
    end(&is);
}

static void a_cap_for_a_time_ends_by_itself_and_rises_by_the_ramp(void)
{
    governed is = { 0 };
    erg_error err = { 0 };
    begin(&is,
          "mode: enforce\nshaper: {ramp_up: 20W/s}\nnode: {id: n, ceil: 500W, sensors: ["
          "\"sim:a100-sxm4-80gb,load=constant:150\", "
          "\"sim:a100-sxm4-80gb,load=constant:90\"]}\n");
    run_for(&is, 2, 0.1);
    const erg_govern_request request = { .verb = ERG_GOVERN_SET, .cap_w = 400, .for_s = 1 };
    erg_result_free(erg_governor_answer(is.governor, &request, "test", &err));
    CHECK_NEAR(erg_governor_claim(is.governor).enforced_w, 400, 1e-6);
    run_for(&is, 0.8, 0.1);
    CHECK_NEAR(grant(&is, 0, "grant_w"), 400, 1e-6);
    run_for(&is, 3, 0.1);
    CHECK(grant(&is, 0, "grant_w") > 420 && grant(&is, 0, "grant_w") < 470);
    run_for(&is, 10, 0.1);
    CHECK_NEAR(grant(&is, 0, "grant_w"), 500, 1e-6);
    end(&is);
}

static void a_lease_that_has_run_out_leaves_the_fallback(void)
{
    governed is = { 0 };
    begin(&is,
          "mode: enforce\nnode: {id: n, ceil: 700W, fallback: 400W, sensors: ["
          "\"sim:a100-sxm4-80gb,load=constant:400\", \"sim:plain,load=constant:200\"]}\n"
          "mqtt: {host: none.invalid, rack: r}\n");
    run_for(&is, 1, 0.1);
    CHECK_NEAR(grant(&is, 0, "cap_w"), 400, 1e-9);
    CHECK(says(&is, 0, "rule", "lease"));
    erg_governor_lease(is.governor, &(erg_govern_lease){
        .cap_w = 550, .until_ns = is.box.now_ns + 5 * ERG_NS_PER_S, .epoch = 1, .number = 1,
        .state = "held" });
    run_for(&is, 2, 0.1);
    CHECK_NEAR(grant(&is, 0, "cap_w"), 550, 1e-9);
    run_for(&is, 4, 0.1);
    CHECK_NEAR(grant(&is, 0, "cap_w"), 400, 1e-9);
    CHECK(erg_governor_claim(is.governor).enforced_w <= 400 + 1e-6);
    end(&is);
}

static void a_supply_is_kept_to_its_fraction(void)
{
    governed is = { 0 };
    begin(&is, "node: {id: n, psu_ocp: 1000W, sensors: [\"sim:plain\"]}\n");
    run_for(&is, 1, 0.1);
    CHECK_NEAR(grant(&is, 0, "cap_w"), 850, 1e-9);
    CHECK(says(&is, 0, "rule", "psu"));
    end(&is);
}

/* More is asked for than the least of all: they keep it, and it is said. */
/* 400 W of 404.8: within the bands of a margin of 1,
 * but (400/404.8)^2 is over 0.8 of 1.21. */
static void a_breaker_that_grows_warm_is_relieved_before_it_trips(void)
{
    static const struct { const char *trip; bool braked; } rows[] = {
        { "1.21", true }, { "1.277", false },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        governed is = { 0 };
        char text[400];
        snprintf(text, sizeof(text), "node: {id: n, sensors: [\"sim:a100-sxm4-80gb,"
                 "load=constant:400\"]}\nrack: {breaker: {rating: 404.8W, margin: 1, "
                 "trip: %s}}\n", rows[i].trip);
        begin(&is, text);
        run_for(&is, 10, 0.1);
        CHECK(says(&is, 0, "state", rows[i].braked ? "braked" : "observe"));
        end(&is);
    }
}

/* Firmware lets excursions of milliseconds through, and a breaker carries 0.8 for hours. */
static void margins_that_leave_no_room_are_said(void)
{
    static const struct { const char *rack; bool target, margin; } rows[] = {
        { "{bands: {cap: 1, target: 1}, breaker: {rating: 1kW, margin: 1}}", true, true },
        { "{breaker: {rating: 1kW}}", false, false },
        { "{bands: {cap: 0.99, target: 0.97}}", true, false },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        char text[200];
        governed is;
        snprintf(text, sizeof(text), "node: {id: x, sensors: ['sim:plain']}\nrack: %s\n",
                 rows[i].rack);
        begin(&is, text);
        run_for(&is, 1, 0.1);
        erg_result *result = tables(&is);
        CHECK(test_has_note(result, "rack.bands.target is") == rows[i].target);
        CHECK(test_has_note(result, "rack.breaker.margin is 1") == rows[i].margin);
        erg_result_free(result);
        end(&is);
    }
}

/* 300 W fewer at 100 W/s take three seconds; what protects does not wait. */
static void a_wish_is_come_to_slowly_where_that_is_configured(void)
{
    static const struct { const char *rest; double after_1_s, after_4_s; } rows[] = {
        { "shaper: {ramp_down: 100W/s}\n", 700, 500 }, { "", 500, 500 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        governed is = { 0 };
        char text[400];
        snprintf(text, sizeof(text), "mode: enforce\nnode: {id: n, ceil: 800W, sensors: "
                 "[\"sim:a100-sxm4-80gb,load=constant:400\","
                 "\"sim:a100-sxm4-80gb,load=constant:400\"]}\n%s", rows[i].rest);
        begin(&is, text);
        run_for(&is, 1, 0.1);
        ask(&is, ERG_GOVERN_SET, 500, NULL);
        run_for(&is, 1, 0.1);
        CHECK(erg_governor_claim(is.governor).enforced_w <= rows[i].after_1_s + 1e-6);
        CHECK(erg_governor_claim(is.governor).enforced_w >= 0.93 * rows[i].after_1_s);
        run_for(&is, 3, 0.1);
        CHECK(erg_governor_claim(is.governor).enforced_w <= rows[i].after_4_s + 1e-6);
        erg_governor_lease(is.governor,
                           &(erg_govern_lease){ .cap_w = 400, .until_ns = INT64_MAX,
                                                .state = "leased" });
        run_for(&is, 0.1, 0.1);
        CHECK(erg_governor_claim(is.governor).enforced_w <= 400 + 1e-6);
        end(&is);
    }
}

static void begin_two_at(governed *is, double cap_w)
{
    begin(is, "mode: enforce\n" TWO);
    run_for(is, 1, 0.1);
    ask(is, ERG_GOVERN_SET, cap_w, NULL);
}

static void a_limit_below_the_least_of_all_is_called_short(void)
{
    governed is = { 0 };
    begin_two_at(&is, 200);
    CHECK(says(&is, 0, "state", "short"));
    CHECK_NEAR(erg_governor_claim(is.governor).enforced_w, 320, 1e-6);
    end(&is);
}

/* A board that would pass 85 C settles below a hot spot of 70 C, and not far below. The
 * step itself overshoots: the fast part of the body is hot before any look. */
static void a_hot_device_is_held_below_its_hot_spot(void)
{
    governed is = { 0 };
    begin(&is,
          "mode: enforce\nthermal: {hotspot: 70C, hysteresis: 5C, inlet: 21C, tau: 28s}\n"
          "node: {id: n, sensors: [\"sim:a100-sxm4-80gb,heat=on,load=constant:400,"
          "ambient=21C,tau=28s,limit=95C\"]}\n");
    double most_c = 0, least_c = INFINITY, peak_c = 0;
    for (int i = 0; i < 400; i++) {
        run_for(&is, 1, 0.5);
        double temp_c = grant(&is, 1, "temp_c");
        peak_c = fmax(peak_c, temp_c);
        most_c = i > 240 ? fmax(most_c, temp_c) : most_c;
        least_c = i > 240 ? fmin(least_c, temp_c) : least_c;
    }
    print_message("# %.2f to %.2f C once settled, at most %.2f C\n", least_c, most_c,
                  peak_c);
    CHECK(most_c <= 71 && least_c >= 58 && peak_c < 80);
    end(&is);
}

/* A full disk, or here a folder where the old journal is to go. */
static void a_journal_that_cannot_be_written_is_told_for_a_minute(void)
{
    governed is;
    machine at;
    char text[2 * ERG_PATH_MOST], old[ERG_PATH_MOST];

    machine_open(&at, NULL);
    snprintf(old, sizeof(old), "%.400s/j.1", at.root);
    CHECK(mkdir(old, 0755) == 0);
    snprintf(text, sizeof(text), "node: {sensors: [\"sim:plain\"]}\n"
             "journal: {path: %.400s/j, size: 4096B}\n", at.root);
    begin(&is, text);
    run_for(&is, 1, 0.1);
    erg_result *before = tables(&is);
    CHECK(!test_has_note(before, "journal: "));
    erg_result_free(before);
    for (int i = 0; i < 40; i++)
        erg_governor_note_clock(is.governor, "x", "wait", "me", 1e9, 2e9);
    run_for(&is, 1, 0.1);
    erg_result *after = tables(&is);
    CHECK(test_has_note(after, "journal: cannot rename"));
    erg_result_free(after);
    run_for(&is, 61, 0.1);
    erg_result *later = tables(&is);
    CHECK(!test_has_note(later, "journal: "));
    erg_result_free(later);
    end(&is);
}

static void the_journal_tells_what_was_turned_for_whom(void)
{
    governed is = { 0 };
    begin_two_at(&is, 400);
    erg_result *result = tables(&is);
    const erg_table *journal = erg_result_find(result, "journal");
    bool asked = false, turned = false;
    for (size_t i = 0; i < erg_table_row_count(journal); i++) {
        const char *who = erg_table_find(journal, i, "who").text;
        const char *rule = erg_table_find(journal, i, "rule").text;
        double enforced_w = erg_table_find(journal, i, "enforced_w").real;
        asked |= strcmp(who, "test") == 0 && strcmp(rule, "set") == 0;
        turned |= strcmp(who, "ergd") == 0 && strcmp(rule, "set") == 0 && enforced_w > 0;
    }
    CHECK(asked && turned);
    erg_result_free(result);
    end(&is);
}

/* A new coordinator grants what was last read back, again and again, for one lease. */
static void a_grant_of_what_is_in_force_takes_nothing_off(void)
{
    governed is = { 0 };
    erg_govern_lease lease = { .cap_w = 200, .until_ns = INT64_MAX, .state = "leased" };

    begin(&is, "mode: enforce\nnode: {id: n, sensors: [\"sim:a100-sxm4-80gb,"
               "load=constant:199\"]}\n");
    erg_governor_lease(is.governor, &lease);
    run_for(&is, 5, 0.1);
    double cut_w = grant(&is, 1, "enforced_w");
    print_message("# %.1f W\n", cut_w);
    CHECK(cut_w < 198 && cut_w > 180);          /* the bands have taken some off */
    for (int i = 0; i < 10; i++) {
        lease.cap_w = grant(&is, 1, "enforced_w");
        erg_governor_lease(is.governor, &lease);
        run_for(&is, 0.3, 0.1);
        CHECK(grant(&is, 1, "enforced_w") <= lease.cap_w + 1e-9);
    }
    CHECK(grant(&is, 1, "enforced_w") > 0.94 * cut_w);  /* one more look of the bands */
    end(&is);
}

/* A period of the bands reaches back beyond the fall: what was drawn then was allowed. */
static void a_limit_that_falls_is_no_excess(void)
{
    governed is = { 0 };

    begin(&is, "mode: enforce\nnode: {id: n, sensors: [\"sim:a100-sxm4-80gb,"
               "load=constant:350\"]}\n");
    for (double cap_w = 340; cap_w > 180; cap_w *= 0.8) {
        ask(&is, ERG_GOVERN_SET, cap_w, NULL);
        for (int tenths = 0; tenths < 25; tenths++) {
            run_for(&is, 0.1, 0.1);
            CHECK(grant(&is, 1, "enforced_w") <= cap_w + 1e-6);
            CHECK(grant(&is, 1, "enforced_w") > 0.93 * cap_w);  /* their target is 0.95 */
        }
    }
    end(&is);
}

int main(void)
{
    static const test tests[] = {
        TEST(the_hungry_gets_what_the_modest_leaves),
        TEST(nothing_is_called_enforced_before_it_is_read_back),
        TEST(the_sum_in_force_never_passes_the_limit),
        TEST(a_brake_holds_everything_at_its_least_until_it_is_let_go),
        TEST(a_cap_for_a_time_ends_by_itself_and_rises_by_the_ramp),
        TEST(a_lease_that_has_run_out_leaves_the_fallback),
        TEST(a_supply_is_kept_to_its_fraction),
        TEST(a_breaker_that_grows_warm_is_relieved_before_it_trips),
        TEST(margins_that_leave_no_room_are_said),
        TEST(a_wish_is_come_to_slowly_where_that_is_configured),
        TEST(a_limit_below_the_least_of_all_is_called_short),
        TEST(a_hot_device_is_held_below_its_hot_spot),
        TEST(a_journal_that_cannot_be_written_is_told_for_a_minute),
        TEST(the_journal_tells_what_was_turned_for_whom),
        TEST(a_limit_that_falls_is_no_excess),
        TEST(a_grant_of_what_is_in_force_takes_nothing_off),
    };
    return test_run(tests, ERG_COUNT(tests));
}
