/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that open a library for themselves alone, as Python opens CUDA's. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void (*function)(void);

/* As a call is bound: what was loaded before the program comes first. */
static function bind(void *library, const char *name)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    function as = NULL;

    if (!found)
        found = dlsym(library, name);
    memcpy(&as, &found, sizeof(as));
    return as;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
