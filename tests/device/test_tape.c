/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings played as devices, under a clock stepped by hand and on the real one. */
#include "erg/device.h"
#include "test.h"
#include "trace/tape.h"

typedef struct stepped { int64_t now_ns; } stepped;

static int64_t stepped_now_ns(void *self) { return ((stepped *)self)->now_ns; }

static void stepped_sleep(void *self, int64_t at_ns) { ((stepped *)self)->now_ns = at_ns; }

static erg_devices *play(const char *path, const erg_clock *clock, erg_error *err)
{
    char sensor[700];
    snprintf(sensor, sizeof(sensor), "tape:%s", path);
    const char *const sensors[] = { sensor };
    erg_env env = { .clock = clock };
    return erg_devices_find(&env, sensors, 1, err);
}

static const char short_tape[] =
    "# erg tape 1\n# device=nvml:0\n# kind=counter\n# method=simulated\n"
    "# update_ns=20000000\n"
    "1000,30,5\n2000,31,nan\n500001000,32,7.5\n";

static void samples_come_when_their_time_has_come(void)
{
    stepped hand = { 90 * ERG_NS_PER_S };
    erg_clock clock = { stepped_now_ns, stepped_now_ns, stepped_sleep, &hand };
    erg_error err = { 0 };
    erg_devices *tape = play(test_file("a.tape", short_tape), &clock, &err);
    erg_reading got;
    CHECK_OK(tape != NULL, err);

    CHECK(erg_devices_read(tape, 0, 0, &got, &err));
    CHECK(got.count == 1 && got.at[0].t_ns == hand.now_ns && got.at[0].half_width_ns == 30);
    hand.now_ns += 499 * ERG_NS_PER_MS;
    CHECK(erg_devices_read(tape, 0, 0, &got, &err));
    CHECK(got.count == 1 && isnan(got.at[0].value));
    CHECK(erg_devices_read(tape, 0, 0, &got, &err) && got.count == 0);
    hand.now_ns += 1 * ERG_NS_PER_MS;
    CHECK(erg_devices_read(tape, 0, 0, &got, &err));
    CHECK(got.count == 1 && got.at[0].value == 7.5);
    CHECK(got.at[0].t_ns == 90 * ERG_NS_PER_S + 500 * ERG_NS_PER_MS);
    CHECK(erg_devices_read(tape, 0, 0, &got, &err) && got.count == 0);
    erg_devices_free(tape);
}

static void a_tape_keeps_the_facts_of_its_source(void)
{
    erg_error err = { 0 };
    erg_devices *tape = play(test_file("a.tape", short_tape), NULL, &err);
    CHECK_OK(tape != NULL, err);
    const erg_channel_info *channel = erg_devices_channel(tape, 0, 0);
    CHECK(channel->method == ERG_METHOD_SIMULATED && channel->kind == ERG_COUNTER);
    CHECK(channel->update_s == 0.02);
    CHECK_TEXT(erg_devices_info(tape, 0)->name, "nvml:0");
    CHECK_TEXT(erg_devices_info(tape, 0)->driver, "tape");
    erg_devices_free(tape);
}

static void on_the_real_clock_it_plays_at_speed(void)
{
    static const char text[] = "# erg tape 1\n0,0,1\n30000000,0,2\n";
    erg_error err = { 0 };
    erg_devices *tape = play(test_file("a.tape", text), NULL, &err);
    erg_reading first, second;
    CHECK_OK(tape != NULL, err);

    CHECK(erg_devices_read(tape, 0, 0, &first, &err) && first.count >= 1);
    do
        CHECK(erg_devices_read(tape, 0, 0, &second, &err));
    while (first.count + second.count < 2);
    const erg_sample *last = second.count ? &second.at[0] : &first.at[1];
    CHECK(last->t_ns - first.at[0].t_ns == 30 * ERG_NS_PER_MS);
    CHECK(erg_env_now_ns(NULL) >= last->t_ns);
    erg_devices_free(tape);
}

static void a_run_file_plays_all_its_devices_in_step(void)
{
    stepped hand = { ERG_NS_PER_S };
    erg_clock clock = { stepped_now_ns, stepped_now_ns, stepped_sleep, &hand };
    erg_error err = { 0 };
    char path[600];
    snprintf(path, sizeof(path), "%s/two.erg", test_folder());
    erg_trace *trace = erg_trace_new(NULL);
    for (int i = 0; i < 2; i++) {
        erg_device_info device = { .name = "nvml:0", .driver = "nvml" };
        device.name[5] = (char)('0' + i);
        erg_channel_info power = { .device = i, .name = "power", .unit = "W", .gain = 1 };
        CHECK(erg_trace_add_device(trace, &device, NULL) == i);
        CHECK(erg_trace_add_channel(trace, &power, NULL) == i);
        for (int k = 0; k < 300; k++) {
            erg_sample one = { 700 + i * 50 + k * 1000, 0, k };
            CHECK(erg_trace_add_samples(trace, i, &one, 1, NULL));
        }
    }
    CHECK_OK(erg_trace_save(trace, path, &err), err);
    erg_trace_free(trace);

    erg_devices *tape = play(path, &clock, &err);
    erg_reading got;
    CHECK_OK(tape != NULL, err);
    CHECK(erg_devices_count(tape) == 2);
    hand.now_ns += ERG_NS_PER_MS;
    CHECK(erg_devices_read(tape, 1, 0, &got, &err));
    CHECK(got.count == ERG_READ_MOST && got.at[0].t_ns == ERG_NS_PER_S + 50);
    CHECK(erg_devices_read(tape, 1, 0, &got, &err) && got.count == ERG_READ_MOST);
    CHECK(erg_devices_read(tape, 1, 0, &got, &err) && got.count == 300 - 2 * ERG_READ_MOST);
    CHECK(got.at[got.count - 1].value == 299);
    erg_devices_free(tape);
}

static void what_cannot_be_played_is_refused(void)
{
    static const struct { const char *text; erg_code code; } cases[] = {
        { "time,power\n", ERG_BAD_INPUT },
        { "# erg tape 1\n", ERG_NO_DATA },
    };
    for (size_t i = 0; i < ERG_COUNT(cases); i++) {
        erg_error err = { 0 };
        CHECK(play(test_file("x.tape", cases[i].text), NULL, &err) == NULL);
        CHECK(err.code == cases[i].code && strstr(err.text, "x.tape"));
    }
    erg_error err = { 0 };
    CHECK(play("/nonexistent.tape", NULL, &err) == NULL && err.code == ERG_NOT_FOUND);
    CHECK(play("", NULL, &err) == NULL && err.code == ERG_BAD_INPUT);
}

int main(void)
{
    static const test tests[] = {
        TEST(samples_come_when_their_time_has_come),
        TEST(a_tape_keeps_the_facts_of_its_source),
        TEST(on_the_real_clock_it_plays_at_speed),
        TEST(a_run_file_plays_all_its_devices_in_step),
        TEST(what_cannot_be_played_is_refused),
    };
    return test_run(tests, ERG_COUNT(tests));
}
