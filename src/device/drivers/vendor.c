/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a maker's library, which of its GPUs is asked for, and which board of the PCI bus
 * a folder of /sys is. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "device/drivers/vendor.h"

/* To look for a library that is not there takes the loader a dozen files for each of its
 * names, at each start; one that is there finds nothing without its kernel driver. */
static bool may_work(const erg_env *env, const vendor_library *of)
{
    bool found = (env->root && env->root[0]) || !of->signs[0];

    for (size_t i = 0; i < ERG_COUNT(of->signs) && of->signs[i] && !found; i++)
        found = access(of->signs[i], F_OK) == 0;
    return found;
}

static void *open_file(const erg_env *env, const vendor_library *of)
{
    char path[ERG_PATH_MOST];
    const char *const files[] = { path };
    size_t names = 0;

    while (of->names[names])
        names++;
    if (!env->root || !env->root[0])
        return erg_library_open(of->names, names);
    return erg_path_join(env, of->rooted, path, NULL) ? erg_library_open(files, 1) : NULL;
}

void *vendor_open(const erg_env *env, const vendor_library *of, void *calls, erg_error *err)
{
    if (!may_work(env, of)) {
        erg_fail(err, ERG_NOT_FOUND, "%s", of->unloaded);
        return NULL;
    }
    void *library = open_file(env, of);
    if (!library) {
        erg_fail(err, ERG_NOT_FOUND, "%s was not found: %s", of->name, of->install);
        return NULL;
    }
    const char *missing = erg_library_find(library, of->symbols, of->symbol_count, calls);
    if (!missing)
        return library;
    erg_library_close(library);
    erg_fail(err, ERG_UNSUPPORTED, "%s has no %s: it is too old; %s", of->name, missing,
             of->update);
    return NULL;
}

bool vendor_absent(erg_devices *found, const erg_driver *driver, const erg_error *why,
                   erg_error *err)
{
    return erg_devices_absent(found, driver,
                              why->code == ERG_NO_ACCESS ? ERG_DENIED : ERG_ABSENT, err,
                              "%s", why->text);
}

bool vendor_number(const erg_driver *driver, const char *argument, double *wanted,
                   erg_error *err)
{
    *wanted = NAN;
    if (!argument || !*argument)
        return true;
    return (erg_number_parse(argument, strlen(argument), '.', wanted) && *wanted >= 0
            && *wanted == floor(*wanted))
        || erg_fail(err, ERG_BAD_INPUT,
                    "%s:%.40s is no number of a GPU: they are counted from 0",
                    driver->name, argument);
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
