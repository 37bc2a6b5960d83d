/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <erg/device.h>
#include "launch/meter.h"

/* As often as the counters of boards are told anew, or nearly (docs/hooks.md). */
#define PERIOD_NS 50000000
enum { COUNTERS_MOST = 64 };

typedef struct counter { size_t device, channel; double energy_j; } counter;

/* The part of <erg/device.h> that is used, found in liberg by name. */
static struct {
    void *library;
    erg_devices *(*find)(const erg_env *, const char *const[], size_t, erg_error *);
    void (*free)(erg_devices *);
    size_t (*count)(const erg_devices *);
    const erg_device_info *(*info)(const erg_devices *, size_t);
    size_t (*channels)(const erg_devices *, size_t);
    const erg_channel_info *(*channel)(const erg_devices *, size_t, size_t);
    bool (*read)(erg_devices *, size_t, size_t, erg_reading *, erg_error *);
} liberg;

static const struct { const char *name; void *slot; } symbols[] = {
    { "erg_devices_find", &liberg.find },
    { "erg_devices_free", &liberg.free },
    { "erg_devices_count", &liberg.count },
    { "erg_devices_info", &liberg.info },
    { "erg_devices_channel_count", &liberg.channels },
    { "erg_devices_channel", &liberg.channel },
    { "erg_devices_read", &liberg.read },
};

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t end;
    bool is_over;
    erg_devices *devices;
    counter counters[COUNTERS_MOST];
    size_t count;
    meter_tell *tell;
    void *self;
} the = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool load(erg_error *err)
{
    liberg.library = dlopen("liberg.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!liberg.library)
        return erg_fail(err, ERG_NOT_FOUND, "%.150s", dlerror());
    for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *found = dlsym(liberg.library, symbols[i].name);
        if (!found)
            return erg_fail(err, ERG_UNSUPPORTED, "liberg.so.0 has no %s: is it older?",
                            symbols[i].name);
        memcpy(symbols[i].slot, &found, sizeof(found));
    }
    return true;
}

/* ---- which counters ------------------------------------------------------------------ */

static void take(size_t device)
{
    for (size_t c = 0; c < liberg.channels(the.devices, device); c++) {
        const erg_channel_info *info = liberg.channel(the.devices, device, c);
        if (info->quantity != ERG_ENERGY || info->kind != ERG_COUNTER
            || the.count == COUNTERS_MOST)
            continue;
        the.counters[the.count++] = (counter){ device, c, NAN };
        return;                         /* the first of a device is of all of it */
    }
}

/* Beside a node's CPUs, as ergd tells them, launches draw from the boards alone. */
static bool is_of_gpu(const erg_device_info *info)
{
    return info->scope == ERG_SCOPE_BOARD || info->scope == ERG_SCOPE_CHIP;
}

static void take_all(bool gpus)
{
    for (size_t d = 0; d < liberg.count(the.devices); d++)
        if (!gpus || is_of_gpu(liberg.info(the.devices, d)))
            take(d);
}

static bool open_counters(const char *sensor, const char *uuid, erg_error *err)
{
    const erg_env env = { 0 };
    bool has_it = false;

    the.devices = liberg.find(&env, &sensor, 1, err);
    if (!the.devices)
        return false;
    for (size_t d = 0; d < liberg.count(the.devices); d++)
        if (*uuid && strcmp(liberg.info(the.devices, d)->uuid, uuid) == 0) {
            has_it = true;
            take(d);
        }
    if (!has_it)
        take_all(true);
    if (the.count == 0)
        take_all(false);
    return the.count > 0
        || erg_fail(err, ERG_UNSUPPORTED, "%.60s has no energy counter", sensor);
}

/* ---- reading ------------------------------------------------------------------------- */

/* Of what was told last; NAN until all counters have told. */
static double energy_now_j(int64_t *t_ns)
{
    double sum_j = 0;

    for (size_t i = 0; i < the.count; i++) {
        counter *of = &the.counters[i];
        erg_reading reading = { 0 };
        if (!liberg.read(the.devices, of->device, of->channel, &reading, NULL))
            return NAN;
        if (reading.count) {
            of->energy_j = reading.at[reading.count - 1].value;
            *t_ns = reading.at[reading.count - 1].t_ns;
        }
        sum_j += of->energy_j;
    }
    return sum_j;
}

static void *work(void *unused)
{
    struct timespec next;

    (void)unused;
    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(&the.lock);
    while (!the.is_over) {
        int64_t t_ns = 0;
        pthread_mutex_unlock(&the.lock);
        double energy_j = energy_now_j(&t_ns);
        if (t_ns)
            the.tell(the.self, t_ns, energy_j);
        next.tv_nsec += PERIOD_NS;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        pthread_mutex_lock(&the.lock);
        while (!the.is_over && pthread_cond_timedwait(&the.end, &the.lock, &next) == 0)
            continue;
    }
    pthread_mutex_unlock(&the.lock);
    return NULL;
}

static void stop(void)
{
    pthread_mutex_lock(&the.lock);
    the.is_over = true;
    pthread_cond_signal(&the.end);
    pthread_mutex_unlock(&the.lock);
    pthread_join(the.thread, NULL);
    liberg.free(the.devices);
}

static bool start(const char *sensor, const char *uuid, erg_error *err)
{
    pthread_condattr_t how;

    if (!load(err) || !open_counters(sensor, uuid, err))
        return false;
    pthread_condattr_init(&how);
    pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    pthread_cond_init(&the.end, &how);
    pthread_condattr_destroy(&how);
    if (pthread_create(&the.thread, NULL, work, NULL) != 0)
        return erg_fail(err, ERG_NO_MEMORY, "there is no room for a thread");
    atexit(stop);
    return true;
}

void meter_start(const char *sensor, const char *uuid, meter_tell *tell, void *self)
{
    erg_error err = { 0 };

    the.tell = tell;
    the.self = self;
    if (!start(sensor, uuid, &err))
        fprintf(stderr, "erg: launches are not measured: %s; their joules are estimates\n",
                err.text);
}
