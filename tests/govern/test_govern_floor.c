/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A floor held by a filler, against closed forms: what it burns is the area between floor
 * and load, and what the counters of the simulated boards count beyond their law.
 */
#include "govern/governed.h"
#include "plant/power.h"

#define BOARD "sim:a100-sxm4-80gb,update=100ms,window=100ms,counter_update=0s"

typedef struct floor_row {
    double held_w, load_w, fill_w, share, full_w, burned_j;
    char state[16], method[16];
} floor_row;

static floor_row look(const governed *is)
{
    floor_row out = { 0 };
    erg_result *result = tables(is);
    const erg_table *table = erg_result_find(result, "floor");
    CHECK(table && erg_table_row_count(table) == 1);
    out.held_w = erg_table_find(table, 0, "held_w").real;
    out.load_w = erg_table_find(table, 0, "load_w").real;
    out.fill_w = erg_table_find(table, 0, "fill_w").real;
    out.share = erg_table_find(table, 0, "share").real;
    out.full_w = erg_table_find(table, 0, "full_w").real;
    out.burned_j = erg_table_find(table, 0, "burned_total_j").real;
    erg_text_put(out.state, sizeof(out.state), erg_table_find(table, 0, "state").text);
    erg_text_put(out.method, sizeof(out.method), erg_table_find(table, 0, "method").text);
    erg_result_free(result);
    return out;
}

static double counted_j(const governed *is)
{
    erg_result *result = tables(is);
    const erg_table *sensors = erg_result_find(result, "sensors");
    double sum_j = 0;
    for (size_t i = 0; i < erg_table_row_count(sensors); i++)
        if (strcmp(erg_table_find(sensors, i, "channel").text, "energy") == 0)
            sum_j += erg_table_find(sensors, i, "value").real;
    erg_result_free(result);
    return sum_j;
}

/* 350 W for 20 s, then 100 W: 200 W burn for 5 s, then less by 50 W/s for 4 s. The sensor's
 * mean over 100 ms and the loop's 100 ms are what it comes too late. */
static void it_burns_what_is_missing_for_the_hold_and_then_ramps_down(void)
{
    governed is = { 0 };
    begin(&is, "mode: enforce\nnode: {id: n, sensors: [\"" BOARD
               ",load=list:350:20s:100:100s\"]}\n"
               "shaper: {floor: 300W, ramp_down_hold: 5s, ramp_down: 50W/s}\n");
    run_for(&is, 19, 0.1);
    CHECK(look(&is).burned_j == 0);
    CHECK_TEXT(look(&is).state, "idle");
    run_for(&is, 3, 0.1);
    floor_row filling = look(&is);
    CHECK_TEXT(filling.state, "filling");
    CHECK_TEXT(filling.method, "simulated");
    CHECK_NEAR(filling.fill_w, 200, 1);
    CHECK_NEAR(filling.load_w, 100, 1);
    CHECK_NEAR(filling.held_w, 300, 1e-9);
    CHECK_NEAR(grant(&is, 0, "power_w"), 300, 1);
    run_for(&is, 5, 0.1);
    CHECK_NEAR(look(&is).held_w, 300 - 50 * 2, 25);     /* down since 25 s */
    run_for(&is, 13, 0.1);
    floor_row after = look(&is);
    CHECK_TEXT(after.state, "idle");
    CHECK(after.fill_w == 0 && after.held_w == 0);
    CHECK_NEAR(after.burned_j, 200 * 5 + 200 * 4 / 2, 60);
    end(&is);
}

/* What burnt is counted exactly, whatever the load does:
 * the counter of the board says so. */
static void what_is_burnt_is_what_the_counter_has_beyond_the_law(void)
{
    static const char long_one[] = "list:350:3s:60:4s:350:2s:120:1s:350:2s:90:20s:340:90s";
    static const char *const loads[] = {
        "square:80:380:4s",
        "square:60:390:700ms:0.6",
        long_one,
        "square:80:200:2s+square:0:180:330ms",
    };
    for (size_t i = 0; i < ERG_COUNT(loads); i++) {
        governed is = { 0 };
        char text[512];
        erg_law law;
        snprintf(text, sizeof(text), "mode: enforce\nnode: {id: n, sensors: [\"" BOARD
                 ",load=%s\"]}\nshaper: {floor: 300W, ramp_down_hold: 1s, "
                 "ramp_down: 200W/s}\n", loads[i]);
        begin(&is, text);
        CHECK(erg_law_parse(loads[i], &law, NULL));
        run_for(&is, 60, 0.1);
        double law_j = erg_law_j(&law, 0, 60), all_j = counted_j(&is);
        floor_row row = look(&is);
        print_message("# %s: burnt %.0f J, law %.0f J, counted %.0f J\n", loads[i],
                      row.burned_j, law_j, all_j);
        CHECK(row.burned_j > 300);
        /* A step takes some looks at the clock, of 10 us each: 60 s are a little more. */
        CHECK_NEAR(all_j - law_j, row.burned_j, 0.005 * row.burned_j + 30);
        end(&is);
    }
}

