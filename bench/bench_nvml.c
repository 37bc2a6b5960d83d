/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reading energy and power of 8 GPUs costs through erg, beside the floor: the
 * same calls into the same (fake) library, bare. Argument: the fake libnvidia-ml.
 */
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "device/drivers/nvml_abi.h"
#include "erg/device.h"

enum { ROUNDS = 20000, GPUS = 8 };

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e6 * (double)now.tv_sec + 1e-3 * (double)now.tv_nsec;
}

static double bare_us(const erg_env *env)
{
    nvml_api api;
    nvml_handle gpus[GPUS];
    erg_error err = { 0 };

    if (!nvml_api_open(env, &api, &err)) {
        fprintf(stderr, "bench nvml: %s\n", err.text);
        return NAN;
    }
    for (unsigned i = 0; i < GPUS; i++)
        api.by_index(i, &gpus[i]);
    double begin_us = now_us();
    for (int round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < GPUS; i++) {
            unsigned long long mj;
            nvml_field field = { .id = NVML_FIELD_INSTANT };
            api.energy(gpus[i], &mj);
            api.fields(gpus[i], 1, &field);
        }
    double took_us = (now_us() - begin_us) / ROUNDS;
    nvml_api_close(&api);
    return took_us;
}

static double erg_us(erg_devices *found)
{
    static erg_reading reading;
    double begin_us = now_us();

    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < erg_devices_count(found); i++)
            for (size_t channel = 0; channel < 2; channel++) /* energy, power */
                erg_devices_read(found, i, channel, &reading, NULL);
    return (now_us() - begin_us) / ROUNDS;
}

int main(int count, char *const argv[])
{
    const char *const sensors[] = { "nvml" };
    erg_env env = { .nvml = count > 1 ? argv[1] : "tests/fake/libnvidia-ml.so.1" };
    erg_error err = { 0 };

    setenv("FAKE_NVML", "h100-sxm5-80gb,load=constant:300;gpus=8", 1);
    double floor_us = bare_us(&env);
    double begin_us = now_us();
    erg_devices *found = erg_devices_find(&env, sensors, 1, &err);
    double found_us = now_us() - begin_us;
    if (!found) {
        fprintf(stderr, "bench nvml: %s\n", err.text);
        return 1;
    }
    double read_us = erg_us(found);
    printf("energy + power of 8 GPUs  %6.2f us   floor (bare calls) %.2f us   "
           "%.2f %% of a core at 1 kHz   n %d\n",
           read_us, floor_us, 0.1 * read_us, ROUNDS);
    printf("finding 8 GPUs            %6.0f us   n 1   want <= 10 000 us\n", found_us);
    erg_devices_free(found);
    return 0;
}
