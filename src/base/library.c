/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <string.h>
#include "base/library.h"

void *erg_library_open(const char *const files[], size_t count)
{
    void *library = NULL;

    for (size_t i = 0; i < count && !library; i++)
        library = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

const char *erg_library_find(void *library, const erg_symbol symbols[], size_t count,
                             void *calls)
{
    const char *missing = NULL;

    for (size_t i = 0; i < count; i++) {
        void *symbol = dlsym(library, symbols[i].name);
        if (!symbol && symbols[i].required && !missing)
            missing = symbols[i].name;
        if (symbol) /* POSIX lets an object pointer carry a function */
            memcpy((char *)calls + symbols[i].slot, &symbol, sizeof(symbol));
    }
    return missing;
}

void erg_library_close(void *library)
{
    if (library)
        dlclose(library);
}