/* Whatever mean and delay the sensor has: never more than the floor by what the filler
 * would be told twice, and the floor is reached. */
static void a_slow_sensor_makes_it_late_and_never_too_high(void)
{
    static const char *const sensors[] = { "update=20ms,window=0s",
                                           "update=100ms,window=100ms",
                                           "update=100ms,window=1s,delay=200ms",
                                           "update=1s,window=1s", "delay=500ms" };
    for (size_t i = 0; i < ERG_COUNT(sensors); i++) {
        governed is = { 0 };
        char text[512];
        double most_w = 0, sum_w = 0;
        snprintf(text, sizeof(text), "mode: enforce\nnode: {id: n, sensors: [\"sim:"
                 "a100-sxm4-80gb,%s,load=list:380:10s:120:60s\"]}\n"
                 "shaper: {floor: 250W, ramp_down_hold: 30s}\n", sensors[i]);
        begin(&is, text);
        run_for(&is, 10, 0.1);
        for (int k = 0; k < 200; k++) {
            run_for(&is, 0.1, 0.1);
            most_w = fmax(most_w, look(&is).fill_w);
            sum_w += k >= 100 ? look(&is).fill_w / 100 : 0;
        }
        print_message("# %s: at most %.1f W, later %.1f W\n", sensors[i], most_w, sum_w);
        CHECK(most_w <= 130.5);
        CHECK_NEAR(sum_w, 130, 1);
        end(&is);
    }
}

static void nothing_burns_before_there_was_a_load(void)
{
    governed is = { 0 };
    begin(&is, "mode: enforce\nnode: {id: n, sensors: [\"" BOARD ",load=constant:100\"]}\n"
               "shaper: {floor: 300W, ramp_down_hold: 60s}\n");
    run_for(&is, 30, 0.1);
    CHECK(look(&is).burned_j == 0 && look(&is).held_w == 0);
    CHECK_TEXT(look(&is).state, "idle");
    end(&is);
}

static void in_observe_it_only_says_what_it_would_burn(void)
{
    governed is = { 0 };
    begin(&is, "node: {id: n, sensors: [\"" BOARD ",load=list:350:5s:100:100s\"]}\n"
               "shaper: {floor: 300W, ramp_down_hold: 60s}\n");
    run_for(&is, 10, 0.1);
    CHECK_NEAR(look(&is).fill_w, 200, 1);
    CHECK(look(&is).burned_j == 0 && isnan(erg_governor_fill(is.governor)));
    CHECK_TEXT(look(&is).state, "observe");
    CHECK_NEAR(grant(&is, 0, "power_w"), 100, 1);
    end(&is);
}

static void limits_and_the_brake_come_first(void)
{
    governed is = { 0 };
    begin(&is,
          "mode: enforce\n"
          "node: {id: n, sensors: [\"" BOARD ",load=list:380:5s:100:200s\"]}\n"
               "shaper: {floor: 300W, ramp_down_hold: 300s}\n");
    run_for(&is, 10, 0.1);
    CHECK_NEAR(look(&is).fill_w, 200, 1);
    ask(&is, ERG_GOVERN_SET, 290, NULL);
    run_for(&is, 0.5, 0.1);
    /* The bands, which saw a moment above it, may take off more. */
    CHECK(look(&is).fill_w < 0.95 * 290 - 100 + 1 && look(&is).fill_w > 100);
    ask(&is, ERG_GOVERN_BRAKE, NAN, NULL);
    run_for(&is, 0.3, 0.1);
    CHECK(look(&is).fill_w == 0);
    CHECK_TEXT(look(&is).state, "held_off");
    ask(&is, ERG_GOVERN_RELEASE, NAN, NULL);
    run_for(&is, 5, 0.1);
    CHECK_NEAR(look(&is).fill_w, 200, 1);
    end(&is);
}

/* Two lines for a burst, however often the load dips between. */
static void the_journal_has_when_it_began_and_when_it_was_over(void)
{
    governed is = { 0 };
    int lines = 0;
    begin(&is, "mode: enforce\nnode: {id: n, sensors: [\"" BOARD
               ",load=list:350:5s:100:1s:350:1s:100:1s:350:1s:100:1s:350:100s\"]}\n"
               "shaper: {floor: 300W, ramp_down_hold: 10s}\n");
    run_for(&is, 40, 0.1);
    erg_result *result = tables(&is);
    const erg_table *journal = erg_result_find(result, "journal");
    for (size_t i = 0; i < erg_table_row_count(journal); i++)
        if (strcmp(erg_table_find(journal, i, "rule").text, "floor") == 0) {
            double requested_w = erg_table_find(journal, i, "requested_w").real;
            CHECK(requested_w == (lines++ ? 0 : 300));
        }
    CHECK(lines == 2);
    erg_result_free(result);
    end(&is);
}

/* ---- a process, played by the test --------------------------------------------------- */

#define ENERGY "/sys/class/powercap/intel-rapl:2/energy_uj"     /* psys: the node's meter */

