/* SPDX-License-Identifier: Apache-2.0 */
/* What was learnt of a sensor, kept and applied. */
#include "trace/calibration.h"
#include "test.h"

static const erg_calibration a100 = {
    .uuid = "GPU-1",
    .driver = "nvml",
    .channel = "power",
    .date = "2026-02-06",
    .gain = 0.954,
    .offset = -1.2,
    .gain_u = 0.01,
    .window_s = 0.025,
    .update_s = 0.1012,
};

static void write_file(const char *folder, const char *text)
{
    char path[ERG_PATH_MOST];

    snprintf(path, sizeof(path), "%s/sensors.json", folder);
    test_write(path, text);
}

static void a_record_comes_back_as_it_was(void)
{
    char folder[ERG_PATH_MOST];
    erg_calibrations kept = { 0 }, back;
    erg_calibration other = a100;
    erg_error err = { 0 };

    snprintf(folder, sizeof(folder), "%s/state", test_folder()); /* is made */
    erg_env env = { .state_dir = folder };
    CHECK_OK(erg_calibrations_put(&kept, &a100, &err), err);
    CHECK_OK(erg_calibrations_put(&kept, &a100, &err), err);
    snprintf(other.uuid, sizeof(other.uuid), "GPU-2");
    other.window_s = NAN;
    CHECK_OK(erg_calibrations_put(&kept, &other, &err), err);
    CHECK(kept.count == 2);
    CHECK_OK(erg_calibrations_save(&env, &kept, &err), err);
    CHECK_OK(erg_calibrations_load(&env, &back, &err), err);

    erg_device_info device = { .uuid = "GPU-2", .driver = "nvml" };
    const erg_calibration *found = erg_calibrations_find(&back, &device, "power");
    CHECK(back.count == 2 && found && found->gain == 0.954 && isnan(found->window_s));
    CHECK_TEXT(found->date, "2026-02-06");
    CHECK(!erg_calibrations_find(&back, &device, "energy"));
    device.uuid[0] = '\0';
    CHECK(!erg_calibrations_find(&back, &device, "power"));
    erg_calibrations_free(&kept);
    erg_calibrations_free(&back);
}

static void a_channel_takes_what_is_known(void)
{
    erg_channel_info channel = {
        .gain = 1, .gain_u = 0.05, .update_s = 0.1, .window_s = 1
    };
    erg_calibration record = a100;

    record.update_s = NAN;
    erg_calibration_apply(&record, &channel);
    CHECK(channel.gain == 0.954 && channel.offset == -1.2 && channel.gain_u == 0.01);
    CHECK(channel.window_s == 0.025 && channel.update_s == 0.1);
    CHECK_TEXT(channel.calibration, "GPU-1 nvml 2026-02-06");
}

static void no_file_is_no_calibration(void)
{
    erg_env env = { .state_dir = test_folder() }, none = { 0 };
    erg_calibrations got;
    erg_error err = { 0 };

    CHECK_OK(erg_calibrations_load(&env, &got, &err), err);
    CHECK(got.count == 0);
    CHECK_OK(erg_calibrations_load(&none, &got, &err), err);
    CHECK(!erg_calibrations_save(&none, &got, &err));
}

static void a_broken_file_is_named_with_its_place(void)
{
    static const char *const broken[] = {
        "{",
        "[]",
        "{\"sensors\": 3}",
        "{\"sensors\": [{}]}",
        ("{\"sensors\": [{\"uuid\": \"a\", \"channel\": \"power\", "
         "\"gain\": 0, \"offset\": 0}]}"),
        "{\"sensors\": [{\"uuid\": \"a\", \"channel\": \"power\", \"gain\": \"1\"}]}",
    };
    const char *folder = test_folder();
    erg_env env = { .state_dir = folder };

    for (size_t i = 0; i < ERG_COUNT(broken); i++) {
        erg_calibrations got;
        erg_error err = { 0 };

        write_file(folder, broken[i]);
        CHECK(!erg_calibrations_load(&env, &got, &err));
        CHECK(err.code == ERG_BAD_INPUT && strstr(err.text, "sensors.json"));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(a_record_comes_back_as_it_was),
        TEST(a_channel_takes_what_is_known),
        TEST(no_file_is_no_calibration),
        TEST(a_broken_file_is_named_with_its_place),
    };
    return test_run(tests, ERG_COUNT(tests));
}
