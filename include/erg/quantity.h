/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantities as people type them: "250W", "1kHz", "50ms", "3%".
 *
 *   Units    The result is SI; a percentage becomes a ratio.
 *   Failing  ERG_BAD_INPUT with a sentence: the unit must be there.
 *   Threads  Any; no shared state.
 */
#ifndef ERG_QUANTITY_H
#define ERG_QUANTITY_H

#include "erg/error.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* unit: "s" "Hz" "W" "J" "B" "%" "K" (typed as 80C too), or "" for a
 * bare number. */
bool erg_quantity_parse(const char *text, const char *unit, double *out, erg_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
