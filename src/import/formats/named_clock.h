/* SPDX-License-Identifier: Apache-2.0 */
/* Does a recording run at the clock that its file is named after? */
#ifndef ERG_IMPORT_FORMATS_NAMED_CLOCK_H
#define ERG_IMPORT_FORMATS_NAMED_CLOCK_H

#include "base/base.h"
#include "erg/trace.h"

/* Flags CLOCK_NOT_REACHED where the SM clock under load in the channels from first
 * on is more than 2 % off a clock in the file's name. */
bool erg_check_named_clock(erg_trace *trace, const char *file, int first, erg_error *err);
/* The next SM clock in MHz that a name may mean, from *at on; 0: no more. */
int erg_named_clock(const char **at);

#endif
