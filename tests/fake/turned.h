/* SPDX-License-Identifier: Apache-2.0 */
/* What was turned on the first GPU of the fake NVML, as whoever opens it next finds it. */
#ifndef ERG_TESTS_FAKE_TURNED_H
#define ERG_TESTS_FAKE_TURNED_H

#include <dlfcn.h>
#include "test.h"

static inline void *turned_symbol(void *fake, const char *name)
{
    void *found = dlsym(fake, name);
    CHECK(found);
    return found;
}

static inline unsigned turned_call(void *fake, const char *name)
{
    unsigned (*call)(void);
    void *found = turned_symbol(fake, name);

    memcpy(&call, &found, sizeof(found));
    return call();
}

static inline void *turned_open(const char *library)
{
    void *fake = dlopen(library, RTLD_NOW | RTLD_LOCAL);

    CHECK(fake && turned_call(fake, "nvmlInit_v2") == 0);
    return fake;
}

static inline void turned_close(void *fake)
{
    turned_call(fake, "nvmlShutdown");
    dlclose(fake);
}

/* name: a function of the fake that tells of a GPU. */
static inline void turned_tell(void *fake, const char *name, char *text, size_t size)
{
    void (*tell)(unsigned gpu, char *to, size_t room);
    void *found = turned_symbol(fake, name);

    memcpy(&tell, &found, sizeof(found));
    tell(0, text, size);
}

static inline void turned_text(const char *library, char *text, size_t size)
{
    void *fake = turned_open(library);

    turned_tell(fake, "fake_nvml_turned", text, size);
    turned_close(fake);
}

#endif
