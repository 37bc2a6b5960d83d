/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power between the ranks of one synchronous job: who finishes its step early gives watts
 * to who finishes late, as all wait for the last anyway.
 *
 *   Source   GEOPM's balancer does the like.
 */
#ifndef ERG_SHAPE_BALANCE_H
#define ERG_SHAPE_BALANCE_H

#include <stddef.h>

enum { ERG_BALANCE_EPOCHS = 5 };    /* an epoch is the median of so many steps' work */

typedef struct erg_balance_rank {
    double epoch_s;             /* its work of a step, without waiting for others */
    double power_w;             /* drawn at work */
    double least_w, most_w;     /* no cap outside */
    double cap_w;               /* now, and afterwards */
} erg_balance_rank;

/* Caps into their ranges and, together, into the budget: each gives in proportion to what
 * it has above its least. For when the budget has changed since they were shared out. */
void erg_balance_fit(erg_balance_rank ranks[], size_t n, double budget_w);
/* Lowers the caps of ranks whose epoch is below 0.98 of the slowest, and splits what they
 * free, with what the caps leave of budget_w, evenly among the others. Never takes from the
 * slowest; the sum stays within the budget if it was. Returns the watts nobody can use. */
double erg_balance_share(erg_balance_rank ranks[], size_t n, double budget_w);
/* The middle one of ERG_BALANCE_EPOCHS. */
double erg_balance_epoch(const double times_s[]);

#endif
