/* SPDX-License-Identifier: Apache-2.0 */
/* What the reckoning, the tables and the files of the published lag analysis share. */
#ifndef ERG_COUPLE_COMPAT_INSIDE_H
#define ERG_COUPLE_COMPAT_INSIDE_H

#include "couple/session_inside.h"

enum { ERG_LAG_WORDS = 64 };

const char *erg_lag_mode_units(erg_lag_mode mode);
/* What the old programs print of a lag, and what is earlier in truth. */
void erg_lag_said(erg_lag_mode mode, int lag, char to[ERG_LAG_WORDS]);
void erg_lag_really(erg_lag_mode mode, int lag, char to[ERG_LAG_WORDS]);

/* "strong" or "weak"; "sufficient" or "few": the published words. */
const char *erg_lag_strength(double grad_rle);
const char *erg_lag_amount(int64_t aligned);

/* The table score. */
bool erg_score_table(erg_result *result, const erg_lag_figures figures[], size_t count,
                     erg_error *err);

#endif
