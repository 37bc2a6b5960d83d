/* SPDX-License-Identifier: Apache-2.0 */
/* Several boards in what reads as one. */
#ifndef ERG_IMPORT_FORMATS_BOARDS_H
#define ERG_IMPORT_FORMATS_BOARDS_H

#include "import/formats/importer.h"

/* Fails where the watts of several alternate in a channel from first on: rows that come
 * several at a time, and, if has_moments, ones of the same stamp. */
bool erg_check_boards(const erg_trace *own, const erg_source *source, int first,
                      bool has_moments, erg_error *err);
/* Fails where a board takes what none can: of columns that do not say their unit. */
bool erg_check_watts(const erg_trace *own, const erg_source *source, int first,
                     erg_error *err);

#endif
