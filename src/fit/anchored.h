/* SPDX-License-Identifier: Apache-2.0 */
/* The anchored form, on which others build. */
#ifndef ERG_FIT_ANCHORED_H
#define ERG_FIT_ANCHORED_H

#include "fit/fit.h"

bool erg_anchored_train(const erg_train *in, erg_trained *out, erg_error *err);
/* y at a clock of an application whose highest clock is measured. */
double erg_anchored_ratio(const erg_trained *trained, const erg_clock_point *top,
                          double clock_hz);

#endif