typedef struct filled_box {
    governed governed;
    double true_w, uj, worst_w;     /* of share 1 */
    double burnt_j;
} filled_box;

/* A Xeon whose counter goes up by load and filler; the process obeys in the next step. */
static void play(filled_box *is, double load_w, double seconds)
{
    erg_error err = { 0 };
    for (int i = 0; i < (int)(seconds / 0.1 + 0.5); i++) {
        double share = erg_governor_fill(is->governed.governor);
        double fill_w = isnan(share) ? 0 : share * is->true_w;
        is->uj += (load_w + fill_w) * 1e5;
        is->burnt_j += fill_w * 0.1;
        machine_number(&is->governed.box, ENERGY, is->uj);
        is->governed.box.now_ns += 100000000;
        erg_governor_filled(is->governed.governor, true, share, NULL);
        CHECK_OK(erg_governor_step(is->governed.governor, is->governed.box.now_ns, &err),
                 err);
    }
}

/* machine_open is begin's: the tree is that of a Xeon. */
static void begin_xeon(filled_box *is, const char *text)
{
    char whole[1024];
    erg_error err = { 0 };
    machine_open(&is->governed.box, "xeon-2s");
    snprintf(is->governed.state, sizeof(is->governed.state), "%s/state",
             is->governed.box.root);
    int count = snprintf(whole, sizeof(whole), "version: 1\nstate: %s\nmode: enforce\n"
                         "node: {id: n, sensors: [rapl]}\n%s", is->governed.state, text);
    is->uj = 1e6;
    machine_number(&is->governed.box, ENERGY, is->uj);
    is->governed.config = erg_govern_config_parse("test", whole, (size_t)count, &err);
    CHECK_OK(is->governed.config, err);
    is->governed.governor =
        erg_governor_open(is->governed.config, &is->governed.box.env, &err);
    CHECK_OK(is->governed.governor, err);
}

/* Whatever a process takes at full share: it is learned, the floor is held, and what is
 * said to be burnt is what was. */
static void the_watts_of_a_process_are_learned(void)
{
    static const double truths_w[] = { 40, 80, 150 };
    for (size_t i = 0; i < ERG_COUNT(truths_w); i++) {
        filled_box is = { .true_w = truths_w[i] };
        begin_xeon(&is, "shaper: {floor: 110W, ramp_down_hold: 20s, ramp_down: 20W/s}\n");
        for (int k = 0; k < 6; k++) {
            play(&is, 130, 5);
            play(&is, 75, 40);
        }
        floor_row before = look(&is.governed);
        double burnt_j = is.burnt_j;
        play(&is, 130, 5);
        play(&is, 75, 15);
        floor_row row = look(&is.governed);
        print_message("# truly %.0f W: thought %.1f W, fills %.1f W of 35; burnt %.0f J, "
                      "said %.0f J\n", is.true_w, row.full_w, is.true_w * row.share,
                      is.burnt_j - burnt_j, row.burned_j - before.burned_j);
        CHECK_TEXT(row.method, "model");
        CHECK_NEAR(row.full_w, is.true_w, 0.15 * is.true_w);
        CHECK_NEAR(is.true_w * row.share, 35, 2);
        CHECK_NEAR(row.burned_j - before.burned_j, is.burnt_j - burnt_j,
                   0.15 * (is.burnt_j - burnt_j));
        end(&is.governed);
    }
}

static void a_process_that_does_not_run_burns_nothing(void)
{
    filled_box is = { .true_w = 80 };
    erg_error err = { 0 };
    begin_xeon(&is, "shaper: {floor: 110W, ramp_down_hold: 20s}\n");
    play(&is, 130, 5);
    for (int i = 0; i < 100; i++) {
        is.uj += 75 * 1e5;
        machine_number(&is.governed.box, ENERGY, is.uj);
        is.governed.box.now_ns += 100000000;
        erg_governor_filled(is.governed.governor, false, 0, "it is not there");
        CHECK_OK(erg_governor_step(is.governed.governor, is.governed.box.now_ns, &err),
                 err);
    }
    floor_row row = look(&is.governed);
    CHECK_TEXT(row.state, "refused");
    CHECK(row.burned_j == 0);
    CHECK_NEAR(row.load_w, 75, 1);
    CHECK(erg_governor_fill(is.governed.governor) > 0);     /* it is wanted all the same */
    end(&is.governed);
}

int main(void)
{
    static const test tests[] = {
        TEST(it_burns_what_is_missing_for_the_hold_and_then_ramps_down),
        TEST(what_is_burnt_is_what_the_counter_has_beyond_the_law),
        TEST(a_slow_sensor_makes_it_late_and_never_too_high),
        TEST(nothing_burns_before_there_was_a_load),
        TEST(in_observe_it_only_says_what_it_would_burn),
        TEST(limits_and_the_brake_come_first),
        TEST(the_journal_has_when_it_began_and_when_it_was_over),
        TEST(the_watts_of_a_process_are_learned),
        TEST(a_process_that_does_not_run_burns_nothing),
    };
    return test_run(tests, ERG_COUNT(tests));
}
