/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the search for a clock: what it knows of its load. */
#ifndef ERG_SHAPE_PHASE_SEARCH_INSIDE_H
#define ERG_SHAPE_PHASE_SEARCH_INSIDE_H

#include "shape/phase_search.h"

/* The n-th dwell joins the mean of n. */
void phase_search_gather(erg_search_dwell *mean, const erg_search_dwell *dwell, int n);
/* What like dwells of a block differ by is the noise; of a drift it holds more than the
 * difference between A and B does. */
void phase_search_learn_noise(erg_phase_search *search);
/* So much more power or speed is neither noise nor the same load. */
bool phase_search_differ(const erg_phase_search *search, double ln_w, double ln_rate);
/* A dwell at home joins the mean of home. False: it is off. */
bool phase_search_joins_home(erg_phase_search *search, const erg_search_dwell *dwell);
void phase_search_forget_home(erg_phase_search *search);

#endif
