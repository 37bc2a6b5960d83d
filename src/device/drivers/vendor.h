/* SPDX-License-Identifier: Apache-2.0 */
/* Where the libraries of makers lie, and which board of the PCI bus a card is. */
#ifndef ERG_DEVICE_DRIVERS_VENDOR_H
#define ERG_DEVICE_DRIVERS_VENDOR_H

#include "base/library.h"
#include "device/driver.h"

/* names, without a folder, are the loader's to find; under another root only the file
 * `rooted` there will do. NULL: it is not here. */
void *vendor_open(const erg_env *env, const char *const names[], size_t count,
                  const char *rooted);

/* Which GPU `driver:ARGUMENT` asks for, by its number; NAN: all of them. */
bool vendor_number(const erg_driver *driver, const char *argument, double *wanted,
                   erg_error *err);

/* PCI_SLOT_NAME in the uevent of a folder, as "0000:03:00.0"; "" if it says none. */
void vendor_pci_of(const erg_env *env, char to[16], const char *folder, ...)
    __attribute__((format(printf, 3, 4)));

#endif
