/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries of makers, opened at run time: where they lie, which calls they have. */
#ifndef ERG_DEVICE_DRIVERS_VENDOR_H
#define ERG_DEVICE_DRIVERS_VENDOR_H

#include "base/base.h"

typedef struct vendor_symbol {
    const char *name;
    size_t slot; /* of the table of calls */
    bool required;
} vendor_symbol;

/* names, without a folder, are the loader's to find; under another root only the file
 * `rooted` there will do. NULL: it is not here. */
void *vendor_open(const erg_env *env, const char *const names[], size_t count,
                  const char *rooted);
/* Fills the slots of api. The name of the first required call that is missing; NULL: none.
 * What an old library lacks stays NULL. */
const char *vendor_find(void *library, const vendor_symbol symbols[], size_t count,
                        void *api);
void vendor_close(void *library);

/* PCI_SLOT_NAME in the uevent of a folder, as "0000:03:00.0"; "" if it says none. */
void vendor_pci_of(const erg_env *env, char to[16], const char *folder, ...)
    __attribute__((format(printf, 3, 4)));

#endif
