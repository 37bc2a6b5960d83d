/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "recording.h"

/* The part of <erg/record.h> that is used, found in liberg by name. */
static struct {
    void *library;
    erg_recorder *rec;          /* NULL: every call below is a no-op */
    erg_recorder *(*join)(const erg_env *env, erg_error *err);
    void (*leave)(erg_recorder *rec);
    erg_region_token (*begin)(erg_recorder *rec, const char *name);
    void (*end)(erg_recorder *rec, erg_region_token region);
    void (*mark)(erg_recorder *rec, const char *name, double value);
} liberg;

static const struct { const char *name; void *slot; } symbols[] = {
    { "erg_recorder_join", &liberg.join },
    { "erg_recorder_free", &liberg.leave },
    { "erg_region_begin", &liberg.begin },
    { "erg_region_end", &liberg.end },
    { "erg_mark", &liberg.mark },
};

static bool load(void)
{
    liberg.library = dlopen("liberg.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!liberg.library)
        return false;
    for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *found = dlsym(liberg.library, symbols[i].name);
        if (!found) {
            dlclose(liberg.library);
            liberg.library = NULL;
            return false;
        }
        memcpy(symbols[i].slot, &found, sizeof(found));
    }
    return true;
}

static bool join(void)
{
    erg_env env = { .ring = getenv("ERG_RING") };

    if (liberg.rec)
        return true;
    if (!env.ring || !*env.ring)
        return false;
    if (!liberg.library && !load()) {
        fprintf(stderr, "erg: regions are not recorded: %s\n", dlerror());
        return false;
    }
    liberg.rec = liberg.join(&env, NULL);
    return liberg.rec != NULL;
}

bool recording_join(void)
{
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&one);
    bool joined = join();
    pthread_mutex_unlock(&one);
    return joined;
}

void recording_leave(void)
{
    erg_recorder *rec = liberg.rec;
    liberg.rec = NULL;
    if (rec)
        liberg.leave(rec);
}

erg_region_token recording_begin(const char *name)
{
    return liberg.rec ? liberg.begin(liberg.rec, name) : (erg_region_token){ 0 };
}

void recording_end(erg_region_token region)
{
    if (liberg.rec)
        liberg.end(liberg.rec, region);
}

void recording_mark(const char *name, double value)
{
    if (liberg.rec)
        liberg.mark(liberg.rec, name, value);
}
