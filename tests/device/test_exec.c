/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as sensors: real children of a shell, which print what a meter would. */
#include <signal.h>
#include <unistd.h>
#include "base/base.h"
#include "device/drivers/exec_line.h"
#include "erg/device.h"
#include "test.h"

static erg_reading reading;

static erg_devices *find(const char *command, erg_error *err)
{
    const erg_env env = { 0 };
    char sensor[400];
    const char *const sensors[] = { sensor };

    snprintf(sensor, sizeof(sensor), "exec:%s", command);
    return erg_devices_find(&env, sensors, 1, err);
}

/* The next sample of a channel; false: the device is gone, or none comes within 5 s. */
static bool next(erg_devices *found, size_t channel, erg_sample *out)
{
    for (int i = 0; i < 500; i++) {
        if (!erg_devices_read(found, 0, channel, &reading, NULL))
            return false;
        if (reading.count > 0) {
            *out = reading.at[0];
            return true;
        }
        usleep(10000);
    }
    return false;
}

static bool parse(const char *text, erg_exec_line *out, erg_error *err)
{
    return erg_exec_line_parse(text, strlen(text), out, err);
}

static void the_end_of_a_key_is_its_unit(void)
{
    static const struct {
        const char *key, *name, *unit;
        erg_quantity quantity;
        double value;
    } rows[] = {
        { "power_w", "power", "W", ERG_POWER, 8 },
        { "power_kw", "power", "W", ERG_POWER, 8000 },
        { "power_mw", "power", "W", ERG_POWER, 0.008 },
        { "energy_j", "energy", "J", ERG_ENERGY, 8 },
        { "energy_wh", "energy", "J", ERG_ENERGY, 28800 },
        { "energy_kwh", "energy", "J", ERG_ENERGY, 28.8e6 },
        { "psu1_w", "psu1", "W", ERG_OTHER, 8 },
        { "inlet_c", "inlet", "K", ERG_TEMPERATURE, 281.15 },
        { "inlet_k", "inlet", "K", ERG_TEMPERATURE, 8 },
        { "fan_hz", "fan", "Hz", ERG_CLOCK_RATE, 8 },
        { "rail_v", "rail", "V", ERG_OTHER, 8 },
        { "rail_a", "rail", "A", ERG_OTHER, 8 },
        { "thd_ratio", "thd", "", ERG_OTHER, 8 },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_exec_line line;
        erg_error err = { 0 };
        char text[80];
        snprintf(text, sizeof(text), "{\"%s\": 8}", rows[i].key);
        CHECK_OK(parse(text, &line, &err), err);
        CHECK(line.count == 1 && line.values[0].quantity == rows[i].quantity);
        CHECK_TEXT(line.values[0].name, rows[i].name);
        CHECK_TEXT(line.values[0].unit, rows[i].unit);
        CHECK_NEAR(line.values[0].value, rows[i].value, 1e-9 * rows[i].value);
    }
}

static void what_is_no_line_is_refused_with_a_sentence(void)
{
    static const struct { const char *text, *why; } rows[] = {
        { "412", "one JSON object, as in {\"power_w\": 412.5}, not '412'" },
        { "[1]", "one JSON object" },
        { "{\"power_w\": 1", "one JSON object" },
        { "{\"power\": 1}", "the unit" },
        { "{\"Power_w\": 1}", "small letters" },
        { "{\"_w\": 1}", "the unit" },
        { "{\"a23456789012345678901234_w\": 1}", "small letters" },
        { "{\"power_w\": \"1\"}", "a number, or null" },
        { "{\"power_w\": 1, \"power_kw\": 1}", "twice" },
        { "{\"scope\": \"moon\"}", "\"scope\"" },
        { "{\"t_ns\": -1}", "CLOCK_MONOTONIC" },
        { "{\"window_s\": -1}", "not below 0" },
        { "{\"event\": 5}", "1 to 31 plain" },
        { "{\"event\": \"\"}", "1 to 31 plain" },
        { "{\"event\": \"\\u001b[2J\"}", "1 to 31 plain" },
        { "{\"event\": \"0123456789012345678901234567890123\"}", "1 to 31 plain" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_exec_line line;
        erg_error err = { 0 };
        CHECK(!parse(rows[i].text, &line, &err) && err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, rows[i].why))
            print_message("# %s: %s\n", rows[i].text, err.text);
        CHECK(strstr(err.text, rows[i].why));
    }
}

static void what_a_command_prints_is_read_with_its_facts(void)
{
    erg_error err = { 0 };
    erg_devices *found =
        find("while :; do echo '{\"power_w\": 412.5, \"inlet_c\": 25, \"energy_j\": null, "
             "\"update_s\": 0.02, \"window_s\": 0.5, \"scope\": \"board\", "
             "\"model\": \"pdu\", \"range_j\": 1e6}' || exit; sleep 0.02; done", &err);
    CHECK_OK(found, err);
    const erg_channel_info *power = erg_devices_channel(found, 0, 0);
    const erg_channel_info *energy = erg_devices_channel(found, 0, 2);
    CHECK(power->kind == ERG_AVG_PREV && power->window_s == 0.5 && power->update_s == 0.02);
    CHECK(energy->kind == ERG_COUNTER && energy->range_j == 1e6);
    CHECK(erg_devices_info(found, 0)->scope == ERG_SCOPE_BOARD
          && power->scope == ERG_SCOPE_BOARD);
    CHECK_TEXT(erg_devices_info(found, 0)->model, "pdu");
    erg_sample at, then;
    CHECK(next(found, 0, &at) && at.value == 412.5);
    CHECK(next(found, 0, &then) && then.t_ns > at.t_ns
          && then.t_ns - then.half_width_ns >= at.t_ns);
    CHECK(next(found, 1, &at) && at.value == 298.15);
    CHECK(next(found, 2, &at) && isnan(at.value));
    erg_devices_free(found);
}

