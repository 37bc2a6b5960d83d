/* SPDX-License-Identifier: Apache-2.0 */
/* gpu.hold on the fake NVML: turned while ergd runs, and as it was afterwards. */
#include <dlfcn.h>
#include "device/machine.h"
#include "erg/govern.h"

typedef struct held {
    machine box;
    char state[ERG_PATH_MOST], library[ERG_PATH_MOST], said[1024];
    erg_govern_config *config;
    erg_governor *governor;
} held;

static void hear(void *self, erg_level level, const char *text)
{
    held *is = self;
    if (level == ERG_WARNING)
        snprintf(is->said, sizeof(is->said), "%s", text);
}

static erg_govern_config *parse(held *is, const char *mode, const char *gpu, erg_error *err)
{
    char whole[1024];
    int count = snprintf(whole, sizeof(whole), "version: 1\nmode: %s\nstate: %s\n"
                         "node: {id: n, sensors: [nvml]}\ngpu: %s\n", mode, is->state, gpu);
    return erg_govern_config_parse("test", whole, (size_t)count, err);
}

static void begin(held *is, const char *mode, const char *gpu)
{
    erg_error err = { 0 };
    *is = (held){ 0 };
    machine_open(&is->box, NULL);
    snprintf(is->state, sizeof(is->state), "%s/state", is->box.root);
    snprintf(is->library, sizeof(is->library), "%s/tests/fake/libnvidia-ml.so.1",
             getenv("ERG_BUILD"));
    setenv("FAKE_NVML", "a100-sxm4-80gb;presets=3,workloads=195,gpus=2", 1);
    is->box.env.nvml = is->library;
    is->box.env.log = hear;
    is->box.env.log_self = is;
    is->config = parse(is, mode, gpu, &err);
    CHECK_OK(is->config, err);
    is->governor = erg_governor_open(is->config, &is->box.env, &err);
    CHECK_OK(is->governor, err);
}

static void end(held *is)
{
    erg_governor_free(is->governor);
    erg_govern_config_free(is->config);
}

static const char *at(const held *is, unsigned gpu)
{
    static char text[160];
    void (*call)(unsigned gpu, char *text, size_t size);
    void *fake = dlopen(is->library, RTLD_NOW | RTLD_LOCAL);
    void *found = fake ? dlsym(fake, "fake_nvml_smoothing") : NULL;
    CHECK(found);
    memcpy(&call, &found, sizeof(call));
    call(gpu, text, sizeof(text));
    return text;
}

static void what_is_held_is_turned_on_each_gpu_and_comes_back(void)
{
    held is;
    begin(&is, "enforce", "{hold: [smoothing_floor=70%, smoothing_hysteresis=50ms, "
                          "smoothing=1]}");
    CHECK_TEXT(at(&is, 0), "on 1: 70 810 510 50 310 14 10 60");
    CHECK_TEXT(at(&is, 1), "on 1: 70 810 510 50 310 14 10 60");
    CHECK_TEXT(is.said, "");
    end(&is);
    CHECK_TEXT(at(&is, 0), "off 1: 61 810 510 260 310 14 10 60");
    CHECK_TEXT(at(&is, 1), "off 1: 61 810 510 260 310 14 10 60");
}

static void who_observes_holds_nothing(void)
{
    held is;
    begin(&is, "observe", "{hold: [smoothing=1]}");
    CHECK_TEXT(at(&is, 0), "off 1: 61 810 510 260 310 14 10 60");
    end(&is);
}

static void what_no_device_has_is_said_and_the_rest_is_held(void)
{
    held is;
    begin(&is, "enforce", "{hold: [mem_clock=1215, smoothing_second_floor=300W]}");
    CHECK_TEXT(is.said, "");
    end(&is);
    begin(&is, "enforce", "{hold: [smoothing_profile=2, smoothing_floor=50, smoothing=1]}");
    CHECK_TEXT(at(&is, 0), "on 2: 62 820 520 270 320 24 20 70");
    CHECK(strstr(is.said, "turn either the profile or its parameters"));
    end(&is);
    CHECK_TEXT(at(&is, 0), "off 1: 61 810 510 260 310 14 10 60");
}

static void what_cannot_be_held_is_named_with_its_line(void)
{
    static const char *const bad[] = {
        "{hold: smoothing=1}",         "{hold: [zebra=1]}",
        "{hold: [power_limit=200]}",
        "{hold: [fan=70]}",            "{hold: [smoothing]}",    "{hold: [smoothing=on]}",
        "{hold: [smoothing_floor=-1]}", "{hold: [[smoothing]]}",
        "{hold: [smoothing=1, smoothing=0]}",
    };
    held is = { 0 };
    for (size_t i = 0; i < ERG_COUNT(bad); i++) {
        erg_error err = { 0 };
        CHECK(!parse(&is, "enforce", bad[i], &err) && err.code == ERG_BAD_INPUT);
        CHECK(strstr(err.text, "test:5: hold"));
    }
}

int main(void)
{
    static const test tests[] = {
        TEST(what_is_held_is_turned_on_each_gpu_and_comes_back),
        TEST(who_observes_holds_nothing),
        TEST(what_no_device_has_is_said_and_the_rest_is_held),
        TEST(what_cannot_be_held_is_named_with_its_line),
    };
    return test_run(tests, ERG_COUNT(tests));
}
