/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a maker's library, which of its GPUs is asked for, and which board of the PCI bus
 * a folder of /sys is. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "device/drivers/vendor.h"

void *vendor_open(const erg_env *env, const char *const names[], size_t count,
                  const char *rooted)
{
    char path[ERG_PATH_MOST];
    const char *const files[] = { path };

    if (!env->root || !env->root[0])
        return erg_library_open(names, count);
    return erg_path_join(env, rooted, path, NULL) ? erg_library_open(files, 1) : NULL;
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