/* The sensor log of a BMC beside its power: a line of its own, or with a reading. */
static void events_come_apart_from_readings(void)
{
    erg_error err = { 0 };
    erg_env env = { 0 };
    erg_device_event told[3];
    size_t count = 0;
    double sum = 0;
    const int64_t begin_ns = erg_env_now_ns(&env);
    erg_devices *found =
        find("echo '{\"event\": \"PSU over-current\"}'; echo '{\"power_w\": 1}'; "
             "echo '{\"power_w\": 2, \"event\": \"near trip\", \"t_ns\": 1234}'; "
             "sleep 9", &err);
    CHECK_OK(found, err);
    for (int i = 0; i < 500 && (count < 2 || sum < 3); i++) {
        CHECK(erg_devices_read(found, 0, 0, &reading, NULL));
        for (size_t k = 0; k < reading.count; k++)
            sum += reading.at[k].value;         /* a gap would make it NAN */
        while (count < 3 && erg_devices_event(found, &told[count]))
            count++;
        usleep(10000);
    }
    CHECK(count == 2);
    CHECK_TEXT(told[0].name, "PSU over-current");
    CHECK(told[0].t_ns >= begin_ns && told[0].t_ns <= erg_env_now_ns(&env));
    CHECK_TEXT(told[1].name, "near trip");
    CHECK(told[1].t_ns == 1234 && told[1].device == 0);
    CHECK(!erg_devices_event(found, &told[0]));
    erg_devices_free(found);
}

static void a_stamp_that_is_said_is_taken_unless_it_is_of_the_future(void)
{
    erg_error err = { 0 };
    erg_sample at;
    erg_devices *found =
        find("while :; do echo '{\"power_w\": 1, \"t_ns\": 1234}' || exit; sleep 0.02; "
             "done", &err);
    CHECK_OK(found, err);
    CHECK(next(found, 0, &at) && at.t_ns == 1234 && at.half_width_ns == 0);
    erg_devices_free(found);
    found =
        find("while :; do echo '{\"power_w\": 1, \"t_ns\": 9000000000000000000}' || exit; "
             "sleep 0.02; done", &err);
    CHECK_OK(found, err);
    CHECK(next(found, 0, &at) && at.t_ns < 9000000000000000000 && at.half_width_ns > 0);
    erg_devices_free(found);
}

static void a_line_that_is_none_is_a_gap_and_the_end_is_the_end(void)
{
    erg_error err = { 0 };
    erg_sample at;
    erg_devices *found = find("echo '{\"power_w\": 1}'; sleep 0.3; echo broken; sleep 0.3; "
                              "echo '{\"power_w\": 2}'; sleep 0.3", &err);
    CHECK_OK(found, err);
    CHECK(next(found, 0, &at) && isnan(at.value));
    CHECK(next(found, 0, &at) && at.value == 2);
    CHECK(!next(found, 0, &at));
    erg_devices_free(found);
}

static void a_command_that_prints_nothing_of_use_says_so(void)
{
    static const struct { const char *command, *why; } rows[] = {
        { "exit 3", "ended without a line" }, { "echo hello; sleep 9", "line" },
        { "echo '{}'; sleep 9", "no value" }, { "/nowhere/meter", "ended without a line" },
    };

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        CHECK(!find(rows[i].command, &err) && strstr(err.text, rows[i].why));
    }
    erg_error err = { 0 };
    CHECK(!find("", &err) && err.code == ERG_BAD_INPUT);
    char longer[300];
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    CHECK(!find(longer, &err) && strstr(err.text, "script"));
}

/* Gone, or dead and not yet waited for by whoever took it over. */
static bool is_dead(int pid)
{
    char path[64], state = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return true;
    bool good = fscanf(file, "%*d %*s %c", &state) == 1;
    fclose(file);
    return good && state == 'Z';
}

static void what_the_command_started_ends_with_it(void)
{
    erg_error err = { 0 };
    int pid = 0;

    CHECK(chdir(test_folder()) == 0);
    erg_devices *found = find("sleep 1000 & echo $! >pid; echo '{\"power_w\": 1}'; wait",
                              &err);
    CHECK_OK(found, err);
    FILE *file = fopen("pid", "r");
    CHECK(file && fscanf(file, "%d", &pid) == 1 && pid > 1);
    fclose(file);
    CHECK(kill(pid, 0) == 0);
    erg_devices_free(found);
    for (int i = 0; i < 500 && !is_dead(pid); i++)
        usleep(10000);
    CHECK(is_dead(pid));
}

int main(void)
{
    static const test tests[] = {
        TEST(the_end_of_a_key_is_its_unit),
        TEST(what_is_no_line_is_refused_with_a_sentence),
        TEST(what_a_command_prints_is_read_with_its_facts),
        TEST(events_come_apart_from_readings),
        TEST(a_stamp_that_is_said_is_taken_unless_it_is_of_the_future),
        TEST(a_line_that_is_none_is_a_gap_and_the_end_is_the_end),
        TEST(a_command_that_prints_nothing_of_use_says_so),
        TEST(what_the_command_started_ends_with_it),
    };
    return test_run(tests, ERG_COUNT(tests));
}
