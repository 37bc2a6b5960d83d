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

static inline void turned_text(const char *library, char *text, size_t size)
{
    unsigned (*open_all)(void), (*close_all)(void);
    void (*tell)(unsigned gpu, char *to, size_t room);
    void *fake = dlopen(library, RTLD_NOW | RTLD_LOCAL), *found;

    CHECK(fake);
    found = turned_symbol(fake, "nvmlInit_v2");
    memcpy(&open_all, &found, sizeof(found));
    found = turned_symbol(fake, "nvmlShutdown");
    memcpy(&close_all, &found, sizeof(found));
    found = turned_symbol(fake, "fake_nvml_turned");
    memcpy(&tell, &found, sizeof(found));
    CHECK(open_all() == 0);
    tell(0, text, size);
    close_all();
    dlclose(fake);
}

#endif
