/* SPDX-License-Identifier: Apache-2.0 */
/* Power smoothing and workload profiles of a simulated board, its clock moved by hand. */
#include "device/found.h"
#include "device/machine.h"

#define BOARD "sim:plain,smoothing,profiles,update=0s,window=0s,start=0s," \
              "load=square:50:300:10s"   /* 300 W for 5 s, then 50 W */

typedef struct board {
    machine box;
    erg_devices *found;
} board;

static void open_board(board *is, const char *sensor)
{
    erg_error err = { 0 };
    machine_open(&is->box, NULL);
    is->found = erg_devices_find(&is->box.env, &sensor, 1, &err);
    CHECK_OK(is->found, err);
}

static double read_w(board *is, double t_s)
{
    erg_reading reading;
    size_t at;
    CHECK(channel_of(is->found, "power", &at));
    is->box.now_ns = erg_ns_from_s(t_s);
    CHECK(erg_devices_read(is->found, 0, at, &reading, NULL) && reading.count == 1);
    return reading.at[0].value;
}

static bool turn(board *is, erg_knob which, double value, erg_turn *to, erg_error *err)
{
    *to = (erg_turn){ .knob = which, .requested = value };
    return erg_devices_turn(is->found, 0, to, err);
}

static const erg_device_knob *knob(const board *is, erg_knob which)
{
    return erg_devices_find_knob(is->found, 0, which);
}

static void a_board_has_these_knobs_only_if_it_is_asked_for(void)
{
    board is;
    open_board(&is, "sim:plain");
    CHECK(!knob(&is, ERG_SMOOTHING) && !knob(&is, ERG_WORKLOAD_PROFILE));
    erg_devices_free(is.found);
    open_board(&is, "sim:plain,smoothing=off,profiles");
    CHECK(!knob(&is, ERG_SMOOTHING) && knob(&is, ERG_WORKLOAD_PROFILE)->value_count == 8);
    erg_devices_free(is.found);
    open_board(&is, BOARD);
    CHECK(knob(&is, ERG_SMOOTHING)->now == 0 && knob(&is, ERG_SMOOTHING_PROFILE)->now == 0);
    CHECK_NEAR(knob(&is, ERG_SMOOTHING_FLOOR)->now, 0.5, 1e-12);
    CHECK_NEAR(knob(&is, ERG_SMOOTHING_FLOOR)->low, 0.2, 1e-12);
    CHECK_NEAR(knob(&is, ERG_SMOOTHING_FLOOR)->high, 0.9, 1e-12);
    CHECK(isnan(knob(&is, ERG_WORKLOAD_PROFILE)->now));
    erg_devices_free(is.found);
}

/* A floor of 60 % of 300 W, left 1 s after the load has gone, by 50 W/s. */
static void its_power_follows_what_was_turned_and_is_the_load_again(void)
{
    board is;
    erg_turn to;
    erg_error err = { 0 };
    open_board(&is, BOARD);
    CHECK_NEAR(read_w(&is, 6), 50, 0.5);
    is.box.now_ns = erg_ns_from_s(11);
    CHECK_OK(turn(&is, ERG_SMOOTHING_FLOOR, 0.6, &to, &err) && to.enforced == 0.6, err);
    CHECK_OK(turn(&is, ERG_SMOOTHING_RAMP_UP, 1000, &to, &err), err);
    CHECK_OK(turn(&is, ERG_SMOOTHING_RAMP_DOWN, 50, &to, &err), err);
    CHECK_OK(turn(&is, ERG_SMOOTHING_HYSTERESIS, 4, &to, &err), err);
    CHECK_OK(turn(&is, ERG_SMOOTHING, 1, &to, &err) && to.enforced == 1, err);
    CHECK_NEAR(read_w(&is, 14.9), 300, 0.5);
    CHECK_NEAR(read_w(&is, 16), 250, 0.5);          /* the load went at 15 s */
    CHECK_NEAR(read_w(&is, 18.5), 180, 0.5);        /* the floor, to 19 s */
    CHECK_NEAR(read_w(&is, 19.5), 155, 0.5);
    CHECK_NEAR(read_w(&is, 21), 300, 0.5);          /* the load is back at 20 s */
    CHECK_OK(erg_devices_restore(is.found, &err), err);
    CHECK_NEAR(read_w(&is, 26), 50, 0.5);
    CHECK(knob(&is, ERG_SMOOTHING)->now == 0);
    CHECK_NEAR(knob(&is, ERG_SMOOTHING_FLOOR)->now, 0.5, 1e-12);
    erg_devices_free(is.found);
}

/* As on a board: what is written to a preset that is not in force changes nothing now. */
static void a_preset_and_its_parameters_are_not_turned_together(void)
{
    board is;
    erg_turn to;
    erg_error err = { 0 };
    open_board(&is, BOARD);
    CHECK_OK(turn(&is, ERG_SMOOTHING_PROFILE, 3, &to, &err), err);
    CHECK_OK(turn(&is, ERG_SMOOTHING, 1, &to, &err), err);
    CHECK(!turn(&is, ERG_SMOOTHING_FLOOR, 0.6, &to, &err) && err.code == ERG_REFUSED);
    read_w(&is, 14.9);
    CHECK_NEAR(read_w(&is, 15.2), 240, 0.5);        /* its floor: 80 % of 300 W */
    CHECK_OK(erg_devices_restore(is.found, &err), err);
    CHECK_OK(turn(&is, ERG_SMOOTHING_FLOOR, 2, &to, &err) && to.clamped == 0.9, err);
    erg_devices_free(is.found);
}

/* Nobody has published what a profile does to the power: it does nothing here. */
static void a_profile_is_taken_and_told_and_draws_as_before(void)
{
    board is;
    erg_turn to;
    erg_error err = { 0 };
    open_board(&is, BOARD);
    CHECK_OK(turn(&is, ERG_WORKLOAD_PROFILE, 6, &to, &err) && to.enforced == 6, err);
    CHECK_NEAR(read_w(&is, 4), 300, 0.5);
    CHECK_OK(erg_devices_restore(is.found, &err), err);
    CHECK(isnan(knob(&is, ERG_WORKLOAD_PROFILE)->now));
    erg_devices_free(is.found);
}

static void what_does_not_go_together_is_refused(void)
{
    static const struct { const char *sensor, *what; } rows[] = {
        { "sim:plain,heat,smoothing", "does not go with heat" },
        { "sim:plain,smoothing=3", "smoothing=3 is neither smoothing=on nor" },
        { "sim:plain,profiles=6", "profiles=6 is neither profiles=on nor" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        const erg_env env = { 0 };
        erg_error err = { 0 };
        CHECK(!erg_devices_find(&env, &rows[i].sensor, 1, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, rows[i].what));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_board_has_these_knobs_only_if_it_is_asked_for),
        TEST(its_power_follows_what_was_turned_and_is_the_load_again),
        TEST(a_preset_and_its_parameters_are_not_turned_together),
        TEST(a_profile_is_taken_and_told_and_draws_as_before),
        TEST(what_does_not_go_together_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
