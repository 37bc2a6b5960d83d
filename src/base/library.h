/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries of others, opened at run time, so that erg starts without them.
 *
 * A table says which of their calls goes into which slot of a struct of calls. The caller
 * words what is missing: it alone knows the package that has it.
 */
#ifndef ERG_BASE_LIBRARY_H
#define ERG_BASE_LIBRARY_H

#include "base/base.h"

typedef struct erg_symbol {
    const char *name;
    size_t slot;        /* offset in the struct of calls; two rows may share one */
    bool required;
} erg_symbol;

/* The first of the files that is there; without a folder they are the loader's to find.
 * NULL: none is. Whoever never closes it keeps it until the process ends. */
void *erg_library_open(const char *const files[], size_t count);
/* Fills the slots of calls; those of optional calls that an old library lacks keep what
 * they held. The name of the first required call that is missing; NULL: none. */
const char *erg_library_find(void *library, const erg_symbol symbols[], size_t count,
                             void *calls);
/* NULL is fine. */
void erg_library_close(void *library);

#endif
