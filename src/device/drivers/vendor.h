/* SPDX-License-Identifier: Apache-2.0 */
/* Where the libraries of makers lie, and which board of the PCI bus a card is. */
#ifndef ERG_DEVICE_DRIVERS_VENDOR_H
#define ERG_DEVICE_DRIVERS_VENDOR_H

#include "base/library.h"
#include "device/driver.h"

/* A maker's library and its calls, and what to say where it will not do. */
typedef struct vendor_library {
    const char *names[5];       /* without a folder: the loader's to find */
    const char *rooted;         /* under another root only this file there will do */
    const char *signs[4];       /* its kernel driver is there where one of these is */
    const erg_symbol *symbols;
    size_t symbol_count;
    const char *name;           /* in sentences: the usual file */
    const char *unloaded;       /* what to say where none of them is */
    const char *install;        /* cure where it is absent */
    const char *update;         /* cure where it lacks a call */
} vendor_library;

/* Fills the slots of calls. NULL: it is not here (ERG_NOT_FOUND), or lacks a call that is
 * required (ERG_UNSUPPORTED). */
void *vendor_open(const erg_env *env, const vendor_library *of, void *calls,
                  erg_error *err);

/* The row of a driver whose library could not be used. */
bool vendor_absent(erg_devices *found, const erg_driver *driver, const erg_error *why,
                   erg_error *err);

/* Which GPU `driver:ARGUMENT` asks for, by its number; NAN: all of them. */
bool vendor_number(const erg_driver *driver, const char *argument, double *wanted,
                   erg_error *err);

/* PCI_SLOT_NAME in the uevent of a folder, as "0000:03:00.0"; "" if it says none. */
void vendor_pci_of(const erg_env *env, char to[16], const char *folder, ...)
    __attribute__((format(printf, 3, 4)));

#endif
