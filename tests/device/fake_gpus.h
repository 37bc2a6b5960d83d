/* SPDX-License-Identifier: Apache-2.0 */
/* GPUs of the fake NVML, whose script is the truth and whose clock is stepped. */
#ifndef ERG_TESTS_DEVICE_FAKE_GPUS_H
#define ERG_TESTS_DEVICE_FAKE_GPUS_H

#include <dlfcn.h>
#include "found.h"

static inline const char *library(const char *name)
{
    static char path[ERG_PATH_MOST];
    const char *build = getenv("ERG_BUILD");
    snprintf(path, sizeof(path), "%s/tests/fake/%s.so.1", build ? build : "build", name);
    return path;
}

/* The same copy of the library that the driver opens. */
static inline void *inside(const char *symbol)
{
    void *fake = dlopen(library("libnvidia-ml"), RTLD_NOW | RTLD_LOCAL);
    CHECK(fake);
    void *found = dlsym(fake, symbol);
    CHECK(found);
    return found;
}

static inline void step(int64_t now_ns)
{
    void (*call)(int64_t now_ns);
    void *found = inside("fake_nvml_step");
    memcpy(&call, &found, sizeof(call));
    call(now_ns);
}

static inline erg_devices *gpus_of(const char *file, const char *script, const char *sensor,
                                   erg_error *err)
{
    const char *const sensors[] = { sensor };
    setenv("FAKE_NVML", script, 1);
    step(0);
    erg_env env = { .nvml = library(file) };
    return erg_devices_find(&env, sensors, 1, err);
}

static inline erg_devices *gpus(const char *script)
{
    erg_error err = { 0 };
    erg_devices *found = gpus_of("libnvidia-ml", script, "nvml", &err);
    CHECK_OK(found != NULL, err);
    return found;
}

static inline double read_at(erg_devices *found, int64_t now_ns, const char *name)
{
    size_t at;
    erg_reading reading;
    CHECK(channel_of(found, name, &at));
    step(now_ns);
    CHECK(erg_devices_read(found, 0, at, &reading, NULL));
    CHECK(reading.count == 1);
    return reading.at[0].value;
}

#endif
