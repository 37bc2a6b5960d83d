/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a machine in the names of columns. */
#ifndef ERG_IMPORT_FORMATS_PARTS_H
#define ERG_IMPORT_FORMATS_PARTS_H

#include "erg/trace.h"

/* "gpu0" of gpu0_power and of gpu0_power_instant, "package0core" of package-0-core, and
 * what its joules cover; false, and both as they were: the name tells of no part. */
bool erg_part_of(const char *name, char part[32], erg_scope *scope);

#endif
