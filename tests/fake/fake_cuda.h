/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fakes of CUDA's libraries share. The driver's queues work, counts what is
 * alive, and fails where a test asks it to; the others find it by its name.
 */
#ifndef ERG_TESTS_FAKE_CUDA_H
#define ERG_TESTS_FAKE_CUDA_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
enum { FAKE_ARGUMENT_MOST = 512 };

/* One thing to do on a stream, on its own copy of its arguments. */
typedef struct fake_work {
    void (*run)(const void *argument);
    unsigned char argument[FAKE_ARGUMENT_MOST];
    double cost_s;
} fake_work;

typedef struct fake_cuda {
    /* 0, or the code that a test wants of this call now. */
    int (*fault)(const char *call);
    int (*enqueue)(void *stream, const fake_work *work);
    /* Things that have to be given back: +1 made, -1 freed. Returns how many there are. */
    int (*alive)(int step);
    /* For tests: the nth call (from 1) of this name gives code; NULL: none. Counts anew. */
    void (*spoil)(const char *call, int nth, int code);
    long (*calls)(const char *call);
    size_t (*asked)(void);              /* bytes of the last cuMemAlloc */
} fake_cuda;

/* Of the driver; by dlsym, "fake_cuda_get". */
typedef const fake_cuda *fake_cuda_getter(void);

/* The driver that is loaded beside this library. */
static inline const fake_cuda *driver(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    void *found = library ? dlsym(library, "fake_cuda_get") : NULL;
    fake_cuda_getter *get;
    memcpy(&get, &found, sizeof(get));
    if (!get)
        abort();
    dlclose(library);
    return get();
}

#endif
