/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a maker's library, and which board of the PCI bus a folder of /sys is. */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "device/drivers/vendor.h"

void *vendor_open(const erg_env *env, const char *const names[], size_t count,
                  const char *rooted)
{
    char path[ERG_PATH_MOST];
    void *library = NULL;

    if (env->root && env->root[0])
        return erg_path_join(env, rooted, path, NULL) ? dlopen(path, RTLD_NOW | RTLD_LOCAL)
                                                      : NULL;
    for (size_t i = 0; i < count && !library; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

const char *vendor_find(void *library, const vendor_symbol symbols[], size_t count,
                        void *api)
{
    const char *missing = NULL;

    for (size_t i = 0; i < count; i++) {
        void *symbol = dlsym(library, symbols[i].name);
        if (!symbol && symbols[i].required && !missing)
            missing = symbols[i].name;
        if (symbol) /* POSIX lets an object pointer carry a function */
            memcpy((char *)api + symbols[i].slot, &symbol, sizeof(symbol));
    }
    return missing;
}

void vendor_close(void *library)
{
    if (library)
        dlclose(library);
}

void vendor_pci_of(const erg_env *env, char to[16], const char *folder, ...)
{
    static const char key[] = "PCI_SLOT_NAME=";
    char name[ERG_PATH_MOST], file[ERG_PATH_MOST], path[ERG_PATH_MOST];
    va_list values;
    size_t count;

    va_start(values, folder);
    vsnprintf(name, sizeof(name), folder, values);
    va_end(values);
    snprintf(file, sizeof(file), "%.480s/uevent", name);
    char *text = erg_path_join(env, file, path, NULL)
                     ? erg_file_read(path, 65536, &count, NULL)
                     : NULL;
    const char *at = text ? strstr(text, key) : NULL;
    to[0] = '\0';
    if (at)
        snprintf(to, 16, "%.*s", (int)strcspn(at + strlen(key), "\n"), at + strlen(key));
    free(text);
}
